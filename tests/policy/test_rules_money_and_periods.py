"""Reading and refusing amounts and days; the examples in the docstrings."""

import doctest
import importlib
import pkgutil
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

import policy.rules
from policy.rules.money import AmountError, check_amount, multiply, parse_amount, plain, round_fen
from policy.rules.periods import PeriodError, add_months, check_day, compare_months, parse_day

ROOT = Path(policy.rules.__file__).parents[2]
MODULES = [f"policy.rules.{module.name}" for module in pkgutil.iter_modules(policy.rules.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_docstrings_hold(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_pure_core_knows_no_django_and_no_socket_and_no_database_driver():
    program = (
        "import sys, importlib\n"
        f"for name in {MODULES!r} + ['policy.terms_file', 'policy.estimates']: importlib.import_module(name)\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('django', 'socket', 'psycopg', 'celery')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", "0"),
        ("150000", "150000"),
        (" 150000.50 ", "150000.50"),
        ("-5000", "-5000"),
        ("+1.10", "1.10"),
        ("0.125", "0.125"),
        ("-0", "0"),
    ],
)
def test_an_amount_is_read_with_its_precision(text, value):
    assert str(parse_amount(text)) == value


@pytest.mark.parametrize(
    "text",
    # fmt: off
    [
        "",
        " ",
        "abc",
        "NaN",
        "-nan",
        "sNaN",
        "Infinity",
        "-inf",
        "1e5",
        "1E+5",
        "0x10",
        "1_000",
        "1,000",
        "1 000",
        "１００",
        "¥100",
        "100元",
        ".5",
        "5.",
        "--5",
        "+-5",
        "1.2.3",
        "007",
        "000",
        "1" * 101,
        "0." + "1" * 21,
        "½",
    ],
    # fmt: on
)
def test_what_is_not_a_plain_amount_is_refused(text):
    with pytest.raises(AmountError):
        parse_amount(text)


def test_a_refusal_repeats_no_more_than_the_beginning_of_what_was_typed():
    with pytest.raises(AmountError) as refusal:
        parse_amount("x" * 100_000)
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    "value",
    [0.1, 1, True, "1", None, Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"), Decimal("sNaN")],
)
def test_rounding_refuses_what_is_not_a_finite_decimal(value):
    with pytest.raises(AmountError):
        round_fen(value)
    with pytest.raises(AmountError):
        check_amount(value)


@pytest.mark.parametrize("value", ["1E+999999", "1E+100", "1E-21", "-1E+100"])
def test_a_number_of_absurd_size_is_refused_before_it_is_written_out(value):
    with pytest.raises(AmountError):
        check_amount(Decimal(value))


def test_rounding_refuses_a_number_too_long_to_write():
    with pytest.raises(AmountError, match="cannot be rounded"):
        round_fen(Decimal("1E+999999"))


def test_the_largest_amounts_multiply_exactly():
    large = Decimal("9" * 100 + "." + "9" * 20)
    assert Fraction(multiply(large, large)) == Fraction(large) ** 2


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1", "1.00"),
        ("1E+3", "1000.00"),
        ("0.5", "0.50"),
        ("0.125", "0.125"),
        ("-0.00", "0.00"),
        ("-5", "-5.00"),
    ],
)
def test_amounts_are_shown_with_at_least_two_decimals(value, shown):
    assert plain(Decimal(value)) == shown


@pytest.mark.parametrize(
    "text",
    ["", "2015", "2015-3-1", "20150301", "2015-W10-1", "2015-02-29", "2015-13-01", "0000-01-01", "２０１５-03-01",
     "2015-03-01T00:00", "01/03/2015", "x" * 1000],
)  # fmt: skip
def test_what_is_not_a_day_is_refused(text):
    with pytest.raises(PeriodError):
        parse_day(text)


def test_a_moment_is_not_a_day():
    with pytest.raises(PeriodError, match="datetime"):
        check_day(datetime(2015, 3, 1, 12, tzinfo=UTC))


def test_a_period_that_ends_before_it_starts_names_both_days():
    with pytest.raises(PeriodError, match=r"2015-02-28 lies before the start 2015-03-01"):
        compare_months(date(2015, 3, 1), date(2015, 2, 28), 3)


def test_a_minimum_of_no_months_is_refused():
    with pytest.raises(PeriodError, match="0 months"):
        compare_months(date(2015, 3, 1), date(2015, 3, 1), 0)


@pytest.mark.parametrize(("day", "months"), [(date(9999, 12, 1), 1), (date(1, 1, 31), -1)])
def test_months_beyond_the_calendar_are_refused(day, months):
    with pytest.raises(PeriodError, match="outside the calendar"):
        add_months(day, months)
