"""One payment on the desk: where it stands, what the bank said, and its letter about an unknown outcome."""

from django.contrib import admin
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from audit.admin_base import ReadOnlyAdmin
from casework.templatetags.portal import day_text
from casework.transitions import Refused
from payments.after_permissions import may_open
from payments.desk.common import AnswerForm, chip, page_key, tell, whole
from payments.enums import PaymentState
from payments.models import Payment
from payments.permissions import may_answer, may_confirm_answer
from payments.services import results
from payments.services.results import AnswerData


class PaymentAdmin(ReadOnlyAdmin):
    list_display = (
        "number",
        "where",
        "case",
        "payee_name",
        "amount_rmb",
        "batch",
        "bank_said",
    )
    list_select_related = ("case", "batch")
    list_filter = ("state", "payee")
    search_fields = ("number", "bank_reference", "case__number", "payee_name", "batch__number")
    search_help_text = gettext_lazy("Payment, case or batch number, payee, bank reference")
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def where(self, payment):
        return render_to_string("_partials/status_chip.html", {"status": chip(payment)})

    @admin.display(description=gettext_lazy("Bank reference"), ordering="settled_on")
    def bank_said(self, payment):
        """The day under the reference: side by side the list is wider than a small screen."""
        day_here = day_text(payment.settled_on) if payment.settled_on else ""
        return format_html("{}<br>{}", payment.bank_reference, day_here)

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"payments_payment_{name}")

        return [
            named("<int:pk>/answer/", self.answer_view, "answer"),
            named("<int:pk>/answer/confirm/", self.confirm_view, "confirm"),
            named("<int:pk>/answer/withdraw/", self.withdraw_view, "withdraw"),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        key = page_key(request, object_id)
        return self._page(request, key, AnswerForm())

    def _page(self, request, pk: int, form: AnswerForm, refusal: Refused | None = None) -> TemplateResponse:
        found = Payment.objects.select_related("batch", "case__organisation", "follows", "account")
        payment = get_object_or_404(found, pk=pk)
        answers = list(payment.answers.select_related("recorded_by", "confirmed_by"))
        waiting = next((a for a in answers if a.confirmed_at is None and a.withdrawn_at is None), None)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": payment.number,
            "payment": payment,
            "status_chip": chip(payment),
            "bank_lines": list(payment.bank_lines.select_related("bank_file").order_by("-id")),
            "answers": answers,
            "waiting": waiting,
            "followed_by": Payment.objects.filter(follows=payment).first(),
            "checks": list(payment.checks.order_by("-id")),
            "may_open_check": payment.state == PaymentState.PAID and bool(may_open(request.user)),
            "asks_for_answer": payment.state == PaymentState.UNKNOWN and waiting is None,
            "may_answer": may_answer(request.user),
            "may_confirm": may_confirm_answer(request.user, waiting) if waiting else None,
            "form": form,
            "refusal": refusal,
            "list_url": reverse("admin:payments_payment_changelist"),
        }
        status = 409 if refusal else 200
        return TemplateResponse(request, "admin/payments/payment/page.html", context, status=status)

    @method_decorator(require_POST)
    def answer_view(self, request, pk: int):
        """Record the bank's letter; what was typed stays on a refusal."""
        get_object_or_404(Payment, pk=pk)
        form = AnswerForm(request.POST)
        if not form.is_valid():
            return self._page(request, pk, form)
        try:
            results.record_answer(user=request.user, payment_id=pk, data=AnswerData(**form.cleaned_data))
        except Refused as refusal:
            return self._page(request, pk, form, refusal)
        return redirect("admin:payments_payment_change", pk)

    @method_decorator(require_POST)
    def confirm_view(self, request, pk: int):
        """A second person confirms the answer that the page showed."""
        payment = get_object_or_404(Payment, pk=pk)
        answer = get_object_or_404(payment.answers, pk=whole(request.POST.get("answer")))
        tell(request, results.confirm_answer, _("The answer is confirmed."), answer_id=answer.pk)
        return redirect("admin:payments_payment_change", pk)

    @method_decorator(require_POST)
    def withdraw_view(self, request, pk: int):
        payment = get_object_or_404(Payment, pk=pk)
        answer = get_object_or_404(payment.answers, pk=whole(request.POST.get("answer")))
        tell(request, results.withdraw_answer, _("The answer is taken back."), answer_id=answer.pk)
        return redirect("admin:payments_payment_change", pk)
