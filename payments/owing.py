"""What payees still have to give back, and how much of it a later payment of theirs keeps.

Nothing is netted silently: each part is a `SetOff` of its own, shown in the batch, the treasury's file and the letter.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db.models import DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from casework.models import AwardLine
from payments.enums import ENDED_UNPAID, PaymentState, ProposalState
from payments.models import RecoveryOrder, Repayment, SetOff
from payments.payees import key_of

ZERO = Decimal("0.00")
_MONEY = DecimalField(max_digits=14, decimal_places=2)


def _sum(rows: QuerySet) -> Coalesce:
    of_order = rows.filter(order=OuterRef("pk")).order_by()
    total = Subquery(of_order.values("order").annotate(total=Sum("amount_rmb")).values("total"))
    return Coalesce(total, ZERO, output_field=_MONEY)


def orders() -> QuerySet[RecoveryOrder]:
    """Recovery orders with what came back by transfer and by set-off, what is on its way and what is still owed.

    Adds `transferred_rmb`, `set_off_rmb` (of paid payments), `on_its_way_rmb` (of payments not paid yet), `owed_rmb`.
    """
    paid = SetOff.objects.filter(payment__state=PaymentState.PAID)
    coming = SetOff.objects.exclude(payment__state__in=[*ENDED_UNPAID, PaymentState.PAID])
    return RecoveryOrder.objects.annotate(
        transferred_rmb=_sum(Repayment.objects.filter(confirmed_at__isnull=False)),
        set_off_rmb=_sum(paid),
        on_its_way_rmb=_sum(coming),
    ).annotate(owed_rmb=F("amount_rmb") - F("transferred_rmb") - F("set_off_rmb"))


def open_orders() -> QuerySet[RecoveryOrder]:
    """Orders in force that are not paid back, oldest first."""
    return orders().filter(state=ProposalState.CONFIRMED, owed_rmb__gt=0).order_by("pk")


def set_offs_for(lines: Sequence[AwardLine]) -> list[dict[int, Decimal]]:
    """For each line, in the given order: {order's id: RMB that the payment of this line keeps}, oldest order first."""
    left: dict[tuple[int | None, str], list[list]] = {}
    for order in _of_payees(lines):
        free = order.owed_rmb - order.on_its_way_rmb
        left.setdefault(_payee(order.organisation_id, order.person_key), []).append([order.pk, free])
    found = []
    for line in lines:
        due, kept = line.amount_rmb, {}
        for entry in left.get(_payee(line.award.case.organisation_id, key_of(line)), []):
            if (part := min(due, entry[1])) > 0:
                kept[entry[0]] = part
                entry[1] -= part
                due -= part
        found.append(kept)
    return found


def _of_payees(lines: Iterable[AwardLine]) -> QuerySet[RecoveryOrder]:
    organisations = {line.award.case.organisation_id for line in lines if not key_of(line)}
    persons = {key_of(line) for line in lines} - {""}
    return open_orders().filter(Q(organisation__in=organisations, person_key="") | Q(person_key__in=persons))


def _payee(organisation_id: int, person_key: str) -> tuple[int | None, str]:
    """A person owes whoever claims for them; an organisation owes for itself."""
    return (None, person_key) if person_key else (organisation_id, "")
