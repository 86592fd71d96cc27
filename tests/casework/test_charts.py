"""The marks of a chart follow from its figures, and every figure stands in the table."""

import doctest
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from casework import charts
from casework.charts import Series


def test_examples_in_the_module_hold():
    assert doctest.testmod(charts).failed == 0


def test_a_stacked_bar_is_as_long_as_its_parts():
    chart = charts.stacked(
        "fund",
        "Half is reserved",
        ["2015", "2016"],
        [Series("Paid", [Decimal("25.00"), 0]), Series("Reserved", [25, None])],
        unit="RMB",
        whole=100,
    )
    parts = [(mark.look, mark.x, mark.width) for mark in chart.rects]
    assert parts == [
        ("chart-track", "0", "100"),
        ("chart-1", "0", "25"),
        ("chart-2", "25", "25"),
        ("chart-track", "0", "100"),
    ]
    assert [(row.label, row.figures) for row in chart.rows] == [
        ("2015", ["25.00", "25"]),
        ("2016", ["0", "–"]),
    ]
    assert [key.label for key in chart.legend] == ["Paid", "Reserved"]


def test_columns_stand_on_zero_and_on_each_other():
    chart = charts.columns("weeks", "t", ["1", "2"], [Series("a", [2, 0]), Series("b", [2, 4])], unit="cases")
    tops = [(mark.look, mark.y, mark.height) for mark in chart.rects]
    assert tops == [("chart-1", 118, 100), ("chart-2", 18, 100), ("chart-2", 18, 200)]


def test_a_line_has_gaps_where_figures_are_missing_and_may_go_below_zero():
    chart = charts.lines(
        "growth",
        "t",
        ["2013", "2014", "2015", "2016"],
        [Series("a", [-10, 10, None, 20]), Series("Target", [20] * 4, dashed=True)],
        unit="%",
    )
    drawn = [mark.look for mark in chart.lines if "chart-line" in mark.look]
    assert drawn == ["chart-line chart-1"] + ["chart-line chart-2 chart-dashed"] * 3
    assert len(chart.dots) == 7
    assert chart.rows[2].figures == ["–", "20"]


@pytest.mark.parametrize(
    "chart",
    [
        charts.bars("none", "t", [], unit="cases"),
        charts.columns("none", "t", [], [Series("a", [])], unit="cases"),
        charts.lines("none", "t", [], [Series("a", [])], unit="cases"),
    ],
)
def test_without_figures_the_page_says_so(chart):
    with translation.override("en"):
        page = render_to_string("_partials/chart.html", {"chart": chart})
    assert "Nothing to show yet." in page and "<svg" not in page


def test_paired_bars_share_one_scale_and_keep_their_figures_apart():
    chart = charts.paired(
        "k", "t", ["a", "b"], [Series("old", [10, None]), Series("new", [5, 0])], unit="RMB", heading="Part"
    )
    assert [(mark.width, mark.look) for mark in chart.rects] == [("72", "chart-1"), ("36", "chart-2")]
    assert [text.text for text in chart.texts if text.look == "chart-value"] == ["10", "5", "–", "0"]
    assert [key.label for key in chart.legend] == chart.heads == ["old", "new"]
    assert [row.figures for row in chart.rows] == [["10", "5"], ["–", "0"]]
    assert chart.rects[1].y - chart.rects[0].y > charts.BAR


def test_nothing_but_zero_still_draws():
    assert charts.bars("zero", "t", [("a", 0)], unit="cases").rects == []
    assert charts.columns("zero", "t", ["a"], [Series("a", [0])], unit="cases").rects == []


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_drawing_names_itself_and_needs_no_inline_style(language):
    chart = charts.lines(
        "k", "<Growth>", ["a", "b"], [Series("s", [0.5, 1250.25])], unit="USD", heading="Year"
    )
    with translation.override(language):
        page = render_to_string("_partials/chart.html", {"chart": chart})
    assert 'role="img"' in page and "style=" not in page and "<Growth>" not in page
    assert "&lt;Growth&gt;" in page and "1,250.25" in page
