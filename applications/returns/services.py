"""What is done with a return: started, saved, filed by the enterprise; accepted or asked back by an official."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import OfficialRole
from accounts.models import Organisation, User
from accounts.permissions import YES, Answer, has_role, may_file_for, membership
from applications.enums import ReturnState
from applications.models import BusinessLine, BusinessReturn
from applications.returns.checks import check_period, claimed, findings_of
from applications.selectors import Rates
from audit import services as audit
from casework.transitions import Refused
from policy import industry
from policy.rules.money import add, round_fen

#: A page with more lines is no page; a workbook has the same limit.
MOST_LINES = 200
HEAD = ("headcount", "graduates_hired", "park", "note")


@dataclass(frozen=True)
class Line:
    """Business with clients of one country, in one sector and one kind of service."""

    sector: str
    service_type: str
    client_country: str
    amount_usd: Decimal

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.sector, self.service_type, self.client_country)


def may_change(user: User, found: BusinessReturn) -> Answer:
    answer = may_file_for(user, found.organisation)
    if not answer or found.is_open:
        return answer
    if found.state == ReturnState.ACCEPTED:
        return Answer(False, _("The bureau has accepted this return. Ask the bureau to ask it back."))
    return Answer(False, _("This return is filed: the bureau looks at it now."))


def may_look_at(user: User, found: BusinessReturn) -> Answer:
    """May this official accept the return or ask it back?"""
    if not (user.is_staff and has_role(user, OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER)):
        return Answer(False, _("Only reviewers accept returns or ask them back."))
    if membership(user, found.organisation_id) or found.filed_by_id == user.pk:
        return Answer(
            False, _("You are a member of this enterprise; somebody else must look at its returns.")
        )
    return YES


@transaction.atomic
def start_return(*, user: User, organisation: Organisation, year: int, month: int) -> BusinessReturn:
    """The enterprise's return of a period; a new one of a year begins with what its claims of the year say.

    Raises Refused, and ValidationError for a period that cannot be reported.
    """
    check_period(year, month)
    Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation.pk)
    answer = may_file_for(user, organisation)
    if not answer:
        raise Refused("permission", answer.reason)
    found, is_new = BusinessReturn.objects.get_or_create(
        organisation=organisation, year=year, month=month, defaults={"changed_by": user}
    )
    if is_new:
        lines = _from_claims(organisation.pk, year) if found.is_annual else []
        BusinessLine.objects.bulk_create(_rows(found, lines))
        _record(found, user, "started", {"lines": _words(lines)})
    return found


def _from_claims(organisation_id: int, year: int) -> list[Line]:
    """The USD of the year's claims by sector, kind of service and country; what has no rate yet is left out."""
    receipts = list(claimed(organisation_id, year))
    rates = Rates(receipt.currency for receipt in receipts)
    sums: dict[tuple[str, str, str], Decimal] = {}
    for receipt in receipts:
        contract = receipt.contract
        usd = rates.usd(receipt.currency, receipt.amount, receipt.received_on)
        if usd is not None and contract.sector in industry.sectors(year):
            key = (contract.sector, contract.service_type, contract.client_country)
            sums[key] = add(sums.get(key, Decimal(0)), usd)
    return [Line(*key, round_fen(usd)) for key, usd in sorted(sums.items()) if usd > 0]


@transaction.atomic
def save_return(
    *,
    user: User,
    return_id: int,
    head: Mapping[str, Any],
    lines: Sequence[Line],
    expected_version: int | None = None,
) -> BusinessReturn:
    """Write the return as a whole; lines that are not there any more are removed. Raises Refused."""
    found = _locked(return_id)
    answer = may_change(user, found)
    if not answer:
        raise Refused("permission", answer.reason)
    if expected_version is not None and found.version != expected_version:
        raise Refused(
            "stale",
            _("%(who)s changed this return at %(when)s, after you opened it. Load the page again.")
            % {"who": found.changed_by, "when": timezone.localtime(found.changed_at).strftime("%H:%M")},
        )
    write(user, found, head, lines)
    return found


def write(user: User, found: BusinessReturn, head: Mapping[str, Any], lines: Sequence[Line]) -> bool:
    """Write a locked return that may be changed; whether anything changed."""
    before = {line.key: line for line in map(line_of, found.lines.all())}
    after = {line.key: line for line in lines}
    changed = {
        name: [getattr(found, name), head[name]] for name in HEAD if getattr(found, name) != head[name]
    }
    if before == after and not changed:
        return False
    if before != after:
        found.lines.all().delete()
        BusinessLine.objects.bulk_create(_rows(found, lines))
        changed["lines"] = [_words(before.values()), _words(lines)]
    for name in HEAD:
        setattr(found, name, head[name])
    found.version += 1
    found.changed_by, found.changed_at = user, timezone.now()
    found.save(update_fields=[*HEAD, "version", "changed_by", "changed_at"])
    _record(found, user, "saved", {"version": found.version, "changed": changed})
    return True


@transaction.atomic
def file_return(*, user: User, return_id: int, expected_version: int | None = None) -> BusinessReturn:
    """Hand the return in. Raises Refused: when it says nothing, or is not plausible and unexplained."""
    found = _locked(return_id)
    answer = may_change(user, found)
    if not answer:
        raise Refused("permission", answer.reason)
    if expected_version is not None and found.version != expected_version:
        raise Refused("stale", _("Somebody changed this return meanwhile. Look at it again, then file it."))
    check_period(found.year, found.month)
    if not found.lines.exists() and not found.headcount:
        raise Refused(
            "empty",
            _("The return says nothing yet: enter the people employed and the business of the period."),
        )
    findings = findings_of(found)
    if findings and not found.note.strip():
        raise Refused(
            "unexplained",
            _("Some figures are not plausible. Correct them, or explain them in the field “Explanation”."),
        )
    now = timezone.now()
    found.state, found.filed_by, found.filed_at = ReturnState.FILED, user, now
    found.first_filed_at = found.first_filed_at or now
    found.division, found.finding_count = found.organisation.division, len(findings)
    found.save(update_fields=["state", "filed_by", "filed_at", "first_filed_at", "division", "finding_count"])
    _record(
        found,
        user,
        "filed",
        {
            "version": found.version,
            **{name: getattr(found, name) for name in HEAD},
            "findings": [finding.code for finding in findings],
            "lines": _words(map(line_of, found.lines.all())),
        },
    )
    return found


@transaction.atomic
def accept_return(*, user: User, return_id: int) -> BusinessReturn:
    """From now on the return counts in the statistics. Raises Refused."""
    return _look_at(user, return_id, (ReturnState.FILED,), ReturnState.ACCEPTED, "accepted")


@transaction.atomic
def ask_back(*, user: User, return_id: int, question: str) -> BusinessReturn:
    """Give a return back with a question; an accepted one counts no more until it is accepted again. Raises Refused."""
    allowed = (ReturnState.FILED, ReturnState.ACCEPTED)
    return _look_at(user, return_id, allowed, ReturnState.RETURNED, "asked_back", question.strip())


def _look_at(
    user: User,
    return_id: int,
    allowed: tuple[ReturnState, ...],
    state: ReturnState,
    verb: str,
    question: str = "",
) -> BusinessReturn:
    found = _locked(return_id)
    answer = may_look_at(user, found)
    if not answer:
        raise Refused("permission", answer.reason)
    if found.state not in allowed:
        raise Refused("state", _("This return is not waiting for that any more. Load the page again."))
    if state == ReturnState.RETURNED and not question:
        raise Refused("question", _("Write what the enterprise should look at."))
    found.state, found.question = state, question
    found.decided_by, found.decided_at = user, timezone.now()
    found.save(update_fields=["state", "question", "decided_by", "decided_at"])
    _record(found, user, verb, {"version": found.version, "question": question})
    return found


def _locked(return_id: int) -> BusinessReturn:
    return (
        BusinessReturn.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation", "changed_by")
        .get(pk=return_id)
    )


def line_of(row: BusinessLine) -> Line:
    return Line(row.sector, row.service_type, row.client_country, row.amount_usd)


def _rows(found: BusinessReturn, lines: Sequence[Line]) -> list[BusinessLine]:
    return [BusinessLine(business_return=found, **vars(line)) for line in lines]


def _words(lines) -> list[list[str]]:
    return [[*line.key, f"{line.amount_usd:.2f}"] for line in lines]


def _record(found: BusinessReturn, user: User, verb: str, data: dict[str, Any]) -> None:
    audit.record(
        actor=user,
        action=f"offshore.return_{verb}",
        obj=found,
        stream=f"applications.businessreturn:{found.pk}",
        data={"year": found.year, "month": found.month, **data},
    )
