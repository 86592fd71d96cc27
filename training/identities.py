"""What an identity number of each kind looks like."""

import re
from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.identifiers import normalise, validate_resident_identity
from training.enums import IdentityKind

_FORMS = {
    IdentityKind.HK_MACAO_PERMIT: (
        re.compile(r"[HM][0-9]{8}([0-9]{2})?"),
        _(
            "A permit of Hong Kong or Macao residents has the letter H or M and 8 digits; this number does not."
        ),
    ),
    IdentityKind.TAIWAN_PERMIT: (
        re.compile(r"[0-9]{8}|[0-9]{10}"),
        _("A permit of Taiwan residents has 8 digits; this number does not."),
    ),
    IdentityKind.PASSPORT: (
        # ICAO Doc 9303 gives the number nine places; shorter ones than six are not in use.
        re.compile(r"(?=(?:.*[0-9]){3})(?!(.)\1+$)[A-Z0-9]{6,9}"),
        _("A passport number has 6 to 9 letters and digits, most of them digits; this one does not."),
    ),
}


def validate_identity(kind: str, value: str, today: date | None = None) -> str:
    """The normalised number. Raises ValidationError, whose message never repeats the number."""
    number = normalise(value)
    if kind == IdentityKind.RESIDENT:
        validate_resident_identity(number, today)
    else:
        form, message = _FORMS[IdentityKind(kind)]
        if not form.fullmatch(number):
            raise ValidationError(message, code="identity_format")
    return number


def person_number(kind: str, number: str) -> str:
    """What stays the same when a document is renewed: permits end in two digits that count how often they were issued.

    Documents of different kinds never meet under one number; a resident identity number stands for itself.
    """
    if kind == IdentityKind.RESIDENT:
        return number
    stable = {IdentityKind.HK_MACAO_PERMIT: 9, IdentityKind.TAIWAN_PERMIT: 8}.get(IdentityKind(kind))
    return f"{kind}:{number[:stable]}"
