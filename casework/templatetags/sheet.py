"""What the calculation sheet needs beside `portal`: the words of a trace's numbers and the places on its line.

A trace stores codes and plain numbers (policy.rules.trace); here they become "Threshold 200,000.00 USD".
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django import template
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from casework.templatetags.portal import CENT, chinese, day_text, read_decimal
from policy.rules.texts import STEPS as SENTENCES
from policy.rules.texts import WORDS

register = template.Library()

#: The clauses of policy/data/terms.toml, for the catalogue; officials write those of later versions in Chinese.
SEEDED_CLAUSES = (
    gettext_noop("Nanchang policy of 2013, “offshore and onshore”, paragraph 2"),
    gettext_noop("Nanchang policy of 2013, “talent cultivating”, paragraph 3"),
    gettext_noop("Nanchang policy of 2013, “talent cultivating”, paragraph 3; default of practice"),
    gettext_noop("Chinese report of the same policy"),
    gettext_noop("Practice of Chinese cities; adjustable, the source is silent"),
)

NUMBERS = {
    "already_subsidised": _("Subsidised before"),
    "amount_rmb": _("By the standard"),
    "cap_rmb": _("Cap"),
    "certified": _("Certificate"),
    "claim": _("Claim number"),
    "claims": _("Claims"),
    "days_short": _("Days short"),
    "designated": _("Designation covers the training"),
    "earlier_usd": _("Earlier in the year"),
    "education": _("Education"),
    "end": _("End"),
    "entitlement_rmb": _("Award of the year"),
    "exact_end": _("Exactly the minimum ends on"),
    "excess_rmb": _("Granted too much"),
    "failed": _("Conditions not met"),
    "granted_rmb": _("Granted before"),
    "levels": _("Levels subsidised"),
    "months": _("Months asked"),
    "operator": _("Comparison"),
    "place": _("Employer"),
    "product_rmb": _("Product"),
    "rate_rmb_per_usd": _("RMB for 1 USD"),
    "short_usd": _("Short by"),
    "start": _("Start"),
    "threshold_usd": _("Threshold"),
    "total_usd": _("Total of the year"),
    "uncapped_rmb": _("Without the cap"),
    "usd": _("This claim"),
}
STEPS = {
    "offshore.award": _("Award for this claim"),
    "offshore.cap": _("Cap of the year"),
    "offshore.claim": _("Claim of the year"),
    "offshore.cumulative": _("Counted value"),
    "offshore.rate": _("Rate"),
    "offshore.threshold": _("Threshold"),
    "offshore.year_total": _("Total of the year"),
    "training.certificate": _("Certificate"),
    "training.contract": _("Labour contract"),
    "training.contract_open_ended": _("Labour contract"),
    "training.designation": _("Designation"),
    "training.education": _("Education"),
    "training.institution_amount": _("To the institution"),
    "training.no_subsidy": _("Result"),
    "training.once_per_person": _("Once per person"),
    "training.period": _("Training period"),
    "training.trainee_amount": _("To the trainee"),
}
#: Steps whose result is an amount of US dollars; the others result in RMB or in an outcome.
IN_USD = frozenset({"offshore.cumulative", "offshore.year_total"})
DATES = frozenset({"start", "end", "exact_end"})
CODED = {
    "already_subsidised": "yes_no",
    "certified": "yes_no",
    "designated": "yes_no",
    "education": "education",
    "levels": "education",
    "operator": "period_op",
    "place": "place",
}
#: Reasons that inform; every other one asks for attention.
INFORMING = frozenset({"offshore.cap_applied", "offshore.nothing_to_add"})
OUTCOME_TONES = {"met": "good", "not_met": "bad", "equal": "warn", "not_required": "neutral"}


def _get(thing: Any, name: str, default: Any = "") -> Any:
    return thing.get(name, default) if isinstance(thing, Mapping) else getattr(thing, name, default)


def _word(kind: str, code: str) -> str:
    text = WORDS[kind].get(code)
    return code if text is None else (text.zh if chinese() else text.en)


def _grouped(value: str, unit: Any) -> str:
    number = read_decimal(value)
    return value if number is None else f"{number:,f} {unit}"


def _value(name: str, value: str) -> str:
    if name in DATES:
        return day_text(value)
    if name in CODED:
        return ("、" if chinese() else ", ").join(_word(CODED[name], item) for item in value.split(","))
    if name == "usd" or name.endswith("_usd") and not name.endswith("_per_usd"):
        return _grouped(value, "USD")
    if name.endswith("_rmb"):
        return _grouped(value, gettext("RMB"))
    return value


@register.filter
def step_title(step: Any) -> str:
    """Return the short name of a step, empty for a code that has none: then its sentence says it all."""
    return str(STEPS.get(_get(step, "code"), ""))


@register.filter
def number_rows(step: Any) -> list[tuple[str, str]]:
    """Return the numbers of a step as (label, value), worded for the reader; unknown names lose their underscores.

    They stand as the step's sentence names them: a stored trace comes back from the database in another order.
    """
    numbers = _get(step, "numbers", None) or {}
    sentence = SENTENCES[code].en if (code := _get(step, "code", "")) in SENTENCES else ""
    names = sorted(numbers, key=lambda name: (f"{{{name}" not in sentence, sentence.find(f"{{{name}")))
    return [(str(NUMBERS.get(name) or name.replace("_", " ")), _value(name, numbers[name])) for name in names]


class Result(NamedTuple):
    """The result of a step: its text, and a tone when it is an outcome rather than an amount."""

    text: str
    tone: str


@register.filter
def result_of(step: Any) -> Result:
    """Word the result of a step: 50,000.00 RMB, or met / not met."""
    result, code = str(_get(step, "result")), _get(step, "code")
    if result in OUTCOME_TONES:
        return Result(_word("outcome", result), OUTCOME_TONES[result])
    return Result(_grouped(result, "USD" if code in IN_USD else gettext("RMB")), "")


@register.filter
def reason_tone(reason: Any) -> str:
    """Return the reason's own tone, or the one of its code."""
    return _get(reason, "tone") or ("info" if _get(reason, "code") in INFORMING else "warn")


class NumberLine(NamedTuple):
    """Where things stand on the line from zero to the value that reaches the cap, in percent of its width."""

    filled: str
    threshold: str
    reached: bool
    capped: bool


@register.filter
def number_line(bar: Any) -> NumberLine | None:
    """Place `bar.value` and `bar.threshold` on the line that ends at `bar.cap`; None when the line has no length.

    `bar.op` ("gt", the default, or "gte") says whether equality passes the threshold. Values beyond the cap stay at
    the end of the line; negative ones (more refunds than receipts) at its start.
    """
    value, threshold, cap = (read_decimal(_get(bar, name, None)) for name in ("value", "threshold", "cap"))
    if value is None or threshold is None or cap is None or cap <= 0:
        return None

    def percent(number: Decimal) -> str:
        share = min(max(number / cap, Decimal(0)), Decimal(1)) * 100
        return f"{share.quantize(CENT)}%"

    return NumberLine(
        filled=percent(value),
        threshold=percent(threshold),
        reached=value >= threshold if _get(bar, "op", "gt") == "gte" else value > threshold,
        capped=value >= cap,
    )


@register.filter
def clause_text(clause: str) -> str:
    """A clause in the reader's language where the catalogue has it."""
    return gettext(clause) if clause else ""
