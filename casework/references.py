"""Bank references as they were filed: written down at submission, found again however they are spelt."""

import re
from collections.abc import Iterable

from django.db.models import QuerySet

from casework.models import FiledReference, Submission

_SEPARATORS = re.compile(r"[\W_]+")
#: A search for fewer characters would find nearly everything.
SHORTEST = 4


def plain(reference: str) -> str:
    """A reference without its separators and case.

    >>> plain(" fn-2015/05 20.x")
    'FN20150520X'
    """
    return _SEPARATORS.sub("", reference.upper())


def keep_references(submission: Submission, references: Iterable[tuple[str, str]]) -> None:
    """Write the references of a submission down; each with the key of its line."""
    FiledReference.objects.bulk_create(
        FiledReference(
            case_id=submission.case_id,
            submission=submission,
            key=key,
            written=written[:60],
            plain=plain(written)[:60],
        )
        for key, written in references
    )


def same_elsewhere(references: Iterable[str], case_id: int) -> QuerySet[FiledReference]:
    """The same references in other cases, of whichever organisation, once for each case and reference."""
    wanted = {plain(reference) for reference in references} - {""}
    return (
        FiledReference.objects.filter(plain__in=wanted)
        .exclude(case=case_id)
        .select_related("case__organisation")
        .order_by("plain", "case_id", "-submission_id")
        .distinct("plain", "case_id")
    )


def cases_with(words: str, most: int) -> list[int]:
    """Ids of cases with a reference that begins with these words; nothing for fewer than `SHORTEST` characters."""
    beginning = plain(words)
    if len(beginning) < SHORTEST:
        return []
    found = FiledReference.objects.filter(plain__startswith=beginning).values_list("case_id", flat=True)
    return list(dict.fromkeys(found[:most]))
