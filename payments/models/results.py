"""What the bank said: whole files of results, and its written answer about a payment of unknown outcome."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only, no_truncate
from payments.enums import OUTCOMES, PaymentState
from payments.models.batches import Batch
from payments.models.payments import Payment

_user = settings.AUTH_USER_MODEL
_OUTCOMES = [(state.value, state.label) for state in OUTCOMES]
_ANSWERS = [(state.value, state.label) for state in (PaymentState.PAID, PaymentState.FAILED)]


class BankFile(models.Model):
    """A file of results that was taken over, all or nothing. Kept as it came, encrypted."""

    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, related_name="bank_files", verbose_name=_("payment batch")
    )
    name = models.CharField(_("file name"), max_length=120)
    sha256 = models.CharField("SHA-256", max_length=64)
    content_encrypted = models.BinaryField(editable=False)
    count = models.PositiveIntegerField(_("rows"))
    total_rmb = models.DecimalField(_("total (RMB)"), max_digits=16, decimal_places=2)
    imported_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("imported by")
    )
    imported_at = models.DateTimeField(_("imported"), db_default=Now())

    class Meta:
        verbose_name = _("bank result file")
        verbose_name_plural = _("bank result files")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["batch", "sha256"], name="bank_file_once")]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="bank_file_not_by_releaser",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM payments_batch WHERE id = NEW.batch_id AND released_by_id = NEW.imported_by_id
                    ) THEN
                        RAISE EXCEPTION 'bank_file_not_by_releaser' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch} · {self.name}"


class BankLine(models.Model):
    """One row of such a file, with the payment it speaks of."""

    bank_file = models.ForeignKey(
        BankFile, on_delete=models.PROTECT, related_name="lines", verbose_name=_("bank result file")
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="bank_lines", verbose_name=_("payment")
    )
    row = models.PositiveIntegerField(_("row"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=_OUTCOMES)
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)
    settled_on = models.DateField(_("day at the bank"), null=True)
    bank_reference = models.CharField(_("bank reference"), max_length=60, blank=True)
    failure = models.CharField(_("the bank's reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("bank result")
        verbose_name_plural = _("bank results")
        ordering = ["bank_file", "row"]
        constraints = [
            models.UniqueConstraint(fields=["bank_file", "payment"], name="bank_line_once"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.payment} · {self.get_outcome_display()}"


class BankAnswer(models.Model):
    """The bank's written answer about a payment of unknown outcome: recorded by one person, confirmed by another."""

    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="answers", verbose_name=_("payment")
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=_ANSWERS)
    document = models.CharField(_("number of the bank's letter"), max_length=80)
    settled_on = models.DateField(_("day at the bank"), null=True)
    bank_reference = models.CharField(_("bank reference"), max_length=60, blank=True)
    failure = models.CharField(_("the bank's reason"), max_length=200, blank=True)
    recorded_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )
    recorded_at = models.DateTimeField(_("recorded"), db_default=Now())
    confirmed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    withdrawn_at = models.DateTimeField(_("taken back"), null=True)

    class Meta:
        verbose_name = _("written answer of the bank")
        verbose_name_plural = _("written answers of the bank")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["payment"], condition=Q(withdrawn_at__isnull=True), name="bank_answer_one_open"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True, confirmed_at__isnull=True)
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False, withdrawn_at__isnull=True)
                & ~Q(confirmed_by=F("recorded_by")),
                name="bank_answer_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(document="")
                & (
                    Q(outcome=PaymentState.PAID, settled_on__isnull=False) & ~Q(bank_reference="")
                    | Q(outcome=PaymentState.FAILED) & ~Q(failure="")
                ),
                name="bank_answer_is_complete",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="bank_answer_is_final", exclude=["confirmed_by", "confirmed_at", "withdrawn_at"]
            ),
            pgtrigger.Protect(
                name="bank_answer_closed_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__confirmed_at__isnull=False)
                | pgtrigger.Q(old__withdrawn_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payment} · {self.get_outcome_display()}"
