"""Give a file out: clean, unaltered, or not at all."""

from typing import IO

from django.utils.translation import gettext as _

from accounts.models import User
from audit import services as audit
from casework.transitions import Refused
from documents import storage
from documents.gate import limited
from documents.gate.refusals import FileRefused, sentence
from documents.models import Document

PREVIEW_WIDTH = 1000


def open_document(*, document: Document, user: User) -> IO[bytes]:
    """The file's bytes. Raises Refused when it is not clean, not kept or not the one that came in."""
    if not document.is_clean:
        raise Refused("not_clean", why_not(document))
    try:
        return storage.open_checked(document.storage_key, document.sha256)
    except storage.ContentMissing:
        raise Refused("missing", _("The file's content cannot be read now.")) from None
    except storage.ContentAltered:
        audit.record(
            actor=user,
            action="document.altered",
            obj=document,
            data={"document": document.pk, "sha256": document.sha256},
            stream=f"accounts.organisation:{document.organisation_id}",
        )
        raise Refused(
            "altered", _("The stored file differs from the one that was sent, so it is not shown.")
        ) from None


def why_not(document: Document) -> str:
    """Why a file cannot be used (yet)."""
    if document.refusal:
        return sentence(document.refusal, {"signature": document.signature})
    if document.attempts > 1:
        return _(
            "The virus scanner does not answer. The file stays closed until it was checked; the portal tries again."
        )
    return _("The file is being checked for viruses. This takes a few seconds.")


def page_picture(*, document: Document, user: User, page: int) -> bytes:
    """A page of a PDF as PNG. Raises Refused."""
    with open_document(document=document, user=user) as file:
        try:
            return limited.run("drawing.py", str(page), str(PREVIEW_WIDTH), data=file.read(), bare=False)
        except FileRefused:
            raise Refused(
                "no_preview", _("This page cannot be shown here. Download the file to read it.")
            ) from None
