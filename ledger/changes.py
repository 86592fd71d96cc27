"""Decide about a fund: one official proposes a budget or a share, another confirms it."""

from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import OfficialRole
from accounts.identifiers import is_nanchang
from accounts.models import User
from accounts.permissions import YES, Answer, has_role
from audit import services as audit
from ledger.enums import ChangeKind, ChangeState, EntryKind
from ledger.funds import fund_balance, locked, serve
from ledger.levels import CITY
from ledger.models import Entry, FundChange
from ledger.refusals import FundRefused


def may_change_funds(user: User, change: FundChange | None = None) -> Answer:
    """May this official propose changes of funds, or decide about this one?"""
    if not (user.is_staff and has_role(user, OfficialRole.FINANCE, OfficialRole.POLICY_EDITOR)):
        return Answer(False, _("Only finance officers and policy editors decide about funds."))
    if change is not None and change.proposed_by_id == user.pk:
        return Answer(False, _("You proposed this change; somebody else must confirm it."))
    return YES


@transaction.atomic
def propose(
    *,
    user: User,
    kind: ChangeKind,
    programme: str,
    year: int,
    document: str,
    reason: str,
    division: str = "",
    amount_rmb: Decimal | None = None,
    city_percent: Decimal | None = None,
) -> FundChange:
    """Propose a budget for one level (RMB, negative takes a part back) or the city's share from now on (percent).

    Nothing moves before somebody else confirms. Raises FundRefused: `role`, `division`, `amount`, `percent`, `why`.
    """
    _need(may_change_funds(user), "role")
    if kind == ChangeKind.BUDGET:
        division, city_percent = division or CITY, None
        if not amount_rmb:
            raise FundRefused("amount", _("Write an amount other than zero."))
    else:
        amount_rmb = None
        if city_percent is None or not 0 <= city_percent <= 100:
            raise FundRefused("percent", _("Write a share from 0 to 100 percent."))
    if division and not is_nanchang(division):
        raise FundRefused("division", _("Only the city and its districts have shares of a fund."))
    if not document.strip() or not reason.strip():
        raise FundRefused("why", _("Write the document that decides this, and the reason."))
    fund_balance(programme=programme, year=year)  # so that the fund has its page
    change = FundChange.objects.create(
        kind=kind,
        programme=programme,
        year=year,
        division=division,
        amount_rmb=amount_rmb,
        city_percent=city_percent,
        document=document.strip(),
        reason=reason.strip(),
        proposed_by=user,
    )
    audit.record(actor=user, action="fund.change_proposed", obj=change, data=_told(change))
    return change


def confirm(*, change_id: int, user: User) -> FundChange:
    """Confirm another official's proposal: a budget is posted and serves who waits, a share holds for later awards.

    Raises FundRefused: `role`, `decided`, `below_use` (the reduction takes money that is reserved or paid already).
    """
    try:
        with transaction.atomic():
            return _confirm(change_id, user)
    except IntegrityError as error:
        if "ledger_balance_within_limit" in str(error):
            raise FundRefused(
                "below_use",
                _("This much is not left: awards have reserved or received it. Propose a smaller reduction."),
            ) from error
        raise


def _confirm(change_id: int, user: User) -> FundChange:
    change = _open_change(change_id)
    _need(may_change_funds(user, change), "role")
    level = fund_balance(programme=change.programme, year=change.year, division=change.division or CITY)
    balances = locked([level])
    _decide(change, ChangeState.CONFIRMED, user)
    if change.kind == ChangeKind.BUDGET:
        Entry.objects.create(
            balance=level,
            change=change,
            kind=EntryKind.BUDGET,
            amount_rmb=change.amount_rmb,
            key=f"change:{change.pk}",
            posted_by=user,
        )
        serve(balances, user=user)
    audit.record(actor=user, action="fund.change_confirmed", obj=change, data=_told(change))
    return change


@transaction.atomic
def turn_down(*, change_id: int, user: User, note: str) -> FundChange:
    """Turn a proposal down, or take one's own back. Raises FundRefused: `role`, `decided`, `why`."""
    change = _open_change(change_id)
    _need(may_change_funds(user), "role")
    if not note.strip():
        raise FundRefused("why", _("Write why: the proposer will read it."))
    change.decision_note = note.strip()
    _decide(change, ChangeState.TURNED_DOWN, user)
    audit.record(actor=user, action="fund.change_turned_down", obj=change, data=_told(change))
    return change


def _open_change(change_id: int) -> FundChange:
    change = FundChange.objects.select_for_update(of=("self",)).get(pk=change_id)
    if change.state != ChangeState.PROPOSED:
        raise FundRefused("decided", _("Somebody has decided about this proposal already."))
    return change


def _decide(change: FundChange, state: ChangeState, user: User) -> None:
    change.state, change.decided_by, change.decided_at = state, user, timezone.now()
    change.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])


def _need(answer: Answer, code: str) -> None:
    if not answer:
        raise FundRefused(code, answer.reason)


def _told(change: FundChange) -> dict:
    names = ("kind", "programme", "year", "division", "amount_rmb", "city_percent", "document", "reason")
    return {name: getattr(change, name) for name in names} | {"note": change.decision_note}
