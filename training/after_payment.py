"""What is looked at again after payment, and who registered the same person."""

from collections.abc import Iterable
from datetime import date

from django.db.models import BigIntegerField, Count, Q, QuerySet
from django.db.models.functions import Cast

from accounts.identifiers import mask_name
from casework.enums import Payee
from payments.models import Payment
from payments.services.person_files import Registration
from policy.rules.periods import add_months
from training.models import LabourContract, Trainee


def in_first_year(paid: QuerySet[Payment], day: date) -> QuerySet[Payment]:
    """Payments to trainees whose labour contract is in its first year: does it still run?"""
    running = LabourContract.objects.filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__gt=add_months(day, -12), starts_on__lte=day
    )
    trainees = paid.filter(payee=Payee.TRAINEE)
    referred = trainees.annotate(enrolment=Cast("award_line__reference", BigIntegerField()))
    return referred.filter(enrolment__in=running.values("enrolment"))


def registered_twice() -> Iterable[Registration]:
    """Every registration of a person whom more than one institution registered."""
    twice = (
        Trainee.objects.filter(erased_at__isnull=True)
        .order_by()
        .values("identity_key")
        .annotate(institutions=Count("institution", distinct=True))
        .filter(institutions__gt=1)
        .values("identity_key")
    )
    trainees = Trainee.objects.filter(identity_key__in=twice).order_by("pk")
    for trainee in trainees.only("identity_key", "name", "institution_id"):
        yield Registration(trainee.identity_key, mask_name(trainee.name), trainee.institution_id, None)
