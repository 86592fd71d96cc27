"""The template vocabulary, without a database."""

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.template import Context, Template
from django.utils import translation

from casework.templatetags import portal


def render(source: str, **context) -> str:
    return Template("{% load portal %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("500000"), "500,000.00"),
        ("40000.005", "40,000.01"),
        ("1,234.5", "1,234.50"),
        (-150, "-150.00"),
        (0, "0.00"),
    ],
)
def test_money_has_thousands_and_two_decimals(value, text):
    assert f'<span class="figure">{text}</span> <span class="unit">元</span>' in portal.money(value, "元")


@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_amount_is_a_dash_not_a_zero(value):
    assert portal.money(value) == '<span class="money">—</span>'


def test_an_unreadable_amount_is_shown_and_escaped():
    assert render('{{ x|money:"元" }}', x="<b>12</b>") == '<span class="money">&lt;b&gt;12&lt;/b&gt;</span>'


def test_usd_names_its_currency():
    assert "200,000.01" in portal.usd(Decimal("200000.01")) and "USD" in portal.usd(1)


@pytest.mark.parametrize(
    ("value", "text"), [(Decimal("200000.00"), "200,000"), ("0.20", "0.2"), (3, "3"), (1500, "1,500"), (None, "—")]
)
def test_plain_number_drops_needless_zeros_only(value, text):
    assert portal.plain_number(value) == text


@pytest.mark.parametrize(
    ("language", "date", "when"),
    [("zh-hans", "2015年7月1日", "2015年7月1日 00:32"), ("en", "1 Jul 2015", "1 Jul 2015, 00:32")],
)
def test_dates_are_written_in_the_readers_way(language, date, when):
    utc = dt.datetime(2015, 6, 30, 16, 32, tzinfo=dt.UTC)
    with translation.override(language):
        assert portal.day(dt.date(2015, 7, 1)) == f'<time datetime="2015-07-01">{date}</time>'
        assert portal.day("2015-07-01") == f'<time datetime="2015-07-01">{date}</time>'
        assert portal.day(utc) == f'<time datetime="2015-07-01">{date}</time>'
        assert portal.moment(utc) == f'<time datetime="2015-07-01T00:32:00+08:00">{when}</time>'
        assert portal.moment("2015-06-30T16:32:00+00:00") == portal.moment(utc)
        assert portal.day(None) == "<span>—</span>"
        assert portal.day("soon") == "<span>soon</span>"


@pytest.mark.parametrize("step", [{"zh": "起点<", "en": "Threshold<"}, SimpleNamespace(zh="起点<", en="Threshold<")])
def test_words_of_a_rule_follow_the_language_and_are_escaped(step):
    with translation.override("zh-hans"):
        assert render("{{ x|in_language }}", x=step) == "起点&lt;"
    with translation.override("en"):
        assert render("{{ x|in_language }}", x=step) == "Threshold&lt;"


def test_a_missing_translation_falls_back_and_a_string_passes():
    with translation.override("en"):
        assert portal.in_language({"zh": "起点", "en": ""}) == "起点"
        assert portal.in_language("as it is") == "as it is"
        assert portal.in_language(None) == ""


def test_icon_is_decoration_unless_it_is_named():
    assert 'aria-hidden="true"' in portal.icon("check") and "icons.svg#check" in portal.icon("check")
    assert 'role="img" aria-label="&lt;done&gt;"' in portal.icon("check", label="<done>")
    assert "#dot" in portal.icon("no-such-icon")


def test_sprite_and_list_of_icons_agree():
    sprite = (Path(settings.BASE_DIR) / "static/img/icons.svg").read_text(encoding="utf-8")
    assert set(re.findall(r'id="([a-z]+)"', sprite)) == portal.ICONS
    assert set(portal.TONES.values()) <= portal.ICONS


@pytest.mark.parametrize(
    ("value", "op", "filled", "reached", "capped"),
    [
        ("200000", "gt", "8.00%", False, False),
        ("200000", "gte", "8.00%", True, False),
        ("200000.01", "gt", "8.00%", True, False),
        ("2500000", "gt", "100.00%", True, True),
        ("2700000", "gt", "100.00%", True, True),
        ("-1", "gt", "0.00%", False, False),
    ],
)
def test_number_line(value, op, filled, reached, capped):
    line = portal.number_line({"value": value, "threshold": "200000", "cap": "2500000", "op": op})
    assert (line.filled, line.reached, line.capped) == (filled, reached, capped)
    assert line.threshold == "8.00%"


def test_number_line_needs_a_length():
    assert portal.number_line({"value": 1, "threshold": 1, "cap": 0}) is None
    assert portal.number_line(SimpleNamespace(value=None, threshold=1, cap=2)) is None


def test_number_label_knows_the_words_of_the_trace():
    with translation.override("en"):
        assert portal.number_label("total_usd") == "Total of the year"
        assert portal.number_label("something_new") == "something new"


def test_amount_of_reads_the_terms():
    terms = SimpleNamespace(amounts={("local", "trainee"): Decimal("1.00")})
    assert portal.amount_of(terms, "local", "trainee") == Decimal("1.00")
    assert portal.amount_of(terms, "moon", "trainee") is None
    assert portal.amount_of(None, "local", "trainee") is None


class LineForm(forms.Form):
    amount = forms.DecimalField(label="Amount")
    place = forms.ChoiceField(label="Place", choices=[("local", "Local")], widget=forms.RadioSelect)
    secret = forms.CharField(widget=forms.HiddenInput)

    def clean(self):
        raise forms.ValidationError("Together they are wrong")


def test_problems_link_to_their_fields():
    problems = portal.problems_of(LineForm({"amount": "x"}))
    assert [(p.target, p.label) for p in problems] == [
        ("", ""),
        ("id_amount", "Amount"),
        ("id_place_0", "Place"),
        ("", "Secret"),
    ]
    assert portal.problems_of(LineForm()) == []
    assert portal.problems_of() == []


def test_problems_of_a_formset_name_the_row():
    lines = forms.formset_factory(LineForm, extra=2)
    data = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "form-1-amount": "x"}
    with translation.override("en"):
        problems = portal.problems_of(None, lines(data))
        assert ("id_form-1-amount", "Row 2: Amount") in [(p.target, p.label) for p in problems]
        assert portal.problems_of(formsets=[lines(data)]) == problems
        assert portal.problem_count(problems[:1]) == "1 thing needs your attention"
        assert portal.problem_count(problems[:2]) == "2 things need your attention"
