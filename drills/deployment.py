"""What docker-compose.yml and the Dockerfile say, run without Docker: the same commands, settings, names and ports.

`python -m drills.deployment [30]` (seconds of requests) needs root, Caddy and clamd of the system. In a network of its
own (unshare), where `postgres`, `broker`, `cache`, `clamav` and twice `web` are addresses of the loopback, it follows
docs/operations.md from an empty .env: migrate, two web processes, two workers and beat behind the proxy. Visitors read
through the proxy while one web process is told to stop and the other one dies; claims are filed and calculated, once.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import redis
import requests
import yaml

from drills.clerk import Clerk
from drills.effects import judge
from drills.mutations import copy_tree
from drills.shape import Outcome, main, own_directory
from nanchang_portal.embedded.programs import postgres_account, postgres_programs, valkey_program
from nanchang_portal.settings import keys
from tests.clamd import CLAMD
from tests.documents.hostile import EICAR
from tests.portal import wait_until

HOSTS = {
    "postgres": ["127.0.0.11"], "broker": ["127.0.0.12"], "cache": ["127.0.0.13"], "clamav": ["127.0.0.14"],
    "web": ["127.0.0.21", "127.0.0.22"],
}  # fmt: skip
URL = "https://localhost"
PAGES = ("/", "/guide/students", "/guide/enterprises", "/questions", "/accounts/login/")


class Stack:
    """The services of docker-compose.yml, each as its command starts it, in a copy of the tree at `tree`."""

    def __init__(self, directory: Path, stack: contextlib.ExitStack) -> None:
        self.directory, self.stack, self.tree = directory, stack, directory / "tree"
        copy_tree(self.tree)
        self.values = self._fill_in()
        text = (self.tree / "docker-compose.yml").read_text()
        self.services = yaml.safe_load(re.sub(r"(?<!\$)\$\{(\w+):[?-]([^}]*)\}", self._value, text))[
            "services"
        ]
        self.dockerfile = (self.tree / "Dockerfile").read_text().replace("\\\n", "")
        self.images = dict(
            pair.split("=", 1)
            for line in re.findall(r"^ENV (.+)$", self.dockerfile, re.MULTILINE)
            for pair in line.split()
        )
        self.data_dir = directory / "data"
        for place in ("data", "heads", "tmp"):
            (directory / place).mkdir(mode=0o700)
        self.env = self.environment("worker")

    def _fill_in(self) -> dict[str, str]:
        """.env as an operator makes it of .env.example."""
        chosen = keys.fresh() | {
            "ALLOWED_HOSTS": "localhost", "SITE_ADDRESS": "localhost", "CSRF_TRUSTED_ORIGINS": URL,
            "POSTGRES_PASSWORD": secrets.token_hex(8), "POSTGRES_APP_PASSWORD": secrets.token_hex(8),
            "METRICS_TOKEN": secrets.token_hex(16),
        }  # fmt: skip
        lines = (self.tree / ".env.example").read_text().splitlines()
        known = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z_]+=", line))
        if unknown := set(chosen) - set(known):
            raise RuntimeError(f".env.example does not name {unknown}")
        return known | chosen

    def _value(self, found: re.Match) -> str:
        return self.values.get(found[1]) or ("" if "?" in found[0] else found[2])

    def environment(self, name: str) -> dict[str, str]:
        """The image's, then .env, then the service's own; the volumes' places are directories here."""
        service = self.services[name]
        places = {
            "/srv/data": self.data_dir,
            "/srv/heads": self.directory / "heads",
            "/tmp": self.directory / "tmp",
        }
        own = self.images | self.values | {key: str(value) for key, value in service["environment"].items()}
        for key, value in own.items():
            for place, here in places.items():
                if value == place or value.startswith(f"{place}/"):
                    own[key] = value.replace(place, str(here), 1)
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **own}

    def start(self, name: str, command: list[str], **options) -> subprocess.Popen:
        with open(self.directory / f"{name}.log", "a") as log:
            process = subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=log, cwd=self.tree, **options
            )
        self.stack.callback(self._stop, process)
        return process

    def _stop(self, process: subprocess.Popen) -> None:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
        process.kill()
        process.wait()

    def log(self, name: str) -> str:
        return (self.directory / f"{name}.log").read_text(errors="replace")

    def run(self, name: str, *arguments: str, more: dict[str, str] | None = None) -> str:
        """`docker compose run --rm NAME python ...`; what it prints."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.tree, env=self.environment(name) | (more or {}),
            capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{name}: {' '.join(arguments)}: {done.stderr[-3000:]}")
        return done.stdout

    # The engines: the images' programs are the wheels' here.

    def postgres(self) -> None:
        service = self.services["postgres"]
        home = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="np-p-")))
        account = postgres_account(home / "none")
        os.chown(home, account.uid, account.gid)
        programs = postgres_programs(account)
        identity = {"user": account.uid, "group": account.gid, "extra_groups": []}
        (home / "password").write_text(service["environment"]["POSTGRES_PASSWORD"])
        (home / "password").chmod(0o644)
        clean = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
        subprocess.run(
            [
                programs.initdb, "-D", home / "data", "-U", service["environment"]["POSTGRES_USER"],
                "--auth=scram-sha-256", f"--pwfile={home / 'password'}",
                *service["environment"]["POSTGRES_INITDB_ARGS"].split(),
            ],
            check=True, capture_output=True, cwd=home, env=clean, **identity,
        )  # fmt: skip
        own = [
            "-D",
            home / "data",
            "-c",
            f"listen_addresses={HOSTS['postgres'][0]}",
            "-c",
            "unix_socket_directories=",
        ]
        self.start("postgres", [programs.postgres, *service["command"][1:], *own], env=clean, **identity)
        wait_until(lambda: self._answers("postgres"), 60, "PostgreSQL")
        with self.database("postgres") as connection:
            connection.execute(f"CREATE DATABASE {service['environment']['POSTGRES_DB']}")

    def _answers(self, name: str) -> bool:
        try:
            with self.database(name):
                return True
        except psycopg.OperationalError:
            return False

    def database(self, name: str = "portal") -> psycopg.Connection:
        password = self.values["POSTGRES_PASSWORD"]
        return psycopg.connect(f"postgres://portal:{password}@postgres:5432/{name}", autocommit=True)

    def valkey(self, name: str) -> None:
        (place := self.directory / name).mkdir()
        command = self.services[name]["command"][1:]
        address = ["--bind", HOSTS[name][0], "--port", "6379", "--dir", place]
        self.start(name, [valkey_program(), *command, *address])
        with redis.Redis(host=name, port=6379) as client:
            wait_until(lambda: self._pong(client), 30, name)

    @staticmethod
    def _pong(client: redis.Redis) -> bool:
        try:
            return client.ping()
        except redis.ConnectionError:
            return False

    def clamav(self) -> None:
        place = self.directory / "clamav"
        (place / "signatures").mkdir(parents=True)
        (place / "signatures" / "test.ndb").write_text(f"Test.Eicar:0:*:{EICAR.hex()}\n")
        (place / "clamd.conf").write_text(
            f"DatabaseDirectory {place}/signatures\nTCPSocket 3310\nTCPAddr {HOSTS['clamav'][0]}\nForeground yes\n"
            f"TemporaryDirectory {place}\nStreamMaxLength 64M\nUser root\n"
        )
        self.start("clamav", [CLAMD, "-c", place / "clamd.conf"])

    # The portal

    def build(self) -> None:
        """The Dockerfile's RUN that compiles the texts and collects the styles."""
        (block,) = re.findall(r"^RUN (python -m .+)$", self.dockerfile, re.MULTILINE)
        environment = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "LANG": "C.UTF-8"}
        subprocess.run(
            ["bash", "-ec", block],
            cwd=self.tree,
            env=environment | self.images,
            check=True,
            capture_output=True,
        )

    def command(self, name: str) -> list[str]:
        image = json.loads(re.search(r"^CMD (\[\"gunicorn.*\])$", self.dockerfile, re.MULTILINE)[1])
        first, *rest = self.services[name].get("command", image)
        return [sys.executable, *([] if first == "python" else ["-m", first]), *rest]

    def web(self, number: int) -> subprocess.Popen:
        command = [part.replace("0.0.0.0", HOSTS["web"][number]) for part in self.command("web")]
        process = self.start(f"web{number}", command, env=self.environment("web"))
        wait_until(lambda: self.ready(number), 60, f"web process {number}")
        return process

    def ready(self, number: int) -> bool:
        with contextlib.suppress(OSError):
            place = f"http://{HOSTS['web'][number]}:8000/healthz/ready"
            return requests.get(place, headers={"Host": "localhost"}, timeout=5).ok
        return False

    def proxy(self) -> Path:
        """Caddy as nobody, so that it puts its own authority into no store of this machine; where that authority is."""
        place = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="np-c-")))
        shutil.copy(self.tree / "deploy" / "Caddyfile", place / "Caddyfile")
        for path in (place, place / "Caddyfile"):
            path.chmod(0o755)
            os.chown(path, 65534, 65534)
        environment = {
            "HOME": str(place),
            "XDG_DATA_HOME": str(place),
            "SITE_ADDRESS": self.values["SITE_ADDRESS"],
        }
        self.start(
            "proxy", [shutil.which("caddy"), "run", "--config", place / "Caddyfile"],
            env=environment | {"PATH": "/usr/bin:/bin"}, user=65534, group=65534, extra_groups=[],
        )  # fmt: skip
        root = place / "caddy/pki/authorities/local/root.crt"
        wait_until(lambda: root.exists() and self.open(root), 60, "the proxy")
        return root

    def open(self, root: Path) -> bool:
        with contextlib.suppress(OSError):
            return requests.get(URL, verify=str(root), timeout=10).ok
        return False


class Readers:
    """Visitors who read through the proxy without a pause; every answer that is not 200 is kept."""

    def __init__(self, root: Path, outcome: Outcome, number: int = 4) -> None:
        self.root, self.outcome, self.ended = root, outcome, threading.Event()
        self.threads = [threading.Thread(target=self._read, daemon=True) for _number in range(number)]

    def __enter__(self) -> "Readers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join(60)

    def _read(self) -> None:
        turn = 0
        while not self.ended.is_set():
            path = PAGES[(turn := turn + 1) % len(PAGES)]
            try:
                status = requests.get(URL + path, verify=str(self.root), timeout=30).status_code
            except OSError as error:
                status = type(error).__name__
            self.outcome.tried["pages through the proxy"] += 1
            if status != 200:
                self.outcome.lost.append(f"{path}: {status}")
            time.sleep(0.1)


def through_the_proxy(stack: Stack, root: Path, outcome: Outcome) -> None:
    """What the proxy must do beyond passing on."""

    def hold(what: str, is_so: bool) -> None:
        outcome.tried["rules of the proxy"] += 1
        if not is_so:
            outcome.leaked.append(what)

    plain = requests.get("http://localhost/", allow_redirects=False, timeout=10)
    hold(
        "plain HTTP is answered",
        plain.status_code in (301, 308) and plain.headers["Location"].startswith(URL),
    )
    page = requests.get(URL, verify=str(root), timeout=10)
    hold("no HSTS", "max-age=31536000" in page.headers.get("Strict-Transport-Security", ""))
    hold("no policy of content", "default-src 'none'" in page.headers.get("Content-Security-Policy", ""))
    token = {"Authorization": f"Bearer {stack.values['METRICS_TOKEN']}"}
    hold(
        "metrics for everybody",
        requests.get(f"{URL}/metrics", headers=token, verify=str(root), timeout=10).status_code == 404,
    )
    form = requests.get(f"{URL}/accounts/login/", verify=str(root), timeout=10)
    cookies = form.headers.get("Set-Cookie", "")
    hold("cookies without TLS", "__Host-csrftoken" in cookies and "Secure" in cookies)
    forged = {"X-Forwarded-Proto": "http", "X-Forwarded-For": "192.0.2.1"}
    hold("a visitor's own X-Forwarded-Proto counts", requests.get(URL, headers=forged, verify=str(root)).ok)


def unwell(stack: Stack) -> list[str]:
    """The checks that the portal's own metrics call unwell."""
    token = {"Host": "localhost", "Authorization": f"Bearer {stack.values['METRICS_TOKEN']}"}
    text = requests.get(f"http://{HOSTS['web'][0]}:8000/metrics", headers=token, timeout=30).text
    return re.findall(r'^portal_check\{check="(\w+)"\} 0\.0$', text, re.MULTILINE)


def deploy(seconds: int) -> Outcome:
    outcome = Outcome("deployment")
    with own_directory() as directory, contextlib.ExitStack() as closing:
        stack = Stack(directory, closing)
        stack.build()
        stack.clamav()
        stack.postgres()
        for name in ("broker", "cache"):
            stack.valkey(name)
        stack.run("migrate", *stack.command("migrate")[1:])
        webs = [stack.web(number) for number in range(stack.services["web"]["deploy"]["replicas"])]
        for name, count in (("worker", stack.services["worker"]["deploy"]["replicas"]), ("beat", 1)):
            for number in range(count):
                python, *arguments = stack.command(name)
                command = [python, *(part.replace("/tmp/", f"{directory}/tmp/") for part in arguments)]
                if name == "worker":
                    command += [
                        "--hostname",
                        f"worker{number}@localhost",
                    ]  # a container has a name of its own
                stack.start(f"{name}{number}", command, env=stack.environment(name))
                outcome.tried["workers and beat started"] += 1
        root = stack.proxy()
        stack.run(
            "migrate", "manage.py", "createsuperuser", "--noinput",
            "--username", "operator", "--email", "o@example.test",
            more={"DJANGO_SUPERUSER_PASSWORD": secrets.token_urlsafe(16)},
        )  # fmt: skip
        stack.run("worker", "manage.py", "seal_audit", "--public-key")
        for command in ("seal_audit", "reconcile"):
            stack.run("worker", "manage.py", command)
        with contextlib.suppress(AssertionError):
            wait_until(lambda: not unwell(stack), 90, "every check")
        outcome.leaked += [f"not well: {name}" for name in unwell(stack)]
        through_the_proxy(stack, root, outcome)
        stack.engines = {}
        with Clerk(stack) as clerk, Readers(root, outcome):
            filed = [clerk.file() for _number in range(5)]
            time.sleep(seconds / 3)
            webs[0].send_signal(signal.SIGTERM)  # told to stop, ends what it has
            outcome.tried["web processes told to stop"] += 1
            if status := webs[0].wait(40):
                outcome.lost.append(f"the web process ended with {status}")
            time.sleep(seconds / 3)
            webs[0] = stack.web(0)
            filed += [clerk.file() for _number in range(5)]
            time.sleep(seconds / 3)
        judge(outcome, stack, filed)
        outcome.tried["claims filed"] = len(filed)
        for name in ("web0", "web1", "worker0", "worker1", "beat0"):
            for line in stack.log(name).splitlines():
                if '"level": "error"' in line or line.startswith("Traceback"):
                    outcome.lost.append(f"{name}: {line[:200]}")
    return outcome


def drill(seconds: int) -> Outcome:
    missing = [name for name in ("caddy", "unshare") if not shutil.which(name)] + ([] if CLAMD else ["clamd"])
    if os.geteuid() or missing:
        print(f"NOT TRIED: needs root, and {', '.join(missing) or 'nothing else'}", file=sys.stderr)
        return Outcome("deployment")
    if os.environ.get("PORTAL_DRILL_NETWORK") != "own":
        os.execvpe(
            "unshare",
            ["unshare", "--net", "--mount", sys.executable, "-m", "drills.deployment", str(seconds)],
            os.environ | {"PORTAL_DRILL_NETWORK": "own"},
        )
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text(
        "0"
    )  # of this network: 80 and 443 for nobody
    with tempfile.NamedTemporaryFile("w", prefix="np-hosts-") as hosts:
        hosts.write("127.0.0.1 localhost\n")
        hosts.writelines(f"{address} {name}\n" for name, addresses in HOSTS.items() for address in addresses)
        hosts.flush()
        Path(hosts.name).chmod(0o644)
        subprocess.run(["mount", "--bind", hosts.name, "/etc/hosts"], check=True)
        return deploy(seconds)


if __name__ == "__main__":
    sys.exit(main(__doc__, drill, 30))
