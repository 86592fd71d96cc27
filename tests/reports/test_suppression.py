"""Nobody finds a hidden figure: an attacker with paper and exact fractions tries every equation that is published."""

import doctest
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from reports.statistics import suppression
from reports.statistics.suppression import Figure, hidden

LEAST = 3


def test_examples_in_the_module_hold():
    assert doctest.testmod(suppression).failed == 0


def span(rows: list[list[Fraction]]) -> list[list[Fraction]]:
    """The rows in echelon form."""
    rows, done = [list(row) for row in rows], []
    for place in range(len(rows[0]) if rows else 0):
        pivot = next((row for row in rows if row[place]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        pivot = [value / pivot[place] for value in pivot]
        rows = [[a - row[place] * b for a, b in zip(row, pivot, strict=True)] for row in rows]
        done.append(pivot)
    return done


def computable(target: list[Fraction], published: list[list[Fraction]]) -> bool:
    left = list(target)
    for row in span(published):
        place = next(n for n, value in enumerate(row) if value)
        left = [a - left[place] * b for a, b in zip(left, row, strict=True)]
    return not any(left)


@st.composite
def economies(draw) -> list[Figure]:
    """Lines of enterprises, added up as the statistics do: two levels of sectors, places, kinds, countries."""
    enterprises = draw(st.integers(1, 8))
    place = {e: draw(st.integers(0, 2)) for e in range(enterprises)}
    lines = {}
    for number in range(draw(st.integers(1, 16))):
        enterprise = draw(st.integers(0, enterprises - 1))
        lines[number] = (
            enterprise,
            draw(st.integers(0, 4)),
            draw(st.integers(0, 3)),
            draw(st.integers(0, 2)),
        )

    def figure(key: str, parent: str, keep) -> Figure:
        who = {number: line[0] for number, line in lines.items() if keep(line)}
        return Figure(key, who, sum(number + 1 for number in who), parent)

    figures = [figure("market:total", "", lambda line: True)]
    figures.append(figure("market:on", "market:total", lambda line: line[2] == 0))
    figures.append(figure("market:off", "market:total", lambda line: line[2] != 0))
    for tier in range(2):
        figures.append(figure(f"tier:{tier}", "market:total", lambda line, t=tier: line[1] % 2 == t))
    for sector in range(5):
        parent = f"tier:{sector % 2}"
        figures.append(figure(f"sector:{sector}", parent, lambda line, s=sector: line[1] == s))
    for country in range(1, 4):
        figures.append(figure(f"country:{country}", "market:off", lambda line, c=country: line[2] == c))
    for kind in range(3):
        figures.append(figure(f"service:{kind}", "market:total", lambda line, k=kind: line[3] == k))
        figures.append(figure(f"district:{kind}", "market:total", lambda line, k=kind: place[line[0]] == k))
    return figures


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(economies())
def test_no_hidden_figure_can_be_computed_from_the_published_ones(figures):
    gone = hidden(figures, LEAST)
    atoms = sorted({atom for figure in figures for atom in figure.who})
    vectors = {f.key: [Fraction(atom in f.who) for atom in atoms] for f in figures}
    published = [vectors[figure.key] for figure in figures if figure.key not in gone]
    for figure in figures:
        if 0 < figure.contributors < LEAST:
            assert figure.key in gone
            assert not computable(vectors[figure.key], published), figure.key
        elif figure.contributors == 0:
            assert figure.key not in gone
    # What a published total leaves after its published parts has contributors enough, or cannot be computed.
    by_key = {figure.key: figure for figure in figures}
    kinds = {(f.parent, f.key.partition(":")[0]) for f in figures if f.parent}
    for parent, kind in kinds:
        left, rest = list(vectors[parent]), dict(by_key[parent].who)
        for part in figures:
            if part.parent == parent and part.key.startswith(kind) and part.key not in gone:
                left = [a - b for a, b in zip(left, vectors[part.key], strict=True)]
                rest = {atom: who for atom, who in rest.items() if atom not in part.who}
        if 0 < len(set(rest.values())) < LEAST:
            assert not computable(left, published), (parent, kind)


def test_nothing_is_hidden_where_enough_are_behind_everything():
    people = {n: n for n in range(12)}
    parts = [Figure(f"p:{k}", {n: n for n in people if n % 3 == k}, 4, "t:all") for k in range(3)]
    assert hidden([Figure("t:all", people, 12), *parts], LEAST) == set()


def test_three_ways_round_do_not_help():
    """x + y, x + z and y + z give x away although no single subtraction does."""
    who = {"x": 1, "y1": 2, "y2": 3, "y3": 4, "z1": 5, "z2": 6, "z3": 7}

    def figure(key: str, letters: str) -> Figure:
        return Figure(key, {atom: person for atom, person in who.items() if atom[0] in letters}, 1)

    figures = [figure(key, key) for key in ("x", "xy", "xz", "yz")]
    gone = hidden(figures, LEAST)
    assert "x" in gone and len(gone) == 2
