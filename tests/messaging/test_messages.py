"""Who finds what in the inbox: once each, however often it is collected, and only while they may see it."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import members
from accounts.models import Membership
from casework.enums import Outcome, Stage
from casework.models import CaseEvent, Transition
from messaging import services
from messaging.enums import Delivery, Event
from messaging.models import Cursor, Mail, Message, Preference, Seen
from messaging.selectors import unread_count
from tests import factories
from tests.messaging.conftest import browser


def collected() -> set[tuple[str, str]]:
    """(who, about what) of every message, after collecting once more."""
    services.collect()
    return set(Message.objects.values_list("recipient__username", "event"))


def test_every_step_reaches_those_whom_it_concerns(firm):
    case = factories.offshore_draft(firm.organisation, firm.clerk, "250000")
    assert collected() == set()  # a draft is no news
    factories.filing.submit(case_id=case.pk, user=firm.clerk)
    factories.calculate(case)
    filed = {
        ("canary-owner", Event.FILED),
        ("canary-clerk", Event.FILED),
        ("canary-initial", Event.QUEUE),
    }
    assert collected() == filed
    factories.decide(case, firm.initial, Stage.INITIAL)
    passed = filed | {
        ("canary-owner", Event.PROGRESS),
        ("canary-clerk", Event.PROGRESS),
        ("canary-final", Event.QUEUE),
    }
    assert collected() == passed
    factories.decide(case, firm.final, Stage.FINAL)
    decided = passed | {(f"canary-{who}", Event.DECIDED) for who in ("owner", "clerk", "reader")}
    assert collected() == decided


def test_a_return_reaches_who_can_correct_it_and_the_next_filing_the_reviewers(firm):
    case = factories.filed_offshore(firm.organisation, firm.clerk, "250000")
    services.collect()
    factories.decide(case, firm.initial, Stage.INITIAL, Outcome.RETURN, "Read me")
    assert ("canary-owner", Event.RETURNED) in collected()
    assert not Message.objects.filter(recipient=firm.reader).exists()
    page = browser(firm.owner).get(reverse("messaging:inbox")).content.decode()
    assert f"{case.number} · Returned for correction" in page and "Read me" not in page


def test_who_withdraws_is_not_told_what_they_did(firm):
    case = factories.filed_offshore(firm.organisation, firm.clerk, "250000")
    factories.filing.withdraw(case_id=case.pk, user=firm.clerk)
    services.collect()
    assert list(Message.objects.filter(event=Event.CLOSED).values_list("recipient__username", flat=True)) == [
        "canary-owner"
    ]


def test_reviewers_are_told_once_until_they_look(firm):
    for year in (2014, 2015):
        factories.filed_offshore(firm.organisation, firm.clerk, "250000", year=year)
        services.collect()
    told = Message.objects.filter(recipient=firm.initial, event=Event.QUEUE)
    assert told.count() == 1
    services.mark_all_read(user=firm.initial)
    other = factories.OrganisationFactory()
    factories.filed_offshore(other, factories.clerk_of(other), "250000")
    services.collect()
    assert told.count() == 2


def test_a_reviewer_who_is_a_member_hears_as_a_member_only(firm):
    Membership.objects.create(user=firm.initial, organisation=firm.organisation)
    factories.filed_offshore(firm.organisation, firm.clerk, "250000")
    services.collect()
    assert [m.event for m in Message.objects.filter(recipient=firm.initial)] == [Event.FILED]


def test_a_reminder_reaches_who_can_act(firm):
    case = factories.filed_offshore(firm.organisation, firm.clerk, "250000")
    services.collect()
    Message.objects.all().delete()
    CaseEvent.objects.create(case=case, kind="correction_due_soon", key="1", data={})
    CaseEvent.objects.create(case=case, kind="correction_lapsed", key="1", data={})
    assert collected() == {("canary-owner", Event.REMINDER), ("canary-clerk", Event.REMINDER)}
    page = browser(firm.owner).get(reverse("messaging:inbox")).content.decode()
    assert f"{case.number} · the term for the correction ends soon" in page


def test_an_offer_of_ownership_is_in_the_inbox(firm):
    member = Membership.objects.get(user=firm.clerk)
    members.offer_ownership(user=firm.owner, member=member, stays_owner=False)
    assert collected() == {("canary-clerk", Event.ORGANISATION)}
    client = browser(firm.clerk)
    assert "Canary Firm: accept or decline" in client.get(reverse("messaging:inbox")).content.decode()
    response = client.post(reverse("messaging:open", args=[Message.objects.get().pk]))
    assert response.url == reverse("organisation_people", args=[firm.organisation.pk])


# Once each


def test_collecting_again_adds_nothing(firm):
    factories.filed_offshore(firm.organisation, firm.clerk, "250000")
    first = collected()
    counts = Message.objects.count(), Mail.objects.count()
    for _n in range(3):
        assert collected() == first
    # Even when it has forgotten how far it was.
    Cursor.objects.all().delete()
    assert not Seen.objects.exists()
    assert collected() == first and (Message.objects.count(), Mail.objects.count()) == counts


def test_the_database_keeps_one_message_of_a_step(firm):
    factories.filed_offshore(firm.organisation, firm.clerk, "250000")
    services.collect()
    message = Message.objects.filter(event=Event.FILED).first()
    with pytest.raises(IntegrityError, match="message_once_of_transition"), transaction.atomic():
        Message.objects.create(
            recipient=message.recipient,
            event=message.event,
            transition=message.transition,
            delivery=Delivery.NEVER,
        )
    with pytest.raises(IntegrityError, match="message_has_one_source"), transaction.atomic():
        Message.objects.create(recipient=message.recipient, event=Event.FILED, delivery=Delivery.NEVER)


def test_a_row_that_appears_late_is_not_missed(firm):
    """Numbers are given before a transaction commits: a lower one may become visible after a higher one."""
    case = factories.offshore_draft(firm.organisation, firm.clerk, "250000")
    factories.filing.submit(case_id=case.pk, user=firm.clerk)
    late, last = Transition.objects.order_by("pk").values_list("pk", flat=True)[:2]
    cursor = Cursor.objects.get_or_create(source="transition")[0]
    cursor.floor = late - 1
    cursor.save()
    Seen.objects.create(cursor=cursor, row=late)  # as if only the later one were still hidden
    services.collect()
    assert Message.objects.filter(transition_id=last).exists()
    cursor.refresh_from_db()
    assert cursor.floor == late - 1 and cursor.seen.count() == 2
    services.collect(now=timezone.now() + services.SETTLED + timedelta(seconds=1))
    cursor.refresh_from_db()
    assert cursor.floor == last and not cursor.seen.exists()


def test_two_workers_at_once_make_one_message_each(fresh_database, django_db_blocker):
    def work() -> None:
        try:
            gate.wait(timeout=20)
            services.collect()
        except Exception as error:  # shown by the assertion below
            errors.append(error)
        finally:
            connection.close()

    with django_db_blocker.unblock():
        organisation = factories.OrganisationFactory()
        clerk = factories.clerk_of(organisation)
        for year in range(2013, 2018):
            case = factories.offshore_draft(organisation, clerk, "250000", year=year)
            factories.filing.submit(case_id=case.pk, user=clerk)
        gate, errors = threading.Barrier(4), []
        threads = [threading.Thread(target=work) for _n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
        services.collect()
        assert errors == []
        assert Message.objects.filter(recipient=clerk, event=Event.FILED).count() == 5
        assert Mail.objects.count() == 5


def test_a_history_that_is_loaded_sends_no_mail(firm):
    factories.filed_offshore(firm.organisation, firm.clerk, "250000")
    services.collect(by_mail=False)
    assert Message.objects.exists() and not Mail.objects.exists()


def test_old_steps_reach_the_inbox_but_not_the_mail(firm):
    factories.filed_offshore(firm.organisation, firm.clerk, "250000")
    services.collect(now=timezone.now() + services.FRESH + timedelta(minutes=1))
    assert Message.objects.exists() and not Mail.objects.exists()


# The inbox


@pytest.fixture
def told(firm) -> Message:
    factories.filed_offshore(firm.organisation, firm.clerk, "250000")
    services.collect()
    return Message.objects.get(recipient=firm.clerk)


def test_opening_marks_as_read_and_leads_to_the_case(firm, told):
    client = browser(firm.clerk)
    page = client.get(reverse("messaging:inbox")).content.decode()
    assert '<span class="count">1</span>' in page and "New" in page
    response = client.post(reverse("messaging:open", args=[told.pk]))
    assert response.url == told.case.get_absolute_url() and unread_count(firm.clerk) == 0
    client.post(reverse("messaging:unread", args=[told.pk]))
    assert unread_count(firm.clerk) == 1
    client.post(reverse("messaging:read_all"))
    assert unread_count(firm.clerk) == 0 and unread_count(firm.owner) == 1
    page = client.get(reverse("messaging:inbox"), {"show": "unread"}).content.decode()
    assert "Nothing new" in page and told.case.number not in page


def test_looking_changes_nothing(firm, told):
    client = browser(firm.clerk)
    client.get(reverse("messaging:inbox"))
    assert client.get(reverse("messaging:open", args=[told.pk])).status_code == 405
    assert unread_count(firm.clerk) == 1


def test_another_persons_message_does_not_exist(firm, told):
    client = browser(firm.owner)
    for name in ("open", "unread"):
        assert client.post(reverse(f"messaging:{name}", args=[told.pk])).status_code == 404
    told.refresh_from_db()
    assert told.read_at is None


def test_who_left_reads_nothing_more_about_its_cases(firm, told):
    members.remove_member(user=firm.owner, member=Membership.objects.get(user=firm.clerk))
    client = browser(firm.clerk)
    page = client.get(reverse("messaging:inbox")).content.decode()
    assert told.case.number not in page and '<span class="count">' not in page
    assert client.post(reverse("messaging:open", args=[told.pk])).status_code == 404


def test_query_count_of_the_inbox(firm, django_assert_num_queries):
    for year in range(2013, 2017):
        factories.filed_offshore(firm.organisation, firm.clerk, "250000", year=year)
    services.collect()
    client = browser(firm.clerk)
    url = reverse("messaging:inbox")
    client.get(url)
    with django_assert_num_queries(5):
        client.get(url)


# Preferences


def test_preferences_decide_what_comes_by_mail(firm):
    client = browser(firm.clerk)
    url = reverse("messaging:preferences")
    page = client.get(url)
    assert Event.QUEUE not in page.context["form"].fields
    data = {event.value: "never" for event in Event if event != Event.QUEUE}
    assert client.post(url, data | {"language": "en", "filed": "daily"}).status_code == 302
    firm.clerk.refresh_from_db()
    assert firm.clerk.language == "en"
    assert Preference.objects.get(user=firm.clerk, event=Event.FILED).delivery == Delivery.DAILY
    case = factories.filed_offshore(firm.organisation, firm.clerk, "250000")
    factories.decide(case, firm.initial, Stage.INITIAL, Outcome.RETURN, "Reason")
    services.collect()
    chosen = dict(Message.objects.filter(recipient=firm.clerk).values_list("event", "delivery"))
    assert chosen == {Event.FILED: Delivery.DAILY, Event.RETURNED: Delivery.NEVER}
    assert not Mail.objects.filter(recipient=firm.clerk).exists()
    assert Mail.objects.filter(recipient=firm.owner).count() == 2


def test_a_wrong_choice_is_named_and_changes_nothing(firm):
    response = browser(firm.clerk).post(
        reverse("messaging:preferences"), {"language": "fr", "filed": "hourly", "queue": "now"}
    )
    assert response.status_code == 200
    assert {"language", "filed"} <= set(response.context["form"].errors)
    assert not Preference.objects.exists()


def test_officials_choose_for_their_queue_too(firm):
    page = browser(firm.initial).get(reverse("messaging:preferences"))
    assert Event.QUEUE in page.context["form"].fields


def test_the_language_switch_is_remembered_for_mails(firm):
    client = browser(firm.clerk)
    client.post(reverse("set_language"), {"language": "en", "next": "/"})
    firm.clerk.refresh_from_db()
    assert firm.clerk.language == "en"
    client.post(reverse("set_language"), {"language": "xx", "next": "/"})
    firm.clerk.refresh_from_db()
    assert firm.clerk.language == "en"
