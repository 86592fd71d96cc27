"""One number on a slip has one spelling, however it is typed."""

import pytest
from django.core.exceptions import ValidationError

from applications.references import plain_reference
from tests.applications.conftest import open_desk

ONE = "HSBC-2015/77"
SPELLINGS = {
    "lower case": "hsbc-2015/77",
    "spaces": " H S B C - 2 0 1 5 / 7 7 ",
    "ideographic space": "HSBC\u3000-2015/77",
    "full width": "ＨＳＢＣ－２０１５／７７",
    "zero width": "HSBC\u200b-20\u200d15/77",
    "byte order mark": "\ufeffHSBC-2015/77",
    "right to left": "\u202eHSBC-2015/77\u202c",
    "word joiner": "HSBC\u2060-2015/77",
    "hyphen": "HSBC\u20102015/77",
    "en dash": "HSBC–2015/77",
    "minus": "HSBC−2015/77",
    "soft hyphen": "HSBC\u00ad2015/77",
}
NO_NUMBERS = {
    "Cyrillic": "НSBC-2015/77",
    "Greek": "HSΒC-2015/77",
    "accent": "HSBC\u0301-2015/77",
    "other digits": "HSBC-٢٠١٥/77",
    "emoji": "HSBC-2015/77\U0001f4b0",
    "variation selector": "HSBC-2015/77\ufe0f",
    "filler": "HSBC-2015/77\u3164",
}


@pytest.mark.parametrize("typed", SPELLINGS.values(), ids=SPELLINGS)
def test_every_spelling_is_the_same_number(typed):
    assert plain_reference(typed) == ONE


@pytest.mark.parametrize("typed", NO_NUMBERS.values(), ids=NO_NUMBERS)
def test_letters_that_only_look_alike_are_refused(typed):
    with pytest.raises(ValidationError):
        plain_reference(typed)


def test_a_chinese_number_stays():
    assert plain_reference("银收字（2015）第 12 号") == "银收字(2015)第12号"


@pytest.mark.parametrize("typed", [*SPELLINGS.values(), *NO_NUMBERS.values()])
def test_a_payment_is_claimed_once_however_it_is_spelt(db, typed):
    first, second = open_desk(), open_desk()
    first.save(first.row(ONE))
    response = second.post(second.row(typed))
    assert response.status_code == 200
    (row,) = response.context["formset"].forms
    assert set(row.errors) == {"bank_reference"}
    assert second.receipts() == []
