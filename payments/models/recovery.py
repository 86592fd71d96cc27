"""Money that is to come back: orders by two people, repayments, and what is set off against later payments."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from audit.triggers import append_only, no_truncate
from casework.models import Case
from payments.enums import ProposalState
from payments.models.payments import Payment
from payments.models.spot_checks import SpotCheck

_user = settings.AUTH_USER_MODEL

# Whatever comes back to an order, its row locked: transfers that two people confirmed and living set-offs.
_NOT_BEYOND = """
    SELECT amount_rmb, state INTO ordered FROM payments_recoveryorder WHERE id = NEW.order_id FOR UPDATE;
    SELECT coalesce((
        SELECT sum(amount_rmb) FROM payments_repayment
        WHERE order_id = NEW.order_id AND confirmed_at IS NOT NULL AND {not_this_repayment}
    ), 0) + coalesce((
        SELECT sum(s.amount_rmb) FROM payments_setoff s JOIN payments_payment p ON p.id = s.payment_id
        WHERE s.order_id = NEW.order_id AND p.state NOT IN ('failed', 'cancelled')
    ), 0) INTO back;
    IF ordered.state <> 'confirmed' OR back + NEW.amount_rmb > ordered.amount_rmb THEN
        RAISE EXCEPTION 'recovery_not_beyond_order' USING ERRCODE = 'check_violation';
    END IF;
"""


class RecoveryOrderQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "RecoveryOrderQuerySet":
        """Orders about the cases that a person may see."""
        return self.filter(case__in=Case.objects.visible_to(user))


class RecoveryOrder(models.Model):
    """Paid money that a payee has to give back, after a check that was concluded so."""

    number = models.CharField(_("order number"), max_length=20, unique=True)
    check_made = models.OneToOneField(
        SpotCheck, on_delete=models.PROTECT, related_name="order", verbose_name=_("check after payment")
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="orders", verbose_name=_("payment")
    )
    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="recovery_orders", verbose_name=_("case")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="recovery_orders", verbose_name=_("organisation")
    )
    person_key = models.CharField(_("keyed hash of the person"), max_length=80, blank=True, editable=False)
    payee_name = models.CharField(_("payee"), max_length=120)
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)
    reason = models.CharField(_("reason"), max_length=1000)
    state = models.CharField(_("state"), max_length=12, choices=ProposalState, default=ProposalState.PROPOSED)
    proposed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), db_default=Now())
    decided_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    decision_note = models.CharField(_("note"), max_length=300, blank=True)
    due_on = models.DateField(_("to be paid back until"), null=True)

    objects = RecoveryOrderQuerySet.as_manager()

    class Meta:
        verbose_name = _("recovery order")
        verbose_name_plural = _("recovery orders")
        ordering = ["-id"]
        indexes = [models.Index(fields=["organisation", "person_key", "state"], name="recovery_of_payee")]
        constraints = [
            models.CheckConstraint(condition=Q(amount_rmb__gt=0), name="recovery_amount_positive"),
            models.CheckConstraint(condition=~Q(reason=""), name="recovery_has_reason"),
            models.CheckConstraint(
                condition=Q(state=ProposalState.PROPOSED, decided_by__isnull=True, decided_at__isnull=True)
                | ~Q(state=ProposalState.PROPOSED)
                & Q(decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(decided_by=F("proposed_by")),
                name="recovery_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposalState.CONFIRMED) | Q(due_on__isnull=False),
                name="recovery_has_its_day",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposalState.TURNED_DOWN) | ~Q(decision_note=""),
                name="recovery_turned_down_with_a_note",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="recovery_is_final",
                exclude=["state", "decided_by", "decided_at", "decision_note", "due_on"],
            ),
            pgtrigger.Protect(
                name="recovery_decided_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__decided_at__isnull=False),
            ),
            pgtrigger.Trigger(
                name="recovery_of_what_was_paid",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("looked", "record"), ("ordered", "numeric")],
                func="""
                    SELECT k.state, k.conclusion, k.payment_id, p.case_id, p.amount_rmb, p.state AS paid,
                        c.organisation_id, CASE WHEN l.payee = 'trainee' THEN l.person_key ELSE '' END AS person_key
                        INTO looked FROM payments_spotcheck k JOIN payments_payment p ON p.id = k.payment_id
                        JOIN casework_case c ON c.id = p.case_id JOIN casework_awardline l ON l.id = p.award_line_id
                        WHERE k.id = NEW.check_made_id FOR UPDATE OF p;
                    IF looked.state <> 'concluded' OR looked.conclusion NOT IN ('recover', 'fraud') THEN
                        RAISE EXCEPTION 'recovery_needs_conclusion' USING ERRCODE = 'check_violation';
                    END IF;
                    SELECT coalesce(sum(amount_rmb), 0) INTO ordered FROM payments_recoveryorder
                        WHERE payment_id = NEW.payment_id AND state <> 'turned_down';
                    IF looked.paid <> 'paid' OR ordered + NEW.amount_rmb > looked.amount_rmb
                        OR (NEW.payment_id, NEW.case_id, NEW.organisation_id, NEW.person_key) IS DISTINCT FROM
                            (looked.payment_id, looked.case_id, looked.organisation_id, looked.person_key) THEN
                        RAISE EXCEPTION 'recovery_of_what_was_paid' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def letter_source(self) -> str:
        """How the order's letter names it (`notices.models.Letter.source`)."""
        return f"recovery:{self.pk}"


class Repayment(models.Model):
    """Money of an order that came back by bank transfer: recorded by one person, confirmed by another."""

    order = models.ForeignKey(
        RecoveryOrder, on_delete=models.PROTECT, related_name="repayments", verbose_name=_("recovery order")
    )
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)
    received_on = models.DateField(_("day at the bank"))
    bank_reference = models.CharField(_("bank reference"), max_length=60, unique=True)
    recorded_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded"), db_default=Now())
    confirmed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)

    class Meta:
        verbose_name = _("repayment")
        verbose_name_plural = _("repayments")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_rmb__gt=0) & ~Q(bank_reference=""), name="repayment_has_its_proof"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False)
                & ~Q(confirmed_by=F("recorded_by")),
                name="repayment_two_people",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(name="repayment_is_final", exclude=["confirmed_by", "confirmed_at"]),
            pgtrigger.Protect(
                name="repayment_confirmed_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__confirmed_at__isnull=False),
            ),
            pgtrigger.Trigger(
                name="repayment_within_order",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("ordered", "record"), ("back", "numeric")],
                func=_NOT_BEYOND.format(not_this_repayment="id <> NEW.id") + "RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} · {self.bank_reference}"


class SetOff(models.Model):
    """The part of a later payment that stays with the city for an order; it counts once that payment is paid."""

    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="set_offs", verbose_name=_("payment")
    )
    order = models.ForeignKey(
        RecoveryOrder, on_delete=models.PROTECT, related_name="set_offs", verbose_name=_("recovery order")
    )
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("set-off")
        verbose_name_plural = _("set-offs")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["payment", "order"], name="set_off_once"),
            models.CheckConstraint(condition=Q(amount_rmb__gt=0), name="set_off_positive"),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="set_off_within_order",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("ordered", "record"), ("back", "numeric")],
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM payments_payment p JOIN casework_case c ON c.id = p.case_id
                        JOIN casework_awardline l ON l.id = p.award_line_id
                        JOIN payments_recoveryorder o ON o.id = NEW.order_id
                        WHERE p.id = NEW.payment_id AND p.state = 'planned' AND CASE o.person_key
                            WHEN '' THEN l.payee <> 'trainee' AND o.organisation_id = c.organisation_id
                            ELSE l.payee = 'trainee' AND o.person_key = l.person_key END
                    ) THEN
                        RAISE EXCEPTION 'set_off_of_the_same_payee' USING ERRCODE = 'check_violation';
                    END IF;
                """
                + _NOT_BEYOND.format(not_this_repayment="true")
                + "RETURN NEW;",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment} · {self.order}"
