from django.db.models import QuerySet

from accounts.models import User
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


def unread_count(user: User) -> int:
    return Message.objects.visible_to(user).filter(read_at__isnull=True).count()
