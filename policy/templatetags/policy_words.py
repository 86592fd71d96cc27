"""The words of sources as templates need them."""

from datetime import date, datetime

from django import template
from django.utils import timezone

from policy import words

register = template.Library()


@register.filter
def language_of(text: str) -> str:
    """The language of a quotation, for its `lang`: Chinese as soon as one Chinese character stands in it."""
    return "zh-Hans" if any("\u4e00" <= character <= "\u9fff" for character in text or "") else "en"


@register.filter
def in_force_day(value: date | datetime | None) -> str:
    """2016年1月1日 or 1 Jan 2016."""
    if value is None:
        return ""
    return words.day(timezone.localdate(value) if isinstance(value, datetime) else value)
