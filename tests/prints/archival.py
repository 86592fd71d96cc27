"""What PDF/A-3u asks of a file's structure (ISO 19005-3), as far as it can be read from the file's objects."""

import io

from pypdf import PdfReader
from pypdf.generic import DictionaryObject


def faults(content: bytes) -> list[str]:
    """What keeps a PDF from being PDF/A-3u: words, none if nothing was found."""
    reader = PdfReader(io.BytesIO(content))
    root, found = reader.trailer["/Root"], []
    if reader.is_encrypted:
        found.append("encrypted")
    if "/ID" not in reader.trailer:
        found.append("no file identifier")
    intents = [intent.get_object() for intent in root.get("/OutputIntents", [])]
    if not any(intent.get("/S") == "/GTS_PDFA1" and "/DestOutputProfile" in intent for intent in intents):
        found.append("no output intent with a profile")
    described = root["/Metadata"].get_object().get_data().decode() if "/Metadata" in root else ""
    squeezed = "".join(described.split())
    for word, value in (("part", "3"), ("conformance", "U")):
        if not (f"pdfaid:{word}>{value}<" in squeezed or f'pdfaid:{word}="{value}"' in squeezed):
            found.append(f"metadata name no {word}")
    active = [name for name in ("/OpenAction", "/AA", "/AcroForm") if name in root]
    names = root.get("/Names", {})
    found += [
        f"active content {name}" for name in [*active, *(["/JavaScript"] if "/JavaScript" in names else [])]
    ]
    fonts = _fonts(reader)
    if not fonts:
        found.append("no fonts")
    for font, descriptor in fonts:
        name = font.get("/BaseFont")
        if not any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")):
            found.append(f"{name} is not embedded")
        if "/ToUnicode" not in font:
            found.append(f"{name} has no characters")
    for file in (one.get_object() for one in root.get("/AF", [])):
        if "/AFRelationship" not in file:
            found.append("an attached file says not what it is")
    return found


def _fonts(reader: PdfReader) -> list[tuple[DictionaryObject, DictionaryObject]]:
    """Every font of every page and its descriptor."""
    fonts = {}
    for page in reader.pages:
        for reference in page["/Resources"].get("/Font", {}).values():
            font = reference.get_object()
            inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
            described = inner.get("/FontDescriptor", DictionaryObject()).get_object()
            fonts[font.get("/BaseFont")] = (font, described)
    return list(fonts.values())
