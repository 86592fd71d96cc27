"""Words for the codes that a frozen line of a claim carries."""

from django import template

from accounts.identifiers import division_name
from training.enums import Education, IdentityKind

register = template.Library()


@register.filter
def education_label(code: str) -> str:
    return str(dict(Education.choices).get(code, code))


@register.filter
def identity_kind_label(code: str) -> str:
    return str(dict(IdentityKind.choices).get(code, code))


@register.filter
def division_label(code: str) -> str:
    """Province and county of a division code."""
    return division_name(code)
