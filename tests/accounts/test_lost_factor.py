"""Who lost the second factor and the codes: two administrators, a record, a mail, and nobody stays signed in."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.enums import OfficialRole
from audit.models import Record
from tests import factories
from tests.accounts.test_second_factor import SECRET
from tests.clients import Client

DESK = "admin:casework_case_changelist"


@pytest.fixture
def official(db):
    user = factories.official(OfficialRole.INITIAL_REVIEWER, email="lost@example.test")
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


@pytest.fixture
def administrators(db):
    return [factories.UserFactory(is_staff=True, is_superuser=True) for _ in range(2)]


def reset(person, asked, confirmed, reason="Came to the office with her card"):
    call_command(
        "reset_second_factor",
        person.username,
        asked_by=asked.username,
        confirmed_by=confirmed.username,
        reason=reason,
    )


def test_two_administrators_take_it_away_and_the_person_sets_up_another_one(
    official, administrators, django_capture_on_commit_callbacks
):
    client = Client()
    client.force_login(official)
    session = client.session
    session["noted"] = 0  # into the list of the person's sessions with the next page
    session.save()
    assert client.get(reverse(DESK)).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        reset(official, *administrators)
    assert not Authenticator.objects.filter(user=official).exists()
    assert reverse("admin:login") in client.get(reverse(DESK))["Location"]
    assert [message.to for message in mail.outbox] == [["lost@example.test"]]
    record = Record.objects.get(action="user.second_factor_reset")
    assert record.actor == administrators[0]
    assert record.data["confirmed_by"] == administrators[1].username
    assert record.data["kinds"] == ["recovery_codes", "totp"]
    again = Client()
    again.post(reverse("account_login"), {"login": official.username, "password": factories.PASSWORD})
    assert reverse("second_factor") in again.get(reverse(DESK))["Location"]


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        (lambda person, one, two: (one, one), "Two administrators"),
        (lambda person, one, two: (one, person), "Two administrators"),
        (lambda person, one, two: (one, factories.official(OfficialRole.FINANCE)), "is no administrator"),
    ],
)
def test_nobody_does_it_alone(official, administrators, who, sentence):
    with pytest.raises(CommandError, match=sentence):
        reset(official, *who(official, *administrators))
    with pytest.raises(CommandError, match="recognised"):
        reset(official, *administrators, reason=" ")
    assert Authenticator.objects.filter(user=official).count() == 2
    assert not Record.objects.filter(action="user.second_factor_reset").exists()
