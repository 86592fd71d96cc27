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
from django.utils import timezone, translation

from casework.templatetags import portal, sheet
from policy.rules.texts import REASONS, STEPS
from policy.rules.trace import Reason, Step


def render(source: str, **context) -> str:
    return Template("{% load portal %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal(500000), "500,000.00"),
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
    ("value", "text"),
    [(Decimal("200000.00"), "200,000"), ("0.20", "0.2"), (3, "3"), (1500, "1,500"), (None, "—")],
)
def test_plain_number_drops_needless_zeros_only(value, text):
    assert portal.plain_number(value) == text


def test_a_case_number_stays_on_one_line_and_the_sentence_is_escaped():
    said = render("{{ x|whole_numbers }}", x="<b>OS-2015-000123已受理，TR-2014-7</b>；A-1")
    assert said.startswith('&lt;b&gt;<span class="nowrap">OS-2015-000123</span>已受理，')
    assert said.endswith('<span class="nowrap">TR-2014-7</span>&lt;/b&gt;；A-1')


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


def test_the_time_of_today_needs_no_date():
    now = timezone.now()
    assert f">{timezone.localtime(now):%H:%M}<" in portal.clock_time(now)
    earlier = now - dt.timedelta(days=2)
    assert portal.clock_time(earlier) == portal.moment(earlier)


@pytest.mark.parametrize(
    "step", [{"zh": "起点<", "en": "Threshold<"}, SimpleNamespace(zh="起点<", en="Threshold<")]
)
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
    line = sheet.number_line({"value": value, "threshold": "200000", "cap": "2500000", "op": op})
    assert (line.filled, line.reached, line.capped) == (filled, reached, capped)
    assert line.threshold == "8.00%"


def test_number_line_needs_a_length():
    assert sheet.number_line({"value": 1, "threshold": 1, "cap": 0}) is None
    assert sheet.number_line(SimpleNamespace(value=None, threshold=1, cap=2)) is None


def test_a_step_is_worded_with_units():
    step = Step.build(
        "offshore.threshold",
        {"total_usd": "250000.00", "threshold_usd": "200000.00", "operator": "gt"},
        "met",
    )
    with translation.override("en"):
        for form in (step, step.to_json()):
            assert sheet.step_title(form) == "Threshold"
            assert sheet.number_rows(form) == [
                ("Total of the year", "250,000.00 USD"),
                ("Comparison", "more than"),
                ("Threshold", "200,000.00 USD"),
            ]
            assert sheet.result_of(form) == ("met", "good")
    with translation.override("zh-hans"):
        assert sheet.result_of(step) == ("符合", "good")
        assert sheet.number_rows(step)[1][1] == "超过"


@pytest.mark.parametrize(
    ("code", "result", "text"),
    [("offshore.cumulative", "250000.00", "250,000.00 USD"), ("offshore.award", "50000.00", "50,000.00 RMB")],
)
def test_the_result_of_a_step_carries_its_currency(code, result, text):
    with translation.override("en"):
        assert sheet.result_of({"code": code, "result": result}) == (text, "")


def test_coded_numbers_dates_and_rates_are_worded():
    numbers = {
        "start": "2015-03-01",
        "levels": "bachelor,master",
        "place": "local",
        "certified": "no",
        "rate_rmb_per_usd": "0.2",
        "months": "3",
        "something_new": "7",
    }
    with translation.override("en"):
        assert [value for _, value in sheet.number_rows({"numbers": numbers})] == [
            "1 Mar 2015",
            "bachelor, master",
            "in Nanchang",
            "no",
            "0.2",
            "3",
            "7",
        ]
        assert sheet.number_rows({"numbers": numbers})[-1][0] == "something new"
    assert sheet.number_rows({}) == []


def test_every_step_of_the_rules_has_a_title_and_every_number_a_label():
    assert set(STEPS) == set(sheet.STEPS)
    named = set(re.findall(r"{(\w+)", " ".join(text.en for text in STEPS.values()))) - {"result"}
    assert named <= set(sheet.NUMBERS)


def test_reasons_inform_or_ask_for_attention():
    cap = Reason.build("offshore.cap_applied", {"uncapped_rmb": "540000.00", "cap_rmb": "500000.00"})
    assert sheet.reason_tone(cap) == "info"
    assert sheet.reason_tone({"code": "training.no_certificate"}) == "warn"
    assert sheet.reason_tone({"code": "offshore.cap_applied", "tone": "bad"}) == "bad"
    assert set(REASONS) >= sheet.INFORMING


def test_the_portals_site_survives_a_view_that_has_another():
    context = Context({"site": {"sample_data": True}})
    with context.push(site=SimpleNamespace(domain="example.org")):
        source = "{% load portal %}{% portal_site as site %}{{ site.sample_data }}"
        assert Template(source).render(context) == "True"
    assert render("{% portal_site as site %}{{ site }}") == "{}"


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


def test_a_stored_step_shows_its_numbers_in_the_order_of_its_sentence():
    stored = {
        "code": "offshore.rate",
        "numbers": {"product_rmb": "1", "rate_rmb_per_usd": "0.2", "total_usd": "5"},
    }
    assert [label for label, _value in sheet.number_rows(stored)] == [
        str(sheet.NUMBERS[name]) for name in ("rate_rmb_per_usd", "total_usd", "product_rmb")
    ]
