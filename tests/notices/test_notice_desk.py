"""The desk's pages of notices, objections and reopenings, by the people who press their buttons."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from casework.enums import Status
from casework.models import Reopening
from notices.enums import NoticeState
from notices.models import Notice, Objection
from tests import factories
from tests.clients import Client
from tests.notices.test_objections import WORDS

pytestmark = pytest.mark.django_db
LIST = "admin:notices_notice_changelist"


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_one_makes_another_publishes_and_the_maker_cannot(approved, final, second):
    maker, publisher = browser(second), browser(final)
    assert "50,000.00" in maker.get(reverse(LIST)).content.decode()
    url = reverse("admin:notices_notice_make") + "?programme=offshore&year=2015"
    assert approved.number in maker.get(url).content.decode()
    wrong = maker.post(
        url, {"programme": "offshore", "year": 2015, "awards": [approved.award.pk], "remark": "13800138000"}
    )
    assert wrong.status_code == 409 and "13800138000" in wrong.content.decode()
    assert not Notice.objects.exists()
    maker.post(url, {"programme": "offshore", "year": 2015, "awards": [approved.award.pk]})
    notice = Notice.objects.get()
    publish = reverse("admin:notices_notice_publish", args=[notice.pk])
    assert maker.post(publish, {"version": 1}).status_code == 409
    assert publisher.post(publish, {"version": 7}).status_code == 409
    assert Notice.objects.get().state == NoticeState.DRAFT
    assert publisher.post(publish, {"version": 1}).status_code == 302
    assert publisher.post(publish, {"version": 1}).status_code == 409
    notice.refresh_from_db()
    assert notice.state == NoticeState.PUBLISHED and notice.published_by == final
    public = Client().get(notice.get_absolute_url()).content.decode()
    assert "50,000.00" in public
    withdraw = reverse("admin:notices_notice_withdraw", args=[notice.pk])
    assert "kept" in maker.post(withdraw, {"version": 1, "reason": "kept"}).content.decode()
    assert maker.post(withdraw, {"version": 2, "reason": "金额有误"}).status_code == 302
    assert "金额有误" in Client().get(notice.get_absolute_url()).content.decode()


@pytest.mark.parametrize("role", ["finance", "policy_editor", "auditor"])
def test_other_officials_only_look(approved, publish, role):
    notice, client = publish(approved), browser(factories.official(role))
    assert client.get(reverse("admin:notices_notice_change", args=[notice.pk])).status_code == 200
    assert (
        client.get(reverse("admin:notices_notice_make") + "?programme=offshore&year=2015").status_code == 403
    )
    answer = client.post(
        reverse("admin:notices_notice_withdraw", args=[notice.pk]), {"version": 2, "reason": "X"}
    )
    assert answer.status_code == 409 and Notice.objects.get().state == NoticeState.PUBLISHED


def test_an_objection_goes_from_one_desk_to_another_and_to_a_reopening(
    approved, publish, clerk, initial, final, second
):
    from notices.services import objections

    entry = publish(approved).entries.get()
    objection = objections.object_to(entry_id=entry.pk, token=uuid.uuid4(), **WORDS).objection
    objections.state_view(objection_id=objection.pk, user=clerk, version=1, statement="合同真实。")
    page = reverse("admin:notices_objection_change", args=[objection.pk])
    auditor = browser(factories.official("auditor")).get(page).content.decode()
    assert WORDS["objector"] not in auditor and WORDS["grounds"] not in auditor
    shown = browser(initial).get(page).content.decode()
    assert WORDS["objector"] in shown and "合同真实。" in shown
    examine, answer = (
        reverse(f"admin:notices_objection_{step}", args=[objection.pk]) for step in ("examine", "answer")
    )
    words = {"finding": "upheld", "words": "经核查属实。"}
    assert browser(initial).post(examine, words | {"version": 1}).status_code == 409
    assert browser(initial).post(examine, words | {"version": 2}).status_code == 302
    for person in (initial, final):
        refused = browser(person).post(answer, words | {"version": 3})
        assert refused.status_code == 409 and "经核查属实。" in refused.content.decode()
    assert browser(second).post(answer, words | {"version": 3}).status_code == 302
    assert Objection.objects.get().finding == "upheld"
    approved.refresh_from_db()
    propose = reverse("admin:casework_reopening_propose", args=[approved.pk])
    assert propose in browser(initial).get(page).content.decode()
    form = {
        "version": approved.version,
        "cause": "objection",
        "reference": objection.number,
        "reason": "异议成立",
    }
    browser(initial).post(propose, form)
    proposal = Reopening.objects.get()
    approved.refresh_from_db()
    settle = reverse("admin:casework_reopening_settle", args=[proposal.pk])
    kept = browser(second).post(settle, {"version": approved.version, "turn_down": "1", "why": " "})
    assert kept.status_code == 409
    for person in (initial, final):
        assert browser(person).post(settle, {"version": approved.version, "confirm": "1"}).status_code == 409
    assert browser(second).post(settle, {"version": approved.version, "confirm": "1"}).status_code == 302
    approved.refresh_from_db()
    assert approved.status == Status.INITIAL_REVIEW
    factories.calculate(approved)
    after = browser(second).get(reverse("admin:casework_reopening_change", args=[proposal.pk]))
    assert after.context["after"].amount_rmb == proposal.before.amount_rmb


@pytest.mark.parametrize("cases", [1, 4])
def test_lists_cost_the_same_however_long_they_are(
    enterprise, initial, final, cases, django_assert_max_num_queries
):
    from notices.services import publishing

    for _n in range(cases):
        clerk = factories.clerk_of(organisation := factories.OrganisationFactory())
        factories.approve(factories.filed_offshore(organisation, clerk, "250000"), initial, final)
    draft = publishing.make_notice(user=initial, programme="offshore", year=2015)
    notice = publishing.publish_notice(
        user=final, notice_id=draft.pk, version=1, now=timezone.now() - timedelta(days=1)
    )
    visitor, official = Client(), browser(initial)
    with django_assert_max_num_queries(4):
        visitor.get(reverse("notices:notices") + "?q=Enterprise")
    with django_assert_max_num_queries(6):
        visitor.get(notice.get_absolute_url())
    with django_assert_max_num_queries(14):
        official.get(reverse(LIST))
