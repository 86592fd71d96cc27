"""Terms: what makes them invalid, and which version applies when."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import pytest

from policy import terms_file
from policy.rules.operators import Operator
from policy.rules.terms import (
    NoVersionError,
    OffshoreTerms,
    OverlapError,
    Parameter,
    TermsError,
    TrainingTerms,
    version_for_year,
    version_on,
)

KINDS = {"offshore": OffshoreTerms, "training": TrainingTerms}


def stored(programme):
    """The parameters of the seeded version by name, free to be spoilt."""
    (version,) = (v for v in terms_file.load() if v.programme == programme and v.code == "2013")
    return {parameter.name: parameter for parameter in version.parameters}


def build(programme, parameters, in_force_from=date(2013, 1, 1), in_force_to=None):
    return KINDS[programme].from_parameters("t", in_force_from, in_force_to, parameters)


def spoilt(programme, name, /, **changes):
    parameters = stored(programme)
    return {**parameters, name: replace(parameters[name], **changes)}


def test_offshore_terms_from_parameters():
    terms = build("offshore", stored("offshore"))
    assert (terms.threshold_usd, terms.rate_rmb_per_usd, terms.cap_rmb) == (200_000, Decimal("0.2"), 500_000)
    assert terms.threshold_op is Operator.GT
    assert terms.clauses["cap_rmb"].quotation.startswith("each enterprise will get")


def test_training_terms_from_parameters():
    terms = build("training", stored("training"))
    assert (terms.min_training_months, terms.min_contract_months) == (3, 12)
    assert (terms.training_op, terms.contract_op) == (Operator.GT, Operator.GT)
    assert terms.education_levels == ("junior_college", "bachelor", "master", "doctor")
    assert terms.certificate_required and terms.designation_required and terms.once_per_person
    assert terms.amounts == {
        ("local", "trainee"): 2000,
        ("local", "institution"): 1500,
        ("elsewhere", "trainee"): 1000,
        ("elsewhere", "institution"): 500,
    }


@pytest.mark.parametrize("programme", KINDS)
def test_every_parameter_must_be_stated(programme):
    for name in stored(programme):
        parameters = stored(programme)
        del parameters[name]
        with pytest.raises(TermsError, match="is missing") as refusal:
            build(programme, parameters)
        assert refusal.value.parameter == name


@pytest.mark.parametrize("programme", KINDS)
def test_an_unknown_parameter_is_named(programme):
    parameters = {**stored(programme), "bonus": Parameter("bonus", "1", "RMB", "clause", "")}
    with pytest.raises(TermsError, match="bonus: is not a parameter"):
        build(programme, parameters)


@pytest.mark.parametrize("programme", KINDS)
def test_every_parameter_needs_its_unit_its_clause_and_a_value_as_text(programme):
    for name in stored(programme):
        for changes in (
            {"unit": "10,000 RMB"},
            {"clause": " "},
            {"value": 1},
            {"value": ""},
            {"name": "other"},
        ):
            with pytest.raises(TermsError) as refusal:
                build(programme, spoilt(programme, name, **changes))
            assert refusal.value.parameter == name


@pytest.mark.parametrize(
    ("programme", "name", "value", "problem"),
    [
        ("offshore", "rate_rmb_per_usd", "0", "more than 0"),
        ("offshore", "rate_rmb_per_usd", "-0.2", "negative"),
        ("offshore", "rate_rmb_per_usd", "NaN", "not an amount"),
        ("offshore", "threshold_usd", "-1", "negative"),
        ("offshore", "threshold_usd", "200,000", "not an amount"),
        ("offshore", "threshold_usd", "0.001", "more than 2 decimals"),
        ("offshore", "threshold_op", ">", "gt .* or gte"),
        ("offshore", "cap_rmb", "0", "smallest year"),
        ("offshore", "cap_rmb", "39999.99", "200000.01 USD earn 40000.00 RMB, the cap is 39999.99 RMB"),
        ("offshore", "cap_rmb", "500000.005", "more than 2 decimals"),
        ("training", "min_training_months", "0", "from 1 to 600"),
        ("training", "min_training_months", "3.5", "from 1 to 600"),
        ("training", "min_contract_months", "601", "from 1 to 600"),
        ("training", "contract_op", "GT", "gt .* or gte"),
        ("training", "certificate_required", "yes", "true or false"),
        ("training", "education_levels", "bachelor,phd", "'phd' is not one of"),
        ("training", "education_levels", "bachelor,bachelor", "twice"),
        ("training", "amount_local_trainee", "-2000", "negative"),
        ("training", "amount_elsewhere_institution", "0.005", "more than 2 decimals"),
    ],
)
def test_a_wrong_value_names_the_parameter_and_the_problem(programme, name, value, problem):
    with pytest.raises(TermsError, match=f"^{name}: .*{problem}") as refusal:
        build(programme, spoilt(programme, name, value=value))
    assert refusal.value.parameter == name


def test_a_cap_that_the_smallest_year_just_reaches_is_accepted():
    assert build("offshore", spoilt("offshore", "cap_rmb", value="40000.00")).cap_rmb == 40_000


def test_terms_cannot_end_before_they_begin():
    with pytest.raises(TermsError, match="in_force_to: ends on 2012-12-31, before it begins on 2013-01-01"):
        build("offshore", stored("offshore"), in_force_to=date(2012, 12, 31))


def test_terms_built_by_hand_are_checked_too():
    good = build("training", stored("training"))
    for changes in (
        {"min_training_months": True},
        {"education_levels": ()},
        {"education_levels": ("phd",)},
        {"amounts": {}},
        {"amounts": {**good.amounts, ("mars", "trainee"): Decimal(1)}},
        {"amounts": {**good.amounts, ("local", "trainee"): 2000.0}},
    ):
        with pytest.raises(TermsError):
            replace(good, **changes)
    with pytest.raises(TermsError, match="cap_rmb"):
        replace(build("offshore", stored("offshore")), cap_rmb=500000.0)


@dataclass(frozen=True)
class Version:
    code: str
    in_force_from: date
    in_force_to: date | None = None


A = Version("A", date(2013, 1, 1), date(2015, 12, 31))
B = Version("B", date(2016, 1, 1))
MID = Version("mid", date(2016, 7, 1))
UNTIL_MID = Version("until-mid", date(2013, 1, 1), date(2016, 6, 30))
LATE = Version("late", date(2018, 1, 1))


@pytest.mark.parametrize(
    ("versions", "day", "code"),
    [
        ([A, B], "2013-01-01", "A"),
        ([A, B], "2015-12-31", "A"),
        ([A, B], "2016-01-01", "B"),
        ([B, A], "2099-12-31", "B"),
        ([UNTIL_MID, MID], "2016-06-30", "until-mid"),
        ([UNTIL_MID, MID], "2016-07-01", "mid"),
    ],
)
def test_the_version_of_a_day(versions, day, code):
    assert version_on(versions, date.fromisoformat(day)).code == code


@pytest.mark.parametrize(
    ("versions", "day", "words"),
    [
        (
            [A, B],
            "2012-12-31",
            ["2012-12-31", "A from 2013-01-01 to 2015-12-31", "B from 2016-01-01 onwards"],
        ),
        ([A, LATE], "2017-06-01", ["2017-06-01", "2015-12-31", "2018-01-01"]),
        ([], "2015-01-01", ["2015-01-01", "none has been published"]),
    ],
)
def test_a_day_in_a_gap_is_an_error_that_names_the_dates(versions, day, words):
    with pytest.raises(NoVersionError) as refusal:
        version_on(versions, date.fromisoformat(day))
    assert all(word in str(refusal.value) for word in words)


def test_a_day_under_two_versions_is_an_error_that_names_the_dates():
    with pytest.raises(OverlapError) as refusal:
        version_on([A, UNTIL_MID], date(2014, 5, 1))
    for word in ("2014-05-01", "A from 2013-01-01 to 2015-12-31", "until-mid from 2013-01-01 to 2016-06-30"):
        assert word in str(refusal.value)


@pytest.mark.parametrize(
    ("versions", "year", "code"), [([A, B], 2013, "A"), ([A, B], 2015, "A"), ([A, B], 2016, "B")]
)
def test_the_version_of_a_year(versions, year, code):
    assert version_for_year(versions, year).code == code


@pytest.mark.parametrize(
    ("versions", "year", "words"),
    [
        ([A, B], 2012, ["2012", "2013-01-01"]),
        ([A, LATE], 2016, ["2016", "2015-12-31", "2018-01-01"]),
        ([MID], 2016, ["begins or ends inside", "mid from 2016-07-01"]),
        ([UNTIL_MID], 2016, ["begins or ends inside", "to 2016-06-30"]),
        ([UNTIL_MID, MID], 2016, ["whole year 2016", "to 2016-06-30", "from 2016-07-01"]),
        ([], 2015, ["2015", "none has been published"]),
        ([A, B], 0, ["year 0"]),
        ([A, B], 10_000, ["year 10000"]),
        ([A, B], -2015, ["year -2015"]),
    ],
)
def test_a_year_that_no_version_covers_is_an_error_that_names_the_dates(versions, year, words):
    with pytest.raises(NoVersionError) as refusal:
        version_for_year(versions, year)
    assert all(word in str(refusal.value) for word in words)


@pytest.mark.parametrize(
    ("versions", "year", "words"),
    [
        ([UNTIL_MID, B], 2016, ["from 2016-01-01 to 2016-06-30", "until-mid", "B from"]),
        ([B, MID], 2016, ["from 2016-07-01 to 2016-12-31"]),
        ([B, MID], 2020, ["from 2020-01-01 to 2020-12-31"]),
        (
            [A, B, Version("eve", date(2015, 12, 31), date(2015, 12, 31))],
            2015,
            ["from 2015-12-31 to 2015-12-31"],
        ),
    ],
)
def test_a_year_under_two_versions_is_an_error_that_names_the_dates(versions, year, words):
    with pytest.raises(OverlapError) as refusal:
        version_for_year(versions, year)
    assert all(word in str(refusal.value) for word in words)
