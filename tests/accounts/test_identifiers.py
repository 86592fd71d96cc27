"""Chinese identifiers: check digits, masks, divisions."""

import pytest
from django.core.exceptions import ValidationError

from accounts.identifiers import (
    division_name,
    mask_identity,
    mask_name,
    normalise,
    validate_credit_code,
    validate_resident_identity,
)
from tests.factories import credit_code, identity_number


@pytest.mark.parametrize("number", [1, 42, 99999])
def test_right_codes_pass(number):
    validate_credit_code(credit_code(number))
    validate_resident_identity(identity_number(number % 1000))


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("9136010200000001", "credit_code_length"),
        ("", "credit_code_length"),
        ("913601020000000010", "credit_code_check"),
        ("91360102000000001I", "credit_code_check"),
        ("<script>alert(1)</", "credit_code_check"),
    ],
)
def test_wrong_credit_codes_say_what_is_wrong(code, error):
    with pytest.raises(ValidationError) as caught:
        validate_credit_code(code)
    assert caught.value.code == error


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("36010219930215001", "identity_format"),
        ("36010219930215001Y", "identity_format"),
        (identity_number(1)[:17] + ("0" if identity_number(1)[17] != "0" else "1"), "identity_check"),
        (identity_number(1, born="19930230"), "identity_birth"),
        (identity_number(1, born="18991231"), "identity_birth"),
        (identity_number(1, born="29990101"), "identity_birth"),
    ],
)
def test_wrong_identity_numbers_say_what_is_wrong(number, error):
    with pytest.raises(ValidationError) as caught:
        validate_resident_identity(number)
    assert caught.value.code == error


def test_what_a_keyboard_does_to_a_number_is_mended():
    assert normalise(" ９１３６０１０２-0000 0000ｘ ") == "9136010200000000X"


def test_masks_follow_the_form_of_a_public_notice():
    assert mask_identity("36010219930215123X") == "360102********123X"
    assert (mask_name("张三丰"), mask_name("李")) == ("张**", "李*")
    assert mask_identity("H12345678") == "H*******8"


@pytest.mark.parametrize(
    ("division", "name"),
    [
        ("360102", "江西省南昌市东湖区"),
        ("360113", "江西省南昌市红谷滩区"),
        ("360100", "江西省南昌市"),
        ("110101", "北京市东城区"),
        ("469001", "海南省五指山市"),
        ("999999", "999999"),
    ],
)
def test_divisions_have_their_newest_names(division, name):
    assert division_name(division) == name
