"""What officials read of parameters: their names, units and values, and what is wrong with them, in either language."""

from collections.abc import Mapping
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from policy.rules.parameters import TermsError
from policy.rules.texts import WORDS
from policy.terms_file import TermsFileError

PARAMETERS = {
    "threshold_usd": _("Threshold of the year"),
    "threshold_op": _("How the threshold is read"),
    "rate_rmb_per_usd": _("Award for 1 USD"),
    "cap_rmb": _("Cap of an enterprise's year"),
    "min_training_months": _("Shortest training"),
    "training_op": _("How the shortest training is read"),
    "min_contract_months": _("Shortest labour contract"),
    "contract_op": _("How the shortest labour contract is read"),
    "certificate_required": _("Certificate required"),
    "education_levels": _("Levels of education"),
    "designation_required": _("Designation required"),
    "once_per_person": _("Once per person"),
    "amount_local_trainee": _("To the trainee, employer in Nanchang"),
    "amount_local_institution": _("To the institution, employer in Nanchang"),
    "amount_elsewhere_trainee": _("To the trainee, employer elsewhere"),
    "amount_elsewhere_institution": _("To the institution, employer elsewhere"),
    "in_force_from": _("In force from"),
    "in_force_to": _("In force to"),
}
UNITS = {
    "operator": _("comparison"),
    "RMB per USD": _("RMB for 1 USD"),
    "RMB": _("RMB"),
    "months": _("months"),
    "true or false": _("yes or no"),
    "list": _("choice"),
}
#: By TermsError.code.
PROBLEMS = {
    "missing": _("This rule is missing; every rule of the programme must be stated."),
    "unknown": _("This is no rule of the programme."),
    "unit": _("The unit must be “%(wanted)s”, not “%(found)s”."),
    "clause": _("Name the clause that it comes from."),
    "amount": _("“%(found)s” is no amount: write digits with an optional decimal point, such as 150000.00."),
    "decimals": _("%(found)s has more than two decimals."),
    "large": _("Write an amount below %(most)s."),
    "months": _("Write a whole number of months from 1 to %(most)s."),
    "operator": _("Choose “more than” or “at least”."),
    "yes_no": _("Choose yes or no."),
    "word": _("“%(found)s” is none of the known words."),
    "twice": _("A word stands here twice."),
    "negative": _("An amount is not below zero (%(found)s)."),
    "dates": _("It ends before it begins."),
    "zero_rate": _("A rate of zero awards nothing: write more than 0 RMB for 1 USD."),
    "cap": _(
        "The cap of %(cap)s RMB lies below the award of the smallest year that passes the threshold:"
        " %(usd)s USD earn %(award)s RMB."
    ),
}
#: By TermsFileError.code.
FILE_PROBLEMS = {
    "toml": _("This is no TOML file: it cannot be read."),
    "tables": _("The file holds something else than one version with its rules."),
    "twice": _("The rule is stated twice."),
    "programme": _("“%(found)s” is no programme of this portal."),
    "missing": _("“%(found)s” is missing."),
    "unknown": _("“%(found)s” is not known here."),
    "text": _("“%(found)s” must be a text in quotation marks."),
    "day": _("“%(found)s” must be a day such as 2016-01-01."),
}


def parameter_label(name: str) -> str:
    return str(PARAMETERS.get(name, name))


def unit_label(unit: str) -> str:
    return str(UNITS.get(unit, unit))


def _word(kind: str, value: str) -> str:
    text = WORDS[kind].get(value)
    if text is None:
        return value
    return text.zh if (get_language() or "").startswith("zh") else text.en


def choices_of(name: str, unit: str) -> list[tuple[str, str]]:
    """The values that a parameter of words can take; empty for figures."""
    if unit == "operator":
        kind = "amount_op" if name == "threshold_op" else "period_op"
        return [(value, _word(kind, value)) for value in ("gt", "gte")]
    if unit == "true or false":
        return [("true", _word("yes_no", "yes")), ("false", _word("yes_no", "no"))]
    if unit == "list":
        return [(value, _word("education", value)) for value in WORDS["education"]]
    return []


def value_text(name: str, value: str, unit: str) -> str:
    """A parameter's value as a person reads it: thousands grouped, words in the reader's language."""
    choices = dict(choices_of(name, unit))
    if choices:
        separator = "、" if (get_language() or "").startswith("zh") else ", "
        return separator.join(choices.get(part.strip(), part.strip()) for part in value.split(","))
    whole, point, decimals = value.partition(".")
    return f"{int(whole):,}{point}{decimals}" if whole.isdecimal() and len(whole) < 100 else value


def problem_text(error: TermsError) -> str:
    """What is wrong with a rule, without its name."""
    return _filled(PROBLEMS.get(error.code, PROBLEMS["amount"]), {"found": "", **error.told})


def rule_problem(error: TermsError) -> str:
    """What is wrong, the rule named first."""
    return gettext("%(rule)s: %(problem)s") % {
        "rule": parameter_label(error.parameter),
        "problem": problem_text(error),
    }


def file_problem(error: TermsFileError) -> str:
    """What is wrong with a file, the place named first."""
    if isinstance(error.__cause__, TermsError):
        problem = rule_problem(error.__cause__)
    else:
        problem = _filled(FILE_PROBLEMS.get(error.code, FILE_PROBLEMS["tables"]), error.told)
    return (
        gettext("%(rule)s: %(problem)s") % {"rule": error.where, "problem": problem}
        if error.where
        else problem
    )


def day(value: date) -> str:
    """2016年1月1日 or 1 Jan 2016."""
    return date_format(value, "Y年n月j日" if (get_language() or "").startswith("zh") else "j M Y")


def _filled(text, told: Mapping[str, str]) -> str:
    return str(text) % {"found": "", "wanted": "", "most": "", **told}
