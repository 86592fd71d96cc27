"""Cells that hold an error (#REF!, #N/A), which calamine shows as empty: looked up in the file itself.

Part of the limited process (`child.py`): it imports nothing of the portal. Each function returns
{sheet: {row: {column, ...}}}, rows from 1 and columns from 0.
"""

import re
import struct
import zipfile

BROKEN = "\ue001"
MAX_WIDTH = 200
MAX_FOUND = 20_000
#: How programs write an error out as text, in English and Chinese.
WORDS = frozenset(
    [
        "#REF!",
        "#N/A",
        "#VALUE!",
        "#DIV/0!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#引用!",
        "#值!",
        "#名称?",
        "#数字!",
        "#空!",
    ]
) | {f"Err:{number}" for number in range(501, 541)}

Found = dict[str, dict[int, set[int]]]


def in_file(path: str, kind: str) -> Found:
    look = {"xlsx": in_xlsx, "ods": in_ods, "xls": in_xls}.get(kind)
    return look(path) if look else {}


# xlsx

_ERROR = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*? t="e"')


def in_xlsx(path: str) -> Found:
    found: Found = {}
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        relations = "xl/_rels/workbook.xml.rels"
        if relations not in names:
            return found
        targets = {}
        for tag in re.findall(rb"<Relationship [^>]*>", archive.read(relations)):
            attributes = dict(re.findall(rb'(\w+)="([^"]*)"', tag))
            targets[attributes.get(b"Id")] = (
                attributes.get(b"Target", b"").decode().lstrip("/").removeprefix("xl/")
            )
        for tag in re.findall(rb"<sheet [^>]*>", archive.read("xl/workbook.xml")):
            attributes = dict(re.findall(rb'([\w:]+)="([^"]*)"', tag))
            part = "xl/" + targets.get(attributes.get(b"r:id"), "")
            if part in names:
                _scan(archive, part, found.setdefault(_unescape(attributes.get(b"name", b"").decode()), {}))
    return found


def _unescape(text: str) -> str:
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&")):
        text = text.replace(entity, char)
    return text


def _scan(archive: zipfile.ZipFile, part: str, rows: dict[int, set[int]]) -> None:
    total, tail = 0, b""
    with archive.open(part) as file:
        while chunk := file.read(1 << 20):
            text = tail + chunk
            if b'"e"' in text:
                for match in _ERROR.finditer(text):
                    index = 0
                    for letter in match[1]:
                        index = index * 26 + letter - 64
                    if index - 1 < MAX_WIDTH:
                        rows.setdefault(int(match[2]), set()).add(index - 1)
                    total += 1
                    if total > MAX_FOUND:
                        return
            tail = text[text.rfind(b"<") :][:4096] if b"<" in text[-4096:] else b""


# ods

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"


def in_ods(path: str) -> Found:
    """Repeated rows and cells are counted, so the whole content is walked, but only when an error is in it."""
    with zipfile.ZipFile(path) as archive:
        if not _has(archive, "content.xml", b'value-type="error"'):
            return {}
        with archive.open("content.xml") as file:
            return _walk(file)


def _has(archive: zipfile.ZipFile, part: str, word: bytes) -> bool:
    with archive.open(part) as file:
        tail = b""
        while chunk := file.read(1 << 20):
            if word in tail + chunk:
                return True
            tail = chunk[-len(word) :]
    return False


def _walk(file) -> Found:
    from xml.etree.ElementTree import iterparse

    found: Found = {}
    rows: dict[int, set[int]] = {}
    row = total = 0
    for event, element in iterparse(file, ("start", "end")):
        if event == "start":
            if element.tag == f"{_TABLE}table":
                rows, row = found.setdefault(element.get(f"{_TABLE}name", ""), {}), 0
            continue
        if element.tag != f"{_TABLE}table-row":
            continue
        column = 0
        for cell in element:
            if cell.get(f"{_CALC}value-type") == "error" and column < MAX_WIDTH and total < MAX_FOUND:
                rows.setdefault(row + 1, set()).add(column)
                total += 1
            column += int(cell.get(f"{_TABLE}number-columns-repeated", 1))
        row += int(element.get(f"{_TABLE}number-rows-repeated", 1))
        element.clear()
    return found


# xls (BIFF8 in an OLE2 container)

_FREE, _ROOT = 0xFFFFFFFA, 5
_FORMULA, _BOOL_ERROR, _SHEET, _BEGIN, _END = 0x06, 0x0205, 0x85, 0x0809, 0x0A


def in_xls(path: str) -> Found:
    with open(path, "rb") as file:
        stream = _stream(file.read())
    found: Found = {}
    names: dict[int, str] = {}
    rows: dict[int, set[int]] | None = None
    at = total = 0
    while at + 4 <= len(stream) and total < MAX_FOUND:
        code, size = struct.unpack_from("<HH", stream, at)
        data = stream[at + 4 : at + 4 + size]
        if code == _SHEET and size > 8:
            names[struct.unpack_from("<I", data)[0]] = _text(data[6], data[7:])
        elif code == _BEGIN:
            rows = found.setdefault(names[at], {}) if at in names else None
        elif code == _END:
            rows = None
        elif rows is not None and code in (_FORMULA, _BOOL_ERROR) and size >= 8:
            row, column = struct.unpack_from("<HH", data)
            said = data[7] == 1 if code == _BOOL_ERROR else data[6] == 2 and data[12:14] == b"\xff\xff"
            if said and column < MAX_WIDTH:
                rows.setdefault(row + 1, set()).add(column)
                total += 1
        at += 4 + size
    return found


def _text(length: int, data: bytes) -> str:
    """A string of BIFF8: a byte of flags, then Latin-1 or UTF-16."""
    if data[0] & 1:
        return data[1 : 1 + 2 * length].decode("utf-16-le", "replace")
    return data[1 : 1 + length].decode("latin-1")


def _stream(data: bytes) -> bytes:
    """The workbook stream of an OLE2 file; empty when its tables contradict themselves (calamine then says so)."""
    try:
        return _chained(data)
    except (struct.error, IndexError, ValueError):
        return b""


def _chained(data: bytes) -> bytes:
    size = 1 << struct.unpack_from("<H", data, 30)[0]
    if size not in (512, 4096):
        return b""
    first, limit, small, more, count = (struct.unpack_from("<I", data, at)[0] for at in (48, 56, 60, 68, 72))
    places = list(struct.unpack_from("<109I", data, 76))
    for _number in range(min(count, 10_000)):
        sector = struct.unpack_from(f"<{size // 4}I", data, 512 + more * size)
        places += sector[:-1]
        more = sector[-1]
    body, table = data[512:], []
    for place in places:
        if place < _FREE:
            table += struct.unpack_from(f"<{size // 4}I", body, place * size)
    directory = _chain(body, table, first, size)
    pooled = b""
    for at in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, at + 64)[0]
        name = directory[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
        start, total = struct.unpack_from("<II", directory, at + 116)
        if directory[at + 66] == _ROOT:
            pooled = _chain(body, table, start, size)
        elif name in ("Workbook", "Book"):
            if total >= limit:
                return _chain(body, table, start, size)[:total]
            # Short streams share one stream of the root, in sectors of 64 bytes with a table of their own.
            entries = _chain(body, table, small, size)
            return _chain(pooled, list(struct.unpack(f"<{len(entries) // 4}I", entries)), start, 64)[:total]
    return b""


def _chain(body: bytes, table: list[int], start: int, size: int) -> bytes:
    parts: list[bytes] = []
    while start < _FREE and len(parts) <= len(table):
        parts.append(body[start * size : (start + 1) * size])
        start = table[start]
    return b"".join(parts)
