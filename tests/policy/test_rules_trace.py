"""Reasons and steps: exact texts, both languages, and rebuilding from codes and numbers."""

import copy
import json
import pickle
import re
import string
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from policy.rules import texts
from policy.rules.offshore import assess_claim, assess_year
from policy.rules.terms import OffshoreTerms
from policy.rules.trace import Reason, Step, TraceError
from policy.rules.training import FactsError, TrainingFacts, assess_trainee


def claim(terms, usd, earlier="0", granted="0.00"):
    return assess_claim(
        usd=Decimal(usd), earlier_usd=Decimal(earlier), earlier_granted_rmb=Decimal(granted), terms=terms
    )


def facts(**changes):
    given = {
        "training_start": date(2015, 3, 1),
        "training_end": date(2015, 6, 1),
        "contract_signed": date(2015, 7, 1),
        "contract_start": date(2015, 7, 1),
        "contract_end": date(2016, 7, 1),
        "place": "local",
        "certified": True,
        "education": "bachelor",
        "designated": True,
    }
    return TrainingFacts(**{**given, **changes})


def everything(offshore_terms, training_terms):
    """Assessments that between them use every reason and every step."""
    bad = facts(
        training_end=date(2015, 4, 1),
        contract_end=date(2016, 1, 1),
        certified=False,
        education="secondary",
        designated=False,
        already_subsidised=True,
    )
    equal = facts(training_end=date(2015, 5, 31), contract_end=date(2016, 6, 30))
    open_ended = facts(contract_end=None)
    for terms in offshore_terms.values():
        for claims in (["150000"], ["200000"], ["250000", "0"], ["300000", "-150000"], ["2700000"]):
            year = assess_year(claims=[Decimal(usd) for usd in claims], terms=terms)
            yield year
            yield from year.claims
    for terms in training_terms.values():
        for case in (bad, equal, open_ended, facts()):
            yield assess_trainee(case, terms)


def test_every_step_and_reason_can_be_stored_and_rebuilt_from_its_code_and_numbers(
    offshore_terms, training_terms
):
    codes = set()
    for assessed in everything(offshore_terms, training_terms):
        for item in (*assessed.reasons, *assessed.steps):
            stored = json.loads(json.dumps(item.to_json()))
            assert type(item).from_json(stored) == item
            if isinstance(item, Step):
                rebuilt = texts.step_text(stored["code"], stored["numbers"], stored["result"])
            else:
                rebuilt = texts.reason_text(stored["code"], stored["numbers"])
            assert (rebuilt.zh, rebuilt.en) == (item.zh, item.en)
            assert all(isinstance(value, str) for value in item.numbers.values())
            codes.add((type(item), item.code))
    assert codes == {(Reason, code) for code in texts.REASONS} | {(Step, code) for code in texts.STEPS}


def test_every_reason_and_every_condition_cites_its_clause(offshore_terms, training_terms):
    for assessed in everything(offshore_terms, training_terms):
        for reason in assessed.reasons:
            assert reason.clause
        for step in assessed.steps:
            assert step.clause or step.code == "training.no_subsidy"


def test_a_step_shows_the_words_of_the_source(offshore_terms):
    steps = {step.code: step for step in claim(offshore_terms["more than"], "250000").steps}
    assert (
        steps["offshore.rate"].quotation
        == "inspiring 0.2 RMB with 1 USD of offshore service outsourcing business"
    )
    assert "paragraph 2" in steps["offshore.rate"].clause


@pytest.mark.parametrize("catalogue", [texts.REASONS, texts.STEPS], ids=["reasons", "steps"])
def test_both_languages_of_a_sentence_use_the_same_numbers_and_known_words(catalogue):
    for code, text in catalogue.items():
        fields = [{(name, spec) for _, name, spec, _ in string.Formatter().parse(t) if name} for t in text]
        names = [{name for name, _ in used} for used in fields]
        assert names[0] == names[1], code
        specs = {spec for used in fields for _, spec in used}
        assert specs <= {"", ",", "day", "days", "months", *texts.WORDS}, code
        assert re.search("[\u4e00-\u9fff]", text.zh) and not re.search("[\u4e00-\u9fff]", text.en), code


@pytest.mark.parametrize(
    ("end", "zh", "en"),
    [
        ("2016-06-30", "劳动合同期限恰为12个月，距超过12个月还差1天", "one day short of more than 12 months"),
        ("2016-06-29", "劳动合同期限距超过12个月还差2天", "2 days short of more than 12 months"),
    ],
)
def test_a_short_contract_is_told_to_the_day(training_terms, end, zh, en):
    (reason,) = assess_trainee(
        facts(contract_end=date.fromisoformat(end)), training_terms["more than"]
    ).reasons
    assert reason.zh == zh
    assert reason.en.startswith("The labour contract is") and reason.en.endswith(en)


def test_a_short_contract_under_the_other_wording(training_terms):
    (reason,) = assess_trainee(facts(contract_end=date(2016, 6, 29)), training_terms["at least"]).reasons
    assert reason.zh == "劳动合同期限距不少于12个月还差1天"
    assert reason.en == "The labour contract is one day short of at least 12 months"


def test_a_short_training_is_told_to_the_day(training_terms):
    (reason,) = assess_trainee(facts(training_end=date(2015, 5, 31)), training_terms["more than"]).reasons
    assert reason.zh == "培训期限恰为3个月，距超过3个月还差1天"
    assert reason.en == "The training is exactly 3 months, one day short of more than 3 months"


def test_a_year_below_the_threshold_is_told_to_the_cent(offshore_terms):
    (reason,) = claim(offshore_terms["more than"], "187660").reasons
    assert reason.zh == "本年度合计还差 12,340.00 USD 以上才超过起点（合计须超过 200,000.00 USD）"
    assert reason.en == (
        "The year's total is more than 12,340.00 USD short of the threshold "
        "(the total must be more than 200,000.00 USD)"
    )
    (reason,) = claim(offshore_terms["at least"], "199999.9").reasons
    assert reason.zh == "本年度合计还差 0.10 USD 达到起点（合计须不低于 200,000.00 USD）"


def test_a_year_that_equals_the_threshold_is_left_to_an_official(offshore_terms):
    assessed = claim(offshore_terms["more than"], "200000")
    (reason,) = assessed.reasons
    assert assessed.boundary and reason.code == "offshore.threshold_equal"
    assert reason.en.endswith("an official decides") and reason.zh.endswith("由审核人员裁定")


def test_what_was_granted_too_much_is_reported_and_never_netted(offshore_terms):
    assessed = claim(offshore_terms["more than"], "-100000", earlier="400000", granted="80000.00")
    assert (assessed.award_rmb, assessed.excess_granted_rmb) == (Decimal("0.00"), Decimal("20000.00"))
    (reason,) = assessed.reasons
    assert reason.en == (
        "80,000.00 RMB has been granted, 20,000.00 RMB more than the year's award of 60,000.00 RMB; "
        "an official decides on recovery"
    )


@pytest.mark.parametrize("granted", ["-0.01", "0.001", "NaN"])
def test_rmb_granted_earlier_must_be_an_amount_of_money(offshore_terms, granted):
    with pytest.raises(ValueError):
        claim(offshore_terms["more than"], "1", granted=granted)


@pytest.mark.parametrize("usd", ["NaN", "Infinity", "1E+200"])
def test_a_claim_must_be_an_amount(offshore_terms, usd):
    with pytest.raises(ValueError):
        claim(offshore_terms["more than"], usd)
    with pytest.raises(ValueError):
        assess_year(claims=[Decimal(usd)], terms=offshore_terms["more than"])


def test_a_year_without_claims_earns_nothing(offshore_terms):
    year = assess_year(claims=[], terms=offshore_terms["more than"])
    assert year.claims == () and year.year_total_rmb == 0
    assert [reason.code for reason in year.reasons] == ["offshore.threshold_short"]


def test_conditions_that_the_terms_do_not_ask_for_are_not_held_against_anyone(training_terms):
    terms = replace(
        training_terms["more than"],
        certificate_required=False,
        designation_required=False,
        once_per_person=False,
    )
    assessed = assess_trainee(facts(certified=False, designated=False, already_subsidised=True), terms)
    assert assessed.eligible
    assert [step.result for step in assessed.steps].count("not_required") == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"training_end": date(2015, 2, 28)}, "training_end"),
        ({"contract_end": date(2015, 6, 30)}, "contract_end"),
        ({"training_start": "2015-03-01"}, "training_start"),
        ({"contract_start": None}, "contract_start"),
        ({"place": "mars"}, "place"),
        ({"place": "LOCAL"}, "place"),
        ({"education": "phd"}, "education"),
        ({"certified": "yes"}, "certified"),
        ({"designated": None}, "designated"),
        ({"already_subsidised": 0}, "already_subsidised"),
    ],
)
def test_facts_that_cannot_be_are_refused_by_field(changes, field):
    with pytest.raises(FactsError) as refusal:
        facts(**changes)
    assert refusal.value.field == field


def test_the_day_after_may_be_the_same_day():
    assert facts(training_end=date(2015, 3, 1), contract_end=date(2015, 7, 1))


def test_assessments_and_terms_survive_copying_and_pickling(offshore_terms):
    assessed = claim(offshore_terms["more than"], "187660")
    assert pickle.loads(pickle.dumps(assessed)) == copy.deepcopy(assessed) == assessed
    assert copy.deepcopy(offshore_terms) == offshore_terms
    assert isinstance(hash(offshore_terms["more than"]), int) and isinstance(hash(assessed), int)


def test_terms_without_citations_still_calculate():
    terms = OffshoreTerms("t", date(2013, 1, 1), None, Decimal(1), "gte", Decimal(1), Decimal(5))
    assessed = claim(terms, "3")
    assert str(assessed.award_rmb) == "3.00" and assessed.steps[0].clause == ""


@pytest.mark.parametrize("missing", ["code", "zh", "en", "numbers", "result", "clause", "quotation"])
def test_a_broken_stored_step_is_refused(offshore_terms, missing):
    stored = claim(offshore_terms["more than"], "1").steps[0].to_json()
    del stored[missing]
    with pytest.raises(TraceError, match=missing):
        Step.from_json(stored)


def test_stored_numbers_must_be_texts(offshore_terms):
    stored = claim(offshore_terms["more than"], "1").reasons[0].to_json()
    with pytest.raises(TraceError, match="numbers"):
        Reason.from_json({**stored, "numbers": {"short_usd": 1.5}})


def test_an_unknown_code_or_a_missing_number_is_named():
    with pytest.raises(texts.TextError, match="no sentence for the code 'x.y'"):
        texts.reason_text("x.y", {})
    with pytest.raises(texts.TextError, match="lacks 'short_usd'"):
        texts.reason_text("offshore.threshold_short", {"operator": "gt"})


def test_days_are_worded_as_people_write_them():
    numbers = {"start": "2015-07-01", "operator": "gt", "months": "12"}
    text = texts.step_text("training.contract_open_ended", numbers, "met")
    assert text.zh.startswith("劳动合同自 2015年7月1日 起") and text.en.startswith(
        "Labour contract from 1 Jul 2015 "
    )
