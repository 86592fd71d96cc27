"""Every reason for which a file is refused: a stable code and the sentence that a person reads."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    # The name
    "name_missing": _("The file has no name. Give it one and choose it again."),
    "name_long": _("The file's name is longer than %(limit)d characters. Shorten it."),
    "name_control": _("The file's name holds invisible control characters. Rename the file."),
    "name_direction": _(
        "The file's name holds characters that turn the direction of writing and hide its true ending. Rename the file."
    ),
    "name_path": _("The file's name holds a path. Choose the file itself; its name needs no folders."),
    "name_ending": _("Files ending in “%(ending)s” are not accepted here. Accepted: %(accepted)s."),
    "name_no_ending": _(
        "The file's name has no ending such as .pdf, so nobody can tell what it is. Rename it."
    ),
    "name_double": _("The file's name has two endings (“%(ending)s”). Rename it so that one is left."),
    # Size and kind
    "empty": _("The file is empty (0 bytes). Was it saved completely?"),
    "too_large": _(
        "The file has %(size)s MB; at most %(limit)s MB are accepted. Scan it at a lower resolution."
    ),
    "kind_differs": _(
        "The file ends in “%(ending)s” but is in truth %(found)s. Save it in the right format; renaming is not enough."
    ),
    "kind_unknown": _("The file's content is in no format that is accepted here. Accepted: %(accepted)s."),
    # PDF
    "pdf_header": _("The PDF does not begin as a PDF does. Save or print it as a PDF again."),
    "pdf_cut": _("The PDF breaks off before its end. It was not saved or sent completely; send it again."),
    "pdf_trailing": _("Other data follows the end of the PDF. Save or print it as a PDF again."),
    "pdf_table": _("The PDF's table of contents is damaged. Save or print it as a PDF again."),
    "pdf_encrypted": _("The PDF is locked with a password. Save it without a password."),
    "pdf_script": _("The PDF contains a program (JavaScript). Print it to a new PDF and send that."),
    "pdf_launch": _(
        "The PDF tries to start a program or to open another file. Print it to a new PDF and send that."
    ),
    "pdf_embedded": _("The PDF carries other files inside. Take them out and send them one by one."),
    "pdf_media": _("The PDF contains video, sound or 3D content. Print it to a new PDF and send that."),
    "pdf_form": _(
        "The PDF is a form that fills itself in (XFA) or sends data. Print it to a new PDF and send that."
    ),
    "pdf_pages": _("The PDF has no pages."),
    "pdf_unpacks": _(
        "The PDF unpacks to far more data than its size allows. Print it to a new PDF and send that."
    ),
    "pdf_coding": _("The PDF hides its structure in an unusual coding. Print it to a new PDF and send that."),
    # Pictures
    "image_header": _("The picture's header is damaged. Open it and save it again."),
    "image_cut": _(
        "The picture breaks off before its end. It was not saved or sent completely; send it again."
    ),
    "image_damaged": _("The picture is damaged inside. Open it and save it again."),
    "image_pixels": _(
        "The picture has %(width)d × %(height)d pixels; at most %(side)d on a side and %(area)d million in all are"
        " accepted."
    ),
    "image_trailing": _(
        "Other data follows the end of the picture. Open it and save it again, or send a screenshot."
    ),
    "image_unpacks": _(
        "The picture unpacks to more data than its size in pixels allows. Open it and save it again."
    ),
    "image_moves": _("The picture is animated. Send a still picture."),
    "image_text": _("The picture carries a web page or a program inside. Open it and save it again."),
    # Several things at once
    "double_zip": _(
        "The file is a ZIP archive at the same time. Print it to a new PDF or save the picture again."
    ),
    "double_page": _(
        "The file is a web page at the same time. Print it to a new PDF or save the picture again."
    ),
    "double_pdf": _("The picture is a PDF at the same time. Open it and save it again."),
    # The examination itself
    "too_hard": _(
        "Examining the file took too much time or memory, so it is refused. Print it to a new PDF."
    ),
    # After the upload
    "infected": _(
        "The virus scanner found “%(signature)s” in this file. Check your computer and send a clean file."
    ),
    "altered": _("The stored file is not the one that was sent. Send it again."),
}

FOUND = {
    "pdf": _("a PDF"),
    "png": _("a PNG picture"),
    "jpeg": _("a JPEG picture"),
    "program": _("a program"),
    "archive": _("an archive"),
    "office": _("an Office document"),
    "macro": _("an Office document with macros"),
    "page": _("a web page"),
    "drawing": _("an SVG drawing"),
    "script": _("a script"),
    "picture": _("a picture of another format"),
    "media": _("video or sound"),
    "text": _("text"),
    "unknown": _("something else"),
}

KINDS = {
    "pdf": ("PDF", "application/pdf", (".pdf",)),
    "png": ("PNG", "image/png", (".png",)),
    "jpeg": ("JPEG", "image/jpeg", (".jpg", ".jpeg")),
}


class FileRefused(Exception):
    """The file does not come in. `code` is stable; `message` says why in the reader's language."""

    def __init__(self, code: str, **values: Any) -> None:
        super().__init__(code)
        self.code, self.values = code, values

    @property
    def message(self) -> str:
        return sentence(self.code, self.values)


def sentence(code: str, values: Mapping[str, Any] | None = None) -> str:
    """The sentence of a refusal; `found` names a kind by its code."""
    values = dict(values or {})
    if "found" in values:
        values["found"] = FOUND.get(values["found"], FOUND["unknown"])
    text = str(SENTENCES[code])
    return text % values if values else text
