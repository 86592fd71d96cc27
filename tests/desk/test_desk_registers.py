"""Everything beside the queue is for reading; organisations are recognised and designated; people are superusers'."""

import re
from datetime import date

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.text import capfirst

from accounts.models import Accreditation, Membership, Organisation, User
from audit.models import Record, Stream
from casework.enums import Outcome, Stage
from casework.models import (
    Assessment,
    Award,
    CalculationRun,
    Case,
    CaseEvent,
    Remark,
    Review,
    Submission,
    Transition,
)
from casework.services import decisions
from ledger.models import Balance, Entry, Reservation
from messaging.models import Mail
from policy.models import PolicyVersion
from tests import factories

READ_ONLY = [
    Case,
    Transition,
    Submission,
    CalculationRun,
    Assessment,
    Review,
    Award,
    Balance,
    Entry,
    Reservation,
    Record,
    Stream,
    PolicyVersion,
    Organisation,
]


def url(model, name: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


@pytest.fixture
def awarded(desk, case) -> Case:
    return factories.approve(case, desk.initial, desk.final)


@pytest.mark.parametrize("model", READ_ONLY)
@pytest.mark.parametrize("name", ["auditor", "superuser"])
def test_registers_are_read_and_nothing_else(desk, as_user, awarded, model, name):
    client = as_user(getattr(desk, name))
    row, before = model.objects.latest("pk"), model.objects.count()
    assert client.get(url(model, "changelist")).status_code == 200
    assert client.get(url(model, "change", row.pk)).status_code == 200
    assert client.get(url(model, "add")).status_code == 403
    assert client.post(url(model, "add"), {}).status_code == 403
    assert client.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    if model is not Case:
        assert client.post(url(model, "change", row.pk), {"reason": "changed"}).status_code == 403
    client.post(
        url(model, "changelist"), {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    )
    assert model.objects.count() == before


@pytest.mark.parametrize("model", [model for model in READ_ONLY if model not in (Case, PolicyVersion)])
def test_registers_cost_the_same_however_long(desk, as_user, awarded, model, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = as_user(desk.auditor)
    client.get(url(model, "changelist"))
    with CaptureQueriesContext(connection) as few:
        client.get(url(model, "changelist"))
    for _ in range(4):
        organisation = factories.OrganisationFactory()
        factories.recognise(organisation)
        another = factories.filed_offshore(organisation, factories.clerk_of(organisation), "300000")
        factories.approve(another, desk.initial, desk.final)
    with django_assert_num_queries(len(few)):
        response = client.get(url(model, "changelist"))
    assert response.context["cl"].result_count >= 4
    assert len(few) <= 8


def test_the_policy_register_shows_unit_clause_and_quotation(desk, as_user):
    version = PolicyVersion.objects.filter(status="published", programme="offshore").latest("pk")
    page = as_user(desk.policy_editor).get(url(PolicyVersion, "change", version.pk)).content.decode()
    parameter = version.parameters.get(name="threshold_usd")
    assert "200,000.00" in page and parameter.clause in page.replace("&quot;", '"')


def test_the_registers_page_lists_them_and_people_only_for_superusers(desk, as_user):
    page = as_user(desk.auditor).get(reverse("admin:registers")).content.decode()
    assert url(Record, "changelist") in page and url(User, "changelist") not in page
    assert url(User, "changelist") in as_user(desk.superuser).get(reverse("admin:registers")).content.decode()


def test_remarks_events_and_stuck_mails_are_read_and_people_lead_nowhere_closed(desk, as_user, case):
    place = f"lines/{case.offshore_claim.receipts.get().pk}"
    decisions.decide(
        case_id=case.pk,
        user=desk.initial,
        stage=Stage.INITIAL,
        outcome=Outcome.RETURN,
        assessment_hash=case.current_assessment.hash,
        reason="Compare the slip",
        remarks=[decisions.RemarkDraft(place, "The slip says 110,000")],
    )
    CaseEvent.objects.create(case=case, kind="correction_due_soon", key="1")
    stuck = Mail.objects.create(
        kind="digest", recipient=desk.clerk, day=date(2026, 1, 5), attempts=3, error="SMTPConnectError 421"
    )
    client = as_user(desk.auditor)
    for model, words in ((Remark, "The slip says 110,000"), (CaseEvent, case.number), (Mail, "421")):
        row = model.objects.latest("pk")
        assert words in client.get(url(model, "changelist")).content.decode()
        page = client.get(url(model, "change", row.pk)).content.decode()
        assert words in page and "/admin/accounts/user/" not in page
        assert client.post(url(model, "change", row.pk), {"text": "changed"}).status_code == 403
    assert str(desk.initial) in client.get(url(Remark, "change", Remark.objects.get().pk)).content.decode()
    listed = client.get(url(Mail, "changelist"), {"stuck": "yes"}).context["cl"].result_list
    assert [mail.pk for mail in listed] == [stuck.pk]
    assert desk.clerk.email not in client.get(url(Mail, "changelist")).content.decode()


def test_the_desk_shows_the_inbox(desk, as_user, case):
    page = as_user(desk.final).get(url(Case, "changelist")).content.decode()
    assert f'href="{reverse("messaging:inbox")}"' in page


# Recognition and designation


def grant(client, to, **changed):
    fields = {
        "kind": "recognition",
        "organisation": to.credit_code,
        "document_number": "HONG-2015-1",
        "valid_from": "2015-01-01",
        "valid_to": "",
    }
    return client.post(url(Accreditation, "add"), fields | changed)


def errors(response) -> dict[str, list[str]]:
    return response.context["adminform"].form.errors


@pytest.mark.parametrize("name", ["initial", "final", "superuser"])
def test_a_reviewer_recognises_an_enterprise(desk, as_user, name):
    organisation, user = factories.OrganisationFactory(), getattr(desk, name)
    spelled = f" {organisation.credit_code.lower()} "
    assert grant(as_user(user), organisation, organisation=spelled).status_code == 302
    made = Accreditation.objects.get(organisation=organisation)
    assert (made.granted_by, made.valid_from, made.valid_to) == (user, date(2015, 1, 1), None)
    record = Record.objects.get(stream__key=f"accounts.organisation:{organisation.pk}")
    assert (record.action, record.actor) == ("accreditation.granted", user)


def test_the_link_of_an_organisation_fills_the_form(desk, as_user):
    institution = factories.OrganisationFactory(institution=True)
    client = as_user(desk.initial)
    page = client.get(url(Organisation, "change", institution.pk)).content.decode()
    link = re.search(r'href="([^"]*accreditation/add/[^"]*)"', page)[1].replace("&amp;", "&")
    form = client.get(link).content.decode()
    assert f'value="{institution.credit_code}"' in form
    assert re.search(r'value="designation"\s+selected', form)
    assert (
        "accreditation/add/"
        not in as_user(desk.auditor).get(url(Organisation, "change", institution.pk)).content.decode()
    )


@pytest.mark.parametrize(
    ("changed", "field", "says"),
    [
        (
            {"kind": "designation"},
            "kind",
            "Enterprises are recognised, training institutions are designated.",
        ),
        ({"organisation": "913601000000000000"}, "organisation", "No organisation with the code"),
        ({"valid_to": "2014-12-31"}, "valid_to", "It cannot end before it begins."),
        ({"document_number": "TAKEN"}, "document_number", "entered already"),
        ({"document_number": ""}, "document_number", "required"),
        ({"valid_from": "soon"}, "valid_from", "valid date"),
    ],
)
def test_errors_stand_at_their_field_and_nothing_typed_is_lost(desk, as_user, changed, field, says):
    organisation = factories.OrganisationFactory()
    grant(as_user(desk.initial), desk.enterprise, document_number="TAKEN")
    before = Accreditation.objects.count()
    response = grant(as_user(desk.initial), organisation, **changed)
    assert list(errors(response)) == [field] and says in errors(response)[field][0]
    assert Accreditation.objects.count() == before
    if changed.get("document_number") != "":
        assert (changed.get("document_number") or "HONG-2015-1") in response.content.decode()


def test_a_member_cannot_recognise_their_own_organisation(desk, as_user):
    organisation = factories.OrganisationFactory()
    Membership.objects.create(user=desk.initial, organisation=organisation)
    response = grant(as_user(desk.initial), organisation)
    assert "You are a member of this organisation" in errors(response)["organisation"][0]
    assert not Accreditation.objects.filter(organisation=organisation).exists()


@pytest.mark.parametrize("name", ["auditor", "finance", "policy_editor"])
def test_others_read_recognitions_only(desk, as_user, name):
    client = as_user(getattr(desk, name))
    row = Accreditation.objects.get(organisation=desk.enterprise)
    assert client.get(url(Accreditation, "change", row.pk)).status_code == 200
    assert grant(client, factories.OrganisationFactory()).status_code == 403
    assert client.post(url(Accreditation, "change", row.pk), {"valid_to": "2016-12-31"}).status_code == 403
    row.refresh_from_db()
    assert row.valid_to is None and Accreditation.objects.count() == 1


def test_a_reviewer_ends_a_recognition_and_changes_nothing_else(desk, as_user):
    row = Accreditation.objects.get(organisation=desk.enterprise)
    client = as_user(desk.final)
    response = client.post(
        url(Accreditation, "change", row.pk),
        {"valid_to": "2016-12-31", "document_number": "OTHER", "kind": "designation"},
    )
    assert response.status_code == 302
    number = row.document_number
    row.refresh_from_db()
    assert (row.valid_to, row.document_number, row.kind) == (date(2016, 12, 31), number, "recognition")
    assert Record.objects.filter(action="accreditation.changed", actor=desk.final).count() == 1
    assert client.post(url(Accreditation, "delete", row.pk), {"post": "yes"}).status_code == 403


# People


@pytest.mark.parametrize("name", ["initial", "auditor", "finance", "policy_editor"])
def test_people_are_the_superusers_business(desk, as_user, name):
    client = as_user(getattr(desk, name))
    for target in (url(User, "changelist"), url(User, "add"), url(User, "change", desk.clerk.pk)):
        assert client.get(target).status_code == 403


def test_a_superuser_gives_roles_and_it_is_on_record(desk, as_user):
    client, person = as_user(desk.superuser), desk.clerk
    page = client.get(url(User, "change", person.pk)).content.decode()
    assert "Initial reviewer" in page and "user_permissions" not in page
    role = Group.objects.get(name="initial_reviewer")
    response = client.post(
        url(User, "change", person.pk),
        {"username": person.username, "display_name": "New", "email": person.email, "is_active": "on",
         "is_staff": "on", "groups": [role.pk]},
    )  # fmt: skip
    assert response.status_code == 302
    person.refresh_from_db()
    assert person.is_staff and list(person.groups.all()) == [role] and not person.is_superuser
    record = Record.objects.get(action="user.changed")
    assert record.actor == desk.superuser and record.data["roles"] == ["initial_reviewer"]
    assert client.post(url(User, "delete", person.pk), {"post": "yes"}).status_code == 403


def test_a_superuser_adds_a_person_and_sets_a_password(desk, as_user):
    client = as_user(desk.superuser)
    password = factories.PASSWORD
    response = client.post(
        url(User, "add"),
        {
            "username": "newcomer",
            "display_name": "N",
            "usable_password": "true",
            "password1": password,
            "password2": password,
        },
    )
    person = User.objects.get(username="newcomer")
    assert response.status_code == 302 and person.check_password(password)
    other = password + "x"
    client.post(reverse("admin:auth_user_password_change", args=[person.pk]),
                {"usable_password": "true", "password1": other, "password2": other})  # fmt: skip
    person.refresh_from_db()
    assert person.check_password(other)
    records = Record.objects.filter(object_type="accounts.user", object_id=str(person.pk)).order_by("id")
    assert [record.action for record in records] == ["user.created", "user.changed"]
    assert password not in str([record.data for record in records])


def test_secrets_and_roles_have_no_page_of_their_own():
    assert {model._meta.label for model in admin.site._registry} & {
        "auth.Group", "mfa.Authenticator", "account.EmailAddress"} == set()  # fmt: skip


# Security of the pages


INLINE = re.compile(
    r"<style\b|<script(?![^>]*\bsrc=)[^>]*>|\son[a-z]+\s*=\s*[\"']|\sstyle\s*=\s*[\"']", re.IGNORECASE
)


def test_our_pages_carry_a_strict_policy_and_nothing_inline(desk, as_user, queue_url, case):
    factories.decide(case, desk.initial, Stage.INITIAL, Outcome.PROPOSE_REJECTION, "Doubtful.")
    client = as_user(desk.superuser)
    pages = [
        client.get(queue_url, {"queue": "all"}),
        client.get(f"{queue_url}{case.pk}/change/"),
        client.post(
            f"{queue_url}?queue=all", {"action": "pass_selected", "index": 0, "_selected_action": [case.pk]}
        ),
        client.post(f"{queue_url}{case.pk}/decide/", {}),
        client.get(reverse("admin:registers")),
        client.get(url(Organisation, "change", desk.enterprise.pk)),
        client.get(url(Accreditation, "add")),
        client.get(url(Submission, "change", case.submissions.get().pk)),
        client.get(url(User, "change", desk.clerk.pk)),
        client.get(url(User, "changelist")),
    ]
    for response in pages:
        assert response.status_code in (200, 409)
        policy = response.headers["Content-Security-Policy"]
        assert "unsafe-" not in policy and "default-src 'none'" in policy
        assert INLINE.findall(response.content.decode()) == []


def test_a_register_has_its_own_title_and_its_amounts_have_thousands(desk, as_user, awarded):
    client = as_user(desk.auditor)
    page = client.get(url(Balance, "changelist"), headers={"accept-language": "en"}).content.decode()
    title = re.escape(str(capfirst(Balance._meta.verbose_name_plural)))
    assert re.search(rf"<h1>\s*{title}\s*</h1>", page)
    chinese = client.get(url(Balance, "changelist"), headers={"accept-language": "zh-hans"}).content.decode()
    for shown in (page, chinese):
        assert "500,000.00" in shown and "500000.00" not in shown
    award = Award.objects.get(case=awarded)
    amount = f"{award.amount_rmb:,.2f}"
    assert "," in amount
    assert amount in client.get(url(Award, "changelist")).content.decode()
    assert amount in client.get(url(Award, "change", award.pk)).content.decode()


def test_a_filter_is_named_by_what_it_filters(desk, as_user, awarded):
    page = as_user(desk.auditor).get(url(Review, "changelist")).content.decode()
    titles = re.findall(r"<summary>\s*(.*?)\s*</summary>", page)
    assert [
        str(capfirst(Review._meta.get_field(name).verbose_name)) for name in ("stage", "outcome")
    ] == titles
