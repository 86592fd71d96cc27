"""Recovery orders, debarments and files of persons on the desk."""

from django.contrib.admin import display
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from casework.models import AwardLine
from casework.templatetags.portal import day_text, money
from casework.transitions import Refused
from payments.after_permissions import (
    may_confirm_repayment,
    may_decide,
    may_record,
    may_settle_person,
)
from payments.desk.after import forms
from payments.desk.after.pages import Fact, Step, StepAdmin, Table
from payments.desk.common import whole
from payments.enums import PersonFileState, ProposalState
from payments.models import Debarment, PersonFile, Repayment
from payments.owing import orders
from payments.selectors import letters_of
from payments.services import debarments, person_files, recovery


def _proposed(row) -> bool:
    return row.state == ProposalState.PROPOSED


def _decision_facts(row):
    yield Fact(_("Reason"), row.reason)
    yield Fact(_("Proposed by"), f"{row.proposed_by} · {day_text(row.proposed_at)}")
    if row.decided_by:
        yield Fact(_("Decided by"), f"{row.decided_by} · {day_text(row.decided_at)}")
    yield Fact(_("Note"), row.decision_note)


def _confirm_posted(user, order, data):
    """The waiting repayment that the page showed."""
    pk = whole(data["posted"].get("repayment"))
    if not order.repayments.filter(pk=pk).exists():
        raise Refused("step", _("Somebody changed this order after your page was opened. Look at it again."))
    return recovery.confirm_repayment(user=user, repayment_id=pk)


def _waiting_repayment(order) -> Repayment | None:
    return order.repayments.filter(confirmed_at__isnull=True).order_by("pk").first()


class RecoveryOrderAdmin(StepAdmin):
    list_display = ("number", "case", "payee_name", "amount_rmb", "still_owed", "where", "due")
    list_select_related = ("case",)
    list_filter = ("state",)
    search_fields = ("number", "case__number", "payee_name", "organisation__name")
    search_help_text = gettext_lazy("Order or case number, payee")
    ordering = ("-id",)
    steps = (
        Step(
            name="confirm",
            title=gettext_lazy("Confirm the order"),
            button=gettext_lazy("Confirm: the money is to be paid back"),
            done=gettext_lazy("The order holds from now on."),
            about=_proposed,
            may=may_decide,
            act=lambda user, order, data: recovery.confirm_order(user=user, order_id=order.pk),
        ),
        Step(
            name="decline",
            title=gettext_lazy("Turn the order down"),
            button=gettext_lazy("Turn down"),
            done=gettext_lazy("The order is turned down."),
            form=forms.NoteForm,
            tone="outline-secondary",
            about=_proposed,
            may=may_decide,
            act=lambda user, order, data: recovery.turn_down_order(
                user=user, order_id=order.pk, note=data["note"]
            ),
        ),
        Step(
            name="repayment",
            title=gettext_lazy("Record a transfer that came in"),
            button=gettext_lazy("Record, somebody else confirms"),
            done=gettext_lazy("The repayment is recorded. Somebody else must confirm it."),
            form=forms.RepaymentForm,
            about=lambda order: order.state == ProposalState.CONFIRMED and order.owed_rmb > 0,
            may=lambda user, order: may_record(user),
            act=lambda user, order, data: recovery.record_repayment(
                user=user,
                order_id=order.pk,
                amount_rmb=data["amount_rmb"],
                received_on=data["received_on"],
                bank_reference=data["bank_reference"],
            ),
        ),
        Step(
            name="received",
            title=gettext_lazy("Confirm the oldest repayment that waits"),
            button=gettext_lazy("Confirm: it stands on the account's statement"),
            done=gettext_lazy("The repayment is confirmed; the fund has its money back."),
            about=lambda order: _waiting_repayment(order) is not None,
            may=lambda user, order: may_confirm_repayment(user, _waiting_repayment(order)),
            act=_confirm_posted,
        ),
    )

    def get_queryset(self, request):
        return orders()

    @display(description=gettext_lazy("still owed (RMB)"))
    def still_owed(self, order):
        return money(order.owed_rmb) if order.state == ProposalState.CONFIRMED else ""

    @display(description=gettext_lazy("to be paid back until"), ordering="due_on")
    def due(self, order):
        return day_text(order.due_on) if order.due_on else ""

    def found(self):
        return orders().select_related(
            "case", "organisation", "payment", "check_made", "proposed_by", "decided_by"
        )

    def facts(self, order):
        yield Fact(_("Case"), order.case, reverse("admin:casework_case_change", args=[order.case_id]))
        yield Fact(_("Organisation"), order.organisation.name)
        yield Fact(_("Payee"), order.payee_name)
        yield Fact(
            _("Payment"), order.payment, reverse("admin:payments_payment_change", args=[order.payment_id])
        )
        page = reverse("admin:payments_spotcheck_change", args=[order.check_made_id])
        yield Fact(_("Check after payment"), order.check_made, page)
        yield Fact(_("Ordered (RMB)"), f"{order.amount_rmb:,.2f}")
        if order.state == ProposalState.CONFIRMED:
            yield Fact(_("Back by transfer (RMB)"), f"{order.transferred_rmb:,.2f}")
            yield Fact(_("Set off against later payments (RMB)"), f"{order.set_off_rmb:,.2f}")
            yield Fact(_("On its way in batches (RMB)"), f"{order.on_its_way_rmb:,.2f}")
            yield Fact(_("Still owed (RMB)"), f"{order.owed_rmb:,.2f}")
            yield Fact(_("To be paid back until"), day_text(order.due_on))
        if letter := letters_of([order]).get(order.pk):
            yield Fact(
                _("Letter"),
                f"{letter} · {letter.get_state_display()}",
                reverse("admin:notices_letter_change", args=[letter.pk]),
            )
        yield from _decision_facts(order)

    def tables(self, order, request):
        came = order.repayments.select_related("recorded_by", "confirmed_by").order_by("pk")
        yield Table(
            _("Transfers"),
            (
                _("Day at the bank"),
                _("Bank reference"),
                _("Amount (RMB)"),
                _("Recorded by"),
                _("Confirmed by"),
            ),
            [
                (
                    day_text(row.received_on),
                    row.bank_reference,
                    f"{row.amount_rmb:,.2f}",
                    row.recorded_by,
                    row.confirmed_by or _("waits for a second person"),
                )
                for row in came
            ],
        )
        kept = order.set_offs.select_related("payment__batch").order_by("pk")
        yield Table(
            _("Set off against later payments"),
            (_("Payment"), _("Batch"), _("Amount (RMB)"), _("State")),
            [
                (
                    row.payment.number,
                    row.payment.batch.number,
                    f"{row.amount_rmb:,.2f}",
                    row.payment.get_state_display(),
                )
                for row in kept
            ],
            amount=2,
        )

    def hidden(self, order) -> dict:
        waiting = _waiting_repayment(order)
        return {"repayment": waiting.pk} if waiting else {}


class DebarmentAdmin(StepAdmin):
    list_display = ("organisation", "where", "from_on", "until_on", "proposed_by", "decided_by")
    list_select_related = ("organisation", "proposed_by", "decided_by")
    list_filter = ("state",)
    search_fields = ("organisation__name", "organisation__credit_code")
    search_help_text = gettext_lazy("Organisation or credit code")
    ordering = ("-id",)
    steps = (
        Step(
            name="confirm",
            title=gettext_lazy("Confirm the debarment"),
            button=gettext_lazy("Confirm: from today nothing is filed or paid"),
            done=gettext_lazy("The organisation is barred from today on."),
            about=_proposed,
            may=may_decide,
            act=lambda user, bar, data: debarments.confirm_debarment(user=user, debarment_id=bar.pk),
        ),
        Step(
            name="decline",
            title=gettext_lazy("Turn the debarment down"),
            button=gettext_lazy("Turn down"),
            done=gettext_lazy("The debarment is turned down."),
            form=forms.NoteForm,
            tone="outline-secondary",
            about=_proposed,
            may=may_decide,
            act=lambda user, bar, data: debarments.turn_down_debarment(
                user=user, debarment_id=bar.pk, note=data["note"]
            ),
        ),
    )

    def found(self):
        return Debarment.objects.select_related("organisation", "check_made", "proposed_by", "decided_by")

    def facts(self, bar):
        yield Fact(_("Organisation"), bar.organisation.name)
        page = reverse("admin:payments_spotcheck_change", args=[bar.check_made_id])
        yield Fact(_("Check after payment"), bar.check_made, page)
        if bar.from_on:
            yield Fact(_("From"), day_text(bar.from_on))
            yield Fact(_("Last day"), day_text(bar.until_on))
        yield from _decision_facts(bar)


class PersonFileAdmin(StepAdmin):
    list_display = ("person_name", "where", "opened_at", "stands", "proposed_by", "decided_by")
    list_select_related = ("stands", "proposed_by", "decided_by")
    list_filter = ("state",)
    search_fields = ("sides__organisation__name",)
    search_help_text = gettext_lazy("Organisation")
    ordering = ("-id",)
    steps = (
        Step(
            name="propose",
            title=gettext_lazy("Propose whose registration stands"),
            button=gettext_lazy("Propose, somebody else decides"),
            done=gettext_lazy("The proposal is recorded. Somebody else must decide."),
            form=forms.StandsForm,
            about=lambda file: file.state == PersonFileState.OPEN,
            may=may_settle_person,
            act=lambda user, file, data: person_files.propose_standing(
                user=user, file_id=file.pk, stands=data["stands"], reason=data["reason"]
            ),
        ),
        Step(
            name="decide",
            title=gettext_lazy("Decide as proposed"),
            button=gettext_lazy("Decide: what stands may be paid"),
            done=gettext_lazy("The file is decided."),
            about=lambda file: file.state == PersonFileState.PROPOSED,
            may=may_settle_person,
            act=lambda user, file, data: person_files.decide_standing(user=user, file_id=file.pk),
        ),
        Step(
            name="back",
            title=gettext_lazy("Give the proposal up"),
            button=gettext_lazy("Open the file again"),
            done=gettext_lazy("The file is open again."),
            tone="outline-secondary",
            about=lambda file: file.state == PersonFileState.PROPOSED,
            may=lambda user, file: (
                may_settle_person(user, file)
                if file.proposed_by_id != user.pk
                else may_settle_person(user, PersonFile(state=PersonFileState.OPEN))
            ),
            act=lambda user, file, data: person_files.reject_standing(user=user, file_id=file.pk),
        ),
    )

    def found(self):
        return PersonFile.objects.select_related("stands", "proposed_by", "decided_by")

    def facts(self, file):
        yield Fact(_("Person"), file.person_name)
        yield Fact(_("Opened"), day_text(file.opened_at))
        if file.state != PersonFileState.OPEN:
            yield Fact(_("Stands"), file.stands.name if file.stands else _("Each registration"))
            yield Fact(_("Reason"), file.reason)
            yield Fact(_("Proposed by"), file.proposed_by)
        yield Fact(_("Decided by"), file.decided_by)

    def tables(self, file, request):
        yield Table(
            _("Who registered this person"),
            (_("Organisation"), _("Credit code")),
            [
                (side.organisation.name, side.organisation.credit_code)
                for side in file.sides.select_related("organisation").order_by("pk")
            ],
        )
        lines = AwardLine.objects.filter(person_key=file.person_key, reversed_at__isnull=True)
        lines = lines.select_related("award__case__organisation").prefetch_related("payments").order_by("pk")
        yield Table(
            _("What was awarded for this person"),
            (_("Case"), _("Organisation"), _("Payee"), _("Amount (RMB)"), _("Payment")),
            [
                (
                    line.award.case.number,
                    line.award.case.organisation.name,
                    line.get_payee_display(),
                    f"{line.amount_rmb:,.2f}",
                    ", ".join(f"{p.number} {p.get_state_display()}" for p in line.payments.all())
                    or _("None yet"),
                )
                for line in lines
            ],
            amount=3,
        )
