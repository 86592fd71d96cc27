"""What a message says, in the language that is active. Mails say less: a case number, a status and a link."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.enums import CaseEventKind, Stage, Status
from casework.models import CaseEvent
from casework.templatetags.portal import day_text
from messaging.enums import Event
from messaging.models import Message


@dataclass(frozen=True)
class Line:
    """One message as a list shows it."""

    title: str
    text: str
    url: str
    icon: str


_ICONS = {
    Event.FILED: "send",
    Event.PROGRESS: "clock",
    Event.RETURNED: "return",
    Event.REMINDER: "clock",
    Event.DECIDED: "check",
    Event.PAID: "check",
    Event.UNPAID: "warning",
    Event.AFTER: "megaphone",
    Event.RECHECK: "warning",
    Event.CLOSED: "dot",
    Event.ORGANISATION: "people",
    Event.QUEUE: "inbox",
    Event.DESK: "megaphone",
}


_AFTER = {
    CaseEventKind.NOTICE_PUBLISHED: gettext_lazy("the award is on public notice"),
    CaseEventKind.NOTICE_WITHDRAWN: gettext_lazy("the public notice was withdrawn"),
    CaseEventKind.OBJECTION_RECEIVED: gettext_lazy("an objection was received"),
    CaseEventKind.OBJECTION_ANSWERED: gettext_lazy("an objection or appeal was answered"),
    CaseEventKind.LETTER_MADE: gettext_lazy("the decision letter is ready"),
}


_FOR_DESK = {
    CaseEventKind.OBJECTION_RECEIVED: gettext_lazy("an objection waits to be examined"),
    CaseEventKind.APPEAL_RECEIVED: gettext_lazy("an appeal waits to be examined"),
    CaseEventKind.OBJECTION_EXAMINED: gettext_lazy("an objection or appeal waits for the answer"),
}


def headline(message: Message) -> str:
    """Case number and status: all that a mail may say."""
    if message.event == Event.QUEUE:
        return (
            _("Cases wait for the final review")
            if message.stage == Stage.FINAL
            else _("Cases wait for the initial review")
        )
    if message.event == Event.ORGANISATION:
        return _("Ownership of an organisation is offered to you")
    if message.event == Event.REMINDER:
        return f"{message.case.number} · " + _("the term for the correction ends soon")
    if message.event == Event.PAID:
        return f"{message.case.number} · " + _("paid by the bank")
    if message.event == Event.UNPAID:
        return f"{message.case.number} · " + _("a payment failed, an account is needed")
    if message.event == Event.RECHECK:
        return f"{message.case.number} · {message.payment_event.get_kind_display()}"
    if message.event == Event.FILED:
        return f"{message.case.number} · " + _("filed, awaiting initial review")
    if message.event == Event.DESK:
        return f"{message.case.number} · {_FOR_DESK[CaseEventKind(message.case_event.kind)]}"
    if message.event == Event.AFTER:
        return f"{message.case.number} · {_AFTER[CaseEventKind(message.case_event.kind)]}"
    if message.transition.from_status in (Status.APPROVED, Status.REJECTED):
        return f"{message.case.number} · " + _("reopened, reviewed anew")
    return f"{message.case.number} · {Status(message.transition.to_status).label}"


def line(message: Message) -> Line:
    """A message in the inbox of somebody who is signed in."""
    return Line(headline(message), _text(message), path_of(message), _ICONS[Event(message.event)])


def _text(message: Message) -> str:
    event = Event(message.event)
    if event == Event.RETURNED:
        return _("Read the reason, correct what is marked and file again.")
    if event == Event.REMINDER:
        return _("After the term the claim lapses; it would have to be filed anew.")
    if event == Event.ORGANISATION:
        return _("%(organisation)s: accept or decline.") % {"organisation": message.handover.organisation}
    if event == Event.FILED:
        return _("The bureau has your claim. You can read on its page whose turn it is.")
    if event == Event.PAID:
        return _("The page of the claim says how much and on which day.")
    if event == Event.UNPAID:
        return _("Enter the payee's account anew; the payment follows after its verification.")
    if event == Event.AFTER:
        return _text_after(message.case_event)
    if event == Event.DESK:
        return _("%(number)s: answer due by %(day)s.") % {
            "number": message.case_event.data["objection"],
            "day": day_text(date.fromisoformat(message.case_event.data["due_on"])),
        }
    if event == Event.RECHECK:
        return _("Read what was found or ordered, and what you may do.")
    if event == Event.QUEUE:
        return _("The queue shows them by waiting time.")
    return ""


def _text_after(happened: CaseEvent) -> str:
    """Until when something holds, where an event of the notice says it."""
    if happened.kind == CaseEventKind.OBJECTION_RECEIVED and (until := happened.data.get("heard_until")):
        return _("You can say your side on the page of the case until the end of %(day)s.") % {
            "day": day_text(date.fromisoformat(until))
        }
    if happened.kind == CaseEventKind.NOTICE_PUBLISHED:
        day = date.fromisoformat(happened.data["ends_on"])
        return _("Nothing is paid before the end of %(day)s.") % {"day": day_text(day)}
    return ""


def path_of(message: Message) -> str:
    """Where a message leads."""
    if message.event == Event.QUEUE:
        return reverse("admin:casework_case_changelist")
    if message.event == Event.DESK:
        return reverse("admin:notices_objection_change", args=[message.case_event.key.partition(":")[2]])
    if message.event == Event.ORGANISATION:
        return reverse("organisation_people", args=[message.handover.organisation_id])
    if message.event == Event.UNPAID:
        return reverse("payments:case_accounts", args=[message.case.number])
    if message.event == Event.RECHECK:
        return reverse("payments:after", args=[message.case.number])
    return message.case.get_absolute_url()


def address(path: str) -> str:
    """A path of the portal as a mail can link to it."""
    return settings.PORTAL_URL.rstrip("/") + path
