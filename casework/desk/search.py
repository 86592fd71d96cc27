"""Finding cases: by number, by the organisation's name or credit code, by a bank reference. Never a scan of the cases.

What is typed is looked up in the small tables first (organisations by the characters of their name, references without
separators); the queue then reads the cases by their keys. A word that fits very many organisations is checked along the
queue's own order instead, where the page fills quickly.
"""

import re

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, Func, Q, TextField, Value
from django.utils import timezone

from accounts.models import Organisation
from casework.programmes import prefixes
from casework.references import cases_with
from policy.practice import FIRST_YEAR

#: So many organisations or references are looked up by their keys; a word that fits more is no key.
MOST = 500
_CODE = re.compile(r"[0-9A-Z]{8,18}")
_NUMBER = re.compile(r"([A-Z]{2})-(\d{4})(?:-(\d{1,10}))?")


class _HasGrams(Func):
    """A name holds all these pairs of characters: the expression of the index organisation_name_grams."""

    template = "casework_grams(%(expressions)s)"
    arg_joiner = ") @> ("
    output_field = BooleanField()

    def __init__(self, field: str, pairs: list[str]) -> None:
        super().__init__(field, Value(pairs, output_field=ArrayField(TextField())))


class _Holds(Func):
    """A name holds the words. Of `LIKE` PostgreSQL expects few rows and puts all in order, of this a third of them."""

    template = "strpos(lower(%(expressions)s)) > 0"
    arg_joiner = "), lower("
    output_field = BooleanField()

    def __init__(self, field: str, words: str) -> None:
        super().__init__(field, Value(words, output_field=TextField()))


def grams(words: str) -> list[str]:
    """The pairs of neighbouring characters of a text, or its one character.

    >>> grams("赣江软件")
    ['赣江', '江软', '软件']
    """
    words = words.lower()
    if len(words) < 2:
        return [words] if words else []
    return list(dict.fromkeys(words[n : n + 2] for n in range(len(words) - 1)))


def organisations(words: str) -> list[int]:
    """Ids of up to `MOST` + 1 organisations whose name holds the words, or whose code begins with them."""
    named = Q(_HasGrams("name", grams(words))) & Q(name__icontains=words)
    if _CODE.fullmatch(code := words.upper()):
        named |= Q(credit_code=code) if len(code) == 18 else Q(credit_code__startswith=code)
    return list(Organisation.objects.filter(named).values_list("pk", flat=True)[: MOST + 1])


def numbers(words: str) -> list[str]:
    """The case numbers that a search can mean: a whole one, or its last digits in every year."""
    code = words.upper()
    if match := _NUMBER.fullmatch(code):
        prefix, year, rest = match.groups()
        return [f"{prefix}-{year}-{int(rest):06d}"] if rest else []
    if code.isascii() and code.isdecimal() and len(code) <= 10:
        years = range(FIRST_YEAR, timezone.localdate().year + 1)
        return [f"{prefix}-{year}-{int(code):06d}" for prefix in prefixes() for year in years]
    return []


def condition(words: str) -> Q:
    """The condition of a search on cases; two queries of their own."""
    words = " ".join(words.split())
    if not words:
        return Q()
    found = Q(number__in=numbers(words)) | Q(pk__in=cases_with(words, MOST))
    ids = organisations(words)
    if len(ids) > MOST:
        return found | Q(_Holds("organisation__name", words))
    return found | Q(organisation__in=ids)
