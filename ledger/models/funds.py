"""The money of a programme's year: its levels, and the place that each award has in it."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import no_truncate
from ledger.enums import ReservationState
from ledger.levels import CITY
from ledger.models.balances import Balance


def _amount(label: str) -> models.DecimalField:
    return models.DecimalField(label, max_digits=16, decimal_places=2, default=0)


class FundManager(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(kind="fund", division=CITY)


class Fund(Balance):
    """A programme's year as one page of the desk: the city's balance stands for all levels."""

    objects = FundManager()

    class Meta:
        proxy = True
        verbose_name = _("fund")
        verbose_name_plural = _("funds")

    def __str__(self) -> str:
        return f"{self.get_programme_display()} {self.year}"


class Reservation(models.Model):
    """One level's part of one award (`key`), from its place in the queue to what was paid and recovered.

    Ids grow under the balance's lock: they are the queue's order. A part is waiting until the balance has its whole
    amount; an award may be paid when no part of it waits. Only entries move the amounts.
    """

    balance = models.ForeignKey(
        Balance,
        on_delete=models.PROTECT,
        related_name="reservations",
        verbose_name=_("balance"),
        db_index=False,  # found by ledger_reservation_once
    )
    key = models.CharField(_("key"), max_length=80, help_text=_("The award: award:number of the case."))
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=16, decimal_places=2)
    reserved_rmb = _amount(_("reserved (RMB)"))
    committed_rmb = _amount(_("in payment (RMB)"))
    paid_rmb = _amount(_("paid (RMB)"))
    recovered_rmb = _amount(_("recovered (RMB)"))
    released_rmb = _amount(_("released (RMB)"))
    state = models.GeneratedField(
        expression=Case(
            When(
                reserved_rmb=0,
                committed_rmb=0,
                paid_rmb=0,
                released_rmb=0,
                then=Value(ReservationState.WAITING),
            ),
            When(committed_rmb__gt=0, then=Value(ReservationState.COMMITTED)),
            When(reserved_rmb__gt=0, then=Value(ReservationState.RESERVED)),
            When(paid_rmb=0, then=Value(ReservationState.RELEASED)),
            When(recovered_rmb=F("paid_rmb"), then=Value(ReservationState.RECOVERED)),
            default=Value(ReservationState.PAID),
        ),
        output_field=models.CharField(_("state"), max_length=10, choices=ReservationState),
        db_persist=True,
        verbose_name=_("state"),
    )
    queued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("awarded by"),
        db_index=False,  # nothing is looked up by it
    )
    queued_at = models.DateTimeField(_("awarded"), db_default=Now())

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["balance", "key"], name="ledger_reservation_once"),
            models.CheckConstraint(
                condition=Q(
                    amount_rmb__gt=0,
                    reserved_rmb__gte=0,
                    committed_rmb__gte=0,
                    recovered_rmb__gte=0,
                    released_rmb__gte=0,
                )
                & Q(paid_rmb__gte=F("recovered_rmb")),
                name="ledger_reservation_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(reserved_rmb=0, committed_rmb=0, paid_rmb=0, released_rmb=0)
                | Q(amount_rmb=F("reserved_rmb") + F("committed_rmb") + F("paid_rmb") + F("released_rmb")),
                name="ledger_reservation_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["key"], name="ledger_reservation_by_key"),
            models.Index(
                fields=["balance", "id"],
                condition=Q(state=ReservationState.WAITING),
                name="ledger_reservation_queue",
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
                        IF (NEW.reserved_rmb, NEW.committed_rmb, NEW.paid_rmb, NEW.recovered_rmb, NEW.released_rmb)
                            <> (0, 0, 0, 0, 0)
                        THEN
                            RAISE EXCEPTION 'ledger_reservation_moved_by_entries_only'
                                USING ERRCODE = 'check_violation';
                        END IF;
                    ELSIF pg_trigger_depth() < 2
                        OR (NEW.balance_id, NEW.key, NEW.amount_rmb, NEW.queued_by_id, NEW.queued_at) IS DISTINCT FROM
                            (OLD.balance_id, OLD.key, OLD.amount_rmb, OLD.queued_by_id, OLD.queued_at)
                    THEN
                        RAISE EXCEPTION 'ledger_reservation_moved_by_entries_only' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} · {self.amount_rmb}"
