"""Small fictional papers for the sample: a one-page PDF and a plain picture, written by hand, byte for byte."""

import zlib
from collections.abc import Sequence


def pdf(title: str, lines: Sequence[str] = ()) -> bytes:
    """One A4 page with a title and lines (Latin letters), and the word SAMPLE."""
    texts = [f"BT /F1 20 Tf 60 770 Td ({_escaped(title)}) Tj ET"]
    texts += [
        f"BT /F1 12 Tf 60 {730 - 20 * number} Td ({_escaped(line)}) Tj ET"
        for number, line in enumerate(lines)
    ]
    texts.append("BT /F1 11 Tf 60 60 Td (SAMPLE - fictional, for demonstration only) Tj ET")
    texts.append("60 760 475 1 re f")
    content = "\n".join(texts).encode("latin-1")
    return from_objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]"
        b" /Resources << /Font << /F1 4 0 R >> >> /Contents 5 0 R >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    )


def from_objects(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A PDF of these numbered objects, the first of which is its catalogue."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, text in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        trailer,
        table,
    )
    return bytes(out)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def png(width: int, height: int, colour: tuple[int, int, int] = (214, 228, 240)) -> bytes:
    """A picture of one colour with a darker frame."""
    dark = tuple(value // 2 for value in colour)
    full = bytes([0, *dark * width])
    row = bytes([0, *dark, *colour * (width - 2), *dark])
    rows = full + row * (height - 2) + full
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND")
    )


def chunk(name: bytes, body: bytes = b"") -> bytes:
    """One part of a PNG with its length and check sum."""
    return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")
