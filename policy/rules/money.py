"""Amounts: exact decimal arithmetic, one way to read a number and one way to round it.

Nothing here depends on the caller's decimal context: sums and products are exact (a result that would have to be
rounded raises), and `round_fen` is the only function of the portal that rounds.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow

FEN = Decimal("0.01")
ZERO = Decimal("0.00")

MAX_INTEGER_DIGITS = 100
MAX_DECIMALS = 20

# Two amounts at both limits multiply to 240 digits; 400 leaves room for sums of any length that fits in memory.
_PRECISION = 400
_EXACT = Context(prec=_PRECISION, traps=[Inexact, InvalidOperation, Overflow, DivisionByZero])
_PLACES = [Decimal((0, (1,), -decimals)) for decimals in range(2 * MAX_DECIMALS + 1)]
_ROUNDING = Context(prec=_PRECISION, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Overflow])

_PLAIN = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]+)(?:\.(?P<decimals>[0-9]+))?")


class AmountError(ValueError):
    """A value that is not a usable amount. The message names the value and what to write instead."""


def round_fen(value: Decimal) -> Decimal:
    """Round RMB (or any amount) half up to 0.01.

    A half goes away from zero, as officials round on paper. Raises AmountError for NaN, infinity, a float, or a
    number of more than about 400 digits.

    >>> round_fen(Decimal("499999.998"))
    Decimal('500000.00')
    >>> round_fen(Decimal("0.005"))
    Decimal('0.01')
    >>> round_fen(Decimal("0.0049999"))
    Decimal('0.00')
    """
    _check_finite(value)
    try:
        rounded = _ROUNDING.quantize(value, FEN)
    except InvalidOperation:
        raise AmountError(
            f"an amount of {value.adjusted() + 1} digits cannot be rounded to the fen"
        ) from None
    return rounded if rounded else ZERO


def add(*values: Decimal) -> Decimal:
    """The exact sum, whatever the caller's decimal context.

    >>> add(Decimal("0.1"), Decimal("0.2"))
    Decimal('0.3')
    """
    total = Decimal(0)
    for value in values:
        total = _EXACT.add(total, value)
    return total


def subtract(value: Decimal, other: Decimal) -> Decimal:
    """The exact difference `value - other`."""
    return _EXACT.subtract(value, other)


def multiply(value: Decimal, other: Decimal) -> Decimal:
    """The exact product.

    >>> multiply(Decimal("0.2"), Decimal("2499999.99"))
    Decimal('499999.998')
    """
    return _EXACT.multiply(value, other)


def shifted(digits: int, decimals: int) -> Decimal:
    """The exact amount that has these digits, the last `decimals` of them behind the point.

    >>> shifted(14999987500, 5)
    Decimal('149999.87500')
    """
    return _EXACT.multiply(digits, _PLACES[decimals])


def check_amount(value: Decimal) -> Decimal:
    """Return `value` when it is a finite Decimal of a sane size, else raise AmountError.

    Floats are refused because they cannot hold 0.1; so are integers, which hide whether fen were forgotten.
    """
    _check_finite(value)
    if value and value.adjusted() >= MAX_INTEGER_DIGITS:
        raise AmountError(f"an amount has at most {MAX_INTEGER_DIGITS} digits before the decimal point")
    if value.as_tuple().exponent < -MAX_DECIMALS:
        raise AmountError(f"an amount has at most {MAX_DECIMALS} decimals")
    return value


def parse_amount(text: str) -> Decimal:
    """Read an amount as people write it: digits with an optional sign and decimal point, nothing else.

    Thousands separators, exponents, currency signs, NaN and infinity are refused, never guessed at; so is a number
    with leading zeros, which is what "150,000" leaves behind when it is split at the comma. Precision is kept.
    Raises AmountError.

    >>> parse_amount("150000.50")
    Decimal('150000.50')
    >>> parse_amount("000")
    Traceback (most recent call last):
    ...
    policy.rules.money.AmountError: '000' starts with a zero: write amounts without thousands separators
    """
    if not isinstance(text, str):
        raise AmountError(f"an amount is read from text, not from {type(text).__name__}")
    match = _PLAIN.fullmatch(text.strip())
    if match is None:
        raise AmountError(
            f"{_shorten(text)} is not an amount: write digits with an optional decimal point, such as 150000.00"
        )
    if len(match["whole"]) > 1 and match["whole"].startswith("0"):
        raise AmountError(f"{_shorten(text)} starts with a zero: write amounts without thousands separators")
    # The sizes are checked on the text, before a number of a million digits is built.
    if len(match["whole"]) > MAX_INTEGER_DIGITS:
        raise AmountError(f"an amount has at most {MAX_INTEGER_DIGITS} digits before the decimal point")
    if len(match["decimals"] or "") > MAX_DECIMALS:
        raise AmountError(f"an amount has at most {MAX_DECIMALS} decimals")
    value = Decimal(match[0])
    return value if value else value.copy_abs()


def plain(value: Decimal) -> str:
    """The amount as a string with at least two decimals, no exponent, no separators, no digit lost.

    Zeros that only the arithmetic left (a sum times a rate of ten decimals) are dropped.

    >>> plain(Decimal("150000")), plain(Decimal("0.125")), plain(Decimal("-0")), plain(Decimal("1.2000"))
    ('150000.00', '0.125', '0.00', '1.20')
    """
    if value.as_tuple().exponent > FEN.as_tuple().exponent:
        value = value.quantize(FEN, context=_EXACT)
    whole, _, decimals = format(value if value else value.copy_abs(), "f").partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _check_finite(value: Decimal) -> None:
    if not isinstance(value, Decimal):
        raise AmountError(f"an amount must be a Decimal, not {type(value).__name__} ({_shorten(value)})")
    if not value.is_finite():
        raise AmountError(f"{value} is not an amount")


def _shorten(value: object, limit: int = 40) -> str:
    shown = repr(value)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
