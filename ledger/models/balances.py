"""Append-only money entries and the balances they move.

The balance row carries the CHECK; the entry's trigger moves it. A sum taken in Python, or inside a trigger, overshoots
under concurrency; one guarded row does not.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from audit.triggers import append_only, no_truncate
from ledger.enums import ALLOWANCE_KINDS, RESERVATION_KINDS, BalanceKind, EntryKind
from ledger.levels import level_name
from policy.enums import ProgrammeCode

MOVED = ("granted_rmb", "reserved_rmb", "committed_rmb", "paid_rmb", "recovered_rmb")


def _amount(label: str, **options) -> models.DecimalField:
    return models.DecimalField(label, max_digits=16, decimal_places=2, **options)


class Balance(models.Model):
    """What there is and what became of it, in RMB: an enterprise's year, or one level of a programme's fund.

    An allowance has a limit for good and `granted_rmb`. A fund's limit is its budget, moved by entries as the rest:
    `reserved_rmb` for awards, `committed_rmb` to payments under way, `paid_rmb`, and `recovered_rmb` of what was paid.
    """

    kind = models.CharField(_("kind"), max_length=10, choices=BalanceKind)
    programme = models.CharField(_("programme"), max_length=10, choices=ProgrammeCode)
    year = models.PositiveSmallIntegerField(_("year"))
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("organisation"),
    )
    division = models.CharField(
        _("division code"),
        max_length=6,
        blank=True,
        help_text=_("Whose share of a fund: the city's (360100) or a district's. Empty for an allowance."),
    )
    limit_rmb = _amount(_("limit (RMB)"))
    granted_rmb = _amount(_("granted (RMB)"), default=0)
    reserved_rmb = _amount(_("reserved (RMB)"), default=0)
    committed_rmb = _amount(_("in payment (RMB)"), default=0)
    paid_rmb = _amount(_("paid (RMB)"), default=0)
    recovered_rmb = _amount(_("recovered (RMB)"), default=0)

    class Meta:
        verbose_name = _("balance")
        verbose_name_plural = _("balances")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "programme", "year", "organisation", "division"],
                name="ledger_balance_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(granted_rmb__gte=0)
                & Q(
                    limit_rmb__gte=F("granted_rmb")
                    + F("reserved_rmb")
                    + F("committed_rmb")
                    + F("paid_rmb")
                    - F("recovered_rmb")
                ),
                name="ledger_balance_within_limit",
            ),
            models.CheckConstraint(
                condition=Q(reserved_rmb__gte=0, committed_rmb__gte=0, recovered_rmb__gte=0)
                & Q(paid_rmb__gte=F("recovered_rmb")),
                name="ledger_balance_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(kind=BalanceKind.FUND, organisation__isnull=True, granted_rmb=0) & ~Q(division="")
                | Q(
                    kind=BalanceKind.ALLOWANCE,
                    organisation__isnull=False,
                    division="",
                    reserved_rmb=0,
                    committed_rmb=0,
                    paid_rmb=0,
                    recovered_rmb=0,
                ),
                name="ledger_balance_owner",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.Trigger(
                name="moved_by_entries_only",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Insert,
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF (NEW.granted_rmb, NEW.reserved_rmb, NEW.committed_rmb, NEW.paid_rmb, NEW.recovered_rmb)
                            <> (0, 0, 0, 0, 0) OR NEW.kind = 'fund' AND NEW.limit_rmb <> 0
                        THEN
                            RAISE EXCEPTION 'ledger_balance_moved_by_entries_only' USING ERRCODE = 'check_violation';
                        END IF;
                    ELSIF (NEW.kind, NEW.programme, NEW.year, NEW.organisation_id, NEW.division) IS DISTINCT FROM
                            (OLD.kind, OLD.programme, OLD.year, OLD.organisation_id, OLD.division)
                        OR NEW.limit_rmb <> OLD.limit_rmb AND (OLD.kind = 'allowance' OR pg_trigger_depth() < 2)
                    THEN
                        RAISE EXCEPTION 'ledger_balance_limit_is_fixed' USING ERRCODE = 'check_violation';
                    ELSIF pg_trigger_depth() < 2 AND
                        (NEW.granted_rmb, NEW.reserved_rmb, NEW.committed_rmb, NEW.paid_rmb, NEW.recovered_rmb) <>
                        (OLD.granted_rmb, OLD.reserved_rmb, OLD.committed_rmb, OLD.paid_rmb, OLD.recovered_rmb)
                    THEN
                        RAISE EXCEPTION 'ledger_balance_moved_by_entries_only' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        if self.kind == BalanceKind.FUND:
            return f"{self.get_programme_display()} {self.year} · {self.level}"
        return f"{self.get_kind_display()} {self.year}"

    @property
    def level(self) -> str:
        """Whose share of the fund, in words."""
        return level_name(self.division)

    @property
    def used_rmb(self):
        return self.granted_rmb + self.reserved_rmb + self.committed_rmb + self.paid_rmb - self.recovered_rmb

    @property
    def left_rmb(self):
        return self.limit_rmb - self.used_rmb


class Entry(models.Model):
    """One movement of one balance. `key` says what moved it, and makes posting twice impossible."""

    balance = models.ForeignKey(
        Balance, on_delete=models.PROTECT, related_name="entries", verbose_name=_("balance")
    )
    reservation = models.ForeignKey(
        "ledger.Reservation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
        verbose_name=_("reservation"),
    )
    change = models.OneToOneField(
        "ledger.FundChange",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entry",
        verbose_name=_("change of the fund"),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind)
    amount_rmb = _amount(
        _("amount (RMB)"), help_text=_("Negative when it takes a grant or a part of a budget back.")
    )
    key = models.CharField(
        _("key"), max_length=80, help_text=_("What was posted: an award, a payment, a recovery, a change.")
    )
    posted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("posted by")
    )
    posted_at = models.DateTimeField(_("posted"), db_default=Now())

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["-id"]
        indexes = [models.Index(fields=["key"], name="ledger_entry_by_key")]
        constraints = [
            models.UniqueConstraint(fields=["balance", "kind", "key"], name="ledger_entry_key_once"),
            models.CheckConstraint(
                condition=Q(kind=EntryKind.REVERSAL, amount_rmb__lte=0)
                | Q(kind=EntryKind.BUDGET) & ~Q(amount_rmb=0)
                | Q(kind__in=[EntryKind.GRANT, *RESERVATION_KINDS], amount_rmb__gte=0),
                name="ledger_entry_sign",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ALLOWANCE_KINDS, reservation__isnull=True, change__isnull=True)
                | Q(kind=EntryKind.BUDGET, reservation__isnull=True, change__isnull=False)
                | Q(kind__in=RESERVATION_KINDS, reservation__isnull=False, change__isnull=True),
                name="ledger_entry_of",
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="belongs",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("owned", "ledger_reservation%ROWTYPE")],
                func="""
                    IF NEW.kind = 'budget' AND NOT EXISTS (
                        SELECT 1 FROM ledger_fundchange c JOIN ledger_balance b
                            ON (b.kind, b.programme, b.year, b.division) = ('fund', c.programme, c.year, c.division)
                        WHERE c.id = NEW.change_id AND c.kind = 'budget' AND c.state = 'confirmed'
                            AND c.amount_rmb = NEW.amount_rmb AND b.id = NEW.balance_id
                    ) THEN
                        RAISE EXCEPTION 'ledger_budget_needs_confirmed_change' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.reservation_id IS NULL THEN
                        RETURN NEW;
                    END IF;
                    SELECT * INTO owned FROM ledger_reservation WHERE id = NEW.reservation_id;
                    IF owned.balance_id <> NEW.balance_id THEN
                        RAISE EXCEPTION 'ledger_entry_of_another_balance' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.kind = 'reserve' AND EXISTS (
                        SELECT 1 FROM ledger_reservation
                        WHERE balance_id = NEW.balance_id AND state = 'waiting' AND id < NEW.reservation_id
                    ) THEN
                        RAISE EXCEPTION 'ledger_first_come_first_served' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.kind = 'commit' AND EXISTS (
                        SELECT 1 FROM ledger_reservation WHERE key = owned.key AND state = 'waiting'
                    ) THEN
                        RAISE EXCEPTION 'ledger_commit_needs_reserved' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="moves_balance",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                declare=[
                    ("granted", "numeric := 0"),
                    ("brought", "numeric := 0"),
                    ("reserved", "numeric := 0"),
                    ("committed", "numeric := 0"),
                    ("paid", "numeric := 0"),
                    ("recovered", "numeric := 0"),
                    ("released", "numeric := 0"),
                ],
                func="""
                    CASE NEW.kind
                        WHEN 'grant', 'reversal' THEN granted := NEW.amount_rmb;
                        WHEN 'budget' THEN brought := NEW.amount_rmb;
                        WHEN 'reserve' THEN reserved := NEW.amount_rmb;
                        WHEN 'release' THEN reserved := -NEW.amount_rmb; released := NEW.amount_rmb;
                        WHEN 'cancel' THEN released := NEW.amount_rmb;
                        WHEN 'commit' THEN reserved := -NEW.amount_rmb; committed := NEW.amount_rmb;
                        WHEN 'uncommit' THEN reserved := NEW.amount_rmb; committed := -NEW.amount_rmb;
                        WHEN 'pay' THEN committed := -NEW.amount_rmb; paid := NEW.amount_rmb;
                        WHEN 'recover' THEN recovered := NEW.amount_rmb;
                    END CASE;
                    UPDATE ledger_balance SET
                        limit_rmb = limit_rmb + brought,
                        granted_rmb = granted_rmb + granted,
                        reserved_rmb = reserved_rmb + reserved,
                        committed_rmb = committed_rmb + committed,
                        paid_rmb = paid_rmb + paid,
                        recovered_rmb = recovered_rmb + recovered
                    WHERE id = NEW.balance_id;
                    UPDATE ledger_reservation SET
                        reserved_rmb = reserved_rmb + reserved,
                        committed_rmb = committed_rmb + committed,
                        paid_rmb = paid_rmb + paid,
                        recovered_rmb = recovered_rmb + recovered,
                        released_rmb = released_rmb + released
                    WHERE id = NEW.reservation_id;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.amount_rmb}"
