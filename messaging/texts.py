"""What a message says, in the language that is active. Mails say less: a case number, a status and a link."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from casework.enums import Stage, Status
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
    Event.CLOSED: "dot",
    Event.ORGANISATION: "people",
    Event.QUEUE: "inbox",
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
    if message.event == Event.FILED:
        return f"{message.case.number} · " + _("filed, awaiting initial review")
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
    if event == Event.QUEUE:
        return _("The queue shows them by waiting time.")
    return ""


def path_of(message: Message) -> str:
    """Where a message leads."""
    if message.event == Event.QUEUE:
        return reverse("admin:casework_case_changelist")
    if message.event == Event.ORGANISATION:
        return reverse("organisation_people", args=[message.handover.organisation_id])
    if message.event == Event.UNPAID:
        return reverse("payments:case_accounts", args=[message.case.number])
    return message.case.get_absolute_url()


def address(path: str) -> str:
    """A path of the portal as a mail can link to it."""
    return settings.PORTAL_URL.rstrip("/") + path
