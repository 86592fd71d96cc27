"""Figures of prints."""

from decimal import Decimal
from typing import Any

from django import template

from accounts.identifiers import division_name
from casework.prints.capitals import in_capitals
from casework.templatetags.portal import read_decimal

register = template.Library()


@register.filter
def capitals(amount: Any, unit: str = "RMB") -> str:
    """`{{ amount|capitals }}` -> 人民币伍拾万元整; nothing for what is not known yet."""
    number = read_decimal(amount)
    return "" if number is None else in_capitals(number, unit)


@register.filter
def plain_money(amount: Any) -> str:
    """An amount with thousands and cents, without an element around it."""
    number = read_decimal(amount)
    return "—" if number is None else f"{number.quantize(Decimal('0.01')):,f}"


@register.filter
def place_name(division: str) -> str:
    return division_name(division)
