"""Letters verified by programs: what the page says, and a clear answer to a forged code."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(award):
    return award.case.letters.get()


def test_a_letter_is_verified_by_its_code(client, letter):
    shown = letter.code.lower()
    answer = client.get(f"/api/v1/letters/{shown[:4]}-{shown[4:8]}-{shown[8:12]}-{shown[12:]}")
    assert answer.status_code == 200
    found = answer.json()
    assert (found["number"], found["kind"], found["genuine"], found["in_force"]) == (
        letter.number,
        "award",
        True,
        True,
    )
    assert (found["amount_rmb"], found["case_number"]) == ("50000.00", letter.case.number)
    assert found["organisation"] not in ("", letter.case.organisation.name)


@pytest.mark.parametrize(("code", "status"), [("0" * 16, 404), ("Z" * 20, 404), ("forged!", 422), ("1", 422)])
def test_a_forged_code_is_answered_clearly(client, letter, code, status):
    answer = client.get(f"/api/v1/letters/{code}")
    assert answer.status_code == status and len(answer.json()["message"]) > 20
    assert letter.number not in answer.content.decode()
