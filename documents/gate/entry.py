"""The gate: name, size, kind and structure of one file, before anything of it is kept."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import filetype

from documents.gate import limited
from documents.gate.names import accepted_words, check_name, kind_of_ending
from documents.gate.refusals import KINDS, FileRefused
from documents.gate.structure.broken import holds_page, is_archive

MEGABYTE = 1024 * 1024
_HEAD = 4096
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa", b"dex\n")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Passed:
    """A file that may be kept in quarantine: the name to show, what it is, its size and hash."""

    name: str
    kind: str
    size: int
    sha256: str
    facts: dict[str, int] = field(default_factory=dict)

    @property
    def media_type(self) -> str:
        return KINDS[self.kind][1]


def examine(*, name: str, data: bytes, kinds: Sequence[str], max_mb: int) -> Passed:
    """The file by its bytes. Raises FileRefused with the first reason against it.

    `kinds` are accepted kinds ("pdf", "png", "jpeg"). The cheapest checks come first; the inner structure is read in a
    limited process.
    """
    shown, ending = check_name(name, kinds)
    if not data:
        raise FileRefused("empty")
    if len(data) > max_mb * MEGABYTE:
        raise FileRefused("too_large", size=f"{len(data) / MEGABYTE:.1f}", limit=max_mb)
    found, expected = kind_of_bytes(data), kind_of_ending(ending)
    if found == "unknown":
        raise FileRefused("kind_unknown", accepted=accepted_words(kinds))
    if found != expected:
        if expected == "pdf" and b"%PDF-" in data[:_HEAD]:
            raise FileRefused("double_page" if found == "page" else "pdf_header")
        raise FileRefused("kind_differs", ending=ending, found=found)
    answer = json.loads(limited.run("child.py", found, data=data))
    if "code" in answer:
        raise FileRefused(answer["code"], **answer["values"])
    if found != "pdf" and b"%PDF-" in data and b"%%EOF" in data:
        raise FileRefused("double_pdf")
    return Passed(shown, found, len(data), hashlib.sha256(data).hexdigest(), answer["facts"])


def kind_of_bytes(data: bytes) -> str:
    """A code of `refusals.FOUND`, by the first bytes and never by the name."""
    head = data[:_HEAD]
    if head.startswith(b"%PDF-"):
        return "pdf"
    if head.startswith(b"\x89PNG"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head.startswith(_PROGRAMS):
        return "program"
    if head.startswith(_OLE):
        return "macro" if b"V\0B\0A\0" in data or b"_VBA_PROJECT" in data else "office"
    if head.startswith(b"PK\x03\x04"):
        if b"vbaProject.bin" in data:
            return "macro"
        return (
            "office" if b"[Content_Types].xml" in data or b"mimetypeapplication/vnd." in head else "archive"
        )
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if text.startswith(b"<svg") or (text.startswith(b"<?xml") and b"<svg" in text):
        return "drawing"
    if text.startswith((b"#!", b"<?php")):
        return "script"
    if holds_page(head):
        return "page"
    guess = filetype.guess(head)
    if guess is not None:
        group = guess.mime.partition("/")[0]
        if group == "image":
            return "picture"
        if group in ("video", "audio"):
            return "media"
        if guess.extension in ("exe", "elf", "dex", "swf"):
            return "program"
        if guess.extension in ("zip", "rar", "7z", "gz", "bz2", "xz", "tar", "z", "lz", "cab"):
            return "archive"
    if is_archive(data):
        return "archive"
    return "text" if _is_text(head) else "unknown"


def _is_text(head: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 32 for byte in head)
