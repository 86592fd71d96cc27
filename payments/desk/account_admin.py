"""Payee accounts on the desk: compare one with the bank's paper, take it into force or say what is wrong."""

from django.contrib import admin
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from audit.admin_base import ReadOnlyAdmin
from casework.transitions import Refused
from payments.desk.common import chip, page_key
from payments.models import PayeeAccount
from payments.permissions import may_confirm, may_refuse, may_verify
from payments.selectors import same_number_elsewhere
from payments.services import accounts


class PayeeAccountAdmin(ReadOnlyAdmin):
    list_display = (
        "payee_name",
        "where",
        "organisation",
        "holder_name",
        "account_plain",
        "entered_at",
    )
    list_select_related = ("organisation",)
    list_filter = ("state",)
    search_fields = ("payee_name", "holder_name", "organisation__name", "organisation__credit_code")
    search_help_text = gettext_lazy("Payee, organisation or credit code")
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def where(self, account):
        return render_to_string("_partials/status_chip.html", {"status": chip(account)})

    @admin.display(description=gettext_lazy("payee account"))
    def account_plain(self, account):
        return f"{account.number_masked} {account.bank_name}"

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"payments_payeeaccount_{name}")

        return [
            named("<int:pk>/confirm/", self.confirm_view, "confirm"),
            named("<int:pk>/verify/", self.verify_view, "verify"),
            named("<int:pk>/refuse/", self.refuse_view, "refuse"),
            named("<int:pk>/reveal/", self.reveal_view, "reveal"),
            *super().get_urls(),
        ]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        key = page_key(request, object_id)
        return self._page(request, key)

    def _page(
        self, request, pk: int, *, number: str = "", refusal: Refused | None = None
    ) -> TemplateResponse:
        found = PayeeAccount.objects.select_related(
            "organisation", "entered_by", "confirmed_by", "verified_by", "closed_by"
        )
        account = get_object_or_404(found, pk=pk)
        history = found.of_payee(account.organisation_id, account.person_key).exclude(pk=pk)
        for former in (rows := list(history)):
            former.chip = chip(former)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": account.payee_name,
            "account": account,
            "status_chip": chip(account),
            "history": rows,
            "elsewhere": list(same_number_elsewhere(account)[:20]),
            "may_confirm": may_confirm(request.user, account),
            "may_verify": may_verify(request.user, account),
            "may_refuse": may_refuse(request.user, account),
            "number": number,
            "refusal": refusal,
            "reason": request.POST.get("reason", ""),
            "list_url": reverse("admin:payments_payeeaccount_changelist"),
        }
        status = 409 if refusal else 200
        return TemplateResponse(request, "admin/payments/payeeaccount/page.html", context, status=status)

    def _step(self, request, pk: int, step, **arguments):
        """One step on the account as the page showed it."""
        account = get_object_or_404(PayeeAccount, pk=pk)
        try:
            if request.POST.get("state") != account.state:
                raise Refused("stale", _("The account changed after you opened this page. Look at it again."))
            step(user=request.user, account_id=pk, **arguments)
        except Refused as refusal:
            return self._page(request, pk, refusal=refusal)
        return redirect("admin:payments_payeeaccount_change", pk)

    @method_decorator(require_POST)
    def confirm_view(self, request, pk: int):
        """The bureau as the second person of an organisation for which one person files."""
        return self._step(request, pk, accounts.confirm_account)

    @method_decorator(require_POST)
    def verify_view(self, request, pk: int):
        return self._step(request, pk, accounts.verify_account)

    @method_decorator(require_POST)
    def refuse_view(self, request, pk: int):
        return self._step(request, pk, accounts.refuse_account, reason=request.POST.get("reason", "")[:300])

    @method_decorator(require_POST)
    def reveal_view(self, request, pk: int):
        """The whole number in the answer to a POST, once the disclosure is written down."""
        account = get_object_or_404(PayeeAccount, pk=pk)
        try:
            if request.POST.get("state") != account.state:
                raise Refused("stale", _("The account changed after you opened this page. Look at it again."))
            number = accounts.reveal_account(user=request.user, account=account)
        except Refused as refusal:
            return self._page(request, pk, refusal=refusal)
        return self._page(request, pk, number=number)
