"""What holds for every year, every trainee and every period, tried on random ones."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from policy import terms_file
from policy.rules.money import add, round_fen
from policy.rules.offshore import BELOW, CAPPED, EQUAL, assess_claim, assess_year, award_of
from policy.rules.operators import Operator
from policy.rules.periods import add_months, compare_months
from policy.rules.terms import Education, OffshoreTerms, Place
from policy.rules.training import TrainingFacts, assess_trainee

CENT = Decimal("0.01")
ONE_DAY = timedelta(days=1)
SEEDED = terms_file.offshore_terms(2015)
TRAINING = terms_file.training_terms(date(2015, 7, 1))

operators = st.sampled_from(Operator)
usd = st.decimals(min_value=0, max_value=4_000_000, places=2) | st.decimals(
    min_value=190_000, max_value=210_000, places=4
)
signed_usd = usd | usd.map(lambda value: value.copy_negate())
days = st.dates(min_value=date(1990, 1, 1), max_value=date(2060, 12, 31))


@st.composite
def offshore_terms(draw):
    """Terms whose cap lies well above the award at the threshold, so that one boundary is met at a time."""
    threshold = draw(st.decimals(min_value=1, max_value=1_000_000, places=2))
    rate = draw(st.decimals(min_value="0.01", max_value="7", places=4))
    cap = round_fen(rate * threshold * 3) + 1
    return OffshoreTerms("t", date(2013, 1, 1), None, threshold, draw(operators), rate, cap)


@st.composite
def trainee_facts(draw):
    start, contract = draw(days), draw(days)
    return TrainingFacts(
        training_start=start,
        training_end=start + timedelta(days=draw(st.integers(0, 400))),
        contract_signed=contract,
        contract_start=contract,
        contract_end=draw(st.none() | st.integers(0, 800).map(lambda n: contract + timedelta(days=n))),
        place=draw(st.sampled_from(Place)),
        certified=draw(st.booleans()),
        education=draw(st.sampled_from(Education)),
        designated=draw(st.booleans()),
        already_subsidised=draw(st.booleans()),
    )


def differing(before, after):
    """How many reasons differ: one added, one gone, or one replaced by another counts as one."""
    codes_before, codes_after = {r.code for r in before}, {r.code for r in after}
    return max(len(codes_before - codes_after), len(codes_after - codes_before))


def the_year(total, terms):
    return assess_year(claims=[total], terms=terms)


@given(st.lists(signed_usd, max_size=8), offshore_terms())
def test_no_year_and_no_claim_is_above_the_cap_or_below_zero(claims, terms):
    year = assess_year(claims=claims, terms=terms)
    assert 0 <= year.year_total_rmb <= terms.cap_rmb
    assert all(0 <= claim.award_rmb <= terms.cap_rmb for claim in year.claims)
    assert sum(claim.award_rmb for claim in year.claims) <= terms.cap_rmb
    assert year.excess_granted_rmb >= 0


@given(usd | st.just(SEEDED.threshold_usd), st.just(SEEDED) | offshore_terms())
def test_a_year_at_once_is_the_year_with_its_sentences(total, terms):
    year, (award, how) = the_year(total, terms), award_of(total, terms)
    codes = {reason.code for reason in year.reasons}
    assert award == year.year_total_rmb
    assert bool(how & EQUAL) == year.boundary == ("offshore.threshold_equal" in codes)
    assert bool(how & BELOW) == bool(codes & {"offshore.threshold_equal", "offshore.threshold_short"})
    assert bool(how & CAPPED) == ("offshore.cap_applied" in codes)


@given(usd, usd, offshore_terms())
def test_more_usd_never_earn_less(one, other, terms):
    less, more = sorted((one, other))
    assert the_year(less, terms).year_total_rmb <= the_year(more, terms).year_total_rmb


@given(usd, signed_usd, signed_usd, st.integers(0, 50_000_000), offshore_terms())
def test_a_larger_claim_never_pays_less(earlier, one, other, granted_fen, terms):
    granted = Decimal(granted_fen) * CENT
    less, more = (
        assess_claim(usd=claim, earlier_usd=earlier, earlier_granted_rmb=granted, terms=terms)
        for claim in sorted((one, other))
    )
    assert less.award_rmb <= more.award_rmb
    assert less.excess_granted_rmb >= more.excess_granted_rmb


@given(st.lists(usd, min_size=1, max_size=8), offshore_terms())
def test_however_a_year_is_split_the_claims_add_up_to_the_same(claims, terms):
    year = assess_year(claims=claims, terms=terms)
    whole = the_year(add(*claims), terms)
    assert sum(claim.award_rmb for claim in year.claims) == year.year_total_rmb == whole.year_total_rmb
    assert year.excess_granted_rmb == 0


@given(st.lists(signed_usd, min_size=1, max_size=8), st.randoms(use_true_random=False), offshore_terms())
def test_with_refunds_the_year_is_the_same_in_any_order_and_the_excess_accounts_for_the_rest(
    claims, random, terms
):
    shuffled = list(claims)
    random.shuffle(shuffled)
    year, other = assess_year(claims=claims, terms=terms), assess_year(claims=shuffled, terms=terms)
    assert year.year_total_rmb == other.year_total_rmb == the_year(add(*claims), terms).year_total_rmb
    for assessed in (year, other):
        granted = sum(claim.award_rmb for claim in assessed.claims)
        assert granted - assessed.excess_granted_rmb == assessed.year_total_rmb


@given(st.lists(signed_usd, min_size=1, max_size=6), offshore_terms())
def test_a_year_is_its_claims_one_by_one(claims, terms):
    earlier, granted = Decimal(0), Decimal("0.00")
    for claim, in_year in zip(claims, assess_year(claims=claims, terms=terms).claims, strict=True):
        alone = assess_claim(usd=claim, earlier_usd=earlier, earlier_granted_rmb=granted, terms=terms)
        assert alone == in_year
        earlier, granted = earlier + claim, granted + alone.award_rmb


@given(st.decimals(min_value=0, max_value=5_000_000, places=4), offshore_terms())
def test_the_award_agrees_with_whole_number_arithmetic(total, terms):
    """A second way to the same amount: fractions and integers, no decimals, no rounding mode."""
    exact, threshold = Fraction(total), Fraction(terms.threshold_usd)
    passes = exact > threshold or (terms.threshold_op == "gte" and exact == threshold)
    fen = (Fraction(terms.rate_rmb_per_usd) * exact * 100 + Fraction(1, 2)).__floor__() if passes else 0
    expected = min(fen, int(terms.cap_rmb * 100))
    assert the_year(total, terms).year_total_rmb * 100 == expected


@given(offshore_terms())
def test_one_cent_at_the_threshold_changes_exactly_one_reason(terms):
    below, at, above = (
        the_year(terms.threshold_usd + step, terms) for step in (CENT.copy_negate(), Decimal(0), CENT)
    )
    assert not below.boundary and not above.boundary
    assert above.claims[0].reasons == ()
    assert differing(below.claims[0].reasons, at.claims[0].reasons) == 1
    if terms.threshold_op is Operator.GT:
        assert at.boundary and at.year_total_rmb == 0
        assert differing(at.claims[0].reasons, above.claims[0].reasons) == 1
    else:
        assert not at.boundary and at.claims[0].reasons == ()


@given(st.integers(100_000_000, 900_000_000))
def test_one_cent_at_the_cap_changes_exactly_one_reason(cap_usd_cents):
    at_cap = Decimal(cap_usd_cents) * CENT
    terms = replace(SEEDED, cap_rmb=round_fen(at_cap), rate_rmb_per_usd=Decimal(1))
    below, at, above = (
        the_year(at_cap + step, terms).claims[0] for step in (CENT.copy_negate(), Decimal(0), CENT)
    )
    assert below.reasons == at.reasons == ()
    assert [reason.code for reason in above.reasons] == ["offshore.cap_applied"]
    assert below.award_rmb < at.award_rmb == above.award_rmb == terms.cap_rmb


@given(trainee_facts(), operators, st.sampled_from(["training", "contract"]))
def test_one_day_at_a_period_changes_exactly_one_reason(facts, operator, period):
    terms = replace(TRAINING, training_op=operator, contract_op=operator)
    months = terms.min_training_months if period == "training" else terms.min_contract_months
    exact_end = add_months(getattr(facts, f"{period}_start"), months) - ONE_DAY
    before, at, after = (
        assess_trainee(replace(facts, **{f"{period}_end": exact_end + step}), terms)
        for step in (-ONE_DAY, timedelta(0), ONE_DAY)
    )
    assert differing(before.reasons, at.reasons) == 1
    assert differing(at.reasons, after.reasons) == (1 if operator is Operator.GT else 0)
    assert len(before.reasons) == len(after.reasons) + 1
    if not after.reasons:
        assert after.eligible and not before.eligible
        assert at.boundary is (operator is Operator.GT) and at.eligible is not at.boundary
        assert not before.boundary


@given(trainee_facts())
def test_a_trainee_is_paid_exactly_when_no_reason_is_given(facts):
    assessed = assess_trainee(facts, TRAINING)
    assert assessed.eligible is (assessed.reasons == ())
    assert assessed.trainee_rmb == (TRAINING.amounts[facts.place, "trainee"] if assessed.eligible else 0)
    assert assessed.institution_rmb == (
        TRAINING.amounts[facts.place, "institution"] if assessed.eligible else 0
    )
    assert not (assessed.eligible and assessed.boundary)


@given(
    trainee_facts(),
    st.sampled_from(["certified", "designated", "already_subsidised", "education", "contract_end"]),
)
def test_a_mended_condition_only_takes_its_own_reason_away(facts, name):
    good = {"certified": True, "designated": True, "already_subsidised": False, "education": "bachelor"}
    mended = replace(facts, **{name: good.get(name)})  # a contract without an end always passes
    before, after = assess_trainee(facts, TRAINING).reasons, assess_trainee(mended, TRAINING).reasons
    assert {r.code for r in after} <= {r.code for r in before}
    assert len(before) - len(after) in (0, 1)


@given(days, days, st.integers(-240, 240))
def test_adding_months_keeps_the_order_of_days(one, other, months):
    first, second = sorted((one, other))
    assert add_months(first, months) <= add_months(second, months)
    assert add_months(first, months) < add_months(first, months + 1)


@given(days, st.integers(1, 60))
def test_added_months_keep_the_day_or_clamp_to_the_month_end(day, months):
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == day.day or (later.day < day.day and (later + ONE_DAY).day == 1)


@given(days, st.integers(0, 500), st.integers(0, 500), st.integers(1, 14), operators)
def test_a_longer_period_is_never_shorter_of_the_minimum(start, length, more, months, operator):
    short = compare_months(start, start + timedelta(days=length), months)
    long = compare_months(start, start + timedelta(days=length + more), months)
    order = ["shorter", "exact", "longer"]
    assert order.index(short.relation) <= order.index(long.relation)
    assert short.days_short(operator) >= long.days_short(operator)
    assert short.days_short(Operator.GT) >= short.days_short(Operator.GTE)


@given(days, st.integers(0, 500), st.integers(1, 14), operators)
def test_days_short_are_the_days_to_wait(start, length, months, operator):
    compared = compare_months(start, start + timedelta(days=length), months)
    short = compared.days_short(operator)
    assert compared.passes(operator) is (short == 0)
    assert compare_months(start, compared.end + short * ONE_DAY, months).passes(operator)
    if short:
        almost = compared.end + (short - 1) * ONE_DAY
        assert not compare_months(start, almost, months).passes(operator)


@given(st.decimals(min_value=-1_000_000, max_value=1_000_000, places=6))
def test_rounding_is_off_by_half_a_fen_at_most_and_may_run_twice(value):
    rounded = round_fen(value)
    assert abs(rounded - value) <= Decimal("0.005")
    assert round_fen(rounded) == rounded
    assert rounded == value.quantize(CENT, rounding=ROUND_HALF_UP)


@given(st.lists(signed_usd, min_size=1, max_size=5))
def test_the_callers_decimal_context_changes_nothing(claims):
    expected = assess_year(claims=claims, terms=SEEDED)
    with localcontext(prec=3, rounding="ROUND_DOWN"):
        assert assess_year(claims=claims, terms=SEEDED) == expected
