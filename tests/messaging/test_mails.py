"""Mails over a real SMTP server: in the reader's language, nothing personal, and none lost when the server dies."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import members
from accounts.models import Membership
from casework.enums import Outcome, Stage
from messaging import post, services
from messaging.enums import Delivery, Event, MailKind, MailState
from messaging.models import Mail, Message, Preference
from nanchang_portal.settings import base
from tests import factories
from tests.messaging.conftest import text_of

SHANGHAI = ZoneInfo("Asia/Shanghai")


def send_all(now: datetime | None = None) -> None:
    for mail_id in post.due(now=now):
        post.deliver(mail_id, now=now)


def states() -> list[str]:
    return list(Mail.objects.order_by("pk").values_list("state", flat=True))


@pytest.fixture
def returned(firm):
    """A claim that was returned, collected into messages and mails."""
    case = factories.filed_offshore(firm.organisation, firm.clerk, "250000")
    factories.decide(case, firm.initial, Stage.INITIAL, Outcome.RETURN, "Canary reason")
    services.collect()
    return case


def to(server, user) -> list[str]:
    return [text_of(parcel) for parcel in server.parcels if parcel["To"] == user.email]


def test_each_reads_in_their_own_language(firm, returned, mail_server):
    send_all()
    english, chinese = to(mail_server, firm.owner), to(mail_server, firm.clerk)
    assert len(english) == len(chinese) == 2
    assert english[1].startswith(f"{returned.number} · Returned for correction")
    assert chinese[1].startswith(f"{returned.number} · 退回补正")
    link = f"https://portal.example.test{returned.get_absolute_url()}"
    assert link in english[1] and link in chinese[1]
    assert not re.search("[\u4e00-\u9fff]", english[1]) and "退回" in chinese[1]
    settings_url = f"https://portal.example.test{reverse('messaging:preferences')}"
    assert english[1].count(settings_url) == 2  # the hint and its header
    assert set(states()) == {MailState.SENT}


def test_nothing_personal_is_in_any_mail(firm, returned, mail_server):
    factories.filing.submit(case_id=returned.pk, user=firm.clerk)
    factories.calculate(returned)
    factories.approve(returned, firm.initial, firm.final)
    member = Membership.objects.get(user=firm.reader)
    members.offer_ownership(user=firm.owner, member=member, stays_owner=False)
    members.invite(user=firm.owner, organisation=firm.organisation, email="x@example.test", role="clerk")
    Message.objects.filter(event=Event.QUEUE).update(delivery=Delivery.DAILY)
    services.collect()
    post.gather_digests(now=timezone.now().astimezone(SHANGHAI).replace(hour=9) + timedelta(days=1))
    send_all()
    assert {m.kind for m in Mail.objects.filter(state=MailState.SENT)} == set(MailKind)
    said = "\n".join(text_of(parcel) for parcel in mail_server.parcels)
    addresses = {parcel["To"] for parcel in mail_server.parcels}
    numbers = {parcel["Message-ID"] for parcel in mail_server.parcels}  # digits of ours: a row and an instant
    for outside in addresses | numbers:  # whom it goes to stands in the envelope
        said = said.replace(outside, "")
    money = f"{returned.current_assessment.amount_rmb}"
    for secret in ("anary", "Contact", firm.organisation.credit_code, money, f"{float(money):,.2f}", "250"):
        assert secret not in said, secret
    assert returned.number in said


def test_mails_survive_a_dead_server(firm, returned, mail_server):
    mail_server.stop()
    now = timezone.now() + timedelta(seconds=1)
    waiting = len(post.due(now=now))
    assert waiting == 4
    send_all(now)
    assert set(states()) == {MailState.WAITING} and mail_server.parcels == []
    # A dead server is asked once, not once for every mail.
    assert sorted(Mail.objects.values_list("attempts", flat=True)) == [0, 0, 0, 1]
    tried = Mail.objects.get(attempts=1)
    assert tried.error == "ConnectionRefusedError" and tried.next_try == now + post.BACKOFF[0]
    assert post.due(now=now + timedelta(seconds=30)) == []
    later = now + timedelta(minutes=2)
    send_all(later)  # still dead
    assert set(states()) == {MailState.WAITING}
    mail_server.start()
    send_all(later + timedelta(minutes=10))
    assert set(states()) == {MailState.SENT} and len(mail_server.parcels) == 4
    assert len({parcel["Message-ID"] for parcel in mail_server.parcels}) == 4


def test_waiting_grows_and_ends(firm, returned, mail_server):
    mail_server.stop()
    mail, now, waits = Mail.objects.first(), timezone.now() + timedelta(seconds=1), []
    while True:
        post.deliver(mail.pk, now=now)
        mail.refresh_from_db()
        if mail.state != MailState.WAITING:
            break
        waits.append(mail.next_try - now)
        now = mail.next_try
    assert waits[:6] == [*post.BACKOFF, post.BACKOFF[-1]]
    assert (mail.state, mail.attempts) == (MailState.FAILED, post.MAX_ATTEMPTS)


def test_an_address_that_is_refused_for_good_is_given_up(firm, returned, mail_server, caplog):
    firm.owner.email = "nobody@example.test"
    firm.owner.save()
    send_all()
    failed = Mail.objects.filter(state=MailState.FAILED)
    assert {mail.recipient for mail in failed} == {firm.owner}
    assert {mail.error for mail in failed} == {"refused 550"}
    assert Mail.objects.filter(state=MailState.SENT).count() == 2  # the others' left all the same
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("messaging")]
    assert len(ours) == 2 and "nobody@" not in "".join(ours)


def test_a_mail_leaves_once_however_often_it_is_delivered(firm, returned, mail_server):
    ids = post.due()
    for mail_id in ids * 3:
        post.deliver(mail_id)
    assert len(mail_server.parcels) == len(ids)


def test_a_worker_that_dies_while_sending_leaves_the_mail_to_the_next(firm, returned, mail_server):
    mail = Mail.objects.first()
    now = timezone.now() + timedelta(seconds=1)
    Mail.objects.filter(pk=mail.pk).update(attempts=1, next_try=now + post.LEASE)  # taken, never sent
    send_all(now)
    assert len(mail_server.parcels) == 3
    send_all(now + post.LEASE)
    assert len(mail_server.parcels) == 4


@pytest.mark.parametrize("gone", ["left", "inactive", "no address"])
def test_a_mail_that_nobody_needs_any_more_is_dropped(firm, returned, mail_server, gone):
    if gone == "left":
        members.remove_member(user=firm.owner, member=Membership.objects.get(user=firm.clerk))
    elif gone == "inactive":
        firm.clerk.is_active = False
        firm.clerk.save()
    else:
        firm.clerk.email = ""
        firm.clerk.save()
    send_all()
    assert set(Mail.objects.filter(recipient=firm.clerk).values_list("state", flat=True)) == {
        MailState.DROPPED
    }
    assert {parcel["To"] for parcel in mail_server.parcels} == {firm.owner.email}


# The daily summary


def test_the_summary_comes_once_a_day_with_what_is_unread(firm, mail_server):
    for event in (Event.FILED, Event.RETURNED):
        Preference.objects.create(user=firm.owner, event=event, delivery=Delivery.DAILY)
    case = factories.filed_offshore(firm.organisation, firm.clerk, "250000")
    services.collect()
    services.mark_all_read(user=firm.owner)
    factories.decide(case, firm.initial, Stage.INITIAL, Outcome.RETURN, "Reason")
    services.collect()
    Mail.objects.all().delete()
    tomorrow = timezone.now().astimezone(SHANGHAI) + timedelta(days=1)
    assert post.gather_digests(now=tomorrow.replace(hour=7, minute=59)) == 0
    morning = tomorrow.replace(hour=8, minute=1)
    # The owner's, and the reviewer's of the initial queue.
    assert post.gather_digests(now=morning) == 2
    assert post.gather_digests(now=morning + timedelta(minutes=5)) == 0
    send_all(morning)
    (mail,) = to(mail_server, firm.owner)
    assert mail.startswith(f"Summary of {morning.date()}")
    body = mail.split("\n\n", 1)[1]
    assert f"{case.number} · Returned for correction" in body and "filed, awaiting" not in body
    with pytest.raises(IntegrityError, match="mail_one_digest_a_day"), transaction.atomic():
        Mail.objects.create(kind=MailKind.DIGEST, recipient=firm.owner, day=morning.date())


def test_a_summary_of_which_everything_was_read_does_not_leave(firm, returned, mail_server):
    Mail.objects.all().delete()
    Message.objects.update(delivery=Delivery.DAILY)
    morning = (timezone.now().astimezone(SHANGHAI) + timedelta(days=1)).replace(hour=9)
    assert post.gather_digests(now=morning) == 3
    services.mark_all_read(user=firm.owner)
    send_all(morning)
    assert to(mail_server, firm.owner) == [] and Mail.objects.get(recipient=firm.owner).state == "dropped"


# Invitations


def test_an_invitation_leaves_by_mail_and_its_link_works(firm, mail_server, client):
    members.invite(user=firm.owner, organisation=firm.organisation, email="new@example.test", role="clerk")
    for _n in range(2):
        services.collect()
    send_all()
    (parcel,) = mail_server.parcels
    assert parcel["To"] == "new@example.test"
    path = re.search(r"https://portal\.example\.test(/invitations/open/\S+)", text_of(parcel))[1]
    someone = factories.UserFactory(email="new@example.test")
    client.force_login(someone)
    assert client.post(path).status_code == 302
    assert Membership.objects.filter(user=someone, organisation=firm.organisation).exists()


def test_a_withdrawn_invitation_does_not_leave(firm, mail_server):
    invitation = members.invite(
        user=firm.owner, organisation=firm.organisation, email="new@example.test", role="clerk"
    )
    services.collect()
    members.withdraw_invitation(user=firm.owner, invitation=invitation)
    send_all()
    assert mail_server.parcels == [] and states() == [MailState.DROPPED]


def test_without_a_server_mails_are_printed():
    assert base.EMAIL_BACKEND == "django.core.mail.backends.console.EmailBackend"
