"""Which people stand behind an award: the programmes say it, masked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from casework.models import Award


@dataclass(frozen=True)
class MaskedPerson:
    """One person of an award as a notice shows them (`张*`, `360102********123X`), with RMB to them."""

    name: str
    identity: str
    amount_rmb: Decimal


#: The people of an award whose `assessment.submission` was read with it.
PeopleOf = Callable[[Award], Sequence[MaskedPerson]]

_registry: dict[str, PeopleOf] = {}


def register(programme: str, people_of: PeopleOf) -> None:
    _registry[programme] = people_of


def people_of(award: Award, programme: str) -> Sequence[MaskedPerson]:
    """Nobody where the programme names no people."""
    found = _registry.get(programme)
    return found(award) if found else ()
