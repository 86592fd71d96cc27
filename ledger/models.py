"""Append-only money entries and the balances they move.

The balance row carries the CHECK; the entry's trigger moves it. A sum taken in Python, or inside a trigger, overshoots
under concurrency; one guarded row does not.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from audit.triggers import append_only, no_truncate
from ledger.enums import BalanceKind, EntryKind
from policy.enums import ProgrammeCode


class Balance(models.Model):
    """What may be granted and what has been, in RMB: an enterprise's year, or a programme's year."""

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
    limit_rmb = models.DecimalField(_("limit (RMB)"), max_digits=16, decimal_places=2)
    granted_rmb = models.DecimalField(_("granted (RMB)"), max_digits=16, decimal_places=2, default=0)

    class Meta:
        verbose_name = _("balance")
        verbose_name_plural = _("balances")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "programme", "year", "organisation"],
                name="ledger_balance_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(granted_rmb__gte=0) & models.Q(granted_rmb__lte=models.F("limit_rmb")),
                name="ledger_balance_within_limit",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=BalanceKind.FUND, organisation__isnull=True)
                | models.Q(kind=BalanceKind.ALLOWANCE, organisation__isnull=False),
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
                        IF NEW.granted_rmb <> 0 THEN
                            RAISE EXCEPTION 'ledger_balance_moved_by_entries_only' USING ERRCODE = 'check_violation';
                        END IF;
                    ELSIF NEW.granted_rmb <> OLD.granted_rmb AND pg_trigger_depth() < 2 THEN
                        RAISE EXCEPTION 'ledger_balance_moved_by_entries_only' USING ERRCODE = 'check_violation';
                    ELSIF (NEW.limit_rmb, NEW.kind, NEW.programme, NEW.year, NEW.organisation_id) IS DISTINCT FROM
                        (OLD.limit_rmb, OLD.kind, OLD.programme, OLD.year, OLD.organisation_id) THEN
                        RAISE EXCEPTION 'ledger_balance_limit_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.year}"

    @property
    def left_rmb(self):
        return self.limit_rmb - self.granted_rmb


class Entry(models.Model):
    """One movement of one balance. `key` makes posting twice impossible."""

    balance = models.ForeignKey(
        Balance, on_delete=models.PROTECT, related_name="entries", verbose_name=_("balance")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind)
    amount_rmb = models.DecimalField(
        _("amount (RMB)"),
        max_digits=16,
        decimal_places=2,
        help_text=_("Negative when it takes a grant back."),
    )
    key = models.CharField(_("key"), max_length=80)
    posted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("posted by")
    )
    posted_at = models.DateTimeField(_("posted"), db_default=Now())

    class Meta:
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["balance", "key"], name="ledger_entry_key_once"),
            models.CheckConstraint(
                condition=models.Q(kind=EntryKind.GRANT, amount_rmb__gte=0)
                | models.Q(kind=EntryKind.REVERSAL, amount_rmb__lt=0),
                name="ledger_entry_sign",
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="moves_balance",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                    UPDATE ledger_balance SET granted_rmb = granted_rmb + NEW.amount_rmb WHERE id = NEW.balance_id;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key}: {self.amount_rmb}"
