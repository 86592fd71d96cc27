"""Freeze the papers of a case at its submission."""

from casework.models import Case
from documents.models import FiledDocument
from documents.selectors import frozen


def freeze(case: Case) -> list[dict]:
    """The files for the snapshot; officials may see exactly these from now on. Called with the case locked."""
    entries = frozen(case)
    FiledDocument.objects.bulk_create(
        [FiledDocument(case=case, document_id=entry["id"]) for entry in entries], ignore_conflicts=True
    )
    return entries
