"""What keeps a decision from being taken back: rooms above say it, payments for one."""

from collections.abc import Callable

from casework.models import Award

#: A sentence when the award can no longer be reversed, "" when it can. Called with organisation and case locked.
Hold = Callable[[Award], str]

_registry: list[Hold] = []


def register(hold: Hold) -> None:
    _registry.append(hold)


def held(award: Award) -> str:
    """The first sentence that keeps an award from being reversed; "" when nothing does."""
    return next((sentence for hold in _registry if (sentence := hold(award))), "")
