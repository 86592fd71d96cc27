"""Codes of a frozen claim in the reader's words: the snapshot keeps codes, the page shows labels."""

from django import template

from applications.enums import ServiceType
from policy.countries import COUNTRIES, CURRENCIES
from policy.sectors import Sector

register = template.Library()

_COUNTRIES, _CURRENCIES = dict(COUNTRIES), dict(CURRENCIES)
_SECTORS, _SERVICES = dict(Sector.choices), dict(ServiceType.choices)


@register.filter
def country_label(code: str) -> str:
    return str(_COUNTRIES.get(code, code))


@register.filter
def currency_label(code: str) -> str:
    return str(_CURRENCIES.get(code, code))


@register.filter
def sector_label(code: str) -> str:
    return str(_SECTORS.get(code, code))


@register.filter
def service_label(code: str) -> str:
    return str(_SERVICES.get(code, code))


@register.filter
def rate_text(rate: str) -> str:
    """A rate without needless zeros: 1.1200000000 -> 1.12."""
    text = str(rate)
    return text.rstrip("0").rstrip(".") if "." in text else text
