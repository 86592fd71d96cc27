"""Approved claims of both programmes with verified accounts, and the people who pay them."""

from types import SimpleNamespace

import pytest
from django.utils import timezone

from accounts.enums import MembershipRole, OfficialRole
from casework.models import AwardLine, Case
from nanchang_portal.sample.bank import answered
from payments.models import Batch, Payment
from payments.services import batches, releases
from tests import factories
from tests.casework.conftest import fresh_database  # noqa: F401


def office_people() -> SimpleNamespace:
    """Two finance officers, two releasers, the reviewers; an enterprise and an institution with two filers each."""
    enterprise = factories.OrganisationFactory(name="Blue Harbour Software")
    institution = factories.OrganisationFactory(institution=True, name="Gan River School")
    for organisation in (enterprise, institution):
        factories.recognise(organisation)
    return SimpleNamespace(
        enterprise=enterprise,
        institution=institution,
        clerk=factories.clerk_of(enterprise),
        owner=factories.clerk_of(enterprise, MembershipRole.OWNER),
        teacher=factories.clerk_of(institution),
        principal=factories.clerk_of(institution, MembershipRole.OWNER),
        initial=factories.official(OfficialRole.INITIAL_REVIEWER),
        final=factories.official(OfficialRole.FINAL_REVIEWER),
        finance=factories.official(OfficialRole.FINANCE),
        finance2=factories.official(OfficialRole.FINANCE),
        releaser=factories.official(OfficialRole.RELEASER),
        superuser=factories.UserFactory(is_staff=True, is_superuser=True),
    )


@pytest.fixture
def office(db):
    return office_people()


@pytest.fixture
def offshore(office) -> Case:
    return approved_offshore(office)


@pytest.fixture
def training(office) -> Case:
    return approved_training(office)


def approved_offshore(office) -> Case:
    """An approved claim of 50,000.00 RMB whose enterprise has a verified account."""
    case = factories.approve(
        factories.filed_offshore(office.enterprise, office.clerk, "250000"), office.initial, office.final
    )
    factories.payee_account(case, "own", office.clerk, office.owner, office.finance)
    factories.clear_for_payment(case)
    return case


def approved_training(office) -> Case:
    """An approved claim for two trainees: four lines to three payees, every account verified."""
    training_class = factories.TrainingClassFactory(institution=office.institution)
    enrolments = [factories.hired_trainee(training_class, name=name) for name in ("Wu Di", "Zhou An")]
    case = factories.approve(
        factories.filed_training(office.institution, office.teacher, *enrolments),
        office.initial,
        office.final,
    )
    for reference in ("own", *(str(enrolment.pk) for enrolment in enrolments)):
        factories.payee_account(case, reference, office.teacher, office.principal, office.finance)
    factories.clear_for_payment(case)
    return case


def draft_of(user, *cases: Case) -> Batch:
    """A draft over every line of the cases."""
    lines = AwardLine.objects.filter(award__case__in=cases).select_related("award__case__organisation")
    chosen = {found.line.pk: found.account.pk for found in batches.prospects(list(lines)) if found.account}
    return batches.make_batch(user=user, programme=cases[0].programme, chosen=chosen).batch


def released(office, *cases: Case) -> Batch:
    batch = draft_of(office.finance, *cases)
    batch = batches.submit_batch(user=office.finance, batch_id=batch.pk, expected_version=batch.version)
    return releases.release_batch(user=office.releaser, batch_id=batch.pk, expected_version=batch.version)


def sent(office, *cases: Case) -> Batch:
    batch = released(office, *cases)
    return releases.mark_sent(user=office.finance, batch_id=batch.pk, sent_on=timezone.localdate())


def state_of_money() -> tuple:
    """Everything that a refused step must leave as it was."""
    return (
        list(Batch.objects.order_by("pk").values_list("pk", "state", "version", "released_by")),
        list(Payment.objects.order_by("pk").values_list("pk", "state", "settled_on", "bank_reference")),
    )


def answer_of(batch: Batch, outcomes=None, **wrong) -> bytes:
    """The treasury's CSV of a batch as the bank gives it back."""
    return answered(batch.files.get(format="csv").content, outcomes, **wrong)
