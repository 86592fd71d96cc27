"""Codes and numbers with right check digits that can belong to nobody."""

from datetime import date

from stdnum.cn import uscc

from accounts.identifiers import resident_check_digit

_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
# No county has this code (GB/T 2260), so no identity card begins with it.
NOWHERE = "360199"
BORN = date(1992, 1, 1)


def credit_code(sequence: int, division: str, *, institution: bool = False) -> str:
    """A Unified Social Credit Code of a real division; the organisation code inside (GB 11714) begins with zeros."""
    body = f"{sequence:08d}"
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11
    front = ("52" if institution else "91") + division + body + {10: "X", 11: "0"}.get(rest, str(rest))
    return front + uscc.calc_check_digit(front)


def identity_number(sequence: int) -> str:
    """A resident identity number of a county that does not exist."""
    body = f"{NOWHERE}{BORN:%Y%m%d}{sequence:03d}"
    return body + resident_check_digit(body)
