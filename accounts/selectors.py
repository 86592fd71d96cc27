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
