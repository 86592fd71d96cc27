"""What account numbers and CNAPS codes look like."""

import re

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum import luhn

from accounts.identifiers import normalise

#: Cards of Chinese banks begin with 62 and end in a check digit (GB/T 15694.1); accounts of organisations have none.
_CARD = re.compile(r"62[0-9]{14,17}")


def account_number(value: str) -> str:
    """The normalised number. Raises ValidationError, whose message never repeats it."""
    number = normalise(value)
    if not re.fullmatch(r"[0-9]{8,32}", number):
        raise ValidationError(
            _("An account number has 8 to 32 digits; this one does not."), code="account_format"
        )
    if _CARD.fullmatch(number) and not luhn.is_valid(number):
        raise ValidationError(
            _("The check digit of this card number is wrong. Compare it with the card."), code="account_check"
        )
    return number


def cnaps_code(value: str) -> str:
    code = normalise(value)
    if not re.fullmatch(r"[0-9]{12}", code):
        raise ValidationError(
            _("A CNAPS code has 12 digits. The bank's branch prints it on the account's opening form."),
            code="cnaps_format",
        )
    return code
