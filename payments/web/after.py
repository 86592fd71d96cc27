"""What follows payment, as the applicant reads it: findings and the reply to them, recovery orders, a debarment."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from casework.transitions import Refused
from casework.views import visible_case
from payments.after_permissions import may_reply
from payments.enums import CheckState, Finding, ProposalState
from payments.models import SpotCheck
from payments.owing import orders
from payments.selectors import debarment_of, letters_of
from payments.services import spot_checks


class ReplyForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Your reply"), max_length=2000, widget=forms.Textarea(attrs={"rows": 6})
    )


@login_required
@require_GET
def after(request, number: str):
    """Checks of one claim with a finding, recovery orders in force, and a debarment."""
    return _page(request, visible_case(request, number))


def _page(request, case, *, typed: dict[int, ReplyForm] | None = None, refusal: Refused | None = None):
    told = case.checks.exclude(state=CheckState.OPEN).filter(finding=Finding.IRREGULAR)
    rows = [
        {
            "check": check,
            "may_reply": may_reply(request.user, check),
            "form": (typed or {}).get(check.pk) or ReplyForm(prefix=f"check-{check.pk}"),
        }
        for check in told.select_related("payment", "case__organisation", "replied_by").order_by("pk")
    ]
    in_force = orders().filter(case=case, state=ProposalState.CONFIRMED).order_by("pk")
    letters = letters_of(found := list(in_force.prefetch_related("repayments", "set_offs__payment")))
    context = {
        "case": case,
        "rows": rows,
        "orders": [(order, letters.get(order.pk)) for order in found],
        "debarment": debarment_of(case.organisation),
        "typed": next(iter(typed.values()), None) if typed else None,
        "refusal": refusal,
        "crumbs": [
            {"label": _("My claims"), "url": reverse("dashboard")},
            {"label": case.number, "url": case.get_absolute_url()},
        ],
    }
    status = 409 if refusal else 422 if typed else 200
    return render(request, "payments/after.html", context, status=status)


@login_required
@require_POST
def check_reply(request, pk: int):
    """The applicant's reply to one finding; what was typed stays on a refusal."""
    visible = SpotCheck.objects.visible_to(request.user).filter(
        case__organisation__memberships__user=request.user
    )
    check = get_object_or_404(
        visible.exclude(state=CheckState.OPEN).select_related("case__organisation"), pk=pk
    )
    form = ReplyForm(request.POST, prefix=f"check-{check.pk}")
    if not form.is_valid():
        return _page(request, check.case, typed={check.pk: form})
    try:
        spot_checks.reply(user=request.user, check_id=check.pk, text=form.cleaned_data["text"])
    except Refused as refusal:
        return _page(request, check.case, typed={check.pk: form}, refusal=refusal)
    messages.success(request, _("Your reply is with the bureau."))
    return redirect("payments:after", check.case.number)
