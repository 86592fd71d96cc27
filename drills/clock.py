"""The edges of the calendar: ends of years in Nanchang and in UTC, and 29 February, wherever a day counts.

`python -m drills.clock [400]` takes N moments a second and an hour around those midnights as now. At each, a claim is
started, a receipt of today and of tomorrow is checked, years are offered, contracts are measured in months, and a seal
is made; all of it is compared with a calendar that is written here and not with the portal's own.
"""

import sys
from datetime import UTC, date, datetime, timedelta, timezone
from unittest import mock

from drills.shape import Outcome, main, own_database

#: Nanchang has had no summer time since 1991.
NANCHANG = timezone(timedelta(hours=8))
STEPS = [timedelta(seconds=seconds) for seconds in (-3600, -1, 0, 1, 3600)]
LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


def is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_of(year: int, month: int) -> int:
    return 29 if month == 2 and is_leap(year) else LENGTHS[month - 1]


def moments(number: int) -> list[datetime]:
    """Around midnight in Nanchang and in UTC: ends of years, both ends of the last day of February."""
    found, year = [], 2015
    while len(found) < number:
        for zone in (NANCHANG, UTC):
            days = [(year, 1, 1), (year, 2, 28), (year, 2, days_of(year, 2)), (year, 3, 1)]
            edges = [datetime(*day, tzinfo=zone) for day in dict.fromkeys(days)]
            found += [edge + step for edge in edges for step in STEPS]
        year += 1
    return found[:number]


def last_day_of(start: date, months: int) -> date:
    """The last day of so many months from `start`, counted on the fingers."""
    year, month = start.year, start.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(start.day, days_of(year, month))) - timedelta(days=1)


def at(now: datetime, institution, user) -> list[str]:
    """What the portal gets wrong when it is `now`."""
    from django.core.exceptions import ValidationError
    from django.utils import timezone as portal_time

    from applications.checks import check_day
    from applications.selectors import claim_years
    from casework.clock import day_of
    from policy.rules.periods import compare_months
    from training.services.claims import start_claim

    here, wrong = now.astimezone(NANCHANG).date(), []
    if (day_of(now), portal_time.localdate()) != (here, here):
        wrong.append(f"days {day_of(now)} and {portal_time.localdate()} instead of {here}")
    if (year := start_claim(user=user, institution=institution).year) != here.year:
        wrong.append(f"a training claim of {year} instead of {here.year}")
    if (years := claim_years())[0] != here.year:
        wrong.append(f"{years[0]} offered as the newest year instead of {here.year}")
    for day, right in ((here, True), (here + timedelta(days=1), False)):
        try:
            check_day(day, day.year)
            taken = True
        except ValidationError:
            taken = False
        if taken != right:
            wrong.append(f"a receipt of {day} {'taken' if taken else 'refused'}")
    for months in (1, 3, 12):
        for more, relation in ((-1, "shorter"), (0, "exact"), (1, "longer")):
            end = last_day_of(here, months) + timedelta(days=more)
            if (found := compare_months(here, end, months).relation) != relation:
                wrong.append(f"{here} to {end} is {found} than {months} months")
    return wrong


def tick(number: int) -> Outcome:
    from django.db import transaction

    from audit import seals
    from audit.models import Seal
    from tests import factories

    outcome = Outcome("clock")
    institution = factories.OrganisationFactory(institution=True)
    factories.recognise(institution)
    user = factories.clerk_of(institution)
    days: set[date] = set()
    for now in sorted(moments(number)):
        with mock.patch("django.utils.timezone.now", lambda now=now: now):
            with transaction.atomic():
                wrong = at(now, institution, user)
                transaction.set_rollback(True)
            seals.seal_if_due()
        days.add(now.astimezone(NANCHANG).date())
        outcome.tried["moments, each with a claim, receipts, contracts and a seal"] += 1
        outcome.lost += [f"{now.isoformat()}: {what}" for what in wrong]
    sealed = [seal.at.astimezone(NANCHANG).date() for seal in Seal.objects.order_by("number")]
    outcome.doubled += [f"{sealed.count(day)} seals of {day}" for day in set(sealed) if sealed.count(day) > 1]
    outcome.lost += [f"no seal of {day}" for day in sorted(days - set(sealed))]
    return outcome


def drill(number: int) -> Outcome:
    with own_database():
        return tick(number)


if __name__ == "__main__":
    sys.exit(main(__doc__, drill, 400))
