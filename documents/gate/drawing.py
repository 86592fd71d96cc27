"""A page of a PDF as a PNG, drawn by PDFium in a limited process: `python -I drawing.py PAGE WIDTH` (page from 1).

Only files that the scanner called clean come here. The browser never gets the PDF itself to show.
"""

import sys
import zlib
from pathlib import Path

MAX_HEIGHT_RATIO = 6


def png(width: int, height: int, rows: bytes) -> bytes:
    """RGB rows, each with its leading filter byte, as a PNG."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    packed = zlib.compress(rows, 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def draw(data: bytes, page: int, width: int) -> bytes:
    import pypdfium2

    with pypdfium2.PdfDocument(data) as document:
        found = document[page - 1]
        across, down = found.get_size()
        if not across or down / across > MAX_HEIGHT_RATIO:
            raise SystemExit(3)
        bitmap = found.render(scale=width / across, rev_byteorder=True, may_draw_forms=False)
        raw, stride, channels = bytes(bitmap.buffer), bitmap.stride, bitmap.n_channels
        rows = []
        for y in range(bitmap.height):
            row = raw[y * stride : y * stride + bitmap.width * channels]
            if channels == 4:
                kept = bytearray(bitmap.width * 3)
                for channel in range(3):
                    kept[channel::3] = row[channel::4]
                row = bytes(kept)
            elif channels == 1:
                kept = bytearray(bitmap.width * 3)
                for channel in range(3):
                    kept[channel::3] = row
                row = bytes(kept)
            rows.append(b"\0" + row)
        return png(bitmap.width, bitmap.height, b"".join(rows))


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from documents.gate.child import limit

    limit()
    sys.stdout.buffer.write(draw(sys.stdin.buffer.read(), int(sys.argv[1]), int(sys.argv[2])))
