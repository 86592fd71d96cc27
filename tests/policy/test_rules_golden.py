"""The golden tables, row by row. Expected values were worked out by hand from the policy text."""

from datetime import date
from decimal import Decimal

from policy.rules.money import plain, round_fen
from policy.rules.offshore import assess_year
from policy.rules.operators import Operator
from policy.rules.periods import compare_months
from policy.rules.training import TrainingFacts, assess_trainee


def cells(text):
    return [] if text == "-" else text.split("; ")


def codes(reasons):
    return [reason.code.partition(".")[2] for reason in reasons]


def test_offshore_year(offshore_row, offshore_terms):
    row = offshore_row
    claims = [Decimal(usd) for usd in cells(row["claims of the year in USD"])]
    year = assess_year(claims=claims, terms=offshore_terms[row["wording"]])
    assert [plain(claim.award_rmb) for claim in year.claims] == cells(row["award of each claim in RMB"])
    assert plain(year.year_total_rmb) == row["award of the year in RMB"]
    assert plain(year.excess_granted_rmb) == row["granted too much in RMB"]
    last = year.claims[-1]
    assert codes(last.reasons) == cells(row["reasons for the last claim"])
    assert last.boundary is year.boundary is (row["fails by equality alone"] == "yes")


def test_trainee(trainee_row, training_terms):
    row = trainee_row
    end = row["contract to"]
    facts = TrainingFacts(
        training_start=date.fromisoformat(row["training from"]),
        training_end=date.fromisoformat(row["training to"]),
        contract_signed=date.fromisoformat(row["contract from"]),
        contract_start=date.fromisoformat(row["contract from"]),
        contract_end=None if end == "open-ended" else date.fromisoformat(end),
        place=row["place"],
        certified=row["certificate"] == "yes",
        education=row["education"],
        designated=row["designated"] == "yes",
        already_subsidised=row["subsidised before"] == "yes",
    )
    assessed = assess_trainee(facts, training_terms[row["wording"]])
    assert assessed.eligible is (row["eligible"] == "yes")
    assert plain(assessed.trainee_rmb) == row["to the trainee in RMB"]
    assert plain(assessed.institution_rmb) == row["to the institution in RMB"]
    assert codes(assessed.reasons) == cells(row["reasons"])
    assert assessed.boundary is (row["fails by equality alone"] == "yes")


def test_period(period_row):
    row = period_row
    compared = compare_months(
        date.fromisoformat(row["first day"]), date.fromisoformat(row["last day"]), int(row["months"])
    )
    assert compared.relation == row["compared with the months"]
    assert compared.days_short(Operator.GT) == int(row["days short of more than"])
    assert compared.days_short(Operator.GTE) == int(row["days short of at least"])
    assert compared.passes(Operator.GT) is (compared.days_short(Operator.GT) == 0)
    assert compared.passes(Operator.GTE) is (compared.days_short(Operator.GTE) == 0)


def test_rounding(rounding_row):
    assert str(round_fen(Decimal(rounding_row["amount"]))) == rounding_row["to the fen"]
