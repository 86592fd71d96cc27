"""A storage of the test's own, a real clamd with one signature, and files to send."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from documents.services import scans, uploads
from documents.subjects import find
from nanchang_portal.sample import paper
from nanchang_portal.settings.base import evidence_storage
from policy import checklists
from tests import factories
from tests.documents.hostile import EICAR

CLAMD = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")


@pytest.fixture(autouse=True)
def evidence_directory(settings, tmp_path) -> Path:
    """Where the evidence of this test is."""
    directory = tmp_path / "evidence"
    settings.STORAGES = settings.STORAGES | {"evidence": evidence_storage("", directory)}
    return directory


@pytest.fixture
def enterprise(db):
    return factories.OrganisationFactory()


@pytest.fixture
def clerk(enterprise):
    return factories.clerk_of(enterprise)


@pytest.fixture
def draft(enterprise, clerk):
    """A claim with one receipt under one contract, and no papers yet."""
    return factories.offshore_draft(enterprise, clerk, "250000", papers=False)


@pytest.fixture
def receipt(draft):
    return draft.offshore_claim.receipts.get()


@pytest.fixture
def send(clerk):
    """`send("receipt", 12)` uploads a good PDF as the clerk would, and returns the document, scanned unless told."""

    def send(kind, pk, item=None, *, data=None, name="receipt.pdf", user=None, replaces=None, scan=True):
        user = user or clerk
        subject = find(user, f"{kind}-{pk}")
        listed = checklists.items_of(subject.programme, subject.kind)
        chosen = next(i for i in listed if item in (None, i.code))
        data = paper.pdf(f"{kind} {pk}") if data is None else data
        document = uploads.accept(
            user=user,
            subject=subject,
            item=chosen,
            name=name,
            file=SimpleUploadedFile(name, data),
            replaces=replaces,
        )
        if scan:
            scans.scan(document.pk)
            document.refresh_from_db()
        return document

    return send


def pytest_terminal_summary(terminalreporter):
    if not CLAMD:
        terminalreporter.section("SCANNER TESTS SKIPPED", sep="!", red=True, bold=True)
        terminalreporter.line("No clamd here. On Debian: apt-get install clamav-daemon")


class Clamd:
    """A daemon with signatures of its own, on a socket in `directory`; no freshclam, no network."""

    def __init__(self, directory: Path) -> None:
        self.directory, self.process = directory, None
        self.url = f"unix://{directory}/clamd.sock"
        signatures = directory / "signatures"
        signatures.mkdir()
        (signatures / "test.ndb").write_text(f"Test.Eicar:0:*:{EICAR.hex()}\n")
        (directory / "clamd.conf").write_text(
            f"DatabaseDirectory {signatures}\nLocalSocket {directory}/clamd.sock\nForeground yes\n"
            f"LogFile {directory}/clamd.log\nTemporaryDirectory {directory}\nMaxThreads 2\nStreamMaxLength 64M\n"
        )

    def start(self) -> None:
        self.process = subprocess.Popen(
            [CLAMD, "-c", str(self.directory / "clamd.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, (self.directory / "clamd.log").read_text()
            assert time.monotonic() < deadline, "clamd does not answer"
            time.sleep(0.1)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)
            self.process = None

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(f"{self.directory}/clamd.sock")
                probe.sendall(b"zPING\0")
                return probe.recv(20) == b"PONG\0"
            except OSError:
                return False


@pytest.fixture(scope="session")
def clamd_daemon(tmp_path_factory):
    if not CLAMD:
        pytest.skip("no clamd on this machine")
    import tempfile

    with tempfile.TemporaryDirectory(prefix="np-clam-") as directory:
        daemon = Clamd(Path(directory))
        daemon.start()
        yield daemon
        daemon.stop()


@pytest.fixture
def clamd(clamd_daemon, settings):
    """The real scanner, required as in production."""
    settings.CLAMD_URL, settings.SCANNER_REQUIRED = clamd_daemon.url, True
    if clamd_daemon.process is None:
        clamd_daemon.start()
    return clamd_daemon
