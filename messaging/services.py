"""Turn what happened into messages, once each; read them; choose what comes by mail."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min, Model, Q, QuerySet
from django.utils import timezone

from accounts.models import Handover, Invitation, User
from audit import services as audit
from casework.models import CaseEvent, Transition
from messaging import audience
from messaging.audience import Notice
from messaging.enums import DEFAULTS, Delivery, Event, MailKind, MailState
from messaging.models import Cursor, Mail, Message, Preference, Seen
from payments.models import PaymentEvent

BATCH = 200
#: Longer than any transaction of the portal lasts: below it no row can still appear.
SETTLED = timedelta(minutes=10)
#: Nobody wants a mail about last week's step when a portal comes back.
FRESH = timedelta(days=3)


@dataclass(frozen=True)
class Source:
    """A table whose rows become messages; `moment` names the field that says when a row was written."""

    rows: QuerySet
    moment: str
    notices: Callable[[Model], Iterable[Notice]]


SOURCES = {
    "transition": Source(Transition.objects.select_related("case"), "at", audience.of_transition),
    "case_event": Source(CaseEvent.objects.select_related("case"), "at", audience.of_case_event),
    "payment": Source(PaymentEvent.objects.select_related("case"), "at", audience.of_payment),
    "handover": Source(Handover.objects.all(), "offered_at", audience.of_handover),
}


def collect(*, now: datetime | None = None, by_mail: bool = True) -> int:
    """Make the messages of whatever happened since the last time; returns how many. Run twice, it adds nothing.

    `by_mail` False makes no mail (a history that is loaded).
    """
    now, made = now or timezone.now(), 0
    for name in SOURCES:
        made += _collect(name, now, by_mail)
    if by_mail:
        _collect_invitations()
    return made


@transaction.atomic
def _collect(name: str, now: datetime, by_mail: bool) -> int:
    source = SOURCES[name]
    Cursor.objects.get_or_create(source=name)
    cursor = Cursor.objects.select_for_update(of=("self",), skip_locked=True).filter(source=name).first()
    if cursor is None:  # another worker is at it
        return 0
    fresh = source.rows.filter(pk__gt=cursor.floor).exclude(pk__in=cursor.seen.values("row"))
    rows = list(fresh.order_by("pk")[:BATCH])
    made = 0
    for row in rows:
        is_recent = getattr(row, source.moment) > now - FRESH
        made += len(_messages(list(source.notices(row)), by_mail=by_mail and is_recent))
    Seen.objects.bulk_create(Seen(cursor=cursor, row=row.pk) for row in rows)
    _raise_floor(cursor, source, now)
    return made


def _raise_floor(cursor: Cursor, source: Source, now: datetime) -> None:
    above = source.rows.filter(pk__gt=cursor.floor)
    unsettled = above.filter(
        Q(**{f"{source.moment}__gt": now - SETTLED}) | ~Q(pk__in=cursor.seen.values("row"))
    )
    first = unsettled.aggregate(first=Min("pk"))["first"]
    floor = first - 1 if first is not None else above.aggregate(last=Max("pk"))["last"]
    if floor is not None and floor > cursor.floor:
        cursor.floor = floor
        cursor.save(update_fields=["floor"])
        cursor.seen.filter(row__lte=floor).delete()


def _messages(notices: list[Notice], *, by_mail: bool) -> list[Message]:
    """Store the notices that are not there yet, and the mails that leave at once."""
    if not notices:
        return []
    there = set(Message.objects.filter(**notices[0].fields).values_list("recipient_id", "event"))
    chosen = deliveries(notice.recipient_id for notice in notices)
    made = Message.objects.bulk_create(
        Message(
            recipient_id=notice.recipient_id,
            event=notice.event,
            stage=notice.stage,
            delivery=chosen[notice.recipient_id][notice.event] if by_mail else Delivery.NEVER,
            **notice.fields,
        )
        for notice in notices
        if (notice.recipient_id, notice.event) not in there
    )
    Mail.objects.bulk_create(
        Mail(kind=MailKind.MESSAGE, recipient_id=message.recipient_id, message=message)
        for message in made
        if message.delivery == Delivery.NOW
    )
    return made


@transaction.atomic
def _collect_invitations() -> None:
    """Each open invitation leaves in one mail."""
    waiting = Invitation.objects.filter(
        accepted_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=timezone.now()
    ).exclude(pk__in=Mail.objects.filter(kind=MailKind.INVITATION).values("invitation_id"))
    Mail.objects.bulk_create(
        (Mail(kind=MailKind.INVITATION, invitation=invitation) for invitation in waiting[:BATCH]),
        ignore_conflicts=True,
    )


def deliveries(user_ids: Iterable[int]) -> Mapping[int, Mapping[str, str]]:
    """For each person what comes how, chosen or by default."""
    found = {user_id: dict(DEFAULTS) for user_id in user_ids}
    for row in Preference.objects.filter(user_id__in=found):
        found[row.user_id][row.event] = row.delivery
    return found


@transaction.atomic
def set_preferences(*, user: User, language: str, chosen: Mapping[str, str]) -> None:
    """Keep in which language and how a person wants mails."""
    user.language = language
    user.save(update_fields=["language"])
    for event, delivery in chosen.items():
        Preference.objects.update_or_create(
            user=user, event=Event(event), defaults={"delivery": Delivery(delivery)}
        )
    audit.record(actor=user, action="user.mail_preferences", obj=user, data={"language": language, **chosen})


def mark_read(*, user: User, message: Message, is_read: bool = True) -> None:
    """Note that a person has seen a message of theirs, or wants to see it again."""
    own = Message.objects.filter(pk=message.pk, recipient=user)
    own.filter(read_at__isnull=is_read).update(read_at=timezone.now() if is_read else None)


def mark_all_read(*, user: User) -> int:
    return Message.objects.filter(recipient=user, read_at__isnull=True).update(read_at=timezone.now())


def forget(*, before: datetime) -> int:
    """Delete messages, and the record of their mails, from before a moment; what they told of stays with its case."""
    count = Message.objects.filter(created_at__lt=before).count()
    Message.objects.filter(created_at__lt=before).delete()
    Mail.objects.filter(created_at__lt=before).exclude(state=MailState.WAITING).delete()
    return count
