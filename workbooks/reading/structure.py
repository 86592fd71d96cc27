"""What an uploaded file is, and what a workbook must not contain: looked at before the scanner and any parser.

`python -I -S structure.py <file>` prints one JSON line: {"format": name} or {"refused": code}. It limits itself before
it reads a byte and imports nothing of the portal and no installed package.
"""

import json
import re
import sys
import zipfile
import zlib
from pathlib import Path

# Run in isolation (-I), a program does not find what lies beside it.
sys.path.insert(0, str(Path(__file__).parent))
from limits import limit  # noqa: E402

MAX_PARTS = 500
MAX_UNPACKED = 400 * 1024 * 1024
#: Of a part above 1 MB; spreadsheets pack about ten to one, a zip bomb a thousand to one.
MAX_RATIO = 200
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OLE = "EncryptedPackage".encode("utf-16-le")
_VBA_OLE = "_VBA_PROJECT".encode("utf-16-le")
_ODS = b"application/vnd.oasis.opendocument.spreadsheet"
_PROLOG = 4096


class Broken(Exception):
    """The file is refused. Its text is the code of workbooks.reading.refusals."""


def format_of(path: Path) -> str:
    """xlsx, xls, ods or csv. Raises Broken."""
    with path.open("rb") as file:
        head = file.read(8)
        if head[:4] == _ZIP:
            return _look_into_zip(path)
        if head == _OLE:
            return _look_into_ole(path)
        if head[:4] in (b"%PDF", b"\x7fELF", b"\x89PNG", b"GIF8", b"PK\x05\x06") or head[:2] in (
            b"MZ",
            b"\xff\xd8",
        ):
            raise Broken("format")
        file.seek(0)
        sample = file.read(65536)
    if b"\x00" in sample.replace(b"\xff\xfe", b"") and not sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Broken("format")
    if re.match(rb"\s*(\xef\xbb\xbf)?\s*<(\?xml|!doctype|html|svg|table|workbook)", sample, re.IGNORECASE):
        raise Broken("format")
    return "csv"


def _look_into_ole(path: Path) -> str:
    data = path.read_bytes()
    if _ENCRYPTED_OLE in data:
        raise Broken("encrypted")
    if _VBA_OLE in data:
        raise Broken("macros")
    if "Workbook".encode("utf-16-le") not in data and "Book".encode("utf-16-le") not in data:
        raise Broken("format")
    return "xls"


def _look_into_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            return _look_at_parts(archive)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        ValueError,
        RuntimeError,
    ) as error:
        raise Broken("damaged") from error


def _look_at_parts(archive: zipfile.ZipFile) -> str:
    parts = archive.infolist()
    if len(parts) > MAX_PARTS:
        raise Broken("many_parts")
    if sum(part.file_size for part in parts) > MAX_UNPACKED or any(
        part.file_size > 1024 * 1024 and part.file_size > MAX_RATIO * max(part.compress_size, 1)
        for part in parts
    ):
        raise Broken("bomb")
    names = [part.filename for part in parts]
    if len(set(names)) != len(names) or any(_unsafe(name) for name in names):
        raise Broken("bad_part")
    if any(part.flag_bits & 1 for part in parts):
        raise Broken("encrypted")
    lower = [name.lower() for name in names]
    found = _kind_of_zip(archive, names)
    if any("vbaproject" in n or n.startswith(("basic/", "scripts/")) or "macrosheets/" in n for n in lower):
        raise Broken("macros")
    if any("externallinks/" in n or n.endswith("xl/connections.xml") for n in lower):
        raise Broken("external")
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")):
            with archive.open(part) as file:
                _look_at_xml(file.read(_PROLOG))
    if found == "ods":
        _look_at_ods(archive, names)
    elif b"macroEnabled" in archive.read("[Content_Types].xml")[:65536]:
        raise Broken("macros")
    return found


def _unsafe(name: str) -> bool:
    return (
        name.startswith(("/", "\\"))
        or ".." in name.replace("\\", "/").split("/")
        or "\x00" in name
        or ":" in name
    )


def _kind_of_zip(archive: zipfile.ZipFile, names: list[str]) -> str:
    if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
        if archive.read("mimetype").startswith(_ODS) and "content.xml" in names:
            return "ods"
        raise Broken("format")
    if "[Content_Types].xml" in names and "xl/workbook.xml" in names:
        return "xlsx"
    raise Broken("format")


def _look_at_xml(prolog: bytes) -> None:
    """No document type in any part: neither entities nor files of somebody else's choosing."""
    if prolog.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in prolog[:64]:
        raise Broken("entities")
    if b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog:
        raise Broken("entities")


def _look_at_ods(archive: zipfile.ZipFile, names: list[str]) -> None:
    if "META-INF/manifest.xml" in names and b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise Broken("encrypted")
    with archive.open("content.xml") as file:
        tail = b""
        while chunk := file.read(1 << 20):
            if b"<table:table-source" in tail + chunk:
                raise Broken("external")
            tail = chunk[-64:]


def main(path: str) -> dict[str, str]:
    try:
        return {"format": format_of(Path(path))}
    except Broken as broken:
        return {"refused": str(broken)}


if __name__ == "__main__":
    limit()
    sys.stdout.write(json.dumps(main(sys.argv[1])))
