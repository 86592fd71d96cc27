"""Which figures may be published, so that nobody behind a small one can be found, by subtraction either.

A figure adds up atoms (lines of returns, trainings); behind each atom stands a contributor (an enterprise, a person).
A figure with fewer contributors than the least number is hidden. Then everything that is published is treated as an
equation: while a hidden figure, or what is left of a published total after its published parts, can be computed from
the others and has too few contributors, one more figure of that computation is hidden.

>>> def figure(key, people, parent=""):
...     return Figure(key, {person: person for person in people}, len(people), parent)
>>> total = figure("total", "abcdefghi")
>>> parts = [figure("x", "a", "total"), figure("y", "bcd", "total"), figure("z", "efghi", "total")]
>>> sorted(hidden([total, *parts], 3))
['x', 'y']
"""

import random
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

#: Equations are solved modulo this prime: exact, and no number grows.
_PRIME = 2**61 - 1
#: Random sums stand for the atoms; so many more than figures, that a false coincidence has no chance worth a name.
_SPARE = 4
#: A number holds all sums of an atom, one in each lane; the lanes' upper bits take the carry of many atoms.
_LANE, _BITS = 96, 61


@dataclass(frozen=True)
class Figure:
    """`who` names the contributor behind each atom. `parent` is the key of the total that the figure is a part of."""

    key: str
    who: Mapping[Hashable, Hashable]
    value: Decimal | int
    parent: str = ""

    @cached_property
    def contributors(self) -> int:
        return len(set(self.who.values()))


def hidden(figures: Sequence[Figure], least: int) -> set[str]:
    """The keys of the figures that must not be published. Figures of nobody may be: they say zero."""
    by_key = {figure.key: figure for figure in figures}
    found = {key for key, figure in by_key.items() if 0 < figure.contributors < least}
    sums = _sums(figures)
    while True:
        published = [figure for figure in figures if figure.key not in found and figure.who]
        equations = _Equations({figure.key: sums[figure.key] for figure in published})
        more = set()
        for sensitive in _sensitive(figures, found, least, sums):
            if (used := equations.solve(sensitive)) is not None:
                more.add(_least_loss([by_key[key] for key in used]).key)
                break
        if not more:
            return found
        found |= more


def _sensitive(
    figures: Sequence[Figure], found: set[str], least: int, sums: Mapping[str, list[int]]
) -> Iterable[list[int]]:
    """What must not be computable: hidden figures of too few, and what published parts leave of a published total."""
    by_key = {figure.key: figure for figure in figures}
    parts: dict[str, list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.key in found and 0 < figure.contributors < least:
            yield sums[figure.key]
        if figure.parent:
            # The parts of one total may be listed several ways (by sector, by country): each way for itself.
            parts[f"{figure.parent}|{figure.key.partition(':')[0]}"].append(figure)
    for name, listed in parts.items():
        parent = by_key[name.partition("|")[0]]
        rest = dict(parent.who)
        left = list(sums[parent.key])
        for figure in listed:
            if figure.key not in found:
                left = [(a - b) % _PRIME for a, b in zip(left, sums[figure.key], strict=True)]
                for atom in figure.who:
                    rest.pop(atom, None)
        if 0 < len(set(rest.values())) < least:
            yield left


def _least_loss(used: Sequence[Figure]) -> Figure:
    """Of the figures of a computation the one whose loss says least: a part before a total, a small one first."""
    parents = {figure.parent for figure in used}
    return min(used, key=lambda figure: (figure.key in parents, not figure.parent, figure.value, figure.key))


def _sums(figures: Sequence[Figure]) -> dict[str, list[int]]:
    """For each figure random sums over its atoms: equations between figures hold between the sums, and no others."""
    generator = random.Random(1)  # noqa: S311  (no secret: the sums never leave this function's callers)
    width = len(figures) + _SPARE
    mask = sum(((1 << _BITS) - 1) << (_LANE * lane) for lane in range(width))
    drawn = {
        atom: generator.getrandbits(_LANE * width) & mask
        for atom in dict.fromkeys(atom for figure in figures for atom in figure.who)
    }
    sums = {}
    for figure in figures:
        total = sum(drawn[atom] for atom in figure.who)
        sums[figure.key] = [(total >> (_LANE * lane)) % (1 << _LANE) % _PRIME for lane in range(width)]
    return sums


class _Equations:
    """Published figures as rows in echelon form, each with the figures that it was combined from."""

    def __init__(self, rows: Mapping[str, list[int]]) -> None:
        self.rows: list[tuple[int, list[int], dict[str, int]]] = []
        for key, row in rows.items():
            row, used = self._reduced(row, {key: 1})
            place = next((n for n, value in enumerate(row) if value), None)
            if place is not None:
                inverse = pow(row[place], -1, _PRIME)
                self.rows.append(
                    (
                        place,
                        [value * inverse % _PRIME for value in row],
                        {name: value * inverse % _PRIME for name, value in used.items()},
                    )
                )

    def _reduced(self, row: list[int], used: dict[str, int]) -> tuple[list[int], dict[str, int]]:
        for place, other, combined in self.rows:
            if factor := row[place]:
                row = [(a - factor * b) % _PRIME for a, b in zip(row, other, strict=True)]
                for name, value in combined.items():
                    used[name] = (used.get(name, 0) - factor * value) % _PRIME
        return row, used

    def solve(self, row: list[int]) -> list[str] | None:
        """The figures from which a sum can be computed; None when it cannot be."""
        left, used = self._reduced(list(row), {})
        return None if any(left) else [name for name, value in used.items() if value]
