"""JPEG: segments in bounds, one frame of acceptable size, a scan, an end, nothing after it."""

from documents.gate.structure.broken import Broken, check_pixels, holds_page, is_archive

SIGNATURE = b"\xff\xd8\xff"
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_OTHER_FRAMES = frozenset({0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})


def check(data: bytes) -> dict[str, int]:
    """Width and height. Raises Broken."""
    if not data.startswith(SIGNATURE):
        raise Broken("image_header")
    at, size, scans = 2, None, 0
    while True:
        marker, at = _marker(data, at)
        if marker == 0xD9:
            break
        if marker in _ALONE:
            continue
        if at + 2 > len(data):
            raise Broken("image_cut")
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2:
            raise Broken("image_damaged")
        if at + length > len(data):
            raise Broken("image_cut")
        body = data[at + 2 : at + length]
        at += length
        if marker in _OTHER_FRAMES or (marker in _FRAMES and size):
            raise Broken("image_damaged")
        if marker in _FRAMES:
            size = _frame(body)
        elif marker == 0xDA:
            if size is None:
                raise Broken("image_damaged")
            scans += 1
            at = _after_scan(data, at)
        elif (marker == 0xFE or 0xE0 <= marker <= 0xEF) and holds_page(body):
            raise Broken("image_text")
    if not size or not scans:
        raise Broken("image_damaged")
    if is_archive(data):
        raise Broken("double_zip")
    if data[at:].strip(b"\0"):
        raise Broken("double_page" if holds_page(data[at:]) else "image_trailing")
    return {"width": size[0], "height": size[1]}


def _marker(data: bytes, at: int) -> tuple[int, int]:
    if at + 2 > len(data):
        raise Broken("image_cut")
    if data[at] != 0xFF:
        raise Broken("image_damaged")
    while at < len(data) and data[at] == 0xFF:
        at += 1
    if at >= len(data):
        raise Broken("image_cut")
    return data[at], at + 1


def _frame(body: bytes) -> tuple[int, int]:
    if len(body) < 6 or len(body) != 6 + 3 * body[5] or body[5] not in (1, 3, 4):
        raise Broken("image_header")
    height, width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    check_pixels(width, height)
    return width, height


def _after_scan(data: bytes, at: int) -> int:
    """The next marker that is neither a stuffed byte nor a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise Broken("image_cut")
        if data[at + 1] == 0 or 0xD0 <= data[at + 1] <= 0xD7:
            at += 2
        elif data[at + 1] == 0xFF:
            at += 1
        else:
            return at
