"""Which payments a random sample is drawn from; a programme registers what it looks at again, and why."""

from collections.abc import Callable
from datetime import date

from django.db.models import QuerySet

from payments.enums import PaymentState
from payments.models import Payment

#: Paid payments of a programme's year -> those that are looked at on this day.
Population = Callable[[QuerySet[Payment], date], QuerySet[Payment]]
_registry: dict[str, Population] = {}


def register(programme: str, population: Population) -> None:
    _registry[programme] = population


def population_of(programme: str, year: int, day: date) -> QuerySet[Payment]:
    """Every paid payment of the year's claims that no open check is about, by number."""
    paid = Payment.objects.filter(
        award_line__programme=programme, case__year=year, state=PaymentState.PAID
    ).exclude(checks__state__in=("open", "hearing"))
    chosen = _registry.get(programme)
    return (chosen(paid, day) if chosen else paid).order_by("number")
