"""Amounts in capital numerals, as contracts and receipts write them: 人民币伍拾万元整."""

from decimal import ROUND_HALF_UP, Decimal

import cn2an

CENT = Decimal("0.01")
_UNITS = {"RMB": "人民币", "USD": "美元"}
#: cn2an writes numbers below 10^16; an amount of the portal has at most 14 digits before the point.
_MOST = Decimal(10) ** 16


def in_capitals(amount: Decimal, unit: str = "RMB") -> str:
    """An amount to the fen or cent in capital numerals. Raises ValueError for what is no amount of money.

    Rounded first: cn2an cuts off what is finer than a fen.
    """
    if not amount.is_finite() or abs(amount) >= _MOST:
        raise ValueError(f"{amount} is no amount of money")
    rounded = amount.quantize(CENT, ROUND_HALF_UP)
    words = cn2an.an2cn(format(abs(rounded), "f"), "rmb")
    sign = "负" if rounded < 0 else ""
    return f"{_UNITS[unit]}{sign}{words}"
