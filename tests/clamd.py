"""A real ClamAV daemon with one signature: that of the harmless text which every scanner calls a virus."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from tests.documents.hostile import EICAR

CLAMD = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")


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
