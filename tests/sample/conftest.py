import io
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import transaction

from applications.models import Contract, ExchangeRate, Receipt
from casework.models import Assessment, Case, Transition
from nanchang_portal.sample.load import load
from training.models import Enrolment, LabourContract


@contextmanager
def rolled_back():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def picture() -> dict[str, list[tuple]]:
    """What two loads must have in common: everything but keys of rows, case numbers and moments."""
    return {
        "cases": list(
            Case.objects.order_by("pk").values_list(
                "organisation__credit_code",
                "programme",
                "year",
                "status",
                "version",
                "amount_rmb",
                "warnings",
            )
        ),
        "steps": list(
            Transition.objects.order_by("pk").values_list(
                "from_status", "to_status", "actor__username", "reason"
            )
        ),
        "assessments": list(Assessment.objects.order_by("pk").values_list("policy_key", "amount_rmb")),
        "contracts": list(
            Contract.objects.order_by("pk").values_list("contract_number", "client_name", "value")
        ),
        "receipts": list(Receipt.objects.order_by("pk").values_list("bank_reference", "currency", "amount")),
        "rates": list(
            ExchangeRate.objects.order_by("pk").values_list("currency", "valid_from", "usd_per_unit")
        ),
        "enrolments": list(
            Enrolment.objects.order_by("pk").values_list(
                "trainee__identity_key", "trainee__name", "training_class__code", "starts_on", "ends_on"
            )
        ),
        "labour": list(
            LabourContract.objects.order_by("pk").values_list("employer__credit_code", "signed_on", "ends_on")
        ),
    }


def run(command: str, **options) -> str:
    """What a management command printed."""
    output = io.StringIO()
    call_command(command, stdout=output, **options)
    return output.getvalue()


@pytest.fixture
def sample_allowed(settings):
    settings.SAMPLE_DATA = True


@pytest.fixture(scope="module")
def sample(django_db_setup, django_db_blocker):
    """The sample in the database for the tests of a module; what an earlier load of it had written."""
    with django_db_blocker.unblock():
        with rolled_back():
            load()
            first = picture()
        with rolled_back():
            load()
            yield first
