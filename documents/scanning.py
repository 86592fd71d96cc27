"""ClamAV's daemon, asked over its socket: INSTREAM and VERSION, nothing else.

The protocol is one command, chunks with their length, one answer; the client libraries for it are unmaintained or hide
the difference between "found nothing" and "could not look", which is the one that matters here.
"""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

CONNECT_SECONDS = 5
ANSWER_SECONDS = 60
MAX_ANSWER = 4096


class ScannerUnavailable(Exception):
    """Nobody looked at the file: it stays in quarantine."""


@dataclass(frozen=True)
class Verdict:
    """What the scanner said; `signature` is empty for a clean file."""

    scanner: str
    signature: str = ""


class Scanner:
    """The daemon at `unix:///run/clamav/clamd.ctl` or `tcp://host:3310`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "unix" and parts.path:
            self._family, self._address = socket.AF_UNIX, parts.path
        elif parts.scheme == "tcp" and parts.hostname:
            self._family, self._address = socket.AF_INET, (parts.hostname, parts.port or 3310)
        else:
            raise ImproperlyConfigured(
                "CLAMD_URL must look like unix:///run/clamav/clamd.ctl or tcp://host:3310."
            )

    def scan(self, chunks: Iterable[bytes]) -> Verdict:
        """Raises ScannerUnavailable unless the daemon clearly says what it found."""
        version = self._ask(b"zVERSION\0", ())
        answer = self._ask(b"zINSTREAM\0", chunks)
        if answer == "stream: OK":
            return Verdict(version[:120])
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            return Verdict(version[:120], answer.removeprefix("stream: ").removesuffix(" FOUND")[:120])
        raise ScannerUnavailable(f"unexpected answer: {answer[:200]}")

    def version(self) -> str:
        """What the daemon calls itself; raises ScannerUnavailable."""
        return self._ask(b"zVERSION\0", ())[:120]

    def _ask(self, command: bytes, chunks: Iterable[bytes]) -> str:
        try:
            with self._connect() as connection:
                connection.sendall(command)
                if command == b"zINSTREAM\0":
                    for chunk in chunks:
                        if chunk:
                            connection.sendall(len(chunk).to_bytes(4, "big") + chunk)
                    connection.sendall(bytes(4))
                return self._answer(connection)
        except OSError as error:
            raise ScannerUnavailable(str(error)) from error

    def _connect(self) -> socket.socket:
        if self._family == socket.AF_INET:
            connection = socket.create_connection(self._address, CONNECT_SECONDS)
        else:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.settimeout(CONNECT_SECONDS)
                connection.connect(self._address)
            except OSError:
                connection.close()
                raise
        connection.settimeout(ANSWER_SECONDS)
        return connection

    def _answer(self, connection: socket.socket) -> str:
        received = b""
        while not received.endswith(b"\0") and len(received) < MAX_ANSWER:
            piece = connection.recv(MAX_ANSWER)
            if not piece:
                break
            received += piece
        if not received.endswith(b"\0"):
            raise ScannerUnavailable("the answer broke off")
        return received[:-1].decode(errors="replace").strip()
