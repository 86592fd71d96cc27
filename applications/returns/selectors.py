"""Who reported a period, who is late, who is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.enums import AccreditationKind
from accounts.models import Accreditation, Organisation, User
from applications.enums import ReturnState
from applications.models import BusinessReturn
from applications.returns.models import WHOLE_YEAR, due_on, last_day
from applications.selectors import enterprises_of
from policy.practice import FIRST_YEAR


@dataclass(frozen=True)
class Reporter:
    """One recognised enterprise and what it reported of a period. `late` counts the days after the term."""

    organisation: Organisation
    found: BusinessReturn | None
    due: date
    late: int

    @property
    def is_filed(self) -> bool:
        return self.found is not None and self.found.first_filed_at is not None

    @property
    def waits_for_enterprise(self) -> bool:
        """Nothing that the bureau could look at is there."""
        return self.found is None or self.found.is_open


def reporters(year: int, month: int = WHOLE_YEAR, today: date | None = None) -> list[Reporter]:
    """Every enterprise that was recognised on a day of the period: missing first, then late, then the rest."""
    today = today or timezone.localdate()
    first = date(year, month or 1, 1)
    recognised = Accreditation.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=first),
        kind=AccreditationKind.RECOGNITION,
        valid_from__lte=last_day(year, month),
    ).values("organisation")
    returns = {
        found.organisation_id: found for found in BusinessReturn.objects.filter(year=year, month=month)
    }
    due = due_on(year, month)
    found = []
    for organisation in Organisation.objects.filter(pk__in=recognised).order_by("name"):
        own = returns.get(organisation.pk)
        filed = timezone.localdate(own.first_filed_at) if own and own.first_filed_at else None
        late = max(((filed or today) - due).days, 0)
        found.append(Reporter(organisation, own, due, late))
    return sorted(found, key=lambda r: (r.is_filed, -r.late, r.organisation.name))


def years_over(today: date | None = None) -> list[int]:
    """The years that can be reported, the newest first."""
    today = today or timezone.localdate()
    return list(range(today.year - 1, FIRST_YEAR - 1, -1))


def last_month(today: date | None = None) -> tuple[int, int]:
    day = (today or timezone.localdate()).replace(day=1) - timedelta(days=1)
    return day.year, day.month


@dataclass(frozen=True)
class Owed:
    """A year that an enterprise of the person's has not reported."""

    organisation: Organisation
    year: int
    due: date
    is_late: bool


def owed_by(user: User, today: date | None = None) -> Iterator[Owed]:
    """The years of recognition that were not filed, the newest first; the last three years only."""
    today = today or timezone.localdate()
    enterprises = {organisation.pk: organisation for organisation in enterprises_of(user)}
    years = years_over(today)[:3]
    filed = set(
        BusinessReturn.objects.annual()
        .filed()
        .exclude(state=ReturnState.DRAFT)
        .filter(organisation__in=enterprises, year__in=years)
        .values_list("organisation_id", "year")
    )
    spans = list(
        Accreditation.objects.filter(
            organisation__in=enterprises, kind=AccreditationKind.RECOGNITION
        ).values_list("organisation_id", "valid_from", "valid_to")
    )
    for year in years:
        for pk, organisation in enterprises.items():
            covered = any(
                own == pk and start.year <= year and (end is None or end.year >= year)
                for own, start, end in spans
            )
            if covered and (pk, year) not in filed:
                due = due_on(year, WHOLE_YEAR)
                yield Owed(organisation, year, due, today > due)
