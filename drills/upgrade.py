"""From the release before to this one while people work: web processes are replaced one after another, nothing fails.

`python -m drills.upgrade [30]` (seconds of work) starts the release before (the newest tag, else what stood
before the newest migration; `--since COMMIT` what stood at one) with engines and data of its own, two web processes of
it and a proxy that asks `/healthz/ready`; then it migrates with this tree, replaces one web process after the other by
SIGTERM, and the worker.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from drills.clerk import Clerk
from drills.effects import judge
from drills.shape import Outcome, main, own_directory
from drills.web import Visitor
from nanchang_portal import embedded
from tests.portal import BASE, NOT_INHERITED, free_port, wait_until

PAGES = ("/", "/organisations", "/desk/", "/check/offshore", "/questions")


class Proxy(BaseHTTPRequestHandler):
    """Passes a request to a process that is ready; what was not begun is tried at the next one."""

    ports: list[int] = []
    protocol_version = "HTTP/1.1"

    def log_message(self, *args) -> None:
        pass

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for _attempt in range(100):
            for port in list(self.ports):
                if self._pass_to(port, body):
                    return
            time.sleep(0.1)
        self.send_error(502)

    do_POST = do_GET

    def _pass_to(self, port: int, body: bytes) -> bool:
        """False when nobody listens there: then nothing was begun."""
        there = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            there.connect()
        except OSError:
            return False
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            there.request(self.command, self.path, body, headers | {"Connection": "close"})
            answer = there.getresponse()
            content = answer.read()
        except OSError:
            self.send_error(502, "cut off")
            return True
        finally:
            there.close()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        return True


def release_before(place: Path, since: str = "") -> str:
    """Puts the tree of the release before, or of the commit `since`, into `place`; returns what it is called."""

    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=BASE, capture_output=True, text=True)
        return done.stdout.strip()

    migrated = git("log", "-1", "--format=%H", "--", "*/migrations/*.py")
    name = since or git("describe", "--tags", "--abbrev=0") or f"{migrated}~1"
    place.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", name], cwd=BASE, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(place)], input=archive.stdout, check=True)
    new = git("diff", "--name-only", "--diff-filter=A", name, "--", "*/migrations/0*.py").splitlines()
    return f"{git('log', '-1', '--format=%h of %cs', name)}, {len(new)} migrations before this tree"


class Site:
    """Web processes and a worker of one tree or another on one database."""

    def __init__(
        self, data_dir: Path, log: Path, *, owner: str = "", app: str = "", env: dict[str, str] | None = None
    ) -> None:
        """On the engines of `data_dir`, or on the database of `owner` and `app` and what `env` names."""
        places = embedded.urls(data_dir)
        self.env = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED} | {
            "DATA_DIR": str(data_dir),
            "DJANGO_SETTINGS_MODULE": "nanchang_portal.settings.dev",
            "REDIS_URL": places.broker,
            "SAMPLE_DATA": "false",
            "PUBLIC_PAGES_PER_MINUTE": "1000000",  # everybody here comes from one address
            "PYTHONUNBUFFERED": "1",
            **(env or {}),
        }
        self.owner, self.app, self.log = owner or places.database, app or places.app_database, log

    def manage(self, tree: Path, *arguments: str) -> None:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=tree, env=self.env | {"DATABASE_URL": self.owner}, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-2000:]}")

    def start(self, tree: Path, *command: str) -> subprocess.Popen:
        with open(self.log, "a") as output:
            return subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=tree,
                env=self.env | {"DATABASE_URL": self.app},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def web(self, tree: Path) -> tuple[subprocess.Popen, int]:
        """A web process that is ready, as the container starts it, and its port."""
        port = free_port()
        process = self.start(
            tree, "gunicorn", "nanchang_portal.wsgi", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread",
            "--workers", "1", "--threads", "4", "--graceful-timeout", "20", "--no-control-socket", "--preload",
        )  # fmt: skip
        wait_until(lambda: self.ready(port) or process.poll() is not None, 120, "a web process")
        return process, port

    @staticmethod
    def ready(port: int) -> bool:
        try:
            return Visitor(f"http://127.0.0.1:{port}").get("/healthz/ready", timeout=5).status_code == 200
        except OSError:
            return False

    def worker(self, tree: Path) -> subprocess.Popen:
        return self.start(
            tree, "celery", "--app", "nanchang_portal", "worker", "--concurrency", "1", "--beat",
            "--schedule", str(self.log.with_name("beat")), "--without-gossip", "--without-mingle",
            "--loglevel", "WARNING",
        )  # fmt: skip


class Crowd:
    """Clerks who read pages one after another, and each file one claim at a moment of their own, until told to stop."""

    def __init__(self, url: str, clerks: list[dict], seconds: float, outcome: Outcome) -> None:
        self.url, self.outcome, self.stop = url, outcome, threading.Event()
        self.filed: list[int] = []
        self.threads = [
            threading.Thread(target=self._work, args=(clerk, seconds * number / len(clerks)), daemon=True)
            for number, clerk in enumerate(clerks)
        ]

    def __enter__(self) -> "Crowd":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(120)

    def _work(self, clerk: dict, file_after: float) -> None:
        visitor, turn, started, filed = Visitor(self.url, clerk["session"]), 0, time.monotonic(), False
        while not self.stop.is_set():
            path = PAGES[turn % len(PAGES)]
            turn += 1
            self._try("pages", path, (200,), lambda path=path: visitor.get(path))
            if not filed and time.monotonic() - started > file_after:
                filed = True
                self._file(visitor, clerk)
            time.sleep(0.3)

    def _file(self, visitor: Visitor, clerk: dict) -> None:
        path = f"/offshore/claims/{clerk['case']}/submit"
        if self._try(
            "claims filed",
            path,
            (302,),
            lambda: visitor.fill(path, "version", undertaking="on", name="Somebody Else"),
        ):
            self.filed.append(clerk["id"])

    def _try(self, kind: str, path: str, good: tuple[int, ...], call) -> bool:
        try:
            status = call().status_code
        except (OSError, StopIteration) as error:
            status = type(error).__name__
        self.outcome.tried[kind] += 1
        if status not in good:
            self.outcome.lost.append(f"{kind} {path}: {status}")
        return status in good


class Data:
    """What drills.effects and drills.clerk ask a portal for."""

    def __init__(self, data_dir: Path, env: dict[str, str]) -> None:
        import psycopg

        self.data_dir, self.env = data_dir, env
        self.database = lambda: psycopg.connect(
            host=str(data_dir / "pg"), user=embedded.NAME, dbname=embedded.NAME, autocommit=True
        )


def replace(
    site: Site, proxy: type[Proxy], old: tuple[subprocess.Popen, int]
) -> tuple[subprocess.Popen, int]:
    """A new web process beside the old one; then the old one gets no more requests, ends what it has, and is gone."""
    process, port = site.web(BASE)
    proxy.ports = [*(other for other in proxy.ports if other != old[1]), port]
    old[0].send_signal(signal.SIGTERM)  # while requests are under way
    if (status := old[0].wait(40)) != 0:
        raise RuntimeError(f"the web process ended with {status}")
    return process, port


def upgrade(directory: Path, seconds: float, clerks: int = 12, since: str = "") -> Outcome:
    outcome, before = Outcome("upgrade"), directory / "before"
    outcome.notes.append(f"from {release_before(before, since)}")
    data_dir, running = directory / "data", []
    with embedded.running(data_dir, "the upgrade drill"):
        site = Site(data_dir, directory / "web.log")
        site.manage(before, "migrate", "--verbosity", "0")
        webs = [site.web(before) for _number in range(2)]
        Proxy.ports = [port for _process, port in webs]
        running += [process for process, _port in webs] + [worker := site.worker(before)]
        proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            with Clerk(Data(data_dir, site.env)) as clerk:
                people = clerk.do("crowd", clerks=clerks, officials=0)["clerks"]
            with Crowd(f"http://127.0.0.1:{proxy.server_port}", people, seconds, outcome) as crowd:
                time.sleep(seconds / 4)
                site.manage(BASE, "migrate", "--verbosity", "0")
                outcome.tried["migrations under load"] += 1
                for old in webs:
                    running.append(replace(site, Proxy, old)[0])
                    outcome.tried["web processes replaced"] += 1
                worker.send_signal(signal.SIGTERM)
                worker.wait(120)
                running.append(site.worker(BASE))
                outcome.tried["workers replaced"] += 1
                time.sleep(seconds / 2)
            judge(outcome, Data(data_dir, site.env), crowd.filed)
        finally:
            proxy.shutdown()
            for process in running:
                if process.poll() is None:
                    process.terminate()
            for process in running:
                process.wait(60)
    return outcome


def drill(seconds: int, since: str = "") -> Outcome:
    with own_directory() as directory:
        return upgrade(directory, seconds, since=since)


if __name__ == "__main__":
    sys.exit(main(__doc__, drill, 30, texts=["since"]))
