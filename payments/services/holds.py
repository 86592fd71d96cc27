"""Stop the payment of a case, and let it go again by another person."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import services as audit
from casework.services.calculation import lock_case
from casework.transitions import Refused
from payments.models import Hold
from payments.permissions import may_hold


@transaction.atomic
def place_hold(*, user: User, case_id: int, reason: str, code: str = "manual") -> Hold:
    """Nothing of this case goes to the bank until the hold is lifted. What is with the bank stays there.

    The case is locked as the release of a batch locks it: one of the two comes first. Raises Refused.
    """
    if not (answer := may_hold(user)):
        raise Refused("permission", answer.reason)
    if not reason.strip():
        raise Refused("reason", _("Write why the payment is to stop."))
    case = lock_case(case_id)
    try:
        with transaction.atomic():
            hold = Hold.objects.create(case=case, code=code, reason=reason.strip(), placed_by=user)
    except IntegrityError as error:
        if "hold_open_once" in str(error):
            raise Refused("held", _("The payment of this case is on hold already.")) from error
        raise
    audit.record(
        actor=user,
        action="payment.held",
        obj=case,
        data={"hold": hold.pk, "code": code, "reason": hold.reason},
    )
    return hold


@transaction.atomic
def lift_hold(*, user: User, hold_id: int, reason: str) -> Hold:
    """Raises Refused: for the person who placed it, without a reason, and when it is lifted already."""
    if not (answer := may_hold(user)):
        raise Refused("permission", answer.reason)
    if not reason.strip():
        raise Refused("reason", _("Write why the payment may go on."))
    hold = Hold.objects.select_for_update(of=("self",)).select_related("case").get(pk=hold_id)
    if hold.lifted_at is not None:
        raise Refused("lifted", _("This hold is lifted already."))
    if hold.placed_by_id == user.pk:
        raise Refused("four_eyes", _("You placed this hold; somebody else must lift it."))
    hold.lifted_by, hold.lifted_at, hold.lift_reason = user, timezone.now(), reason.strip()
    hold.save(update_fields=["lifted_by", "lifted_at", "lift_reason"])
    audit.record(
        actor=user,
        action="payment.hold_lifted",
        obj=hold.case,
        data={"hold": hold.pk, "code": hold.code, "reason": hold.lift_reason},
    )
    return hold
