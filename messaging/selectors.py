from django.db.models import Count, QuerySet, Value

from accounts.models import User
from accounts.statements import OfPerson
from messaging.models import Message


def inbox_of(user: User) -> QuerySet[Message]:
    """A person's messages, the newest first, with what their lines say."""
    return (
        Message.objects.visible_to(user)
        .select_related(
            "case__organisation", "transition", "handover__organisation", "case_event", "payment_event"
        )
        .order_by("-id")
    )


def _unread(user: User) -> QuerySet:
    found = Message.objects.visible_to(user).filter(read_at__isnull=True).order_by()
    return found.annotate(all=Value(1)).values("all").annotate(count=Count("*")).values_list("count")


_UNREAD = OfPerson(_unread)


def unread_count(user: User) -> int:
    found = _UNREAD.rows(user)
    return found[0][0] if found else 0
