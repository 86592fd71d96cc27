"""Who lost the second factor and the codes: two administrators, a record, mails, and nobody stays signed in."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import lost_factor
from accounts.enums import FactorResetState, OfficialRole
from accounts.models import FactorReset
from accounts.refusals import Refusal
from audit.models import Record
from tests import factories
from tests.accounts.test_second_factor import SECRET, code
from tests.clients import Client

DESK = "admin:casework_case_changelist"
WHY = "Came to the office with her card; recognised by her head of section"


@pytest.fixture
def official(db):
    user = factories.official(OfficialRole.INITIAL_REVIEWER, email="lost@example.test", language="en")
    TOTP.activate(user, SECRET)
    RecoveryCodes.activate(user)
    return user


@pytest.fixture
def administrators(db):
    return [factories.UserFactory(is_staff=True, is_superuser=True) for _ in range(3)]


@pytest.fixture
def asked(official, administrators):
    return lost_factor.ask(user=administrators[0], person=official, reason=WHY)


def browser(user, **options) -> Client:
    client = Client()
    client.force_login(user, **options)
    client.cookies["language"] = "en"
    return client


def at(step: str, pk: int) -> str:
    return reverse(f"admin:accounts_factorreset_{step}", args=[pk])


def kept(person) -> int:
    return Authenticator.objects.filter(user=person).count()


def test_two_administrators_take_it_away_on_the_desk(
    official, administrators, django_capture_on_commit_callbacks
):
    signed_in = browser(official)
    session = signed_in.session
    session["noted"] = 0  # into the list of the person's sessions with the next page
    session.save()
    assert signed_in.get(reverse(DESK)).status_code == 200
    first, second = (browser(user) for user in administrators[:2])
    new = at("new", official.pk)
    assert new in first.get(reverse("admin:accounts_user_change", args=[official.pk])).content.decode()
    assert first.post(new, {"reason": " "}).context["form"].errors and not FactorReset.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        first.post(new, {"reason": WHY})
    reset = FactorReset.objects.get()
    assert (reset.reason, reset.asked_by, kept(official)) == (WHY, administrators[0], 2)
    assert "waits for a second administrator" in first.post(new, {"reason": WHY}).content.decode()
    confirm = at("confirm", reset.pk)
    assert confirm not in first.get(at("change", reset.pk)).content.decode()
    first.post(confirm)
    assert kept(official) == 2
    assert confirm in second.get(at("change", reset.pk)).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        second.post(confirm)
    assert kept(official) == 0
    assert reverse("admin:login") in signed_in.get(reverse(DESK))["Location"]
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["lost@example.test"], "Somebody asks to take your second factor away"),
        (["lost@example.test"], "Your second factor was taken away"),
    ]
    records = Record.objects.filter(action__startswith="user.second_factor_reset").order_by("id")
    assert [record.actor for record in records] == administrators[:2]
    assert records[1].data["kinds"] == ["recovery_codes", "totp"]
    assert records[1].data["asked_by"] == administrators[0].username
    again = Client()
    again.post(reverse("account_login"), {"login": official.username, "password": factories.PASSWORD})
    assert reverse("second_factor") in again.get(reverse(DESK))["Location"]


def test_it_may_be_turned_down_by_anybody_of_them_and_then_nothing_has_changed(
    official, administrators, asked
):
    browser(administrators[0]).post(at("turn_down", asked.pk))
    asked.refresh_from_db()
    assert (asked.state, kept(official)) == (FactorResetState.TURNED_DOWN, 2)
    browser(administrators[1]).post(at("confirm", asked.pk))
    assert kept(official) == 2, "decided once"


def test_auditors_read_it_and_nobody_else_sees_it(official, administrators, asked):
    pages = [at("change", asked.pk), reverse("admin:accounts_factorreset_changelist")]
    for page in pages:
        assert browser(factories.official(OfficialRole.AUDITOR)).get(page).status_code == 200
        assert browser(factories.official(OfficialRole.FINANCE)).get(page).status_code == 403
    for role in (OfficialRole.AUDITOR, OfficialRole.FINAL_REVIEWER):
        client = browser(factories.official(role))
        assert client.post(at("new", official.pk), {"reason": WHY}).status_code == 403
        assert client.post(at("confirm", asked.pk)).status_code == 403
        assert client.post(at("turn_down", asked.pk)).status_code == 403
    asked.refresh_from_db()
    assert (asked.state, kept(official)) == (FactorResetState.ASKED, 2)


def test_both_show_their_own_second_factor_again(official, administrators, asked):
    TOTP.activate(administrators[1], SECRET)
    client = browser(administrators[1], second_factor=3600)
    gate = client.post(at("confirm", asked.pk))
    assert gate.url.startswith(reverse("mfa_reauthenticate")) and kept(official) == 2
    client.carry_on(client.show(gate, code=code()))
    assert kept(official) == 0
    other = factories.official(OfficialRole.FINANCE)
    TOTP.activate(administrators[2], SECRET)
    client = browser(administrators[2], second_factor=3600)
    client.post(at("new", other.pk), {"reason": WHY})
    assert not FactorReset.objects.filter(person=other).exists()


def test_nobody_does_it_alone(official, administrators, asked):
    one, two, _ = administrators
    own = lost_factor.ask(user=one, person=two, reason=WHY)
    for code_, verb, arguments in (
        ("two_people", lost_factor.confirm, {"user": one, "reset": asked}),
        ("not_administrator", lost_factor.confirm, {"user": factories.official(), "reset": asked}),
        ("own", lost_factor.ask, {"user": two, "person": two, "reason": WHY}),
        ("own", lost_factor.confirm, {"user": two, "reset": own}),
        ("open", lost_factor.ask, {"user": two, "person": official, "reason": WHY}),
        ("reason", lost_factor.ask, {"user": one, "person": factories.official(), "reason": " "}),
    ):
        with pytest.raises(Refusal) as refused:
            verb(**arguments)
        assert refused.value.code == code_
    assert kept(official) == 2
    assert not Record.objects.filter(action="user.second_factor_reset").exists()


@pytest.mark.parametrize(
    ("who", "constraint"),
    [("asked_by", "factor_reset_two_people"), ("person", "factor_reset_of_another"),
     (None, "factor_reset_state_says_who")],
)  # fmt: skip
def test_the_database_wants_two_administrators_too(asked, who, constraint):
    change = {"state": "done"}
    if who:
        change |= {"decided_by": getattr(asked, who), "decided_at": timezone.now()}
    with pytest.raises(DatabaseError, match=constraint), transaction.atomic():
        FactorReset.objects.filter(pk=asked.pk).update(**change)


@pytest.mark.parametrize("change", [{"reason": "Another"}, {"asked_at": timezone.now()}])
def test_what_was_asked_never_changes(administrators, asked, change):
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        FactorReset.objects.filter(pk=asked.pk).update(**change)
    lost_factor.turn_down(user=administrators[1], reset=asked)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        FactorReset.objects.filter(pk=asked.pk).update(state="asked", decided_by=None, decided_at=None)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        FactorReset.objects.all().delete()


def by_command(person, one, two, reason=WHY):
    call_command(
        "reset_second_factor",
        person.username,
        asked_by=one.username,
        confirmed_by=two.username,
        reason=reason,
    )


def test_a_command_does_the_same_for_when_no_two_administrators_can_sign_in(official, administrators):
    one, two, _ = administrators
    for wrong in ((one, one), (one, official), (one, factories.official(OfficialRole.FINANCE))):
        with pytest.raises(CommandError):
            by_command(official, *wrong)
    with pytest.raises(CommandError, match="identified"):
        by_command(official, one, two, reason=" ")
    assert kept(official) == 2 and not FactorReset.objects.exists()
    by_command(official, one, two)
    assert kept(official) == 0
    assert FactorReset.objects.get().decided_by == two
