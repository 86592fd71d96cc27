"""Charts drawn by the server: figures go in, marks of an accessible SVG come out (`_partials/chart.html`).

Horizontal places are percentages and vertical ones pixels, so a chart fills any width while its words keep their size.
Colours are classes (`.chart-1` to `.chart-5`, static/css/charts.css) whose lightness differs, for grey prints; every
chart brings its figures as a table. `title` says the finding, `unit` what the figures count.

>>> chart = bars("by_stage", "Most wait for the initial review", [("Initial", 3), ("Final", 1)], unit="cases")
>>> [(mark.x, mark.width) for mark in chart.rects]
[('0', '100'), ('0', '33.333')]
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

Figure = int | float | Decimal
Words = Callable[[Figure], str]

COLOURS = 5
#: Heights in pixels.
ROW, BAR, PLOT, TOP, AXIS = 44, 14, 200, 18, 26
#: A label wider than this (a Chinese character counts two) goes on in a line below, so many pixels lower.
MOST_WIDE, BELOW = 30, 20
#: Share of the width that the scale of a plot over time takes, in per cent; and names on its axis at most.
SCALE, MOST_NAMES, TICKS = 10, 8, 4
#: Share of the width for the longest of paired bars; their figures stand in the rest.
PAIRED = 72


@dataclass(frozen=True)
class Series:
    """One row of figures, as many as the chart has labels; None where there is none. `dashed`: a target, a forecast."""

    label: str
    values: Sequence[Figure | None]
    dashed: bool = False


@dataclass(frozen=True)
class Rect:
    x: str
    y: int
    width: str
    height: int
    look: str
    title: str = ""


@dataclass(frozen=True)
class Line:
    x1: str
    y1: str
    x2: str
    y2: str
    look: str


@dataclass(frozen=True)
class Dot:
    x: str
    y: str
    look: str
    title: str


@dataclass(frozen=True)
class Text:
    x: str
    y: int
    text: str
    look: str = ""
    anchor: str = "start"


@dataclass(frozen=True)
class Key:
    """One entry of the legend."""

    look: str
    label: str
    dashed: bool = False


@dataclass(frozen=True)
class Row:
    """One line of the table: what, and its figures in words."""

    label: str
    figures: list[str]


@dataclass(frozen=True)
class Chart:
    """What the template draws; `key` makes the ids on a page unique."""

    key: str
    title: str
    unit: str
    heading: str
    height: int
    heads: list[str]
    rows: list[Row]
    legend: list[Key]
    rects: list[Rect] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not self.rows


def plain_words(value: Figure) -> str:
    """Thousands grouped; as many decimals as the figure has."""
    return f"{value:,}"


def bars(
    key: str,
    title: str,
    rows: Iterable[tuple[str, Figure]],
    *,
    unit: str,
    heading: str = "",
    words: Words = plain_words,
) -> Chart:
    """One horizontal bar for each (label, figure), figures not negative, in the given order."""
    pairs = list(rows)
    series = [Series(unit, [value for _label, value in pairs])]
    labels = [label for label, _value in pairs]
    return stacked(key, title, labels, series, unit=unit, heading=heading, words=words)


def stacked(
    key: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    unit: str,
    heading: str = "",
    words: Words = plain_words,
    whole: Figure | None = None,
) -> Chart:
    """One horizontal bar for each label, made of each series' figure (not negative). Up to five series.

    `whole` is the figure of a full width; by default the longest bar's.
    """
    totals = [_total(series, n) for n in range(len(labels))]
    longest = float(whole) if whole is not None else max(totals, default=0.0)
    rects, texts, bottom = [], [], 0
    for n, label in enumerate(labels):
        written, start = _written(label), 0.0
        for place, line in enumerate(written):
            texts.append(Text("0", bottom + 16 + place * BELOW, line, "chart-label"))
        top = bottom + (len(written) - 1) * BELOW
        bottom = top + ROW
        is_known = any(one.values[n] is not None for one in series)
        texts.append(
            Text("100%", top + 16, words(_exact(series, n)) if is_known else "–", "chart-value", "end")
        )
        if whole is not None:
            rects.append(Rect("0", top + 24, "100", BAR, "chart-track"))
        for colour, one in enumerate(series, start=1):
            value = one.values[n]
            if not value or not longest:
                continue
            width = min(100 * float(value) / longest, 100 - start)
            told = f"{label}: {words(value)}" if len(series) == 1 else f"{label}, {one.label}: {words(value)}"
            rects.append(Rect(_number(start), top + 24, _number(width), BAR, _colour(colour), told))
            start += width
    return Chart(key, title, unit, heading, bottom, *_table(labels, series, unit, words), rects, texts=texts)


def paired(
    key: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    unit: str,
    heading: str = "",
    words: Words = plain_words,
) -> Chart:
    """Under each label a horizontal bar for each series, one scale for all, its figure at the end of its line."""
    longest = max((float(value) for one in series for value in one.values if value), default=0.0)
    row = 28 + len(series) * (BAR + 4)
    rects, texts = [], []
    for n, label in enumerate(labels):
        texts.append(Text("0", n * row + 16, label, "chart-label"))
        for number, one in enumerate(series, start=1):
            value, top = one.values[n], n * row + 6 + number * (BAR + 4)
            texts.append(Text("100%", top + 12, "–" if value is None else words(value), "chart-value", "end"))
            if value and longest:
                width = _number(PAIRED * float(value) / longest)
                told = f"{label}, {one.label}: {words(value)}"
                rects.append(Rect("0", top, width, BAR, _colour(number), told))
    return Chart(
        key, title, unit, heading, row * len(labels), *_table(labels, series, unit, words), rects, texts=texts
    )


def columns(
    key: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    unit: str,
    heading: str = "",
    words: Words = plain_words,
) -> Chart:
    """Columns over time, one for each label, made of each series' figure (not negative)."""
    ticks = _ticks(0.0, max((_total(series, n) for n in range(len(labels))), default=0.0))
    lines, texts = _axes(labels, ticks, words)
    step, rects = (100 - SCALE) / max(len(labels), 1), []
    for n, label in enumerate(labels):
        floor = float(TOP + PLOT)
        for colour, one in enumerate(series, start=1):
            value = one.values[n]
            if not value:
                continue
            height = float(value) / ticks[-1] * PLOT
            top, bottom = round(floor - height), round(floor)
            told = f"{label}, {one.label}: {words(value)}"
            x, width = SCALE + n * step + step * 0.15, step * 0.7
            rects.append(Rect(_number(x), top, _number(width), max(bottom - top, 1), _colour(colour), told))
            floor -= height
    height = TOP + PLOT + AXIS
    return Chart(
        key, title, unit, heading, height, *_table(labels, series, unit, words), rects, lines, texts=texts
    )


def lines(
    key: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    unit: str,
    heading: str = "",
    words: Words = plain_words,
) -> Chart:
    """Lines over time; figures may be negative, a gap (None) interrupts its line. Zero is always on the scale."""
    known = [float(value) for one in series for value in one.values if value is not None]
    ticks = _ticks(min(known, default=0.0), max(known, default=0.0))
    marks, texts = _axes(labels, ticks, words)
    dots = []
    for colour, one in enumerate(series, start=1):
        look = _colour(colour) + (" chart-dashed" if one.dashed else "")
        before: tuple[str, str] | None = None
        for n, value in enumerate(one.values):
            if value is None:
                before = None
                continue
            here = (f"{_number(_middle(n, len(labels)))}%", _number(_height(float(value), ticks)))
            if before:
                marks.append(Line(*before, *here, f"chart-line {look}"))
            dots.append(Dot(*here, look, f"{labels[n]}, {one.label}: {words(value)}"))
            before = here
    height = TOP + PLOT + AXIS
    return Chart(
        key,
        title,
        unit,
        heading,
        height,
        *_table(labels, series, unit, words),
        lines=marks,
        dots=dots,
        texts=texts,
    )


# Places


def _written(label: str) -> list[str]:
    """A label in lines that fit on a telephone beside a figure; a word is not broken, Chinese anywhere.

    >>> _written("Nanchang Economic and Technological Development Zone")
    ['Nanchang Economic and', 'Technological Development Zone']
    """
    lines, wide = [""], 0
    for part in label.split(" ") if label.isascii() else label:
        size = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in part)
        gap = " " if lines[-1] and label.isascii() else ""
        if lines[-1] and wide + len(gap) + size > MOST_WIDE:
            lines.append(part)
            wide = size
        else:
            lines[-1] += gap + part
            wide += len(gap) + size
    return lines


def _colour(number: int) -> str:
    return f"chart-{(number - 1) % COLOURS + 1}"


def _number(value: float) -> str:
    """Up to three decimals with a point in every language."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _exact(series: Sequence[Series], n: int) -> Figure:
    return sum((one.values[n] for one in series if one.values[n] is not None), start=0)


def _total(series: Sequence[Series], n: int) -> float:
    return float(_exact(series, n))


def _middle(n: int, count: int) -> float:
    return SCALE + (n + 0.5) * (100 - SCALE) / max(count, 1)


def _height(value: float, ticks: Sequence[float]) -> float:
    return TOP + PLOT * (ticks[-1] - value) / (ticks[-1] - ticks[0])


def _ticks(lowest: float, highest: float) -> list[float]:
    """Round numbers from at most `lowest` and zero to at least `highest` and zero.

    >>> _ticks(0, 7)
    [0.0, 2.0, 4.0, 6.0, 8.0]
    >>> _ticks(-0.1, 0.25)
    [-0.1, 0.0, 0.1, 0.2, 0.3]
    """
    low, high = min(lowest, 0.0), max(highest, 0.0)
    if low == high:
        high = 1.0
    rough = (high - low) / TICKS
    power = 10.0 ** _exponent(rough)
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = int(low // step), int(-(-high // step))
    return [round(n * step, 10) for n in range(first, last + 1)]


def _exponent(value: float) -> int:
    """The power of ten of a positive number's first digit."""
    return int(f"{value:e}".partition("e")[2])


def _axes(labels: Sequence[str], ticks: Sequence[float], words: Words) -> tuple[list[Line], list[Text]]:
    marks, texts = [], []
    for tick in ticks:
        y = _number(_height(tick, ticks))
        look = "chart-base" if tick == 0 else "chart-grid"
        marks.append(Line("0", y, "100%", y, look))
        told = words(int(tick) if tick == int(tick) else tick)
        texts.append(Text("0", round(float(y)) - 3, told, "chart-tick"))
    every = -(-len(labels) // MOST_NAMES)
    for n, label in enumerate(labels):
        if n % every == 0:
            # Every second name gives way where the chart is narrow.
            look = "chart-tick" + (" chart-tick-wide" if n // every % 2 else "")
            x = f"{_number(_middle(n, len(labels)))}%"
            texts.append(Text(x, TOP + PLOT + 18, label, look, "middle"))
    return marks, texts


def _table(
    labels: Sequence[str], series: Sequence[Series], unit: str, words: Words
) -> tuple[list[str], list[Row], list[Key]]:
    many = len(series) > 1
    heads = [one.label for one in series] if many else [unit]
    rows = [
        Row(label, ["–" if one.values[n] is None else words(one.values[n]) for one in series])
        for n, label in enumerate(labels)
    ]
    legend = [
        Key(_colour(n) + (" chart-dashed" if one.dashed else ""), one.label, one.dashed)
        for n, one in enumerate(series, start=1)
    ]
    return heads, rows, legend if many else []
