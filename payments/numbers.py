"""Numbers of payments and batches: a year's series, without gaps, payments with a check digit.

`NC2015-000123-9` is the 123rd payment of 2015; the last digit is ISO 7064 MOD 11,10 over year and count, so that a slip
of the pen at the bank finds no payment instead of another one.
"""

import re

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from stdnum.iso7064 import mod_11_10

from payments.models import Series

PAYMENT, BATCH, RECOVERY = "NC", "NB", "NR"
_FORM = re.compile(r"NC(\d{4})-(\d{6})-(\d)")


def payment_number(year: int, count: int) -> str:
    """The number of a year's payment.

    >>> payment_number(2015, 123)
    'NC2015-000123-9'
    """
    body = f"{year:04d}{count:06d}"
    return f"{PAYMENT}{body[:4]}-{body[4:]}-{mod_11_10.calc_check_digit(body)}"


def is_payment_number(text: str) -> bool:
    """Whether a text has the form and the check digit of a payment's number."""
    found = _FORM.fullmatch(text)
    return bool(found) and mod_11_10.is_valid("".join(found.groups()))


@transaction.atomic
def take(prefix: str, count: int) -> tuple[int, range]:
    """Year and counts of the next numbers, in the caller's transaction: what is rolled back leaves no gap."""
    year = timezone.localdate().year
    Series.objects.bulk_create([Series(prefix=prefix, year=year)], ignore_conflicts=True)
    Series.objects.filter(prefix=prefix, year=year).update(last=F("last") + count)
    last = Series.objects.values_list("last", flat=True).get(prefix=prefix, year=year)
    return year, range(last - count + 1, last + 1)


def next_payments(count: int) -> list[str]:
    year, counts = take(PAYMENT, count)
    return [payment_number(year, number) for number in counts]


def next_batch() -> str:
    year, counts = take(BATCH, 1)
    return f"{BATCH}{year}-{counts[0]:04d}"


def next_order() -> str:
    year, counts = take(RECOVERY, 1)
    return f"{RECOVERY}{year}-{counts[0]:04d}"
