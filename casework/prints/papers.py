"""Which papers a programme prints, and what they show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from accounts.models import Accreditation
from casework.enums import EDITABLE
from casework.models import Case, Submission


@dataclass(frozen=True)
class Paper:
    """One paper. `wide` is printed across the page."""

    code: str
    title: str | Promise
    template: str
    wide: bool = False


@dataclass(frozen=True)
class Papers:
    """A programme's papers; `context(case, submission)` is what its templates need, a draft has no submission.

    It holds at least `lines`, whose number says whether a PDF is drawn on the spot.
    """

    papers: Sequence[Paper]
    context: Callable[[Case, Submission | None], Mapping[str, Any]]


_offered: dict[str, Papers] = {}


def offer(programme: str, papers: Papers) -> None:
    _offered[programme] = papers


def papers_of(case: Case) -> Papers:
    return _offered[case.programme]


def context_of(case: Case, code: str) -> dict[str, Any]:
    """What `prints/page.html` shows: one paper of a case, or all of them for a code that names none.

    A draft and a returned claim show what is saved now, without a hash; a filed one what was frozen.
    """
    offered = papers_of(case)
    submission = None if case.status in EDITABLE else case.submissions.order_by("number").last()
    chosen = [paper for paper in offered.papers if paper.code == code]
    return {
        "case": case,
        "submission": submission,
        "papers": chosen or list(offered.papers),
        "all_papers": offered.papers,
        "chosen": chosen[0].code if chosen else "",
        "is_draft": submission is None,
        "accreditations": Accreditation.objects.filter(organisation=case.organisation_id).order_by(
            "valid_from"
        ),
        **offered.context(case, submission),
    }
