"""What a paper may belong to. The programmes' rooms register how their records are found; claims are known here."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse

from accounts.models import Organisation, User
from accounts.permissions import Answer
from casework.models import Case
from casework.permissions import may_edit
from casework.programmes import programme_of
from documents.enums import SubjectKind


@dataclass(frozen=True)
class Subject:
    """A record that papers belong to. `case` is set where the papers are part of one claim and close with it."""

    kind: str
    id: int
    programme: str
    organisation: Organisation
    label: str
    url: str
    answer: Answer
    case: Case | None = None
    #: Papers that nobody can ask for yet: what they would prove is not recorded.
    lacks: frozenset[str] = frozenset()

    @property
    def ref(self) -> str:
        return f"{self.kind}-{self.id}"

    @property
    def kind_label(self) -> str:
        return str(SubjectKind(self.kind).label)


Finder = Callable[[User, Iterable[int]], Mapping[int, Subject]]
_finders: dict[str, Finder] = {}
_of_cases: dict[str, Callable[[Case, User | None], list[Subject]]] = {}


def register(kind: SubjectKind, finder: Finder) -> None:
    """`finder(user, ids)` gives those of the records that the person's organisations own."""
    _finders[kind] = finder


def register_case(programme: str, subjects: Callable[[Case, User | None], list[Subject]]) -> None:
    """`subjects(case, user)` lists the records that are filed with a case, in the order of its pages."""
    _of_cases[programme] = subjects


def find(user: User, ref: str) -> Subject | None:
    """The subject of `receipt-12` if the person's organisation owns it."""
    match = re.fullmatch(r"([a-z]{1,20})-([0-9]{1,18})", ref)
    if not match or match[1] not in _finders:
        return None
    number = int(match[2])
    return _finders[match[1]](user, [number]).get(number)


def subjects_of(case: Case, user: User | None = None) -> list[Subject]:
    """The claim itself, then everything that is filed with it."""
    answer = may_edit(user, case) if user is not None else Answer(False)
    return [claim_subject(case, answer), *_of_cases[case.programme](case, user)]


def claim_subject(case: Case, answer: Answer) -> Subject:
    return Subject(
        kind=SubjectKind.CLAIM,
        id=case.pk,
        programme=case.programme,
        organisation=case.organisation,
        label=case.number,
        url=programme_of(case).edit_url(case),
        answer=answer,
        case=case,
    )


def _claims(user: User, ids: Iterable[int]) -> dict[int, Subject]:
    cases = Case.objects.filter(pk__in=ids, organisation__memberships__user=user)
    return {
        case.pk: claim_subject(case, may_edit(user, case)) for case in cases.select_related("organisation")
    }


def papers_url(subject: Subject) -> str:
    return reverse("documents:papers", args=[subject.ref])


register(SubjectKind.CLAIM, _claims)
