"""What is no longer needed goes by itself, as long as the practice says; what money was paid on stays."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import members
from accounts.enums import MembershipRole, OfficialRole
from accounts.models import Invitation
from audit.models import Record
from casework.models import Transition
from messaging.models import Message
from messaging.services import collect
from nanchang_portal.operations import tasks
from nanchang_portal.operations.retention import forget
from policy.practice import practice
from tests import factories
from training.models import ERASED, Trainee

pytestmark = pytest.mark.django_db


def ago(term: str, days: int):
    """A moment so many days before the end of what a term keeps; negative: still kept."""
    return timezone.now() - timedelta(days=practice(term, timezone.localdate()) + days)


def trainee_of(school, changed_at, number: int) -> Trainee:
    trainee = factories.TraineeFactory(institution=school, identity=factories.identity_number(number))
    Trainee.objects.filter(pk=trainee.pk).update(changed_at=changed_at)
    return trainee


def test_a_trainee_nobody_claimed_is_erased_and_one_with_a_claim_stays():
    school = factories.OrganisationFactory(institution=True)
    factories.recognise(school)
    old, fresh = (
        trainee_of(school, ago("keep_unclaimed_trainees_days", days), number)
        for number, days in ((1, 1), (2, -1))
    )
    claimed = trainee_of(school, ago("keep_unclaimed_trainees_days", 400), 3)
    enrolment = factories.hired_trainee(factories.TrainingClassFactory(institution=school), trainee=claimed)
    case = factories.filed_training(school, factories.clerk_of(school), enrolment)
    initial, final = (
        factories.official(role) for role in (OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER)
    )
    factories.approve(case, initial, final)
    type(enrolment).objects.update(changed_at=ago("keep_unclaimed_trainees_days", 400))
    tasks.forget()
    for trainee in (old, fresh, claimed):
        trainee.refresh_from_db()
    assert (old.name, bytes(old.identity_encrypted)) == (ERASED, b"") and old.erased_at
    assert fresh.erased_at is None and fresh.reveal_identity() == factories.identity_number(2)
    assert claimed.erased_at is None and case.award.lines.exists()
    (record,) = Record.objects.filter(action="trainee.retention_ended")
    assert (record.object_id, record.actor_label) == (str(old.pk), "system:retention")
    assert forget()["trainees"] == 0  # a second time there is nothing to do


def test_messages_and_ended_invitations_go_and_the_case_keeps_its_history():
    enterprise = factories.OrganisationFactory()
    owner = factories.clerk_of(enterprise, MembershipRole.OWNER)
    factories.clerk_of(enterprise)
    case = factories.filed_offshore(enterprise, owner, "250000")
    collect()
    assert Message.objects.filter(case=case).exists()
    Message.objects.update(created_at=ago("keep_messages_days", -1))
    kept = members.invite(user=owner, organisation=enterprise, email="kept@example.test", role="clerk")
    gone = members.invite(user=owner, organisation=enterprise, email="gone@example.test", role="clerk")
    Invitation.objects.filter(pk=gone.pk).update(expires_at=ago("keep_invitations_days", 1))
    assert forget()["messages"] == 0 and list(Invitation.objects.all()) == [kept]
    Message.objects.update(created_at=ago("keep_messages_days", 1))
    steps = Transition.objects.filter(case=case).count()
    assert forget()["messages"] > 0 and not Message.objects.exists()
    assert Transition.objects.filter(case=case).count() == steps > 0


def test_sessions_that_have_ended_go(client):
    Session.objects.create(
        session_key="ended", session_data="x", expire_date=timezone.now() - timedelta(seconds=1)
    )
    forget()
    assert not Session.objects.exists()
