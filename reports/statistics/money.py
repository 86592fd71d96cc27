"""Awards and payments for a year: what a public notice has named, and what of it the bank paid. All is public."""

from decimal import Decimal

from django.db.models import Count, Sum

from casework.models import AwardLine
from payments.enums import PaymentState
from payments.models import Payment
from policy.enums import ProgrammeCode
from policy.rules.money import round_fen
from reports import selectors
from reports.statistics.business import both
from reports.statistics.suppression import Figure, hidden
from reports.statistics.tables import Row, Table

UNITS = {"money": "RMB", "per_hire": "RMB"}


def money(year: int, least: int) -> dict[str, Table]:
    """Awarded and paid by programme, and the training subsidy for each person hired."""
    rows = []
    for programme in ProgrammeCode:
        awards = selectors.awards(programme=programme, year=year).order_by()
        found = awards.aggregate(rmb=Sum("amount_rmb"), count=Count("pk"))
        paid = Payment.objects.filter(
            state=PaymentState.PAID, award_line__award__in=awards.values("award")
        ).aggregate(rmb=Sum("amount_rmb"))
        values = {
            "awards": found["count"],
            "awarded_rmb": found["rmb"] or Decimal("0.00"),
            "paid_rmb": paid["rmb"] or Decimal("0.00"),
        }
        rows.append(Row(programme.value, both(programme.label), values))
    return {"money": Table("money", UNITS["money"], rows), "per_hire": _per_hire(year, least)}


def _per_hire(year: int, least: int) -> Table:
    """RMB to trainee and institution together for each person; hidden for too few people."""
    lines = AwardLine.objects.filter(
        award__in=selectors.awards(programme=ProgrammeCode.TRAINING, year=year).order_by().values("award"),
        reversed_at__isnull=True,
    )
    found = lines.aggregate(rmb=Sum("amount_rmb"))
    people = set(lines.exclude(person_key="").values_list("person_key", flat=True))
    count = len(people)
    gone = least and hidden([Figure("people", {person: person for person in people}, count)], least)
    average = round_fen(found["rmb"] / count) if count and not gone else None
    row = Row(
        "training",
        both(ProgrammeCode.TRAINING.label),
        {"people": None if gone else count, "rmb_per_hire": average},
        {"people": count} if not least else {},
    )
    return Table("per_hire", UNITS["per_hire"], [row] if count else [])
