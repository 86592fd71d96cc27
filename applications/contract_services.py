"""What an enterprise's people do with contracts: register one, change one, take one over as a follow-up."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.permissions import may_file_for
from applications.history import CONTRACT_SAVED
from applications.models import Contract
from audit import services as audit
from casework.transitions import Refused

CONTRACT_FIELDS = (
    "registration_number",
    "contract_number",
    "name",
    "client_name",
    "client_country",
    "is_related_party",
    "service_type",
    "sector",
    "currency",
    "value",
    "signed_on",
    "starts_on",
    "ends_on",
)
#: What each contract and each registration has of its own; everything else a follow-up takes over.
OWN_OF_A_CONTRACT = frozenset({"registration_number", "contract_number", "signed_on", "starts_on", "ends_on"})


def taken_over(contract: Contract) -> dict[str, Any]:
    """What the registration of a follow-up contract with the same client starts from."""
    data = {name: getattr(contract, name) for name in CONTRACT_FIELDS if name not in OWN_OF_A_CONTRACT}
    return data | {"organisation": contract.organisation_id}


def save_contract(
    *,
    user: User,
    organisation: Organisation,
    data: Mapping[str, Any],
    contract_id: int | None = None,
    expected_version: int | None = None,
    follows: Contract | None = None,
) -> Contract:
    """Register a contract, or change one. Raises Refused, or ValidationError for a number registered before.

    A new contract remembers the earlier one that it was taken over from, unless another one follows that already.
    """
    try:
        with transaction.atomic():
            return _save_contract(user, organisation, data, contract_id, expected_version, follows)
    except IntegrityError as error:
        if "contract_number_once" not in str(error):
            raise
        message = _("You have registered a contract with this number already.")
        raise ValidationError({"contract_number": message}) from error


def _save_contract(
    user: User,
    organisation: Organisation,
    data: Mapping[str, Any],
    contract_id: int | None,
    expected_version: int | None,
    follows: Contract | None,
) -> Contract:
    answer = may_file_for(user, organisation)
    if not answer:
        raise Refused("permission", answer.reason)
    contract = Contract(organisation=organisation)
    if follows is not None and follows.organisation_id == organisation.pk:
        # Two followers of one contract, registered at the same moment, wait for each other here.
        Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation.pk)
        contract.follows = None if Contract.objects.filter(follows=follows).exists() else follows
    if contract_id is not None:
        contract = Contract.objects.select_for_update(of=("self",)).get(
            pk=contract_id, organisation=organisation
        )
        _check_contract_version(contract, expected_version)
    changed = {}
    for name in CONTRACT_FIELDS:
        before, after = getattr(contract, name), data[name]
        if contract_id is None or before != after:
            changed[name] = [_text(before), _text(after)]
            setattr(contract, name, after)
    if not changed:
        return contract
    if contract_id is not None:
        contract.version += 1
    contract.changed_by, contract.changed_at = user, timezone.now()
    contract.save()
    audit.record(
        actor=user,
        action=CONTRACT_SAVED,
        obj=contract,
        stream=f"accounts.organisation:{organisation.pk}",
        data={"version": contract.version, "changed": changed},
    )
    return contract


def _check_contract_version(contract: Contract, expected_version: int | None) -> None:
    if expected_version is not None and contract.version != expected_version:
        raise Refused(
            "stale",
            _("%(who)s changed this contract at %(when)s, after you opened it.")
            % {"who": contract.changed_by, "when": timezone.localtime(contract.changed_at).strftime("%H:%M")},
        )


def _text(value: Any) -> str:
    return "" if value is None else str(value)
