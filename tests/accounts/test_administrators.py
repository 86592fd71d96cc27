"""One administrator is one person: nobody makes another one, or becomes a colleague, on the desk."""

import contextlib

import pytest
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts import scope
from accounts.enums import OfficialRole
from accounts.models import User
from audit.models import Record
from tests import factories
from tests.clients import Client

ROLES = (settings.DATABASE_APP_ROLE, scope.wide(settings.DATABASE_APP_ROLE))


def administrator(**fields) -> User:
    return factories.UserFactory(is_staff=True, is_superuser=True, **fields)


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["language"] = "en"
    return client


def change(client, person, **fields):
    """The person's page as it is, with other values; None takes a box's tick away."""
    data = {"username": person.username, "display_name": person.display_name, "email": person.email}
    data |= {name: "on" for name in ("is_staff", "is_superuser", "is_active") if getattr(person, name)}
    data = {name: value for name, value in (data | fields).items() if value is not None}
    answer = client.post(reverse("admin:accounts_user_change", args=[person.pk]), data)
    person.refresh_from_db()
    return answer


@contextlib.contextmanager
def as_user(role: str):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        yield
        cursor.execute("RESET ROLE")


@pytest.mark.parametrize("role", ROLES)
def test_web_and_worker_make_no_administrator(db, role):
    person, closed, boss = factories.UserFactory(), administrator(is_active=False), administrator()
    for pk, raised in ((person.pk, "is_superuser"), (closed.pk, "is_active")):
        with pytest.raises(IntegrityError, match="administrator_by_owner"), as_user(role):
            User.objects.filter(pk=pk).update(**{raised: True})
    with pytest.raises(IntegrityError, match="administrator_by_owner"), as_user(role):
        User.objects.create(username="mine", is_superuser=True)
    with as_user(role):
        User.objects.filter(pk=boss.pk).update(display_name="Signs in, works")
        User.objects.filter(pk=boss.pk).update(is_superuser=False)
    assert not User.objects.filter(is_superuser=True, is_active=True).exists()


def test_the_owner_makes_one_by_command(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", factories.PASSWORD)
    call_command("createsuperuser", interactive=False, username="third", email="t@example.test", verbosity=0)
    made = User.objects.get(username="third")
    assert made.is_superuser
    record = Record.objects.get(object_type="accounts.user", object_id=str(made.pk))
    assert (record.actor_label, record.action) == ("system:createsuperuser", "user.created")
    factories.UserFactory()
    assert Record.objects.filter(actor_label=record.actor_label).count() == 1


def test_the_desk_gives_everything_but_that_right(db):
    person = factories.UserFactory()
    answer = change(browser(administrator()), person, is_staff="on", is_superuser="on")
    assert answer.status_code == 302 and person.is_staff and not person.is_superuser


def test_of_a_colleague_only_the_end_can_be_set(db):
    boss, colleague = administrator(), administrator(email="hers@example.test")
    client, page = browser(boss), reverse("admin:accounts_user_change", args=[colleague.pk])
    shown = client.get(page).content.decode()
    assert "led by its owner" in shown and "pbkdf2" not in shown and "md5" not in shown
    before = colleague.password
    group = factories.official(OfficialRole.FINANCE).groups.get().pk
    change(client, colleague, username="his", email="his@example.test", display_name="His", groups=[group])
    assert (colleague.email, colleague.groups.count()) == ("hers@example.test", 0)
    assert colleague.username != "his" and colleague.display_name != "His"
    password = reverse("admin:auth_user_password_change", args=[colleague.pk])
    new = {"password1": "Poyang-Lake-2016", "password2": "Poyang-Lake-2016", "usable_password": "true"}
    assert client.post(password, new).status_code == 403
    theirs = browser(colleague)
    UserSession.objects.create(
        user=colleague, ip="192.0.2.1", session_key=theirs.session.session_key, user_agent="x"
    )
    change(client, colleague, is_active=None)
    assert not colleague.is_active and colleague.password == before
    assert theirs.get(reverse("admin:accounts_user_changelist")).status_code == 302
    change(client, colleague, is_active="on")
    assert not colleague.is_active, "who was closed is opened beside the portal"


def test_the_own_account_is_ones_own(db):
    boss = administrator()
    change(browser(boss), boss, display_name="Wu", is_superuser=None)
    assert boss.display_name == "Wu" and boss.is_superuser
