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
PARTS = ("reserved_rmb", "committed_rmb", "paid_rmb", "recovered_rmb", "released_rmb")
#: What an entry of a kind adds to a column.
_ADDS = {
    "limit_rmb": "WHEN 'budget' THEN amount_rmb",
    "granted_rmb": "WHEN 'grant' THEN amount_rmb WHEN 'reversal' THEN amount_rmb",
    "reserved_rmb": "WHEN 'reserve' THEN amount_rmb WHEN 'uncommit' THEN amount_rmb"
    " WHEN 'release' THEN -amount_rmb WHEN 'commit' THEN -amount_rmb",
    "committed_rmb": "WHEN 'commit' THEN amount_rmb WHEN 'uncommit' THEN -amount_rmb WHEN 'pay' THEN -amount_rmb",
    "paid_rmb": "WHEN 'pay' THEN amount_rmb",
    "recovered_rmb": "WHEN 'recover' THEN amount_rmb",
    "released_rmb": "WHEN 'release' THEN amount_rmb WHEN 'cancel' THEN amount_rmb",
}


def _sums(*columns: str) -> str:
    return ", ".join(f"sum(CASE kind {_ADDS[name]} ELSE 0 END) AS {name}" for name in columns)


#: The sums of the parts of the balance that is moved; a batch of more than a few is joined.
_OF_PARTS = f"SELECT reservation_id, {_sums(*PARTS)} FROM posted WHERE balance_id = moved.balance_id"
_FEW = 20


def _add(record: str, *columns: str) -> str:
    return ", ".join(f"{name} = r.{name} + {record}.{name}" for name in columns)


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
        Balance,
        on_delete=models.PROTECT,
        related_name="entries",
        verbose_name=_("balance"),
        db_index=False,  # found by ledger_entry_key_once
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
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("posted by"),
        db_index=False,  # nothing is looked up by it
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
                condition=pgtrigger.Condition("NEW.kind NOT IN ('grant', 'reversal')"),
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
                    IF NEW.kind = 'commit' AND EXISTS (
                        SELECT 1 FROM ledger_reservation WHERE key = owned.key AND state = 'waiting'
                    ) THEN
                        RAISE EXCEPTION 'ledger_commit_needs_reserved' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            # Once for a statement, so that a batch moves each balance once; balances in one order, by their id. Few
            # parts go by key: a joined statement's plan, kept by the connection, would be that of its first batch.
            pgtrigger.Trigger(
                name="moves_balance",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="posted"),
                declare=[("moved", "record"), ("part", "record")],
                func=f"""
                    FOR moved IN
                        SELECT balance_id, {_sums("limit_rmb", *MOVED)}, count(reservation_id) AS parts,
                            max(reservation_id) FILTER (WHERE kind = 'reserve') AS last_served
                        FROM posted GROUP BY balance_id ORDER BY balance_id
                    LOOP
                        UPDATE ledger_balance r SET {_add("moved", "limit_rmb", *MOVED)}
                        WHERE id = moved.balance_id;
                        CONTINUE WHEN moved.parts = 0;
                        IF moved.parts > {_FEW} THEN
                            UPDATE ledger_reservation r SET {_add("added", *PARTS)}
                            FROM ({_OF_PARTS} GROUP BY reservation_id) AS added WHERE r.id = added.reservation_id;
                        ELSE
                            FOR part IN {_OF_PARTS} GROUP BY reservation_id LOOP
                                UPDATE ledger_reservation r SET {_add("part", *PARTS)} WHERE id = part.reservation_id;
                            END LOOP;
                        END IF;
                        IF EXISTS (
                            SELECT 1 FROM ledger_reservation
                            WHERE balance_id = moved.balance_id AND state = 'waiting' AND id < moved.last_served
                        ) THEN
                            RAISE EXCEPTION 'ledger_first_come_first_served' USING ERRCODE = 'check_violation';
                        END IF;
                    END LOOP;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.amount_rmb}"
