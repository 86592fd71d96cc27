"""Offshore incentive: what an enterprise's calendar year earns, and what each of its claims pays.

The award of a year is `min(cap, round_fen(rate x total))` once the year's total passes the threshold, else 0: the
unrounded USD are summed, multiplied and rounded once, and the cap comes last. Claims of one year are cumulative: each
pays the year's award minus what the year has already granted, never less than zero. Refunds are negative claims; when
they shrink the award below what has been granted, the difference is reported and an official decides on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .money import ZERO, AmountError, add, check_amount, multiply, plain, round_fen, subtract
from .terms import OffshoreTerms
from .trace import Reason, Step

#: How a year's total fared: below the threshold, equal to it where more is asked, above the cap; and whether more had
#: been granted before than it earns.
BELOW, EQUAL, CAPPED, EXCEEDED = 1, 2, 4, 8


@dataclass(frozen=True)
class ClaimAssessment:
    """One claim. USD unrounded, RMB to the fen; `boundary` is True when it fails by equality alone."""

    usd: Decimal
    cumulative_usd: Decimal
    entitlement_rmb: Decimal
    award_rmb: Decimal
    excess_granted_rmb: Decimal
    reasons: tuple[Reason, ...]
    steps: tuple[Step, ...]
    boundary: bool


@dataclass(frozen=True)
class YearAssessment:
    """A calendar year of claims in their order.

    `year_total_rmb` is the award of the year's total USD, so it does not depend on how the year is split into
    claims. The claims' awards add up to it unless a refund shrank the year after an award: then they exceed it by
    `excess_granted_rmb`.
    """

    claims: tuple[ClaimAssessment, ...]
    total_usd: Decimal
    year_total_rmb: Decimal
    excess_granted_rmb: Decimal
    steps: tuple[Step, ...]
    reasons: tuple[Reason, ...]
    boundary: bool


@dataclass(frozen=True)
class _Entitlement:
    """What a year's total earns, before anything is granted."""

    rmb: Decimal
    passes: bool
    boundary: bool
    reasons: tuple[Reason, ...]
    steps: tuple[Step, ...]


def assess_claim(
    *, usd: Decimal, earlier_usd: Decimal, earlier_granted_rmb: Decimal, terms: OffshoreTerms
) -> ClaimAssessment:
    """Assess a claim of `usd` in a year that already counts `earlier_usd` and has granted `earlier_granted_rmb`.

    A negative `usd` is a refund; a negative total earns nothing. Raises AmountError when an amount is not a finite
    Decimal of a sane size, or when the RMB granted earlier is negative or finer than a fen.
    """
    check_amount(usd)
    check_amount(earlier_usd)
    _check_granted(earlier_granted_rmb)
    return _claim(usd, earlier_usd, earlier_granted_rmb, terms)


def assess_year(*, claims: Sequence[Decimal], terms: OffshoreTerms) -> YearAssessment:
    """Assess the claims of one calendar year in the order in which they were filed. USD; may be empty.

    Raises AmountError as `assess_claim` does.
    """
    for usd in claims:
        check_amount(usd)
    total, granted = Decimal(0), ZERO
    assessed: list[ClaimAssessment] = []
    claim_steps: list[Step] = []
    for position, usd in enumerate(claims, start=1):
        claim = _claim(usd, total, granted, terms)
        claim_steps.append(_claim_step(position, claim, granted, terms))
        assessed.append(claim)
        total = claim.cumulative_usd
        granted = add(granted, claim.award_rmb)

    entitlement = _entitlement(total, terms)
    excess = max(ZERO, subtract(granted, entitlement.rmb))
    sum_step = Step.build(
        "offshore.year_total", {"claims": str(len(assessed))}, plain(total), terms.cite("threshold_usd")
    )
    return YearAssessment(
        claims=tuple(assessed),
        total_usd=total,
        year_total_rmb=entitlement.rmb,
        excess_granted_rmb=excess,
        steps=(sum_step, *entitlement.steps, *claim_steps),
        reasons=(*entitlement.reasons, *_excess_reasons(excess, granted, entitlement.rmb, terms)),
        boundary=entitlement.boundary,
    )


def _claim(usd: Decimal, earlier_usd: Decimal, granted: Decimal, terms: OffshoreTerms) -> ClaimAssessment:
    total = add(earlier_usd, usd)
    entitlement = _entitlement(total, terms)
    award, excess = _due(entitlement.rmb, granted)
    reasons = [*entitlement.reasons, *_excess_reasons(excess, granted, entitlement.rmb, terms)]
    if award == 0 and not reasons:
        numbers = {"entitlement_rmb": plain(entitlement.rmb)}
        reasons.append(Reason.build("offshore.nothing_to_add", numbers, terms.cite("rate_rmb_per_usd")))
    cumulative_step = Step.build(
        "offshore.cumulative",
        {"earlier_usd": plain(earlier_usd), "usd": plain(usd)},
        plain(total),
        terms.cite("threshold_usd"),
    )
    award_step = Step.build(
        "offshore.award",
        {"entitlement_rmb": plain(entitlement.rmb), "granted_rmb": plain(granted)},
        plain(award),
        terms.cite("cap_rmb"),
    )
    return ClaimAssessment(
        usd=usd,
        cumulative_usd=total,
        entitlement_rmb=entitlement.rmb,
        award_rmb=award,
        excess_granted_rmb=excess,
        reasons=tuple(reasons),
        steps=(cumulative_step, *entitlement.steps, award_step),
        boundary=entitlement.boundary,
    )


def _entitlement(total: Decimal, terms: OffshoreTerms) -> _Entitlement:
    passes = terms.threshold_op.passes(total, terms.threshold_usd)
    equal = terms.threshold_op.fails_by_equality(total, terms.threshold_usd)
    numbers = {
        "total_usd": plain(total),
        "threshold_usd": plain(terms.threshold_usd),
        "operator": terms.threshold_op.value,
    }
    outcome = "met" if passes else "equal" if equal else "not_met"
    threshold_step = Step.build("offshore.threshold", numbers, outcome, terms.cite("threshold_usd"))
    if not passes:
        reason = _threshold_reason(total, equal, terms)
        return _Entitlement(ZERO, False, equal, (reason,), (threshold_step,))

    product, rounded, capped = _figures(total, terms)
    rate_step = Step.build(
        "offshore.rate",
        {
            "total_usd": plain(total),
            "rate_rmb_per_usd": format(terms.rate_rmb_per_usd, "f"),
            "product_rmb": plain(product),
        },
        plain(rounded),
        terms.cite("rate_rmb_per_usd"),
    )
    cap_step = Step.build(
        "offshore.cap",
        {"amount_rmb": plain(rounded), "cap_rmb": plain(terms.cap_rmb)},
        plain(capped),
        terms.cite("cap_rmb"),
    )
    reasons: tuple[Reason, ...] = ()
    # Compared unrounded: one cent above the cap's worth of USD is above the cap, though it rounds to the same fen.
    if product > terms.cap_rmb:
        numbers = {"uncapped_rmb": plain(product), "cap_rmb": plain(terms.cap_rmb)}
        reasons = (Reason.build("offshore.cap_applied", numbers, terms.cite("cap_rmb")),)
    return _Entitlement(round_fen(capped), True, False, reasons, (threshold_step, rate_step, cap_step))


def award_of(total: Decimal, terms: OffshoreTerms) -> tuple[Decimal, int]:
    """What a year's total USD earns in RMB, and how (BELOW, EQUAL, CAPPED): `assess_year` without its sentences.

    The whole explanation is `assess_year(claims=[total], terms=terms)`.
    """
    if not terms.threshold_op.passes(total, terms.threshold_usd):
        equal = terms.threshold_op.fails_by_equality(total, terms.threshold_usd)
        return ZERO, BELOW | EQUAL * equal
    product, rounded, capped = _figures(total, terms)
    return rounded if capped is rounded else round_fen(capped), CAPPED * (product > terms.cap_rmb)


def claim_award_of(total: Decimal, granted: Decimal, terms: OffshoreTerms) -> tuple[Decimal, int]:
    """`assess_claim`'s award, in a year that comes to `total` USD and had granted `granted` RMB before.

    The second value is how it comes about (BELOW, EQUAL, CAPPED, EXCEEDED).
    """
    entitlement, found = award_of(total, terms)
    if not granted:
        return entitlement, found
    award, excess = _due(entitlement, granted)
    return award, found | EXCEEDED * bool(excess)


def _due(entitlement: Decimal, granted: Decimal) -> tuple[Decimal, Decimal]:
    """What is still to be granted, and what was granted beyond the entitlement; one of them is zero."""
    return max(ZERO, subtract(entitlement, granted)), max(ZERO, subtract(granted, entitlement))


def _figures(total: Decimal, terms: OffshoreTerms) -> tuple[Decimal, Decimal, Decimal]:
    """Rate times total: unrounded, rounded once, and under the cap."""
    product = multiply(terms.rate_rmb_per_usd, total)
    rounded = round_fen(product)
    return product, rounded, min(terms.cap_rmb, rounded)


def _threshold_reason(total: Decimal, equal: bool, terms: OffshoreTerms) -> Reason:
    numbers = {"threshold_usd": plain(terms.threshold_usd), "operator": terms.threshold_op.value}
    if equal:
        return Reason.build("offshore.threshold_equal", numbers, terms.cite("threshold_op"))
    numbers["short_usd"] = plain(subtract(terms.threshold_usd, total))
    return Reason.build("offshore.threshold_short", numbers, terms.cite("threshold_usd"))


def _excess_reasons(
    excess: Decimal, granted: Decimal, entitlement: Decimal, terms: OffshoreTerms
) -> tuple[Reason, ...]:
    if excess == 0:
        return ()
    numbers = {
        "granted_rmb": plain(granted),
        "entitlement_rmb": plain(entitlement),
        "excess_rmb": plain(excess),
    }
    return (Reason.build("offshore.granted_exceeds", numbers, terms.cite("rate_rmb_per_usd")),)


def _claim_step(position: int, claim: ClaimAssessment, granted: Decimal, terms: OffshoreTerms) -> Step:
    return Step.build(
        "offshore.claim",
        {
            "claim": str(position),
            "usd": plain(claim.usd),
            "total_usd": plain(claim.cumulative_usd),
            "entitlement_rmb": plain(claim.entitlement_rmb),
            "granted_rmb": plain(granted),
        },
        plain(claim.award_rmb),
        terms.cite("cap_rmb"),
    )


def _check_granted(granted: Decimal) -> None:
    check_amount(granted)
    if granted < 0:
        raise AmountError(f"the RMB granted earlier cannot be negative ({plain(granted)})")
    if granted != round_fen(granted):
        raise AmountError(f"the RMB granted earlier cannot be finer than a fen ({plain(granted)})")
