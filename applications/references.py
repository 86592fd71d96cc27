"""Numbers on documents, spelt one way, so that one slip of a bank cannot be claimed under two spellings."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# What NFKC leaves: the hyphens, dashes and the minus of different keyboards.
_DASHES = re.compile("[\u00ad\u058a\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d]")
# Digits, capitals, Chinese characters (银收字第12号) and what stands between them on a slip.
_REFERENCE = re.compile(r"[0-9A-Z\u4e00-\u9fff./_:#()&+*-]*")


def plain_reference(text: str) -> str:
    """Plain capitals, no spaces, nothing invisible. Raises ValidationError for what no slip carries."""
    dashed = _DASHES.sub("-", unicodedata.normalize("NFKC", text))
    visible = "".join(c for c in dashed if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf"))
    reference = visible.upper()
    if not _REFERENCE.fullmatch(reference):
        raise ValidationError(
            _("Write this number as it stands on the document: Latin letters, digits, - and /."),
            code="reference",
        )
    return reference
