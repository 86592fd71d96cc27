"""Checks after payment and random samples on the desk."""

from django.contrib import messages
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.admin_base import ReadOnlyAdmin
from casework.templatetags.portal import day_text
from casework.transitions import Refused
from payments.after_permissions import may_conclude, may_draw, may_find, may_open, may_propose
from payments.desk.after import forms
from payments.desk.after.pages import Fact, Step, StepAdmin
from payments.enums import CheckState, Conclusion
from payments.models import SpotCheck
from payments.services import debarments, recovery, spot_checks

_RECOVERS = (Conclusion.RECOVER, Conclusion.FRAUD)


class SpotCheckAdmin(StepAdmin):
    list_display = ("case", "organisation", "payment", "cause", "where", "reply_until", "conclusion")
    list_select_related = ("case__organisation", "payment")
    list_filter = ("state", "cause", "conclusion", "payment__award_line__programme")
    search_fields = ("case__number", "payment__number", "case__organisation__name")
    search_help_text = gettext_lazy("Case or payment number, organisation")
    ordering = ("-id",)
    beginnings = (
        ("payments_sampledraw_draw", gettext_lazy("Draw a random sample")),
        ("payments_spotcheck_begin", gettext_lazy("Look at one payment")),
    )
    steps = (
        Step(
            name="find",
            title=gettext_lazy("Record what was found"),
            button=gettext_lazy("Record the finding, the applicant may reply"),
            done=gettext_lazy("The finding is recorded. Another person concludes."),
            form=forms.FindingForm,
            about=lambda check: check.state == CheckState.OPEN,
            may=may_find,
            act=lambda user, check, data: spot_checks.record_finding(
                user=user,
                check_id=check.pk,
                finding=data["finding"],
                evidence=data["evidence"],
                text=data["text"],
            ),
        ),
        Step(
            name="conclude",
            title=gettext_lazy("Conclude"),
            button=gettext_lazy("Conclude this check"),
            done=gettext_lazy("The check is concluded."),
            form=forms.ConclusionForm,
            about=lambda check: check.state == CheckState.HEARING,
            may=may_conclude,
            act=lambda user, check, data: spot_checks.conclude(
                user=user, check_id=check.pk, conclusion=data["conclusion"], text=data["text"]
            ),
        ),
        Step(
            name="order",
            title=gettext_lazy("Propose a recovery order"),
            button=gettext_lazy("Propose this order, somebody else confirms"),
            done=gettext_lazy("The order is proposed. Somebody else must confirm it."),
            form=forms.OrderForm,
            about=lambda check: check.conclusion in _RECOVERS and not hasattr(check, "order"),
            may=lambda user, check: may_propose(user),
            act=lambda user, check, data: recovery.propose_order(
                user=user, check_id=check.pk, amount_rmb=data["amount_rmb"], reason=data["reason"]
            ),
            page_of=lambda check, order: reverse("admin:payments_recoveryorder_change", args=[order.pk]),
        ),
        Step(
            name="debar",
            title=gettext_lazy("Propose a debarment"),
            button=gettext_lazy("Propose to bar the organisation, somebody else confirms"),
            done=gettext_lazy("The debarment is proposed. Somebody else must confirm it."),
            form=forms.DebarForm,
            about=lambda check: check.conclusion == Conclusion.FRAUD and not hasattr(check, "debarment"),
            may=lambda user, check: may_propose(user),
            act=lambda user, check, data: debarments.propose_debarment(
                user=user, check_id=check.pk, reason=data["reason"]
            ),
            page_of=lambda check, bar: reverse("admin:payments_debarment_change", args=[bar.pk]),
        ),
    )

    @display(description=gettext_lazy("organisation"))
    def organisation(self, check):
        return check.case.organisation.name

    @display(description=gettext_lazy("reply until"), ordering="reply_by")
    def reply_until(self, check):
        return day_text(check.reply_by) if check.reply_by else ""

    def found(self):
        people = ("opened_by", "found_by", "replied_by", "concluded_by")
        return SpotCheck.objects.select_related(
            "case__organisation", "payment__award_line", "draw", "order", "debarment", *people
        )

    def facts(self, check):
        yield Fact(_("Case"), check.case, reverse("admin:casework_case_change", args=[check.case_id]))
        yield Fact(_("Organisation"), check.case.organisation.name)
        yield Fact(
            _("Payment"), check.payment, reverse("admin:payments_payment_change", args=[check.payment_id])
        )
        yield Fact(_("Payee"), check.payment.payee_name)
        yield Fact(_("Paid (RMB)"), f"{check.payment.amount_rmb:,.2f}")
        yield Fact(_("Cause"), check.get_cause_display())
        if check.draw:
            page = reverse("admin:payments_sampledraw_change", args=[check.draw_id])
            yield Fact(_("Random sample"), check.draw, page)
        yield Fact(_("Occasion"), check.occasion)
        if check.finding:
            yield Fact(_("Finding"), f"{check.get_finding_display()} · {check.found_by}")
            yield Fact(_("Evidence"), check.evidence)
            yield Fact(_("What was found"), check.finding_text)
            yield Fact(_("Reply until"), day_text(check.reply_by))
            yield Fact(_("Reply"), f"{check.reply} · {check.replied_by}" if check.reply else _("None yet"))
        if check.conclusion:
            yield Fact(_("Conclusion"), f"{check.get_conclusion_display()} · {check.concluded_by}")
            yield Fact(_("Reasons"), check.conclusion_text)
        if hasattr(check, "order"):
            page = reverse("admin:payments_recoveryorder_change", args=[check.order.pk])
            yield Fact(_("Recovery order"), check.order, page)
        if hasattr(check, "debarment"):
            page = reverse("admin:payments_debarment_change", args=[check.debarment.pk])
            yield Fact(_("Debarment"), check.debarment, page)

    def get_urls(self):
        begin = self.admin_site.admin_view(self.begin_view)
        return [path("begin/", begin, name="payments_spotcheck_begin"), *super().get_urls()]

    def begin_view(self, request):
        """Look at one payment again, after a report or an audit."""
        if not may_open(request.user):
            raise PermissionDenied
        form = forms.OpenForm(request.POST or None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            try:
                check = spot_checks.open_check(user=request.user, **form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, refusal.message)
            else:
                return redirect("admin:payments_spotcheck_change", check.pk)
        return form_page(self, request, form, _("Look at one payment"), _("Open this check"))


class SampleDrawAdmin(ReadOnlyAdmin):
    list_display = ("programme", "year_plain", "size", "of_how_many", "seed", "drawn_by", "drawn_at")
    list_select_related = ("drawn_by",)
    list_filter = ("programme",)
    ordering = ("-id",)
    fields = (
        "programme",
        "year_plain",
        "size",
        "of_how_many",
        "seed",
        "how",
        "drawn",
        "drawn_by",
        "drawn_at",
    )
    change_list_template = "admin/payments/after/list.html"

    @display(description=gettext_lazy("year"), ordering="year")
    def year_plain(self, draw):
        return str(draw.year)

    @display(description=gettext_lazy("out of"))
    def of_how_many(self, draw):
        return str(len(draw.population))

    @display(description=gettext_lazy("how it was drawn"))
    def how(self, draw):
        return _(
            "Every payment number of the population is hashed with the seed (SHA-256 of “seed:number”); the numbers"
            " with the smallest hashes are drawn. Anybody finds the same ones again."
        )

    @display(description=gettext_lazy("payments drawn"))
    def drawn(self, draw):
        return ", ".join(draw.checks.order_by("pk").values_list("payment__number", flat=True))

    def changelist_view(self, request, extra_context=None):
        begin = [{"url": reverse("admin:payments_sampledraw_draw"), "text": _("Draw a random sample")}]
        return super().changelist_view(request, {"beginnings": begin, **(extra_context or {})})

    def get_urls(self):
        draw = self.admin_site.admin_view(self.draw_view)
        return [path("draw/", draw, name="payments_sampledraw_draw"), *super().get_urls()]

    def draw_view(self, request):
        """Draw a sample; the seed is made when the button is pressed."""
        if not may_draw(request.user):
            raise PermissionDenied
        form = forms.DrawForm(request.POST or None, initial=request.GET.dict())
        if request.method == "POST" and form.is_valid():
            try:
                draw = spot_checks.draw_sample(user=request.user, **form.cleaned_data)
            except Refused as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(request, _("The sample is drawn; each payment of it has its check now."))
                return redirect("admin:payments_sampledraw_change", draw.pk)
        return form_page(self, request, form, _("Draw a random sample"), _("Draw now"))


def form_page(admin, request, form, title: str, button: str) -> TemplateResponse:
    request.current_app = admin.admin_site.name
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": title,
        "form": form,
        "button": button,
        "list_url": reverse(f"admin:{admin.opts.app_label}_{admin.opts.model_name}_changelist"),
        "list_title": admin.opts.verbose_name_plural,
    }
    return TemplateResponse(request, "admin/payments/after/form.html", context)
