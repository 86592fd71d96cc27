"""The public checker: the rules' own answer and trace, from the address alone; nothing is kept."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.urls import reverse

from audit.models import Record
from casework.models import Case

pytestmark = pytest.mark.django_db
OFFSHORE = "public:check_offshore"
TRAINING = "public:check_training"
HIRED = {
    "training_start": "2015-03-01",
    "training_end": "2015-06-01",
    "contract_start": "2015-07-01",
    "contract_end": "2016-07-01",
}


def printed(*arguments: str) -> dict:
    output = StringIO()
    call_command("estimate", *arguments, "--database", stdout=output)
    return json.loads(output.getvalue())


def test_an_offshore_year_shows_what_the_command_prints(client):
    response = client.get(reverse(OFFSHORE), {"year": "2015", "claim1": "150,000.00", "claim2": "100000"})
    sheet, known = response.context["sheet"], printed("offshore", "--year=2015", "--claims=150000,100000")
    assert response.status_code == 200
    assert str(sheet["amount"]) == known["year_total_rmb"] == "50000.00"
    assert [str(line["amount"]) for line in sheet["lines"]] == ["0.00", "50000.00"]
    assert sheet["steps"] == known["steps"]
    text = response.content.decode()
    for step in known["steps"]:
        assert f'data-step="{step["code"]}"' in text
    assert known["steps"][1]["quotation"][:40] in text.replace("&#x27;", "'").replace("&quot;", '"')


def test_a_trainee_shows_what_the_command_prints(client):
    response = client.get(reverse(TRAINING), HIRED)
    known = printed(
        "training", "--training=2015-03-01:2015-06-01", "--contract=2015-07-01:2016-07-01", "--place=local"
    )
    assert [str(line["amount"]) for line in response.context["sheet"]["lines"]] == [
        known["trainee_rmb"],
        known["institution_rmb"],
    ]
    assert response.context["sheet"]["steps"] == known["steps"]
    short = client.get(reverse(TRAINING), HIRED | {"training_end": "2015-05-31", "certified": "no"})
    assert {reason["code"] for reason in short.context["sheet"]["reasons"]} == {
        reason["code"]
        for reason in printed(
            *("training", "--training=2015-03-01:2015-05-31", "--contract=2015-07-01:2016-07-01"),
            *("--place=local", "--no-certificate"),
        )["reasons"]
    }
    assert str(short.context["sheet"]["amount"]) == "0.00"


def test_the_link_leads_to_the_same_result_and_nothing_is_kept(client, settings):
    before = Case.objects.count(), Record.objects.count()
    first = client.get(reverse(OFFSHORE), {"year": "2015", "claim1": "250000"})
    link = first.context["link"]
    assert (
        link.startswith(settings.PORTAL_URL)
        and 'value="' + link.replace("&", "&amp;") in first.content.decode()
    )
    again = client.get(link.removeprefix(settings.PORTAL_URL))
    assert again.context["sheet"] == first.context["sheet"]
    assert (Case.objects.count(), Record.objects.count()) == before
    assert "sessionid" not in client.cookies


def test_the_spelling_of_programs_is_read_too(client):
    response = client.get(reverse(OFFSHORE), {"year": "2015", "claims": "150000,100000"})
    assert str(response.context["sheet"]["amount"]) == "50000.00"


@pytest.mark.parametrize(
    ("name", "query", "field", "code"),
    [
        (OFFSHORE, {"year": "0000", "claim1": "1"}, "year", "invalid"),
        (OFFSHORE, {"year": "99999", "claim1": "1"}, "year", "invalid"),
        (OFFSHORE, {"year": "二〇一五", "claim1": "1"}, "year", "invalid"),
        (OFFSHORE, {"year": "1999", "claim1": "1"}, "year", None),
        (OFFSHORE, {"year": "", "claim1": "1"}, "year", "required"),
        (OFFSHORE, {"year": "2015"}, "claim1", "required"),
        (OFFSHORE, {"year": "2015", "claim1": "1", "claim2": "1e9"}, "claim2", "invalid"),
        (OFFSHORE, {"year": "2015", "claim1": "NaN"}, "claim1", "invalid"),
        (OFFSHORE, {"year": "2015", "claim1": "9" * 400}, "claim1", "max_digits"),
        (OFFSHORE, {"year": "2015", "claim1": "1", "claim25": "1"}, "__all__", "too_many"),
        (TRAINING, HIRED | {"training_end": "2015-02-30"}, "training_end", "no_day"),
        (TRAINING, HIRED | {"training_end": "2015-02-01"}, "training_end", "order"),
        (TRAINING, HIRED | {"contract_end": "2015-06-30"}, "contract_end", "order"),
        (TRAINING, HIRED | {"contract_start": "0001-01-01"}, "contract_start", "far"),
        (TRAINING, HIRED | {"signed": "2012-12-31"}, "signed", None),
        (TRAINING, HIRED | {"place": "mars"}, "place", "invalid_choice"),
        (TRAINING, {"training_start": "2015-03-01"}, "training_end", "required"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(client, name, query, field, code):
    response = client.get(reverse(name), query)
    assert response.status_code == 422
    errors = response.context["form"].errors.as_data()
    assert list(errors) and errors[field][0].code == code
    assert "sheet" not in response.context or not response.context.get("sheet")
    for value in query.values():  # what was typed is still there
        if value.isascii() and value.isalnum() and name == OFFSHORE:
            assert value in response.content.decode()


def test_a_refund_lowers_the_year(client):
    response = client.get(reverse(OFFSHORE), {"year": "2015", "claim1": "250000", "claim2": "-100000"})
    assert response.status_code == 200
    assert str(response.context["sheet"]["amount"]) == "0.00"
    negative = client.get(reverse(OFFSHORE), {"year": "2015", "claim1": "-5"})
    assert negative.status_code == 200 and negative.context["sheet"]["bar"] is None


def test_twenty_four_claims_and_one_field_more_than_is_filled_in(client):
    query = {"year": "2015"} | {f"claim{number}": "10000" for number in range(1, 25)}
    response = client.get(reverse(OFFSHORE), query)
    assert len(response.context["sheet"]["lines"]) == 24
    few = client.get(reverse(OFFSHORE), {"year": "2015", "claim1": "1", "claim2": "2", "claim3": "3"})
    assert "claim4" in few.context["form"].fields and "claim5" not in few.context["form"].fields
