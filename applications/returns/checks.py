"""What a return must satisfy before it is kept, and what an official should look at before it counts.

The first refuse (ValidationError), on the page and in a workbook alike; the second only ask for an explanation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from applications.enums import ReturnState
from applications.models import BusinessReturn, Receipt
from applications.returns.models import WHOLE_YEAR, last_day
from applications.selectors import usd_total
from casework.enums import Status
from casework.templatetags.portal import day_text
from policy import industry
from policy.countries import COUNTRIES, ONSHORE
from policy.practice import FIRST_YEAR, practice
from policy.sectors import Sector

#: Of a claim in one of these nothing is claimed any more.
_GONE = (Status.DRAFT, Status.WITHDRAWN, Status.REJECTED, Status.LAPSED)


def check_period(year: int, month: int, today: date | None = None) -> None:
    """Raise ValidationError unless the period is one of the portal's and over."""
    today = today or timezone.localdate()
    if year < FIRST_YEAR:
        raise ValidationError(
            _("Returns begin with %(first)d; %(year)d is before that.") % {"first": FIRST_YEAR, "year": year}
        )
    if year > today.year:
        raise ValidationError(_("%(year)d has not begun yet. Compare the year.") % {"year": year})
    if last_day(year, month) >= today:
        raise ValidationError(
            _("This period is not over yet: it can be reported from %(day)s on.")
            % {"day": day_text(date.fromordinal(last_day(year, month).toordinal() + 1))}
        )


def check_amount(amount: Decimal) -> None:
    if amount < 0:
        raise ValidationError(
            _("Business cannot be negative. Subtract refunds from the line they belong to.")
        )
    if amount == 0:
        raise ValidationError(_("A line without business is left out."))


def check_sector(sector: str, year: int) -> None:
    if sector not in industry.sectors(year):
        raise ValidationError(
            _("“%(sector)s” is not in the sector list of %(year)d. Choose one of: %(list)s.")
            % {
                "sector": sector,
                "year": year,
                "list": ", ".join(str(Sector(code).label) for code in industry.sectors(year)),
            }
        )


def check_park(park: str, year: int) -> None:
    if park and park not in {found.code for found in industry.parks(year)}:
        raise ValidationError(
            _("This is no gathering area of %(year)d. Choose one of the list.") % {"year": year}
        )


@dataclass(frozen=True)
class Finding:
    """Something that is not plausible: a code, and a sentence with the figures."""

    code: str
    text: str


def findings_of(found: BusinessReturn) -> list[Finding]:
    """What is not plausible in a return as it stands."""
    return [*_people(found), *_against_last_year(found), *_against_claims(found), *_against_months(found)]


def _people(found: BusinessReturn) -> Iterator[Finding]:
    total = found.total_usd
    if not found.headcount and total:
        yield Finding("nobody", _("Nobody is employed, and there is business of %(usd)s USD.") % _usd(total))
    if found.headcount and not total:
        yield Finding(
            "no_business", _("%(count)d people, and no business at all.") % {"count": found.headcount}
        )
    if found.graduates_hired > found.headcount:
        yield Finding(
            "graduates",
            _("More graduates hired (%(hired)d) than people employed at the end (%(count)d).")
            % {"hired": found.graduates_hired, "count": found.headcount},
        )
    most = practice("usd_per_head_most", last_day(found.year, found.month))
    if found.headcount and total > most * found.headcount:
        yield Finding(
            "per_head",
            _("%(usd)s USD for each person; more than %(most)s is looked at.")
            % {"usd": f"{total / found.headcount:,.0f}", "most": f"{most:,}"},
        )


def _against_last_year(found: BusinessReturn) -> Iterator[Finding]:
    before = (
        BusinessReturn.objects.filter(
            organisation=found.organisation_id,
            year=found.year - 1,
            month=found.month,
            state=ReturnState.ACCEPTED,
        )
        .prefetch_related("lines")
        .first()
    )
    if before is None or not before.total_usd:
        return
    now, then = found.total_usd, before.total_usd
    day = last_day(found.year, found.month)
    figures = {"then": f"{then:,.2f}", "now": f"{now:,.2f}", "year": before.year}
    if now * 100 > then * practice("jump_percent", day):
        yield Finding(
            "jump", _("A jump: %(now)s USD after %(then)s USD in the period of %(year)d.") % figures
        )
    if now * 100 < then * practice("return_drop_percent", day):
        yield Finding(
            "drop", _("A drop: %(now)s USD after %(then)s USD in the period of %(year)d.") % figures
        )


def claimed(organisation_id: int, year: int) -> Iterable[Receipt]:
    """The receipts of the enterprise's filed claims of a year that were not turned down or taken back."""
    return (
        Receipt.objects.filter(
            claim__case__organisation=organisation_id,
            claim__case__year=year,
            claim__case__submitted_at__isnull=False,
            released=False,
        )
        .exclude(claim__case__status__in=_GONE)
        .select_related("contract")
    )


def _against_claims(found: BusinessReturn) -> Iterator[Finding]:
    if not found.is_annual:
        return
    receipts = list(claimed(found.organisation_id, found.year))
    usd, _missing = usd_total(receipts)
    if found.offshore_usd < usd:
        yield Finding(
            "below_claimed",
            _("Offshore business of %(usd)s USD is below the %(claimed)s USD of this year's claims.")
            % {"usd": f"{found.offshore_usd:,.2f}", "claimed": f"{usd:,.2f}"},
        )
    reported = {line.client_country for line in found.lines.all()}
    names = dict(COUNTRIES)
    missing = {r.contract.client_country for r in receipts} - reported - {ONSHORE}
    if missing:
        yield Finding(
            "country",
            _("Claims of this year name clients in %(countries)s, and the return does not.")
            % {"countries": ", ".join(sorted(str(names[code]) for code in missing))},
        )


def _against_months(found: BusinessReturn) -> Iterator[Finding]:
    if not found.is_annual:
        return
    months = BusinessReturn.objects.filter(
        organisation=found.organisation_id, year=found.year, state=ReturnState.ACCEPTED
    ).exclude(month=WHOLE_YEAR)
    total = sum((month.total_usd for month in months.prefetch_related("lines")), Decimal(0))
    if total > found.total_usd:
        yield Finding(
            "months",
            _("The accepted months of the year come to %(months)s USD, the year to %(year)s USD.")
            % {"months": f"{total:,.2f}", "year": f"{found.total_usd:,.2f}"},
        )


def _usd(value: Decimal) -> dict[str, str]:
    return {"usd": f"{value:,.2f}"}
