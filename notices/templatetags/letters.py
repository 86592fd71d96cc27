"""Words of a letter's frozen codes."""

from datetime import date

from django import template

from casework.enums import GroundCode, Payee
from casework.templatetags.portal import day_text
from notices.letters import signing
from policy.enums import ProgrammeCode

register = template.Library()


@register.filter
def iso_day(text: str) -> str:
    """`2015-07-01` as a day in the reader's language."""
    return day_text(date.fromisoformat(text))


@register.filter
def programme_name(code: str) -> str:
    return str(ProgrammeCode(code).label)


@register.filter
def payee_name(code: str) -> str:
    return str(Payee(code).label)


@register.filter
def ground_name(code: str) -> str:
    return str(GroundCode(code).label)


@register.filter
def code_groups(code: str) -> str:
    """A verification code in groups of four."""
    return signing.shown(code)
