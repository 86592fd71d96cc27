"""Training subsidy: whether one trainee is eligible, and what the trainee and the institution receive.

Every condition that fails is reported, not only the first. A trainee who fails by equality alone (a period of exactly
the minimum where more is asked, and nothing else) is marked `boundary`: an official decides.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from . import findings
from .money import ZERO, plain
from .operators import Operator
from .periods import PeriodComparison, PeriodError, check_day, compare_months
from .terms import Education, Payee, Place, TrainingTerms
from .trace import Citation, Reason, Step


class FactsError(ValueError):
    """Facts that contradict themselves or use an unknown word. `field` names the culprit."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


@dataclass(frozen=True)
class TrainingFacts:
    """What is known of one trainee. Dates are inclusive; `contract_end` None is an open-ended contract.

    `designated` says that the institution's designation covers the whole training; `already_subsidised` that a
    subsidy was given for this person before, by whichever institution. Raises FactsError.
    """

    training_start: date
    training_end: date
    contract_signed: date
    contract_start: date
    contract_end: date | None
    place: str
    certified: bool
    education: str
    designated: bool
    already_subsidised: bool = False

    def __post_init__(self) -> None:
        for name in ("training_start", "training_end", "contract_signed", "contract_start", "contract_end"):
            value = getattr(self, name)
            if value is None and name == "contract_end":
                continue
            try:
                check_day(value)
            except PeriodError as error:
                raise FactsError(name, f"{name}: {error}") from None
        _check_order("training", self.training_start, self.training_end)
        _check_order("contract", self.contract_start, self.contract_end)
        if self.place not in set(Place):
            raise FactsError("place", f"{self.place!r} is not a place: use {' or '.join(Place)}")
        if self.education not in set(Education):
            raise FactsError(
                "education",
                f"{self.education!r} is not a level of education: use one of {', '.join(Education)}",
            )
        for name in ("certified", "designated", "already_subsidised"):
            if not isinstance(getattr(self, name), bool):
                raise FactsError(name, f"{name} must be true or false")


@dataclass(frozen=True)
class TraineeAssessment:
    """RMB to the fen; both amounts are 0.00 unless `eligible`."""

    eligible: bool
    trainee_rmb: Decimal
    institution_rmb: Decimal
    reasons: tuple[Reason, ...]
    steps: tuple[Step, ...]
    boundary: bool
    #: Equality alone decides, one way or the other (findings.is_on_limit).
    on_limit: bool


@dataclass(frozen=True)
class _Check:
    """One condition: its step, and its reason when it fails."""

    step: Step
    reason: Reason | None = None


def assess_trainee(facts: TrainingFacts, terms: TrainingTerms) -> TraineeAssessment:
    """Assess one trainee under the terms in force on the day the contract was signed.

    Raises PeriodError when a period reaches beyond the calendar (year 9999).
    """
    return _explained(facts, terms, findings.find(facts, terms))


def explain(facts: TrainingFacts, terms: TrainingTerms, found: int) -> TraineeAssessment:
    """The whole assessment behind a kept number (see `findings`). Raises FactsError when facts or terms say another."""
    if found != findings.find(facts, terms):
        raise FactsError("findings", f"{found} is not what the rules find of these facts")
    return _explained(facts, terms, found)


def _explained(facts: TrainingFacts, terms: TrainingTerms, found: int) -> TraineeAssessment:
    checks = (
        _training_period(facts, terms, found),
        _certificate(facts, terms, found),
        _education(facts, terms, found),
        _designation(facts, terms, found),
        _contract_period(facts, terms, found),
        _once_per_person(facts, terms, found),
    )
    reasons = tuple(check.reason for check in checks if check.reason is not None)
    steps = [check.step for check in checks]
    trainee_rmb, institution_rmb = findings.amounts(found, facts.place, terms)
    if reasons:
        steps.append(Step.build("training.no_subsidy", {"failed": str(len(reasons))}, plain(ZERO)))
    else:
        steps.append(_amount_step("training.trainee_amount", Payee.TRAINEE, trainee_rmb, facts, terms))
        steps.append(
            _amount_step("training.institution_amount", Payee.INSTITUTION, institution_rmb, facts, terms)
        )
    return TraineeAssessment(
        eligible=findings.is_eligible(found),
        trainee_rmb=trainee_rmb,
        institution_rmb=institution_rmb,
        reasons=reasons,
        steps=tuple(steps),
        boundary=findings.is_boundary(found),
        on_limit=findings.is_on_limit(found),
    )


def _training_period(facts: TrainingFacts, terms: TrainingTerms, found: int) -> _Check:
    compared = compare_months(facts.training_start, facts.training_end, terms.min_training_months)
    found = found // findings.TRAINING_SHORT
    return _period_check("period", "min_training_months", compared, terms.training_op, terms, found)


def _contract_period(facts: TrainingFacts, terms: TrainingTerms, found: int) -> _Check:
    if facts.contract_end is None:
        numbers = {
            "start": facts.contract_start.isoformat(),
            "months": str(terms.min_contract_months),
            "operator": terms.contract_op.value,
        }
        citation = terms.cite("min_contract_months")
        return _Check(Step.build("training.contract_open_ended", numbers, "met", citation))
    compared = compare_months(facts.contract_start, facts.contract_end, terms.min_contract_months)
    found = found // findings.CONTRACT_SHORT
    return _period_check("contract", "min_contract_months", compared, terms.contract_op, terms, found)


def _period_check(
    subject: str,
    parameter: str,
    compared: PeriodComparison,
    operator: Operator,
    terms: TrainingTerms,
    found: int,
) -> _Check:
    """`found` has 1 for a period that is too short, and 2 for one of exactly the minimum."""
    citation = terms.cite(parameter)
    numbers = {
        "start": compared.start.isoformat(),
        "end": compared.end.isoformat(),
        "months": str(compared.months),
        "exact_end": compared.exact_end.isoformat(),
        "operator": operator.value,
        "days_short": str(compared.days_short(operator)),
    }
    is_short, is_exact = bool(found & 1), bool(found & 2)
    outcome = "met" if not is_short else "equal" if is_exact else "not_met"
    step = Step.build(f"training.{subject}", numbers, outcome, citation)
    if not is_short:
        return _Check(step)
    told = {name: numbers[name] for name in ("months", "operator", "days_short")}
    code = f"training.{subject}_equal" if is_exact else f"training.{subject}_short"
    return _Check(step, Reason.build(code, told, citation))


def _certificate(facts: TrainingFacts, terms: TrainingTerms, found: int) -> _Check:
    return _plain_check(
        "training.certificate",
        "training.no_certificate",
        {"certified": _yes_no(facts.certified)},
        fails=bool(found & findings.NO_CERTIFICATE),
        required=terms.certificate_required,
        citation=terms.cite("certificate_required"),
    )


def _education(facts: TrainingFacts, terms: TrainingTerms, found: int) -> _Check:
    return _plain_check(
        "training.education",
        "training.education",
        {"education": str(facts.education), "levels": ",".join(terms.education_levels)},
        fails=bool(found & findings.EDUCATION),
        required=True,
        citation=terms.cite("education_levels"),
    )


def _designation(facts: TrainingFacts, terms: TrainingTerms, found: int) -> _Check:
    return _plain_check(
        "training.designation",
        "training.not_designated",
        {"designated": _yes_no(facts.designated)},
        fails=bool(found & findings.NOT_DESIGNATED),
        required=terms.designation_required,
        citation=terms.cite("designation_required"),
    )


def _once_per_person(facts: TrainingFacts, terms: TrainingTerms, found: int) -> _Check:
    return _plain_check(
        "training.once_per_person",
        "training.already_subsidised",
        {"already_subsidised": _yes_no(facts.already_subsidised)},
        fails=bool(found & findings.ALREADY_SUBSIDISED),
        required=terms.once_per_person,
        citation=terms.cite("once_per_person"),
    )


def _plain_check(
    step_code: str,
    reason_code: str,
    numbers: dict[str, str],
    *,
    fails: bool,
    required: bool,
    citation: Citation,
) -> _Check:
    if not required:
        return _Check(Step.build(step_code, numbers, "not_required", citation))
    if not fails:
        return _Check(Step.build(step_code, numbers, "met", citation))
    return _Check(
        Step.build(step_code, numbers, "not_met", citation), Reason.build(reason_code, numbers, citation)
    )


def _amount_step(
    code: str, payee: Payee, amount: Decimal, facts: TrainingFacts, terms: TrainingTerms
) -> Step:
    citation = terms.cite(f"amount_{facts.place}_{payee}")
    return Step.build(code, {"place": str(facts.place)}, plain(amount), citation)


def _check_order(subject: str, start: date, end: date | None) -> None:
    if end is not None and end < start:
        raise FactsError(
            f"{subject}_end",
            f"the {subject} ends on {end.isoformat()}, before it starts on {start.isoformat()}",
        )


def _yes_no(value: bool) -> str:
    return "yes" if value else "no"
