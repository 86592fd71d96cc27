"""What the pages of payments on the officials' desk share."""

from datetime import date

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.enums import OfficialRole
from accounts.permissions import Answer
from casework.transitions import Refused

PAYERS = (OfficialRole.FINANCE, OfficialRole.RELEASER)
_TONES = {
    "draft": "neutral",
    "submitted": "info",
    "released": "info",
    "sent": "info",
    "settled": "good",
    "cancelled": "neutral",
    "planned": "neutral",
    "in_batch": "info",
    "paid": "good",
    "failed": "bad",
    "unknown": "warn",
    "entered": "neutral",
    "confirmed": "info",
    "verified": "good",
    "replaced": "neutral",
    "refused": "bad",
    "withdrawn": "neutral",
}


def chip(row) -> dict:
    """A row's state as `_partials/status_chip.html` shows it."""
    return {"code": row.state, "label": row.get_state_display(), "tone": _TONES[row.state], "icon": ""}


def page_key(request: HttpRequest, object_id: str) -> int:
    """The row that a page of the desk shows; it is only looked at, its steps have addresses of their own."""
    if request.method == "POST":
        raise PermissionDenied
    if not object_id.isdecimal() or len(object_id) > 15:
        raise Http404
    return int(object_id)


def whole(text: str | None) -> int:
    """A number that a page of ours sent; -1, which fits nothing, for anything else."""
    return int(text) if text and text.isdecimal() and len(text) <= 15 else -1


class SentForm(forms.Form):
    sent_on = forms.DateField(
        label=_("Handed to the bank on"),
        initial=timezone.localdate,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class ResultForm(forms.Form):
    file = forms.FileField(
        label=_("The bank's result"),
        help_text=_("The treasury file with the bank's columns filled in: xlsx, xls or csv."),
    )


class AnswerForm(forms.Form):
    """The bank's letter about a payment of unknown outcome."""

    outcome = forms.ChoiceField(
        label=_("What the bank says"), choices=[("paid", _("Paid")), ("failed", _("Not paid"))]
    )
    document = forms.CharField(label=_("Number of the bank's letter"), max_length=80)
    settled_on = forms.DateField(
        label=_("Day of the payment"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    bank_reference = forms.CharField(label=_("Bank reference"), max_length=60, required=False)
    failure = forms.CharField(
        label=_("The bank's reason, if it was not paid"), max_length=200, required=False
    )


def posted_day(request: HttpRequest) -> date | None:
    form = SentForm(request.POST)
    return form.cleaned_data["sent_on"] if form.is_valid() else None


def tell(request: HttpRequest, step, done: str, **arguments) -> bool:
    """Take one step as the signed-in official and say what became of it; whether it was taken."""
    try:
        step(user=request.user, **arguments)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return False
    messages.success(request, done)
    return True


def refuse_unless(answer: Answer) -> None:
    if not answer:
        raise PermissionDenied(answer.reason)
