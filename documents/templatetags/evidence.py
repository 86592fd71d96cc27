"""The papers of a case on pages of other rooms."""

from django import template

from accounts.models import User
from casework.models import Case
from documents import selectors
from documents.models import Document
from documents.services import serving
from documents.subjects import find

register = template.Library()


@register.inclusion_tag("documents/_summary.html")
def evidence_summary(case: Case) -> dict:
    """How complete the papers of a claim are, with the way to them."""
    return {"case": case, "summary": selectors.summary(case)}


@register.inclusion_tag("documents/_filed.html")
def filed_evidence(case: Case, user: User, beside: bool = False) -> dict:
    """The files that were filed with a case; `beside`: each opens beside the data that it proves."""
    return {"files": selectors.filed_files(case, user), "beside": beside}


@register.inclusion_tag("documents/_of_record.html")
def record_evidence(kind: str, pk: int, user: User) -> dict:
    """The papers of one record of a register (contract, class, enrolment, trainee), with the way to upload them."""
    subject = find(user, f"{kind}-{pk}")
    return {"section": next(iter(selectors.sections([subject])), None) if subject else None}


@register.filter
def megabytes(size: int) -> str:
    """A file's size: 0.3 MB, and KB below a tenth."""
    if size < 100_000:
        return f"{max(size / 1024, 0.1):.1f} KB"
    return f"{size / 1024 / 1024:.1f} MB"


@register.filter
def why_not(document: Document) -> str:
    """Why a file cannot be used (yet)."""
    return serving.why_not(document)
