"""Mails: gather the daily ones, send what is due, try again later. Nothing personal is in any of them."""

import logging
import smtplib
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts import members
from accounts.models import User
from accounts.permissions import is_official
from accounts.refusals import Refusal
from audit import services as audit
from messaging.enums import FOR_OFFICIALS, Delivery, MailKind, MailState
from messaging.models import Mail, Message
from messaging.texts import address, headline, path_of

log = logging.getLogger(__name__)

DIGEST_AT = time(8)
#: A mail being sent belongs to one worker for this long.
LEASE = timedelta(minutes=5)
BACKOFF = [timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)]
MAX_ATTEMPTS = 20
#: A server that does not answer is asked again after this, once, however many mails wait.
SERVER_PAUSE = timedelta(minutes=1)


def due(*, now: datetime | None = None, limit: int = 200) -> list[int]:
    """Ids of the mails that should leave now."""
    waiting = Mail.objects.filter(state=MailState.WAITING, next_try__lte=now or timezone.now())
    return list(waiting.order_by("next_try", "pk").values_list("pk", flat=True)[:limit])


def gather_digests(*, now: datetime | None = None) -> int:
    """From eight in the morning: one mail a day for each person who has unread messages for it; returns how many."""
    now = now or timezone.now()
    here = timezone.localtime(now)
    if here.time() < DIGEST_AT:
        return 0
    waiting = Message.objects.filter(
        delivery=Delivery.DAILY, digest__isnull=True, read_at__isnull=True, created_at__lte=now
    )
    people = list(waiting.order_by("recipient_id").values_list("recipient_id", flat=True).distinct())
    return sum(_gather(user_id, here, waiting) for user_id in people)


def _gather(user_id: int, here: datetime, waiting) -> bool:
    try:
        with transaction.atomic():
            mail = Mail.objects.create(kind=MailKind.DIGEST, recipient_id=user_id, day=here.date())
            waiting.filter(recipient_id=user_id).update(digest=mail)
    except IntegrityError as error:
        if "mail_one_digest_a_day" not in str(error):
            raise
        return False  # today's has left; these come tomorrow
    return True


def deliver(mail_id: int, *, now: datetime | None = None) -> None:
    """Send one mail if it is due, however often this is called. Errors are counted and tried again later."""
    now = now or timezone.now()
    taken = Mail.objects.filter(pk=mail_id, state=MailState.WAITING, next_try__lte=now).update(
        attempts=F("attempts") + 1, next_try=now + LEASE
    )
    if not taken:
        return
    mail = Mail.objects.select_related("recipient", "invitation__invited_by", "message").get(pk=mail_id)
    parcel = compose(mail)
    if parcel is None:
        _end(mail, MailState.DROPPED)
        return
    try:
        parcel.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _reason in error.recipients.values()]
        _put_off(mail, now, f"refused {max(codes)}", forever=min(codes) >= 500)
    except smtplib.SMTPResponseException as error:
        _put_off(mail, now, f"{type(error).__name__} {error.smtp_code}")
    except OSError as error:  # smtplib's other errors too: nobody there, cut off, too slow
        _put_off(mail, now, type(error).__name__)
        Mail.objects.filter(state=MailState.WAITING, next_try__lt=now + SERVER_PAUSE).update(
            next_try=now + SERVER_PAUSE
        )
    else:
        _end(mail, MailState.SENT, sent_at=now)


def _end(mail: Mail, state: MailState, **fields) -> None:
    Mail.objects.filter(pk=mail.pk).update(state=state, error="", **fields)


def _put_off(mail: Mail, now: datetime, error: str, *, forever: bool = False) -> None:
    """Write down why a mail did not leave, and when it is tried again. Neither names an address."""
    log.warning("mail %s, attempt %s: %s", mail.pk, mail.attempts, error)
    wait = BACKOFF[min(mail.attempts, len(BACKOFF)) - 1]
    fields = {"next_try": now + wait, "error": error[:80]}
    if forever or mail.attempts >= MAX_ATTEMPTS:
        fields["state"] = MailState.FAILED
    Mail.objects.filter(pk=mail.pk).update(**fields)


def compose(mail: Mail) -> EmailMessage | None:
    """The mail as it leaves now, in its reader's language; None when nobody needs it any more."""
    if mail.kind == MailKind.INVITATION:
        return _invitation(mail)
    reader = mail.recipient
    if not (reader.is_active and reader.email):
        return None
    with translation.override(reader.reads):
        messages = list(_wanted(mail, reader))
        if not messages:
            return None
        lines = [{"text": headline(message), "url": address(path_of(message))} for message in messages]
        if mail.kind == MailKind.DIGEST:
            subject = _("Summary of %(day)s") % {"day": mail.day.isoformat()}
        else:
            subject = lines[0]["text"]
        body = _body("messaging/mail.txt", lines=lines)
        return _parcel(mail, reader.email, subject, body)


def _wanted(mail: Mail, reader: User) -> Iterable[Message]:
    """The mail's messages that its reader may still see; a summary leaves out what was read meanwhile."""
    found = Message.objects.visible_to(reader).select_related(
        "case", "transition", "handover", "case_event", "payment_event"
    )
    if mail.kind == MailKind.MESSAGE:
        found = found.filter(pk=mail.message_id)
    else:
        found = found.filter(digest=mail, read_at__isnull=True)
    for message in found.order_by("pk"):
        if message.event not in FOR_OFFICIALS or is_official(reader):
            yield message


def _invitation(mail: Mail) -> EmailMessage | None:
    invitation = mail.invitation
    if members.refusal_of(invitation):
        return None
    known = User.objects.filter(email__iexact=invitation.email).first()
    with translation.override((known or invitation.invited_by).reads):
        link = address(reverse("invitation", args=[members.token_of(invitation)]))
        subject = _("Invitation to act for an organisation")
        return _parcel(mail, invitation.email, subject, _body("messaging/invitation.txt", link=link))


def _body(template: str, **context) -> str:
    settings_url = address(reverse("messaging:preferences"))
    return render_to_string(template, context | {"portal": address("/"), "settings_url": settings_url})


def _parcel(mail: Mail, to: str, subject: str, body: str) -> EmailMessage:
    """The same mail has the same Message-ID each time, so that a repeated delivery shows once."""
    host = urlsplit(settings.PORTAL_URL).hostname or "localhost"
    headers = {
        "Message-ID": f"<mail-{mail.pk}-{mail.created_at:%Y%m%d%H%M%S}@{host}>",
        "Auto-Submitted": "auto-generated",
    }
    if mail.kind != MailKind.INVITATION:
        headers["List-Unsubscribe"] = f"<{address(reverse('messaging:preferences'))}>"
    return EmailMessage(subject, body, to=[to], headers=headers)


@transaction.atomic
def retry_failed(mail_id: int, *, user: User) -> None:
    """Put a mail that was given up back among those that are due. Raises Refusal when it was not given up."""
    mail = Mail.objects.select_for_update(of=("self",)).filter(pk=mail_id, state=MailState.FAILED).first()
    if mail is None:
        raise Refusal("not_failed", _("This work has not failed, or was put back already."))
    mail.state, mail.attempts, mail.next_try, mail.error = MailState.WAITING, 0, timezone.now(), ""
    mail.save(update_fields=["state", "attempts", "next_try", "error"])
    audit.record(actor=user, action="work.retried", obj=mail)
