"""PDF: whole, not locked, no program and no file inside, also where its structure is packed or its names are escaped.

No page is drawn here. Two things would hide an object from a simple search: packed object streams, so they are unpacked
(within bounds) and read; and a stream whose stated length ends before its `endstream`, so telling names are looked for
in the raw bytes everywhere, and short ones, which noise could spell, outside of streams.
"""

import re
import zlib
from collections import Counter

from documents.gate.structure.broken import Broken, holds_page, is_archive

_STREAM_LIMIT = 128_000_000  # a page of A4 in colour at 600 dpi has 104
_TOTAL_LIMIT = 1_000_000_000
_OBJECTS_LIMIT = 32_000_000
_DICTIONARY = 4096
_STEP = 1 << 16
_WHITE = b" \t\r\n\f\0"

_STREAM = re.compile(rb"(?<!end)stream(?:\r\n|\n|\r)")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_NAME = re.compile(rb"/([^\s\0()<>\[\]{}/%]{1,127})")
_START = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF")
_OBJECT = re.compile(rb"\d+\s+\d+\s+obj")
_FLATE = frozenset({b"FlateDecode", b"Fl"})
_CODINGS = _FLATE | {
    b"LZWDecode", b"LZW", b"ASCII85Decode", b"A85", b"ASCIIHexDecode", b"AHx", b"RunLengthDecode", b"RL",
    b"CCITTFaxDecode", b"CCF", b"DCTDecode", b"DCT", b"JBIG2Decode", b"JPXDecode", b"Crypt",
}  # fmt: skip

_TELLING = {
    b"JavaScript": "pdf_script",
    b"Launch": "pdf_launch",
    b"EmbeddedFile": "pdf_embedded",
    b"EmbeddedFiles": "pdf_embedded",
    b"FileAttachment": "pdf_embedded",
    b"RichMedia": "pdf_media",
    b"Rendition": "pdf_media",
    b"SubmitForm": "pdf_form",
    b"ImportData": "pdf_form",
}
_SHORT = {
    b"JS": "pdf_script",
    b"GoToE": "pdf_launch",
    b"GoToR": "pdf_launch",
    b"Movie": "pdf_media",
    b"Sound": "pdf_media",
    b"3D": "pdf_media",
    b"XFA": "pdf_form",
}


def check(data: bytes) -> dict[str, int]:
    """The number of page objects seen. Raises Broken."""
    if not re.match(rb"%PDF-(1\.[0-7]|2\.0)[\s%]", data[:16]):
        raise Broken("pdf_header")
    if is_archive(data):
        raise Broken("double_zip")
    end = data.rfind(b"%%EOF")
    if end < 0 or b"startxref" not in data:
        raise Broken("pdf_cut")
    if data[end + 5 :].strip(_WHITE):
        raise Broken("double_page" if holds_page(data[end:]) else "pdf_trailing")
    outside = _outside(data)
    if holds_page(data[:1024]) or holds_page(outside):
        raise Broken("double_page")
    if b"Encrypt" in names_in(outside):
        raise Broken("pdf_encrypted")
    objects = [outside, *_packed_objects(data)]
    found: Counter[bytes] = sum((names_in(part) for part in objects), Counter())
    raw = names_in(data)
    for name, code in (_TELLING | _SHORT).items():
        if name in found or (name in _TELLING and name in raw):
            raise Broken(code)
    _check_table(data)
    if b"Page" not in found:
        raise Broken("pdf_pages")
    return {"pages": found[b"Page"]}


def names_in(part: bytes) -> Counter[bytes]:
    """How often each name is used, its escapes read: `/J#61vaScript` is JavaScript."""
    found = Counter(_NAME.findall(part))
    for name in [name for name in found if b"#" in name]:
        found[_ESCAPED.sub(_byte, name)] += found.pop(name)
    return found


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)])


def _check_table(data: bytes) -> None:
    """Where the last `startxref` points there must be a table, or an object that holds one."""
    starts = _START.findall(data)
    if not starts:
        raise Broken("pdf_cut")
    at = int(starts[-1])
    there = data[at : at + 64].lstrip(_WHITE)
    if at >= len(data) or not (there.startswith(b"xref") or _OBJECT.match(there)):
        raise Broken("pdf_table")


def _outside(data: bytes) -> bytes:
    """What stands outside of streams."""
    parts, at = [], 0
    for match in _STREAM.finditer(data):
        if match.start() < at:
            continue
        end = data.find(b"endstream", match.end())
        if end < 0:
            raise Broken("pdf_cut")
        parts.append(data[at : match.start()])
        at = end
    return b"\n".join([*parts, data[at:]])


def _packed_objects(data: bytes) -> list[bytes]:
    """The object streams, unpacked; every other packed stream is only measured."""
    packed, total = [], 0
    for match in _STREAM.finditer(data):
        names = names_in(_dictionary(data, match.start()))
        codings = _CODINGS & names.keys()
        is_objects = b"ObjStm" in names
        if (is_objects or b"XRef" in names) and not codings <= _FLATE:
            raise Broken("pdf_coding")
        if codings & _FLATE and not codings - _FLATE:
            size, text = _unpacked(data, match.end(), keep=is_objects)
            total += size
            if total > _TOTAL_LIMIT:
                raise Broken("pdf_unpacks")
            packed.append(text)
        elif is_objects:
            packed.append(data[match.end() : data.find(b"endstream", match.end())])
    return packed


def _dictionary(data: bytes, end: int) -> bytes:
    """The text between the object's beginning and its stream."""
    text = data[max(0, end - _DICTIONARY) : end]
    return text[max(0, text.rfind(b" obj")) :]


def _unpacked(data: bytes, at: int, *, keep: bool) -> tuple[int, bytes]:
    """How much a stream unpacks to, and the text where it is kept."""
    unpacker = zlib.decompressobj()
    size, kept = 0, []
    limit = _OBJECTS_LIMIT if keep else _STREAM_LIMIT
    try:
        while not unpacker.eof:
            piece = unpacker.unconsumed_tail
            if not piece:
                piece, at = data[at : at + _STEP], at + _STEP
            if not piece:
                break
            text = unpacker.decompress(piece, 16 * _STEP)
            size += len(text)
            if size > limit:
                raise Broken("pdf_unpacks")
            if keep:
                kept.append(text)
    except zlib.error:
        # A viewer reads nothing here either; but objects that nobody can read must not count as read.
        if keep:
            raise Broken("pdf_coding") from None
    return size, b"".join(kept)
