"""A batch of payments, made by one person and released by another; the treasury's file of it, stored once."""

import base64

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.crypto import decrypt, encrypt
from audit.triggers import append_only, no_truncate
from payments.enums import BatchState, FileFormat
from policy.enums import ProgrammeCode

_user = settings.AUTH_USER_MODEL
_AFTER_SUBMISSION = (BatchState.SUBMITTED, BatchState.RELEASED, BatchState.SENT, BatchState.SETTLED)
_AFTER_RELEASE = (BatchState.RELEASED, BatchState.SENT, BatchState.SETTLED)


class Series(models.Model):
    """The last number given in a year: of payments (NC) or of batches (NB)."""

    prefix = models.CharField(max_length=4)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["prefix", "year"], name="series_once")]

    def __str__(self) -> str:
        return f"{self.prefix}{self.year} {self.last}"


class Batch(models.Model):
    """Payments of one programme that go to the treasury together. Count, total and hash are fixed at submission."""

    number = models.CharField(_("batch number"), max_length=20, unique=True)
    programme = models.CharField(_("programme"), max_length=10, choices=ProgrammeCode)
    state = models.CharField(_("state"), max_length=10, choices=BatchState, default=BatchState.DRAFT)
    version = models.PositiveIntegerField(_("version"), default=1, help_text=_("Grows with every change."))
    made_by = models.ForeignKey(_user, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"), db_default=Now())
    count = models.PositiveIntegerField(pgettext_lazy("how many", "payments"), null=True)
    total_rmb = models.DecimalField(_("total (RMB)"), max_digits=16, decimal_places=2, null=True)
    lines_hash = models.CharField(_("hash of the payments"), max_length=64, blank=True)
    submitted_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("submitted by")
    )
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    released_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("released by")
    )
    released_at = models.DateTimeField(_("released"), null=True)
    sent_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("sent by")
    )
    sent_on = models.DateField(_("handed to the bank"), null=True)
    settled_at = models.DateTimeField(_("settled"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("payment batch")
        verbose_name_plural = _("payment batches")
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "-id"], name="batch_by_state")]
        constraints = [
            models.CheckConstraint(
                condition=Q(released_by__isnull=True)
                | (
                    ~Q(released_by=F("made_by"))
                    & Q(submitted_by__isnull=False)
                    & ~Q(released_by=F("submitted_by"))
                ),
                name="batch_four_eyes",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=_AFTER_SUBMISSION)
                | Q(
                    submitted_by__isnull=False,
                    submitted_at__isnull=False,
                    count__gt=0,
                    total_rmb__gt=0,
                )
                & ~Q(lines_hash=""),
                name="batch_submitted_is_counted",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_AFTER_RELEASE, released_by__isnull=False, released_at__isnull=False)
                | Q(released_by__isnull=True) & ~Q(state__in=_AFTER_RELEASE),
                name="batch_released_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[BatchState.SENT, BatchState.SETTLED])
                | Q(sent_by__isnull=False, sent_on__isnull=False),
                name="batch_sent_by_somebody",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="batch_origin_is_final", fields=["number", "programme", "made_by", "made_at"]
            ),
            pgtrigger.Trigger(
                name="batch_steps",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("inside", "record")],
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'draft' THEN
                            RAISE EXCEPTION 'batch_begins_as_draft' USING ERRCODE = 'check_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF OLD.state IN ('released', 'sent', 'settled') AND (
                        NEW.count, NEW.total_rmb, NEW.lines_hash, NEW.submitted_by_id, NEW.released_by_id,
                        NEW.released_at
                    ) IS DISTINCT FROM (
                        OLD.count, OLD.total_rmb, OLD.lines_hash, OLD.submitted_by_id, OLD.released_by_id,
                        OLD.released_at
                    ) THEN
                        RAISE EXCEPTION 'batch_release_is_final' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.state = OLD.state THEN
                        RETURN NEW;
                    END IF;
                    IF (OLD.state, NEW.state) NOT IN (
                        ('draft', 'submitted'), ('draft', 'cancelled'), ('submitted', 'draft'),
                        ('submitted', 'released'), ('released', 'sent'), ('sent', 'settled')
                    ) THEN
                        RAISE EXCEPTION 'batch_step: % -> %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.state IN ('submitted', 'released') THEN
                        SELECT count(*) AS count, coalesce(sum(amount_rmb), 0) AS total INTO inside
                            FROM payments_payment WHERE batch_id = NEW.id AND state <> 'cancelled';
                        IF inside.count <> NEW.count OR inside.total <> NEW.total_rmb THEN
                            RAISE EXCEPTION 'batch_total_is_its_payments' USING ERRCODE = 'check_violation';
                        END IF;
                        IF EXISTS (
                            SELECT 1 FROM payments_payment p WHERE p.batch_id = NEW.id AND p.state <> 'cancelled'
                                AND p.set_off_rmb <> (
                                    SELECT coalesce(sum(amount_rmb), 0) FROM payments_setoff WHERE payment_id = p.id
                                )
                        ) THEN
                            RAISE EXCEPTION 'batch_set_off_is_its_orders' USING ERRCODE = 'check_violation';
                        END IF;
                    END IF;
                    IF NEW.state = 'released' THEN
                        -- Who filed any version of a case or concluded any review of it, not only the last.
                        IF EXISTS (
                            SELECT 1 FROM payments_payment p JOIN casework_case c ON c.id = p.case_id
                            WHERE p.batch_id = NEW.id AND p.state <> 'cancelled' AND (
                                NEW.released_by_id IN (c.submitted_by_id, c.initial_reviewer_id, c.final_reviewer_id)
                                OR EXISTS (
                                    SELECT 1 FROM casework_submission
                                    WHERE case_id = c.id AND submitted_by_id = NEW.released_by_id
                                )
                                OR EXISTS (
                                    SELECT 1 FROM casework_review
                                    WHERE case_id = c.id AND reviewer_id = NEW.released_by_id
                                )
                            )
                        ) THEN
                            RAISE EXCEPTION 'batch_releaser_took_no_part' USING ERRCODE = 'check_violation';
                        END IF;
                        IF EXISTS (
                            SELECT 1 FROM payments_payment p JOIN payments_hold h ON h.case_id = p.case_id
                            WHERE p.batch_id = NEW.id AND p.state <> 'cancelled' AND h.lifted_at IS NULL
                        ) THEN
                            RAISE EXCEPTION 'payment_not_on_hold' USING ERRCODE = 'check_violation';
                        END IF;
                        IF EXISTS (
                            SELECT 1 FROM payments_payment p JOIN casework_awardline l ON l.id = p.award_line_id
                            WHERE p.batch_id = NEW.id AND p.state <> 'cancelled' AND (
                                l.reversed_at IS NOT NULL OR notices_award_clearance(l.award_id) <> 'cleared'
                            )
                        ) THEN
                            RAISE EXCEPTION 'payment_notice_has_ended' USING ERRCODE = 'check_violation';
                        END IF;
                    END IF;
                    IF NEW.state = 'sent' AND (
                        SELECT count(*) FROM payments_treasuryfile WHERE batch_id = NEW.id
                    ) < 2 THEN
                        RAISE EXCEPTION 'batch_sent_has_files' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.state = 'settled' AND EXISTS (
                        SELECT 1 FROM payments_payment
                        WHERE batch_id = NEW.id AND state NOT IN ('paid', 'failed', 'cancelled')
                    ) THEN
                        RAISE EXCEPTION 'batch_settled_has_no_open_payment' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number


def seal(content: bytes) -> bytes:
    """A file with account numbers, encrypted for the table."""
    return encrypt(base64.b64encode(content).decode())


def unseal(content: bytes) -> bytes:
    return base64.b64decode(decrypt(content))


class TreasuryFile(models.Model):
    """The file of a released batch in one format: written once, downloaded again byte for byte."""

    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, related_name="files", verbose_name=_("payment batch")
    )
    format = models.CharField(_("format"), max_length=4, choices=FileFormat)
    content_encrypted = models.BinaryField(editable=False)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveIntegerField(_("size"))
    made_at = models.DateTimeField(_("made"), db_default=Now())

    class Meta:
        verbose_name = _("treasury file")
        verbose_name_plural = _("treasury files")
        ordering = ["batch", "-format"]
        constraints = [models.UniqueConstraint(fields=["batch", "format"], name="treasury_file_once")]
        triggers = append_only()

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return f"{self.batch.number}.{self.format}"

    @property
    def content(self) -> bytes:
        return unseal(self.content_encrypted)
