"""PNG: every chunk in bounds and unaltered, no more pixels than the header says, nothing after the end."""

import zlib

from documents.gate.structure.broken import Broken, check_pixels, holds_page, is_archive

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_TEXT_LIMIT = 4_000_000
_STEP = 65_536


def check(data: bytes) -> dict[str, int]:
    """Width and height. Raises Broken."""
    if not data.startswith(SIGNATURE):
        raise Broken("image_header")
    header: bytes | None = None
    packed: list[bytes] = []
    at, seen_end = len(SIGNATURE), False
    while at < len(data):
        if seen_end:
            raise Broken("double_zip" if is_archive(data) else "image_trailing")
        if at + 12 > len(data):
            raise Broken("image_cut")
        length = int.from_bytes(data[at : at + 4], "big")
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if at + 12 + length > len(data):
            raise Broken("image_cut")
        if not name.isalpha():
            raise Broken("image_damaged")
        if header is None:
            if name != b"IHDR" or length != 13:
                raise Broken("image_header")
            header = body
            _check_header(header)
        if int.from_bytes(data[at + 8 + length : at + 12 + length], "big") != zlib.crc32(name + body):
            raise Broken("image_damaged")
        if name == b"IDAT":
            packed.append(body)
        elif name == b"acTL":
            raise Broken("image_moves")
        elif name in (b"tEXt", b"zTXt", b"iTXt", b"iCCP", b"eXIf") or name[:1].islower():
            _check_text(name, body)
        seen_end = name == b"IEND"
        at += 12 + length
    if header is None or not seen_end:
        raise Broken("image_cut")
    if is_archive(data):
        raise Broken("double_zip")
    _check_pixels_fit(header, b"".join(packed))
    return {"width": int.from_bytes(header[:4], "big"), "height": int.from_bytes(header[4:8], "big")}


def _check_header(header: bytes) -> None:
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    depth, colour, compression, filtering, interlace = header[8:13]
    check_pixels(width, height)
    if depth not in _DEPTHS.get(colour, ()) or compression or filtering or interlace > 1:
        raise Broken("image_header")


def _check_text(name: bytes, body: bytes) -> None:
    """Texts and profiles beside the picture: no page, no program, no bomb."""
    if holds_page(body):
        raise Broken("image_text")
    if name in (b"zTXt", b"iCCP"):
        start = body.find(b"\0") + 2
    elif name == b"iTXt" and body[body.find(b"\0") + 1 : body.find(b"\0") + 2] == b"\1":
        start = body.find(b"\0", body.find(b"\0", body.find(b"\0") + 3) + 1) + 1
    else:
        return
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(body[start:], _TEXT_LIMIT)
    except zlib.error:
        raise Broken("image_damaged") from None
    if unpacker.unconsumed_tail:
        raise Broken("image_unpacks")
    if holds_page(text):
        raise Broken("image_text")


def _row_bytes(width: int, bits: int) -> int:
    return (width * bits + 7) // 8 + 1 if width else 0


def _expected(header: bytes) -> int:
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    bits = header[8] * _CHANNELS[header[9]]
    if not header[12]:
        return height * _row_bytes(width, bits)
    return sum(
        -(-(height - y) // dy) * _row_bytes(-(-(width - x) // dx), bits)
        for x, y, dx, dy in _ADAM7
        if width > x and height > y
    )


def _check_pixels_fit(header: bytes, packed: bytes) -> None:
    expected, seen = _expected(header), 0
    unpacker = zlib.decompressobj()
    rest = packed
    try:
        while rest and not unpacker.eof and seen <= expected:
            seen += len(unpacker.decompress(rest, _STEP))
            rest = unpacker.unconsumed_tail
    except zlib.error:
        raise Broken("image_damaged") from None
    if seen > expected:
        raise Broken("image_unpacks")
    if seen < expected:
        raise Broken("image_cut")
    if unpacker.unused_data:
        raise Broken("image_trailing")
