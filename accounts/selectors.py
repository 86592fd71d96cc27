from collections.abc import Iterable
from datetime import date

from django.db.models import QuerySet

from accounts.enums import AccreditationKind
from accounts.models import Accreditation, Organisation, User


def organisations_of(user: User) -> QuerySet[Organisation]:
    """The organisations that a person acts for, by name."""
    if not user.is_authenticated:
        return Organisation.objects.none()
    return Organisation.objects.filter(memberships__user=user).order_by("name")


def own_organisations(user: User) -> list[Organisation]:
    """The same for whom a page is drawn, read once for a request."""
    if not hasattr(user, "_own_organisations"):
        user._own_organisations = list(organisations_of(user))
    return user._own_organisations


def unaccredited(organisations: Iterable[Organisation]) -> list[Organisation]:
    """Those of the organisations for which no recognition or designation was ever recorded; one query."""
    organisations = list(organisations)
    known = set(
        Accreditation.objects.filter(organisation__in=[organisation.pk for organisation in organisations])
        .values_list("organisation_id", flat=True)
        .distinct()
    )
    return [organisation for organisation in organisations if organisation.pk not in known]


def is_accredited(organisation: Organisation, kind: AccreditationKind, start: date, end: date) -> bool:
    """True when one recognition or designation is in force on every day from `start` to `end`."""
    return Accreditation.objects.filter(organisation=organisation, kind=kind).covering(start, end).exists()
