"""A second factor that was lost, recovery codes too: two administrators take it away, its owner sets up another one."""

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.mail import send_mail
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.refusals import Refusal
from audit import services as audit


@transaction.atomic
def reset(*, person: User, user: User, second: User, reason: str) -> int:
    """Take every factor of `person` away and end their sessions; how many factors there were.

    `user` asked and `second` confirms: two administrators, neither of them the person. Raises Refusal.
    """
    if len({person.pk, user.pk, second.pk}) < 3:
        raise Refusal("two_people", "Two administrators are needed, and neither of them is the person.")
    for administrator in (user, second):
        if not (administrator.is_active and administrator.is_superuser):
            raise Refusal("not_administrator", f"{administrator.get_username()} is no administrator.")
    if not reason.strip():
        raise Refusal("reason", "Write how the person was recognised, and by whom.")
    factors = Authenticator.objects.filter(user=person)
    kinds = sorted(factors.values_list("type", flat=True))
    factors.delete()
    for session in UserSession.objects.filter(user=person):
        session.end()
    audit.record(
        actor=user,
        action="user.second_factor_reset",
        obj=person,
        data={"kinds": kinds, "confirmed_by": second.get_username(), "reason": reason.strip()},
    )
    if person.email:
        transaction.on_commit(lambda: _tell(person))
    return len(kinds)


def _tell(person: User) -> None:
    with translation.override(person.language or None):
        send_mail(
            _("Your second factor was taken away"),
            _(
                "Two administrators took the second factor of your account away because it was lost. Sign in with your "
                "password and set up another one at once. If you did not ask for this, call the bureau now."
            ),
            None,
            [person.email],
            fail_silently=True,
        )
