"""What an identity number of each kind looks like."""

import re

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
        re.compile(r"(?=.*[0-9])[A-Z0-9]{5,12}"),
        _("A passport number has 5 to 12 letters and digits; this one does not."),
    ),
}


def validate_identity(kind: str, value: str) -> str:
    """The normalised number. Raises ValidationError, whose message never repeats the number."""
    number = normalise(value)
    if kind == IdentityKind.RESIDENT:
        validate_resident_identity(number)
    else:
        form, message = _FORMS[IdentityKind(kind)]
        if not form.fullmatch(number):
            raise ValidationError(message, code="identity_format")
    return number
