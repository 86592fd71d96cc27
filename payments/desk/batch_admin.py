"""Batches on the desk: what is to be paid, one batch with its steps, the bank's result."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import has_role
from audit.admin_base import ReadOnlyAdmin
from casework.models import Case
from casework.transitions import Refused
from payments import selectors
from payments.desk import payable
from payments.desk.common import (
    PAYERS,
    ResultForm,
    SentForm,
    chip,
    page_key,
    posted_day,
    refuse_unless,
    tell,
    whole,
)
from payments.enums import PaymentState
from payments.models import Batch, Hold, Payment
from payments.permissions import (
    may_download,
    may_give_back,
    may_hold,
    may_import,
    may_prepare,
    may_release,
)
from payments.services import batches, holds, releases, results

PAGE_SIZE = 100
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class BatchAdmin(ReadOnlyAdmin):
    change_list_template = "admin/payments/batch/list.html"
    list_display = (
        "number",
        "programme",
        "where",
        "count",
        "total_rmb",
        "made_by",
        "released_by",
        "sent_on",
    )
    list_select_related = ("made_by", "released_by")
    list_filter = ("state", "programme")
    search_fields = ("number", "payments__number", "payments__case__number", "payments__bank_reference")
    search_help_text = gettext_lazy("Batch, payment or case number, bank reference")
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def where(self, batch):
        return render_to_string("_partials/status_chip.html", {"status": chip(batch)})

    def changelist_view(self, request, extra_context=None):
        waiting = selectors.waiting_for(request.user) if has_role(request.user, *PAYERS) else {}
        return super().changelist_view(request, {"waiting": waiting} | (extra_context or {}))

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"payments_batch_{name}")

        return [
            named("payable/", self.payable_view, "payable"),
            named("preview/", self.preview_view, "preview"),
            named("make/", self.make_view, "make"),
            named("holds/", self.holds_view, "holds"),
            named("holds/<int:pk>/lift/", self.lift_view, "lift"),
            named("<int:pk>/submit/", self.submit_view, "submit"),
            named("<int:pk>/cancel/", self.cancel_view, "cancel"),
            named("<int:pk>/release/", self.release_view, "release"),
            named("<int:pk>/back/", self.back_view, "back"),
            named("<int:pk>/file/", self.file_view, "file"),
            named("<int:pk>/sent/", self.sent_view, "sent"),
            named("<int:pk>/result/", self.result_view, "result"),
            named("payment/<int:pk>/out/", self.out_view, "out"),
            *super().get_urls(),
        ]

    def _page(self, request, template: str, title: str, status: int = 200, **context) -> TemplateResponse:
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request,
            f"admin/payments/batch/{template}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": title,
                "list_url": reverse("admin:payments_batch_changelist"),
                **context,
            },
            status=status,
        )

    # What is to be paid

    @method_decorator(require_GET)
    def payable_view(self, request):
        """Award lines that no payment is on its way for, each with what hinders it."""
        chosen = payable.Chosen.of(request.GET)
        context = payable.page_of(request, chosen) | {"may_prepare": may_prepare(request.user)}
        return self._page(request, "payable", _("To be paid"), **context)

    @method_decorator(require_POST)
    def preview_view(self, request):
        """What a batch of the chosen lines would hold; nothing happens yet."""
        refuse_unless(may_prepare(request.user))
        return self._page(request, "preview", _("Make a batch"), **payable.preview(request.POST))

    @method_decorator(require_POST)
    def make_view(self, request):
        """Make the batch as the preview showed it; a line that changed meanwhile stays behind and says why."""
        refuse_unless(may_prepare(request.user))
        chosen = payable.Chosen.of(request.POST)
        try:
            made = batches.make_batch(
                user=request.user,
                programme=chosen.programme,
                chosen=payable.read_token(request.POST.get("chosen", "")),
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
            return redirect("admin:payments_batch_payable")
        for left in made.left_out[: payable.PAGE_SIZE]:
            messages.warning(request, f"{left.line.award.case.number}: {left.hindrances[0].message}")
        messages.success(request, _("Batch %(number)s is made.") % {"number": made.batch.number})
        return redirect("admin:payments_batch_change", made.batch.pk)

    # Holds

    def holds_view(self, request):
        """Cases whose payment is stopped; stop another one."""
        typed = {name: request.POST.get(name, "").strip()[:300] for name in ("case", "reason")}
        if request.method == "POST":
            refuse_unless(may_hold(request.user))
            case = Case.objects.visible_to(request.user).filter(number=typed["case"]).first()
            if case is None:
                messages.error(request, _("There is no case with this number."))
            else:
                done = _("The payment of case %(number)s is stopped.") % {"number": case.number}
                if tell(request, holds.place_hold, done, case_id=case.pk, reason=typed["reason"]):
                    return redirect("admin:payments_batch_holds")
        rows = Hold.objects.select_related("case__organisation", "placed_by", "lifted_by").order_by(
            "-lifted_at", "-id"
        )
        page = Paginator(rows, payable.PAGE_SIZE).get_page(request.GET.get("p"))
        status = 422 if request.method == "POST" else 200
        context = {"page_obj": page, "may_hold": may_hold(request.user), "typed": typed}
        return self._page(request, "holds", _("Stopped payments"), status, **context)

    @method_decorator(require_POST)
    def lift_view(self, request, pk: int):
        hold = get_object_or_404(Hold, pk=pk)
        reason = request.POST.get("reason", "")[:300]
        tell(request, holds.lift_hold, _("The payment may go on."), hold_id=hold.pk, reason=reason)
        return redirect("admin:payments_batch_holds")

    # One batch

    def change_view(self, request, object_id, form_url="", extra_context=None):
        key = page_key(request, object_id)
        return self._batch_page(request, self._batch(key))

    def _batch(self, pk: int) -> Batch:
        people = ("made_by", "submitted_by", "released_by", "sent_by")
        return get_object_or_404(Batch.objects.select_related(*people), pk=pk)

    def _batch_page(
        self, request, batch: Batch, *, faults=(), refusal: Refused | None = None
    ) -> HttpResponse:
        user = request.user
        found = batch.payments.select_related("case__organisation", "follows").order_by("id")
        found = found.prefetch_related("set_offs__order")
        if search := request.GET.get("q", "").strip()[:60]:
            found = found.filter(number__icontains=search) | found.filter(case__number__icontains=search)
        page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("p"))
        for payment in page:
            payment.chip = chip(payment)
        labels = dict(PaymentState.choices)
        return self._page(
            request,
            "page",
            batch.number,
            status=409 if refusal else 200,
            batch=batch,
            status_chip=chip(batch),
            page_obj=page,
            set_off_rmb=(kept := selectors.set_off_of(batch)),
            to_bank_rmb=batch.total_rmb - kept if batch.total_rmb is not None else None,
            q=search,
            states=[row | {"label": labels[row["state"]]} for row in selectors.by_state(batch)],
            files=list(batch.files.defer("content_encrypted")),
            bank_files=list(batch.bank_files.defer("content_encrypted").select_related("imported_by")),
            may_prepare=may_prepare(user),
            may_release=may_release(user, batch),
            may_give_back=may_give_back(user, batch),
            may_download=may_download(user),
            may_import=may_import(user, batch),
            sent_form=SentForm(),
            result_form=ResultForm(),
            faults=faults,
            refusal=refusal,
        )

    def _step(self, request, pk: int, step, done: str, **arguments) -> HttpResponse:
        """One step of a batch; a refusal shows the batch as it is now with the sentence."""
        batch = self._batch(pk)
        try:
            step(user=request.user, batch_id=batch.pk, **arguments)
        except Refused as refusal:
            return self._batch_page(request, self._batch(pk), refusal=refusal)
        messages.success(request, f"{batch.number}{_(': ')}{done}")
        return redirect("admin:payments_batch_change", pk)

    @method_decorator(require_POST)
    def submit_view(self, request, pk: int):
        version = whole(request.POST.get("version"))
        done = _("handed to the releaser.")
        return self._step(request, pk, batches.submit_batch, done, expected_version=version)

    @method_decorator(require_POST)
    def cancel_view(self, request, pk: int):
        reason = request.POST.get("reason", "")[:300]
        return self._step(request, pk, batches.cancel_batch, _("given up."), reason=reason)

    @method_decorator(require_POST)
    def release_view(self, request, pk: int):
        version = whole(request.POST.get("version"))
        done = _("released; the files are ready.")
        return self._step(request, pk, releases.release_batch, done, expected_version=version)

    @method_decorator(require_POST)
    def back_view(self, request, pk: int):
        reason = request.POST.get("reason", "")[:300]
        return self._step(request, pk, batches.give_back, _("given back."), reason=reason)

    @method_decorator(require_POST)
    def sent_view(self, request, pk: int):
        done = _("with the bank.")
        return self._step(request, pk, releases.mark_sent, done, sent_on=posted_day(request))

    @method_decorator(require_POST)
    def out_view(self, request, pk: int):
        """Take one payment out of its draft."""
        payment = get_object_or_404(Payment, pk=pk)
        version = whole(request.POST.get("version"))
        done = _("Payment %(number)s is taken out.") % {"number": payment.number}
        tell(request, batches.take_out, done, payment_id=pk, expected_version=version)
        return redirect("admin:payments_batch_change", payment.batch_id)

    @method_decorator(require_POST)
    def file_view(self, request, pk: int):
        """The treasury file; it shows account numbers in full, so the disclosure is written down."""
        batch = self._batch(pk)
        refuse_unless(may_download(request.user))
        try:
            file = releases.download_file(
                user=request.user, batch_id=batch.pk, file_format=request.POST.get("format", "")
            )
        except Refused as refusal:
            return self._batch_page(request, batch, refusal=refusal)
        return HttpResponse(
            file.content,
            content_type=_TYPES[file.format],
            headers={"Content-Disposition": f'attachment; filename="{file.name}"'},
        )

    @method_decorator(require_POST)
    def result_view(self, request, pk: int):
        """Read in the bank's result: all of it, or every fault and nothing."""
        batch, form = self._batch(pk), ResultForm(request.POST, request.FILES)
        if not (answer := may_import(request.user, batch)):
            raise PermissionDenied(answer.reason)
        if not form.is_valid():
            refusal = Refused("no_file", _("Choose the file that the bank gave you."))
            return self._batch_page(request, batch, refusal=refusal)
        upload = form.cleaned_data["file"]
        try:
            taken = results.import_results(
                user=request.user, batch_id=batch.pk, name=upload.name, content=upload.read()
            )
        except Refused as refusal:
            faults = getattr(refusal, "faults", [])
            return self._batch_page(request, self._batch(pk), faults=faults, refusal=refusal)
        if taken.fresh:
            done = ngettext("%(count)d result taken over.", "%(count)d results taken over.", len(taken.fresh))
            messages.success(request, done % {"count": len(taken.fresh)})
        else:
            messages.info(request, _("Everything in this file was taken over before. Nothing was changed."))
        return redirect("admin:payments_batch_change", pk)
