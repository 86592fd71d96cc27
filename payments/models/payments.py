"""One payment for each award line, frozen as it goes to the bank; holds that stop it; what the applicant is told."""

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.crypto import decrypt
from accounts.models import User
from audit.triggers import append_only, no_truncate
from casework.enums import Payee
from casework.models import AwardLine, Case
from payments.enums import ENDED_UNPAID, PaymentEventKind, PaymentState
from payments.models.accounts import PayeeAccount
from payments.models.batches import Batch

_user = settings.AUTH_USER_MODEL
_FROZEN = [
    "number",
    "batch",
    "award_line",
    "case",
    "follows",
    "account",
    "payee",
    "payee_name",
    "holder_name",
    "bank_name",
    "branch",
    "cnaps",
    "account_encrypted",
    "account_masked",
    "amount_rmb",
    "set_off_rmb",
]


class PaymentQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "PaymentQuerySet":
        """Payments of the cases that a person may see."""
        return self.filter(case__in=Case.objects.visible_to(user))

    def in_force(self) -> "PaymentQuerySet":
        """Those that keep their award line from being paid again."""
        return self.exclude(state__in=ENDED_UNPAID)


class Payment(models.Model):
    """One line of a batch. Payee, account and amount are copied when it is picked and never change."""

    number = models.CharField(_("payment number"), max_length=20, unique=True)
    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, related_name="payments", verbose_name=_("payment batch")
    )
    award_line = models.ForeignKey(
        AwardLine, on_delete=models.PROTECT, related_name="payments", verbose_name=_("award line")
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="payments", verbose_name=_("case"))
    follows = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="followed_by",
        verbose_name=_("follows the failed payment"),
    )
    account = models.ForeignKey(
        PayeeAccount, on_delete=models.PROTECT, related_name="payments", verbose_name=_("payee account")
    )
    payee = models.CharField(_("kind of payee"), max_length=12, choices=Payee)
    payee_name = models.CharField(_("payee"), max_length=120)
    holder_name = models.CharField(_("account holder"), max_length=120)
    bank_name = models.CharField(_("bank"), max_length=80)
    branch = models.CharField(_("branch"), max_length=120)
    cnaps = models.CharField(_("CNAPS code"), max_length=12)
    account_encrypted = models.BinaryField(editable=False)
    account_masked = models.CharField(_("account number"), max_length=40, editable=False)
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)
    set_off_rmb = models.DecimalField(
        _("set off (RMB)"),
        max_digits=14,
        decimal_places=2,
        default=0,
        db_default=0,
        help_text=_("The part that stays with the city for recovery orders; the bank pays the rest."),
    )
    state = models.CharField(_("state"), max_length=10, choices=PaymentState, default=PaymentState.PLANNED)
    settled_on = models.DateField(_("day at the bank"), null=True)
    bank_reference = models.CharField(_("bank reference"), max_length=60, blank=True)
    failure = models.CharField(_("the bank's reason"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("picked"), db_default=Now())

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["batch", "id"], name="payment_of_batch"),
            models.Index(
                fields=["bank_reference"], condition=~Q(bank_reference=""), name="payment_bank_reference"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["award_line"],
                condition=~Q(state__in=ENDED_UNPAID),
                name="payment_once_per_award_line",
            ),
            models.CheckConstraint(condition=Q(amount_rmb__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(
                condition=Q(set_off_rmb__gte=0, set_off_rmb__lte=F("amount_rmb")),
                name="payment_set_off_within_amount",
            ),
            models.CheckConstraint(
                condition=Q(number__regex=r"^NC[0-9]{4}-[0-9]{6}-[0-9]$"), name="payment_number_form"
            ),
            models.CheckConstraint(
                condition=~Q(state=PaymentState.PAID) | Q(settled_on__isnull=False) & ~Q(bank_reference=""),
                name="payment_paid_has_proof",
            ),
            models.CheckConstraint(
                condition=~Q(state=PaymentState.FAILED) | ~Q(failure=""), name="payment_failure_has_reason"
            ),
            models.CheckConstraint(
                condition=~Q(account_masked__regex=r"\d{7}"), name="payment_account_is_masked"
            ),
            models.CheckConstraint(
                condition=Q(follows__isnull=True) | ~Q(follows=F("id")), name="payment_follows_another"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(name="payment_is_frozen", fields=_FROZEN),
            pgtrigger.Trigger(
                name="payment_is_due",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[
                    ("line", "record"),
                    ("account", "record"),
                    ("batch", "record"),
                    ("failed", "record"),
                ],
                func="""
                    SELECT l.award_id, l.amount_rmb, l.payee, l.reversed_at, l.programme, c.id AS case_id, c.status,
                        c.organisation_id, CASE WHEN l.payee = 'trainee' THEN l.person_key ELSE '' END AS person_key
                        INTO line FROM casework_awardline l JOIN casework_award a ON a.id = l.award_id
                        JOIN casework_case c ON c.id = a.case_id WHERE l.id = NEW.award_line_id;
                    IF NEW.state <> 'planned' OR line.status <> 'approved' OR line.reversed_at IS NOT NULL
                        OR (line.case_id, line.amount_rmb, line.payee) IS DISTINCT FROM
                            (NEW.case_id, NEW.amount_rmb, NEW.payee) THEN
                        RAISE EXCEPTION 'payment_matches_its_award' USING ERRCODE = 'check_violation';
                    END IF;
                    IF notices_award_clearance(line.award_id) <> 'cleared' THEN
                        RAISE EXCEPTION 'payment_notice_has_ended' USING ERRCODE = 'check_violation';
                    END IF;
                    SELECT state, programme INTO batch FROM payments_batch WHERE id = NEW.batch_id FOR SHARE;
                    IF batch.state <> 'draft' OR batch.programme <> line.programme THEN
                        RAISE EXCEPTION 'payment_joins_a_draft' USING ERRCODE = 'check_violation';
                    END IF;
                    SELECT * INTO account FROM payments_payeeaccount WHERE id = NEW.account_id FOR SHARE;
                    IF account.state <> 'verified' OR account.organisation_id <> line.organisation_id
                        OR account.person_key <> line.person_key
                        OR (NEW.payee_name, NEW.holder_name, NEW.bank_name, NEW.branch, NEW.cnaps,
                            NEW.account_masked, NEW.account_encrypted) IS DISTINCT FROM
                            (account.payee_name, account.holder_name, account.bank_name, account.branch,
                            account.cnaps, account.number_masked, account.number_encrypted) THEN
                        RAISE EXCEPTION 'payment_to_verified_account' USING ERRCODE = 'check_violation';
                    END IF;
                    IF EXISTS (SELECT 1 FROM payments_hold WHERE case_id = NEW.case_id AND lifted_at IS NULL) THEN
                        RAISE EXCEPTION 'payment_not_on_hold' USING ERRCODE = 'check_violation';
                    END IF;
                    IF EXISTS (
                        SELECT 1 FROM payments_debarment WHERE organisation_id = line.organisation_id
                            AND state = 'confirmed'
                            AND (now() AT TIME ZONE 'Asia/Shanghai')::date BETWEEN from_on AND until_on
                    ) THEN
                        RAISE EXCEPTION 'payment_not_debarred' USING ERRCODE = 'check_violation';
                    END IF;
                    IF EXISTS (
                        SELECT 1 FROM payments_personfile f JOIN casework_awardline l ON l.person_key = f.person_key
                        WHERE l.id = NEW.award_line_id AND l.person_key <> '' AND (
                            f.state <> 'decided' OR f.stands_id <> line.organisation_id
                        )
                    ) THEN
                        RAISE EXCEPTION 'payment_person_is_decided' USING ERRCODE = 'check_violation';
                    END IF;
                    SELECT id, account_id INTO failed FROM payments_payment
                        WHERE award_line_id = NEW.award_line_id AND state = 'failed' ORDER BY id DESC LIMIT 1;
                    IF failed.id IS DISTINCT FROM NEW.follows_id OR failed.account_id = NEW.account_id THEN
                        RAISE EXCEPTION 'payment_follows_the_failed' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="payment_steps",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                declare=[("batch_state", "text")],
                func="""
                    IF NEW.state = OLD.state THEN
                        IF OLD.state IN ('paid', 'failed', 'cancelled') AND
                            (NEW.settled_on, NEW.bank_reference, NEW.failure) IS DISTINCT FROM
                            (OLD.settled_on, OLD.bank_reference, OLD.failure) THEN
                            RAISE EXCEPTION 'payment_outcome_is_final' USING ERRCODE = 'check_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF (OLD.state, NEW.state) NOT IN (
                        ('planned', 'in_batch'), ('planned', 'cancelled'), ('in_batch', 'planned'),
                        ('in_batch', 'sent'), ('sent', 'paid'), ('sent', 'failed'), ('sent', 'unknown'),
                        ('unknown', 'paid'), ('unknown', 'failed')
                    ) THEN
                        RAISE EXCEPTION 'payment_step: % -> %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
                    END IF;
                    SELECT state INTO batch_state FROM payments_batch WHERE id = NEW.batch_id;
                    IF OLD.state = 'planned' AND batch_state NOT IN ('draft', 'submitted')
                        OR NEW.state IN ('sent', 'paid', 'failed', 'unknown')
                        AND batch_state NOT IN ('sent', 'settled') THEN
                        RAISE EXCEPTION 'payment_moves_with_its_batch' USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.state = 'unknown' AND NOT EXISTS (
                        SELECT 1 FROM payments_bankanswer
                        WHERE payment_id = NEW.id AND outcome = NEW.state AND confirmed_by_id IS NOT NULL
                    ) THEN
                        RAISE EXCEPTION 'payment_unknown_needs_two_people' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def to_bank_rmb(self) -> Decimal:
        """What the bank pays."""
        return self.amount_rmb - self.set_off_rmb

    def reveal_account(self) -> str:
        """The whole account number; whoever calls writes down the disclosure first."""
        return decrypt(self.account_encrypted)


class Hold(models.Model):
    """Payment of a case stopped for a reason; lifted by another person than the one who placed it."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="payment_holds", verbose_name=_("case")
    )
    code = models.CharField(
        _("origin"), max_length=30, default="manual", help_text=_("Which check placed it.")
    )
    reason = models.CharField(_("reason"), max_length=300)
    placed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("placed by")
    )
    placed_at = models.DateTimeField(_("placed"), db_default=Now())
    lifted_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("lifted by")
    )
    lifted_at = models.DateTimeField(_("lifted"), null=True)
    lift_reason = models.CharField(_("why it was lifted"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("payment hold")
        verbose_name_plural = _("payment holds")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "code"], condition=Q(lifted_at__isnull=True), name="hold_open_once"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_reason"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False)
                & ~Q(lifted_by=F("placed_by"))
                & ~Q(lift_reason=""),
                name="hold_lifted_by_another",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="hold_is_final", fields=["case", "code", "reason", "placed_by", "placed_at"]
            ),
            pgtrigger.Protect(
                name="hold_lifted_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__lifted_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.reason}"


class PaymentEvent(models.Model):
    """Something about a case's money that its organisation is told once for each `key`."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="payment_events", verbose_name=_("case")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=PaymentEventKind)
    key = models.CharField(_("key"), max_length=60)
    at = models.DateTimeField(_("at"), db_default=Now())

    class Meta:
        verbose_name = _("event of payment")
        verbose_name_plural = _("events of payment")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["case", "kind", "key"], name="payment_event_once")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.case} · {self.get_kind_display()}"
