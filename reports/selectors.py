"""What everybody may read of the portal's rows: organisations with a recognition or designation, and awards."""

import unicodedata
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from accounts.enums import AccreditationKind
from accounts.identifiers import division_name
from accounts.models import Accreditation
from notices.enums import NoticeState
from notices.models import Notice, NoticeEntry
from notices.selectors import published

#: How many rows at most are counted for "page x of y"; beyond it the page says "more than".
COUNTED = 1_000


class Registered(NamedTuple):
    """One recognition or designation as everybody may read it."""

    id: int
    kind: str
    organisation: str
    credit_code: str
    division: str
    division_name: str
    document_number: str
    valid_from: date
    valid_to: date | None

    def in_force(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Awarded(NamedTuple):
    """One award as everybody may read it: the organisation and the sum, no person."""

    id: int
    case_number: str
    programme: str
    year: int
    organisation: str
    credit_code: str
    amount_rmb: Decimal
    awarded_on: date
    notice: str
    notice_ends_on: date


class Noticed(NamedTuple):
    """One published notice: its term, how many awards it lists and their sum. `state`: running, ended, withdrawn."""

    id: int
    number: str
    programme: str
    year: int
    state: str
    starts_on: date
    ends_on: date
    awards: int
    total_rmb: Decimal
    content_hash: str
    withdrawal_reason: str
    changed_at: datetime


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def register(
    *, kind: str = "", query: str = "", current_on: date | None = None, division: str = ""
) -> QuerySet[Accreditation]:
    """Recognitions and designations, narrowed; the newest entry first.

    `query` is part of the name (two characters suffice), a credit code or a document number. `current_on` leaves out
    what is not in force on that day.
    """
    found = Accreditation.objects.select_related("organisation").order_by("-id")
    if kind in AccreditationKind:
        found = found.filter(kind=kind)
    if text := _plain(query):
        found = found.filter(
            Q(organisation__name__icontains=text)
            | Q(organisation__credit_code=text.upper())
            | Q(document_number__iexact=text)
        )
    if current_on is not None:
        found = found.covering(current_on, current_on)
    if division:
        found = found.filter(organisation__division__startswith=division)
    return found


def registered(row: Accreditation) -> Registered:
    organisation = row.organisation
    return Registered(
        id=row.pk,
        kind=row.kind,
        organisation=organisation.name,
        credit_code=organisation.credit_code,
        division=organisation.division,
        division_name=division_name(organisation.division),
        document_number=row.document_number,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def awards(
    *, programme: str = "", year: int | None = None, query: str = "", notice: str = ""
) -> QuerySet[NoticeEntry]:
    """Awards as a published notice names them, the newest first; not those taken back or of a withdrawn notice.

    `query` is part of the organisation's name, its credit code or the case number; `notice` a notice's number.
    """
    found = (
        NoticeEntry.objects.filter(
            live=True, notice__state=NoticeState.PUBLISHED, award__reversed_at__isnull=True
        )
        .select_related("notice", "award__case__organisation")
        .order_by("-id")
    )
    if programme:
        found = found.filter(notice__programme=programme)
    if year is not None:
        found = found.filter(notice__year=year)
    if notice:
        found = found.filter(notice__number=notice)
    if text := _plain(query):
        found = found.filter(
            Q(organisation_name__icontains=text)
            | Q(award__case__organisation__credit_code=text.upper())
            | Q(case_number=text.upper())
        )
    return found


def awarded(row: NoticeEntry) -> Awarded:
    notice = row.notice
    return Awarded(
        id=row.pk,
        case_number=row.case_number,
        programme=notice.programme,
        year=notice.year,
        organisation=row.organisation_name,
        credit_code=row.award.case.organisation.credit_code,
        amount_rmb=row.amount_rmb,
        awarded_on=timezone.localdate(row.award.awarded_at),
        notice=notice.number,
        notice_ends_on=notice.ends_on,
    )


def notices(*, programme: str = "", year: int | None = None) -> QuerySet[Notice]:
    """Published notices, withdrawn ones included, the newest first, each with `count` and `total` of its list."""
    found = published().annotate(count=Count("entries"), total=Sum("entries__amount_rmb")).order_by("-id")
    if programme:
        found = found.filter(programme=programme)
    return found if year is None else found.filter(year=year)


def noticed(row: Notice, today: date) -> Noticed:
    if row.state == NoticeState.WITHDRAWN:
        state = "withdrawn"
    else:
        state = "running" if today <= row.ends_on else "ended"
    return Noticed(
        id=row.pk,
        number=row.number,
        programme=row.programme,
        year=row.year,
        state=state,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        awards=row.count,
        total_rmb=row.total,
        content_hash=row.content_hash,
        withdrawal_reason=row.withdrawal_reason,
        changed_at=row.withdrawn_at or row.published_at,
    )


def keyset(found: QuerySet, *, before: int | None, size: int) -> tuple[list[Any], int | None]:
    """One page of a queryset that is ordered by falling id, and where the next one begins (None: no more).

    As fast at any depth: the page begins at an id, nothing is skipped row by row.
    """
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: size + 1])
    return rows[:size], rows[size - 1].pk if len(rows) > size else None


def capped_count(found: QuerySet) -> tuple[int, bool]:
    """(how many, whether there are more): never counts beyond COUNTED."""
    count = found.order_by()[: COUNTED + 1].count()
    return min(count, COUNTED), count > COUNTED


def every(found: QuerySet) -> Iterator[Any]:
    """All rows, a thousand at a time."""
    return found.iterator(chunk_size=1_000)
