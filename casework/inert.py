"""Words in spreadsheets: no program takes them for a formula, whatever somebody typed."""

import unicodedata
from typing import Any

_FORMULA = frozenset("=+-@")


def inert(value: Any) -> Any:
    """Somebody's words, made to stay words; numbers and days pass through.

    Full-width and small forms count as the signs that they look like, and what cannot be seen hides none.

    >>> inert("=1+1"), inert("\\u200b＝1"), inert("南昌")
    ("'=1+1", "'\\u200b＝1", '南昌')
    """
    if not isinstance(value, str) or not value:
        return value
    seen = (c for c in unicodedata.normalize("NFKC", value) if unicodedata.category(c)[0] not in "ZC")
    return f"'{value}" if next(seen, "") in _FORMULA or value[0] in "\t\r\n" else value
