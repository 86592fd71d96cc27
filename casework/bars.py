"""What keeps an organisation from filing: rooms above say it, payments' debarments for one."""

from collections.abc import Callable

from accounts.models import Organisation

#: A sentence when the organisation may not file now, "" when it may.
Bar = Callable[[Organisation], str]

_registry: list[Bar] = []


def register(bar: Bar) -> None:
    _registry.append(bar)


def barred(organisation: Organisation) -> str:
    """The first sentence that keeps the organisation from filing; "" when nothing does."""
    return next((sentence for bar in _registry if (sentence := bar(organisation))), "")
