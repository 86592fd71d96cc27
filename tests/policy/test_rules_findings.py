"""One number for each trainee: the same as the single assessment, and its steps are built from it again."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from policy import terms_file
from policy.rules import findings
from policy.rules.operators import Operator
from policy.rules.periods import add_months
from policy.rules.terms import Education, Place, TrainingTerms
from policy.rules.training import FactsError, TrainingFacts, assess_trainee, explain

SEEDED = terms_file.training_terms(date(2015, 7, 1))
ONE_DAY = timedelta(days=1)


def other_terms(chance: random.Random) -> TrainingTerms:
    values = {name: getattr(SEEDED, name) for name in SEEDED.__dataclass_fields__}
    return TrainingTerms(
        **values
        | {
            "training_op": chance.choice(list(Operator)),
            "contract_op": chance.choice(list(Operator)),
            "min_training_months": chance.randint(1, 14),
            "min_contract_months": chance.randint(1, 40),
            "certificate_required": chance.random() < 0.5,
            "designation_required": chance.random() < 0.5,
            "once_per_person": chance.random() < 0.5,
            "education_levels": tuple(chance.sample(list(Education), chance.randint(1, 6))),
        }
    )


def period(chance: random.Random, months: int) -> tuple[date, date]:
    """Half of them within a day of the minimum, month ends and 29 February among them."""
    start = date(2012, 1, 1) + timedelta(days=chance.randrange(1600))
    if chance.random() < 0.3:
        start = (start.replace(day=1) + timedelta(days=32)).replace(day=1) - ONE_DAY
    if chance.random() < 0.5:
        return start, max(start, add_months(start, months) + timedelta(days=chance.randint(-2, 1)))
    return start, start + timedelta(days=chance.randrange(900))


def facts(chance: random.Random, terms: TrainingTerms) -> TrainingFacts:
    training, contract = period(chance, terms.min_training_months), period(chance, terms.min_contract_months)
    return TrainingFacts(
        training_start=training[0],
        training_end=training[1],
        contract_signed=contract[0],
        contract_start=contract[0],
        contract_end=contract[1] if chance.random() < 0.9 else None,
        place=chance.choice(list(Place)),
        certified=chance.random() < 0.9,
        education=chance.choice(list(Education)),
        designated=chance.random() < 0.9,
        already_subsidised=chance.random() < 0.1,
    )


def columns_of(rows: list[TrainingFacts]) -> tuple[list, list, list]:
    return (
        [(row.training_start, row.training_end) for row in rows],
        [(row.contract_start, row.contract_end) for row in rows],
        [
            (row.certified, row.education, row.designated, row.already_subsidised, str(row.place))
            for row in rows
        ],
    )


def period_of(said: str) -> tuple[date, date | None]:
    first, last = said.split()
    return date.fromisoformat(first), None if last == "None" else date.fromisoformat(last)


@pytest.mark.parametrize("seed", range(6))
def test_many_at_once_are_judged_as_one_by_one(seed):
    """`python -m bench awards` does the same with a city, against the rule in SQL."""
    chance = random.Random(seed)
    terms = SEEDED if seed == 0 else other_terms(chance)
    rows = [facts(chance, terms) for _ in range(500)]
    finder, (trainings, contracts, conditions) = findings.Finder(terms), columns_of(rows)
    found = finder.columns(trainings, contracts, conditions)
    texts = ([f"{first} {last}" for first, last in column] for column in (trainings, contracts))
    assert findings.Finder(terms, period_of).columns(*texts, conditions) == found
    assert finder.columns(trainings, contracts, conditions) == found, "from memory"
    for row, code in zip(rows, found, strict=True):
        *amounts, number = finder.decoded(code)
        single = assess_trainee(row, terms)
        assert explain(row, terms, number) == single
        assert [s.numbers for s in explain(row, terms, number).steps] == [s.numbers for s in single.steps]
        assert amounts == [single.trainee_rmb, single.institution_rmb]
        assert findings.is_eligible(number) == single.eligible == (not single.reasons)
        assert findings.is_boundary(number) == single.boundary
        assert 0 <= number < findings.LIMIT and 0 <= code < findings.CODES
    assert len(set(found)) > 10, "the cases differ"


def test_a_person_who_was_paid_before():
    chance = random.Random(1)
    row = next(
        r
        for r in (facts(chance, SEEDED) for _ in range(200))
        if findings.is_eligible(findings.find(r, SEEDED))
    )
    finder = findings.Finder(SEEDED)
    (first,) = finder.columns(*columns_of([row]))
    (again,) = finder.columns(*columns_of([replace(row, already_subsidised=True)]))
    assert again == first | finder.again and not findings.is_eligible(again)


def test_the_limits():
    start = date(2015, 3, 1)
    exact = TrainingFacts(
        training_start=start,
        training_end=add_months(start, SEEDED.min_training_months) - ONE_DAY,
        contract_signed=start,
        contract_start=start,
        contract_end=None,
        place=Place.LOCAL,
        certified=True,
        education=SEEDED.education_levels[0],
        designated=True,
    )
    found = findings.find(exact, SEEDED)
    assert found & findings.TRAINING_EXACT and findings.is_on_limit(found)
    assert findings.is_boundary(found) == (SEEDED.training_op is Operator.GT)


def test_a_number_that_the_facts_do_not_bear_out_is_not_explained():
    row = facts(random.Random(3), SEEDED)
    with pytest.raises(FactsError) as refused:
        explain(row, SEEDED, findings.find(row, SEEDED) ^ findings.NO_CERTIFICATE)
    assert refused.value.field == "findings"
