"""What the checks raise, and what several formats share."""

import re
from typing import Any

MAX_SIDE = 20_000
MAX_AREA = 100_000_000
_END_OF_ARCHIVE = b"PK\x05\x06"
_PAGE = re.compile(rb"(?i)<(?:!doctype\s+html|html[\s>]|script[\s>]|iframe[\s>]|svg[\s>]|body[\s>]|\?php)")


class Broken(Exception):
    """The structure is not acceptable; `code` is one of `documents.gate.refusals.SENTENCES`."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.values = code, values


def check_pixels(width: int, height: int) -> None:
    """Before anything is unpacked: a small file can hold a huge picture."""
    if not width or not height:
        raise Broken("image_header")
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_AREA:
        raise Broken("image_pixels", width=width, height=height, side=MAX_SIDE, area=MAX_AREA // 1_000_000)


def is_archive(data: bytes) -> bool:
    """Would an unpacker accept this? It looks for the directory's end from the back, whatever stands before."""
    tail = data[-(65_535 + 22) :]
    at = tail.rfind(_END_OF_ARCHIVE)
    while at >= 0:
        record = tail[at : at + 22]
        if len(record) == 22:
            size = int.from_bytes(record[12:16], "little")
            start = int.from_bytes(record[16:20], "little")
            entries = int.from_bytes(record[10:12], "little")
            comment = int.from_bytes(record[20:22], "little")
            fits = at + 22 + comment <= len(tail) and size + start <= len(data)
            if fits and entries and b"PK\x01\x02" in data:
                return True
        at = tail.rfind(_END_OF_ARCHIVE, 0, at)
    return False


def holds_page(data: bytes) -> bool:
    """Would a browser that guesses take this for a web page?"""
    return bool(_PAGE.search(data))
