"""Last year's contracts taken over into new ones: what stays is copied, what each contract has of its own is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.permissions import may_file_for
from applications.contract_services import CONTRACT_FIELDS
from applications.history import CONTRACTS_TAKEN_OVER
from applications.models import Contract
from audit import services as audit
from audit.services import sha256
from casework.transitions import Refused

#: The contracts that one step takes over at most; a page shows as many.
AT_ONCE = 100


class NumbersTaken(Exception):
    """Contract numbers that are registered already, by the id of the earlier contract beside which they stood."""

    def __init__(self, earlier_ids: Sequence[int]) -> None:
        super().__init__()
        self.earlier_ids = frozenset(earlier_ids)


@dataclass(frozen=True)
class FollowUp:
    """One earlier contract, and the numbers and days of its follow-up (contract_services.OWN_OF_A_CONTRACT)."""

    earlier_id: int
    own: Mapping[str, Any]


def to_follow(organisation: Organisation, year: int) -> QuerySet[Contract]:
    """The contracts signed in a year that nothing follows yet."""
    return Contract.objects.filter(
        organisation=organisation, signed_on__year=year, followed_by__isnull=True
    ).order_by("contract_number")


def suggested(contract: Contract) -> dict[str, Any]:
    """What a follow-up would say if only the year moved: to compare, not to believe."""
    own = {
        name: _moved(day) if (day := getattr(contract, name)) else None
        for name in ("signed_on", "starts_on", "ends_on")
    }
    before, after = str(contract.signed_on.year), str(contract.signed_on.year + 1)
    for name in ("contract_number", "registration_number"):
        number = getattr(contract, name)
        own[name] = number.replace(before, after) if before in number else ""
    return own


def _moved(day: date) -> date:
    """The same day a year later; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def take_over(
    *, user: User, organisation: Organisation, follow_ups: Sequence[FollowUp]
) -> tuple[list[Contract], int]:
    """Register a follow-up of each contract, all or none; the new ones, and how many had been followed before.

    Asked again it registers nothing: a contract is followed once. Raises Refused, or NumbersTaken.
    """
    try:
        with transaction.atomic():
            return _take_over(user, organisation, follow_ups)
    except IntegrityError as error:
        if "contract_number_once" not in str(error):
            raise
        raise Refused(
            "moved", _("Somebody registered one of these contract numbers just now. Look at the list again.")
        ) from error


def _take_over(
    user: User, organisation: Organisation, follow_ups: Sequence[FollowUp]
) -> tuple[list[Contract], int]:
    organisation = Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation.pk)
    answer = may_file_for(user, organisation)
    if not answer:
        raise Refused("permission", answer.reason)
    if len(follow_ups) > AT_ONCE:
        raise Refused("many", _("Take over at most %(count)d contracts at once.") % {"count": AT_ONCE})
    found = Contract.objects.filter(pk__in=[each.earlier_id for each in follow_ups])
    earlier = {contract.pk: contract for contract in found.filter(organisation=organisation)}
    if len(earlier) != len(follow_ups):
        raise Refused("gone", _("One of these contracts is not your enterprise's. Look at the list again."))
    followed = set(Contract.objects.filter(follows__in=earlier).values_list("follows_id", flat=True))
    wanted = [each for each in follow_ups if each.earlier_id not in followed]
    _check_numbers(organisation, wanted)
    now = timezone.now()
    new = [
        Contract(
            organisation=organisation,
            follows=earlier[each.earlier_id],
            changed_by=user,
            changed_at=now,
            **{name: getattr(earlier[each.earlier_id], name) for name in CONTRACT_FIELDS} | dict(each.own),
        )
        for each in wanted
    ]
    Contract.objects.bulk_create(new)
    if new:
        audit.record(
            actor=user,
            action=CONTRACTS_TAKEN_OVER,
            obj=organisation,
            stream=f"accounts.organisation:{organisation.pk}",
            data={
                "contracts": [[contract.follows_id, contract.pk] for contract in new],
                "rows_hash": sha256(
                    [[c.pk, *(str(getattr(c, name)) for name in CONTRACT_FIELDS)] for c in new]
                ),
            },
        )
    return new, len(followed)


def _check_numbers(organisation: Organisation, wanted: Sequence[FollowUp]) -> None:
    numbers = [each.own["contract_number"] for each in wanted]
    taken = set(
        Contract.objects.filter(organisation=organisation, contract_number__in=numbers).values_list(
            "contract_number", flat=True
        )
    )
    bad = [
        each.earlier_id
        for place, each in enumerate(wanted)
        if (number := each.own["contract_number"]) in taken or number in numbers[:place]
    ]
    if bad:
        raise NumbersTaken(bad)
