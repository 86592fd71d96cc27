"""A second factor that was lost, recovery codes too: two administrators take it away, its owner sets up another one."""

import logging
from collections.abc import Callable

from allauth.mfa.models import Authenticator
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.enums import FactorResetState
from accounts.models import FactorReset, User
from accounts.permissions import may_reset_factors
from accounts.refusals import Refusal
from accounts.services import end_sessions_of
from audit import services as audit

logger = logging.getLogger(__name__)


@transaction.atomic
def ask(*, user: User, person: User, reason: str) -> FactorReset:
    """Ask that every factor of `person` is taken away; `reason` says how they were recognised. Raises Refusal."""
    _check(user, person)
    if not reason.strip():
        raise Refusal("reason", _("Write how the person was identified, and by whom."))
    try:
        with transaction.atomic():
            made = FactorReset.objects.create(person=person, reason=reason.strip(), asked_by=user)
    except IntegrityError as error:
        if "factor_reset_one_open" not in str(error):
            raise
        raise Refusal(
            "open", _("Somebody asked for this already; it waits for a second administrator.")
        ) from error
    _note(user, "user.second_factor_reset_asked", made)
    _tell(person, _asked)
    return made


@transaction.atomic
def confirm(*, user: User, reset: FactorReset) -> int:
    """Take every factor of the person away and end their sessions; how many factors there were. Raises Refusal."""
    current = _open(reset)
    _check(user, current.person)
    if current.asked_by_id == user.pk:
        raise Refusal("two_people", _("You asked for this: another administrator decides about it."))
    _decide(user, current, FactorResetState.DONE)
    factors = Authenticator.objects.filter(user=current.person)
    kinds = sorted(factors.values_list("type", flat=True))
    factors.delete()
    end_sessions_of(current.person)
    _note(user, "user.second_factor_reset", current, kinds=kinds, asked_by=current.asked_by.get_username())
    _tell(current.person, _done)
    return len(kinds)


@transaction.atomic
def turn_down(*, user: User, reset: FactorReset) -> None:
    """Nothing changes; who asked may take it back so, and the person may refuse it. Raises Refusal."""
    current = _open(reset)
    if not (answer := may_reset_factors(user)):
        raise Refusal("not_administrator", answer.reason)
    _decide(user, current, FactorResetState.TURNED_DOWN)
    _note(user, "user.second_factor_reset_turned_down", current)


def _check(user: User, person: User) -> None:
    if not (answer := may_reset_factors(user)):
        raise Refusal("not_administrator", answer.reason)
    if user.pk == person.pk:
        raise Refusal("own", _("This is about yourself: two other administrators do it."))


def _open(reset: FactorReset) -> FactorReset:
    found = FactorReset.objects.select_for_update(of=("self",)).select_related("person", "asked_by")
    current = found.get(pk=reset.pk)
    if current.state != FactorResetState.ASKED:
        raise Refusal("decided", _("This was decided already."))
    return current


def _decide(user: User, reset: FactorReset, state: FactorResetState) -> None:
    reset.state, reset.decided_by, reset.decided_at = state, user, timezone.now()
    reset.save(update_fields=["state", "decided_by", "decided_at"])


def _note(user: User, action: str, reset: FactorReset, **more) -> None:
    data = {"reset": reset.pk, "reason": reset.reason} | more
    audit.record(actor=user, action=action, obj=reset.person, data=data)


def _asked() -> tuple[str, str]:
    return _("Somebody asks to take your second factor away"), _(
        "An administrator asked to take the second factor of your account away because you lost it. Another one "
        "decides about it. If you lost nothing, call the bureau now."
    )


def _done() -> tuple[str, str]:
    return _("Your second factor was taken away"), _(
        "Two administrators took the second factor of your account away because it was lost. Sign in with your "
        "password and set up another one at once. If you did not ask for this, call the bureau now."
    )


def _tell(person: User, letter: Callable[[], tuple[str, str]]) -> None:
    """A mail once this is committed; a server that does not answer stops nobody."""

    def send() -> None:
        with translation.override(person.reads):
            subject, text = letter()
        try:
            send_mail(subject, text, None, [person.email])
        except OSError:
            logger.exception("The mail about a lost second factor was not sent")

    if person.email:
        transaction.on_commit(send)
