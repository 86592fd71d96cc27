"""What every verb of this room begins with: may this person, and is what they saw still so?"""

from collections.abc import Mapping
from typing import Any, TypeVar

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import OrganisationKind
from accounts.models import Organisation, User
from accounts.permissions import may_file_for
from audit import services as audit
from casework.transitions import Refused
from training.models import Trainee, Versioned

Row = TypeVar("Row", bound=Versioned)


def lock_institution(user: User, institution_id: int) -> Organisation:
    """Lock an institution for which the person may write. Raises Refused.

    The organisation comes first in the portal's lock order, so a claim that is being filed is never half changed.
    """
    institution = Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=institution_id)
    answer = may_file_for(user, institution)
    if not answer:
        raise Refused("permission", answer.reason)
    if institution.kind != OrganisationKind.INSTITUTION:
        raise Refused("kind", _("Only a training institution can do this."))
    return institution


def lock_current(model: type[Row], pk: int, expected_version: int | None) -> Row:
    """Lock a row that nobody changed since the form was opened. Raises Refused("stale")."""
    row = model.objects.select_for_update(of=("self",)).select_related("changed_by").get(pk=pk)
    if expected_version is not None and row.version != expected_version:
        raise Refused(
            "stale",
            _("%(who)s changed this at %(when)s. Compare with the present state below, then save again.")
            % {"who": row.changed_by, "when": timezone.localtime(row.changed_at).strftime("%H:%M")},
        )
    return row


def refuse_erased(trainee: Trainee) -> None:
    """A person whose data were erased is neither changed nor enrolled again. Raises Refused("erased")."""
    if trainee.erased_at is not None:
        raise Refused("erased", _("The personal data of this trainee were erased; nothing can be changed."))


def stamp(row: Versioned, user: User, *, is_new: bool) -> None:
    """Who changed it, when, and the version that the next form must know."""
    row.changed_by, row.changed_at = user, timezone.now()
    if not is_new:
        row.version += 1


def note(user: User, action: str, obj: Model, institution_id: int, data: Mapping[str, Any]) -> None:
    """Write the audit record of a change to the institution's stream. No identity number ever comes here."""
    audit.record(
        actor=user, action=action, obj=obj, stream=f"accounts.organisation:{institution_id}", data=data
    )
