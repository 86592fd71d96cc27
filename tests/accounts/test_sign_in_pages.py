"""The pages that lead in: what a person reads and meets by Tab."""

import re

import pytest
from django.urls import reverse

from accounts.models import User
from tests.clients import Client
from tests.factories import PASSWORD, UserFactory


def test_the_sign_in_form_names_its_field_and_leads_from_name_to_password(client, db):
    client.cookies["language"] = "en"
    page = client.get(reverse("account_login")).content.decode()
    assert re.search(r"<label[^>]*for=\"id_login\"[^>]*>\s*Username or email\s*</label>", page)
    assert "placeholder" not in page
    between = page[page.index('id="id_login"') : page.index('id="id_password"')]
    assert "<a " not in between, "a link between the two fields takes the keys meant for the password"
    assert reverse("account_reset_password") in page


@pytest.mark.parametrize(
    "name", ["account_signup", "account_reset_password", "account_change_password", "account_email",
             "account_reauthenticate", "mfa_add_webauthn", "mfa_activate_totp"],
)  # fmt: skip
def test_a_form_says_each_label_once(db, name):
    client = Client()
    if name not in ("account_signup", "account_reset_password"):
        client.force_login(UserFactory())
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse(name))
    assert page.status_code == 200
    text = page.content.decode()
    assert "placeholder" not in text
    labels = re.findall(r"<label[^>]*>\s*([^<]+)", text)
    assert labels and all(re.search("[\u4e00-\u9fff]", label) for label in labels), labels


@pytest.mark.parametrize("login", ["clerk", "clerk@example.test"])
def test_a_wrong_password_is_said_at_its_field(client, db, login):
    UserFactory(username="clerk", email="clerk@example.test")
    answer = client.post(reverse("account_login"), {"login": login, "password": "wrong"})
    form = answer.context["form"]
    assert list(form.errors) == ["password"]
    assert 'href="#id_password"' in answer.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "victim@example.test"),  # somebody's address, by which they sign in
        ("username", "cl\u0435rk"),  # a Cyrillic letter
        ("username", "ｃｌｅｒｋ"),
        ("username", "CLERK"),
        ("display_name", "Wang\u202eFang"),
        ("display_name", "Wang\u200bFang"),
    ],
)
def test_nobody_signs_up_as_what_looks_like_somebody_else(client, db, field, value):
    UserFactory(username="clerk", email="victim@example.test")
    data = {"username": "new", "email": "new@example.test", "display_name": "王芳"}
    answer = client.post(
        reverse("account_signup"), data | {"password1": PASSWORD, "password2": PASSWORD} | {field: value}
    )
    assert list(answer.context["form"].errors) == [field]
    assert User.objects.count() == 1


@pytest.mark.parametrize("username", ["wang.fang_2-b", "王芳"])
def test_logins_of_letters_and_chinese_characters_are_taken(client, db, username):
    data = {
        "username": username,
        "email": "new@example.test",
        "display_name": "王芳",
        "is_staff": "on",
        "is_superuser": "on",
    }
    client.post(reverse("account_signup"), data | {"password1": PASSWORD, "password2": PASSWORD})
    made = User.objects.get(username=username)
    assert not made.is_staff and not made.is_superuser


def test_sign_up_asks_for_the_persons_name(client, db):
    data = {
        "username": "new",
        "email": "new@example.test",
        "password1": "Gan-jiang-2015",
        "password2": "Gan-jiang-2015",
    }
    answer = client.post(reverse("account_signup"), data)
    assert list(answer.context["form"].errors) == ["display_name"]
    assert not User.objects.filter(username="new").exists()
    client.post(reverse("account_signup"), data | {"display_name": "王芳"})
    assert User.objects.get(username="new").display_name == "王芳"


def test_who_typed_wrong_too_often_reads_once_what_to_do(db):
    UserFactory(username="clerk")
    client = Client(REMOTE_ADDR="192.0.2.44")
    client.cookies["language"] = "en"
    wrong = {"login": "clerk", "password": "wrong"}
    page = [client.post(reverse("account_login"), wrong) for _ in range(6)][-1].content.decode()
    assert page.count("Nothing is locked: wait five minutes") == 1
