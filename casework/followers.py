"""What other rooms do in the transaction of a decision: letters are written, entries of notices end.

Not signals: each is registered once, by name, in its room's `ready`, and called in order with the case locked.
"""

from collections.abc import Callable

from accounts.models import User
from casework.models import Award, Case, Transition

#: (case, the step that decided it, who decided)
Decided = Callable[[Case, Transition, User], None]
#: The award that was reversed.
Reversed = Callable[[Award], None]

_decided: list[Decided] = []
_reversed: list[Reversed] = []


def on_decision(follow: Decided) -> None:
    _decided.append(follow)


def on_reversal(follow: Reversed) -> None:
    _reversed.append(follow)


def decided(case: Case, step: Transition, user: User) -> None:
    for follow in _decided:
        follow(case, step, user)


def award_reversed(award: Award) -> None:
    for follow in _reversed:
        follow(award)
