"""Chinese identifiers: normalise, check digits, mask, division codes.

Standards: GB 32100 (Unified Social Credit Code), GB 11643 (resident identity number), GB/T 2260 (divisions).
"""

import re
from datetime import date
from functools import lru_cache
from operator import mul

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from stdnum import numdb
from stdnum.cn import uscc

NANCHANG_PREFIX = "3601"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")

# A signature has a letter in it, not only signs that nobody sees; the field says so in the words of its "required".
validate_signature = RegexValidator(r"[^\W\d_]", code="required")


def normalise(value: str) -> str:
    """Upper case, full-width forms made narrow, separators dropped."""
    if value.isascii() and value.isalnum():
        return value.upper()
    narrow = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in value)
    return re.sub(r"[\s\-‐–—\u3000]", "", narrow).upper()


def validate_credit_code(value: str) -> None:
    """Refuse a Unified Social Credit Code of wrong length, characters or check digit (GB 32100)."""
    code = normalise(value)
    if len(code) != 18:
        raise ValidationError(
            _("A Unified Social Credit Code has 18 characters; this one has %(count)d."),
            code="credit_code_length",
            params={"count": len(code)},
        )
    if not uscc.is_valid(code):
        raise ValidationError(
            _(
                "The check digit of this Unified Social Credit Code is wrong. Compare it with the business licence."
            ),
            code="credit_code_check",
        )


def division_of_credit_code(code: str) -> str:
    """The six-digit division code (GB/T 2260) of the registering authority."""
    return code[2:8]


def validate_resident_identity(value: str, today: date | None = None) -> None:
    """Refuse a resident identity number of wrong length, birth date or check digit (GB 11643)."""
    number = normalise(value)
    if not _RESIDENT.fullmatch(number):
        raise ValidationError(
            _("A resident identity number has 17 digits and a last digit or X; this one does not."),
            code="identity_format",
        )
    if resident_check_digit(number[:17]) != number[17]:
        raise ValidationError(
            _("The check digit of this identity number is wrong. Compare it with the identity card."),
            code="identity_check",
        )
    born = _day_of(number[6:14])
    if born is None or not date(1900, 1, 1) <= born <= (today or timezone.localdate()):
        raise ValidationError(
            _("The birth date inside this identity number does not exist."), code="identity_birth"
        )


@lru_cache(maxsize=40_000)
def _day_of(digits: str) -> date | None:
    """The day of eight digits, None when there is none; a workbook asks for the same birthdays again and again."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def birth_date(number: str) -> date:
    """The birth date inside a resident identity number; ValueError when it is no date."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def resident_check_digit(first17: str) -> str:
    """The GB 11643 check digit of the first 17 digits (for sample data and tests)."""
    # The sum over the digits' ASCII codes is 48 * 100 too large (the weights add up to 100), which is 4 modulo 11.
    return _CHECKS[(sum(map(mul, first17.encode("ascii"), _WEIGHTS)) - 4) % 11]


def mask_identity(number: str) -> str:
    """`360102********123X`: the form that a public notice may show (POLICY, Practice)."""
    if len(number) == 18:
        return f"{number[:6]}********{number[14:]}"
    return f"{number[:1]}{'*' * max(len(number) - 2, 3)}{number[-1:]}"


def mask_name(name: str) -> str:
    """`张*`: family name kept, the rest hidden."""
    return f"{name[:1]}{'*' * max(len(name) - 1, 1)}"


def mask_email(email: str) -> str:
    """`z***@example.cn`: enough for its owner to know it."""
    name, _at, host = email.rpartition("@")
    return f"{name[:1]}***@{host}"


def is_nanchang(division: str) -> bool:
    return division.startswith(NANCHANG_PREFIX)


def division_name(division: str) -> str:
    """Province, city and county of a division code (GB/T 2260, the newest names), or the code itself when unknown."""
    names = [_named(division, "province"), _named(f"{division[:4]}00", "county"), _named(division, "county")]
    # The counties of a province's direct city, and those without a city between, stand below a group, not a city.
    kept = [name for name in names if name not in ("市辖区", "县") and "直辖县级" not in name]
    return "".join(dict.fromkeys(kept)) or division


@lru_cache(maxsize=10_000)
def _named(division: str, part: str) -> str:
    info = numdb.get("cn/loc").info(division)
    found = {name: value for _digits, values in info for name, value in values.items()}
    return re.sub(r"\[[^\]]*\]", "", found.get(part, "").split(",")[-1])
