"""The JSON that command, form and public checker share, and the reading of what a person typed."""

import json
from datetime import date
from decimal import Decimal

import pytest

from policy import estimates
from policy.estimates import EstimateInputError, offshore_estimate, training_estimate

REASON_KEYS = {"code", "zh", "en", "numbers", "clause"}
STEP_KEYS = REASON_KEYS | {"result", "quotation"}


def test_an_offshore_estimate(offshore_terms):
    estimate = offshore_estimate(offshore_terms["more than"], [Decimal("150000"), Decimal("100000.125")])
    assert set(estimate) == {"policy", "claims", "year_total_rmb", "steps"}
    assert (estimate["policy"], estimate["year_total_rmb"]) == ("2013", "50000.03")
    first, second = estimate["claims"]
    assert (first["usd"], first["award_rmb"]) == ("150000.00", "0.00")
    assert (second["usd"], second["award_rmb"], second["reasons"]) == ("100000.125", "50000.03", [])
    assert first["reasons"][0]["code"] == "offshore.threshold_short"
    assert set(first["reasons"][0]) == REASON_KEYS
    assert [step["code"] for step in estimate["steps"]] == [
        "offshore.year_total",
        "offshore.threshold",
        "offshore.rate",
        "offshore.cap",
        "offshore.claim",
        "offshore.claim",
    ]
    assert all(set(step) == STEP_KEYS for step in estimate["steps"])
    assert json.loads(json.dumps(estimate)) == estimate


def test_a_training_estimate(training_terms):
    facts = estimates.read_facts(
        training="2015-03-01:2015-05-31", contract="2015-07-01:", place="elsewhere", certified=False
    )
    estimate = training_estimate(training_terms["more than"], facts)
    assert set(estimate) == {"policy", "eligible", "trainee_rmb", "institution_rmb", "reasons", "steps"}
    assert estimate["eligible"] is False
    assert (estimate["trainee_rmb"], estimate["institution_rmb"]) == ("0.00", "0.00")
    assert [reason["code"] for reason in estimate["reasons"]] == [
        "training.period_equal",
        "training.no_certificate",
    ]
    assert estimate["steps"][-1]["code"] == "training.no_subsidy"
    assert json.loads(json.dumps(estimate)) == estimate


def test_facts_are_read_with_their_defaults():
    facts = estimates.read_facts(
        training="2015-03-01:2015-06-01", contract="2015-07-01:2016-07-01", place="local"
    )
    assert facts.contract_signed == facts.contract_start == date(2015, 7, 1)
    assert (facts.certified, facts.designated, facts.already_subsidised) == (True, True, False)
    assert facts.education == "bachelor"


def test_claims_are_read_in_order_with_their_precision():
    claims = estimates.read_claims("-5000, 100000.125,0")
    assert [str(claim) for claim in claims] == ["-5000", "100000.125", "0"]


@pytest.mark.parametrize(
    "text", ["15", "20150", "2015.0", "-2015", "0015", "２０１５", "", "x" * 99, " 2015"]
)
def test_what_is_not_a_year_is_refused(text):
    with pytest.raises(EstimateInputError, match="not a year"):
        estimates.read_year(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "claim 1 is empty"),
        ("1,,2", "claim 2 is empty"),
        ("1,x", "claim 2: 'x'"),
        ("150,000", "thousands"),
    ],
)
def test_a_wrong_claim_is_named_by_its_place(text, words):
    with pytest.raises(EstimateInputError, match=words):
        estimates.read_claims(text)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"training": "2015-03-01"}, "training: .* is not a period"),
        ({"training": "2015-03-01:"}, "training: the end is missing"),
        ({"training": ":2015-03-01"}, "training: '' is not a day"),
        ({"training": "2015-03-01:2015-02-30"}, "training: '2015-02-30' is not a day of the calendar"),
        ({"training": "2015-03-01:2015-02-28"}, "the training ends on 2015-02-28, before it starts"),
        ({"contract": "2015-07-01"}, "contract: .* is not a period"),
        ({"contract": "2015-07-01:2015-06-30"}, "the contract ends"),
        ({"contract": "2015-07-01:2016-07-01:2017-07-01"}, "contract: .* is not a day"),
        ({"signed": "today"}, "signed: 'today' is not a day"),
        ({"signed": ""}, "signed: '' is not a day"),
        ({"place": "mars"}, "'mars' is not a place: use local or elsewhere"),
        ({"education": "phd"}, "'phd' is not a level of education"),
    ],
)
def test_wrong_facts_are_named(changes, words):
    given = {"training": "2015-03-01:2015-06-01", "contract": "2015-07-01:2016-07-01", "place": "local"}
    with pytest.raises(EstimateInputError, match=words):
        estimates.read_facts(**{**given, **changes})
