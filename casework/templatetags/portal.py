"""Template vocabulary of the portal: money, dates, icons, the language of a rule's words, the errors of a form.

Everything here only presents: no rule is decided and no amount is computed.
"""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from typing import Any, NamedTuple

from django import template
from django.forms import BaseForm, BaseFormSet
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

register = template.Library()

MISSING = "—"
CENT = Decimal("0.01")

#: Symbols of static/img/icons.svg; a test keeps the two in step.
ICONS = frozenset({
    "arrow", "calculator", "check", "clock", "contrast", "cross", "document", "dot", "down", "download", "edit",
    "globe", "inbox", "info", "lock", "megaphone", "money", "next", "people", "person", "plus", "previous", "print",
    "return", "save", "search", "send", "trash", "warning",
})  # fmt: skip
TONES = {"neutral": "dot", "info": "info", "good": "check", "warn": "warning", "bad": "cross"}


def chinese() -> bool:
    """Whether the reader reads Chinese."""
    return (get_language() or "").startswith("zh")


# Words of the rules


@register.filter
def in_language(value: Any) -> str:
    """Return `value.zh` or `value.en` (attribute or key) by the active language; a plain string passes through."""
    if value is None or isinstance(value, str):
        return value or ""
    first, second = ("zh", "en") if chinese() else ("en", "zh")
    if isinstance(value, Mapping):
        return value.get(first) or value.get(second) or ""
    # A value without these words (a lazy translation, say) speaks for itself.
    return getattr(value, first, "") or getattr(value, second, "") or str(value)


# Money


def read_decimal(value: Any) -> Decimal | None:
    """Return a number as Decimal, None for what is empty or unreadable."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value).replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _amount(value: Any, unit: str) -> SafeString:
    number = read_decimal(value)
    if number is None:
        # What cannot be read is shown as it is, never as zero.
        return format_html('<span class="money">{}</span>', MISSING if value in (None, "") else value)
    text = f"{number.quantize(CENT, ROUND_HALF_UP):,f}"
    if unit:
        return format_html(
            '<span class="money"><span class="figure">{}</span> <span class="unit">{}</span></span>',
            text,
            unit,
        )
    return format_html('<span class="money"><span class="figure">{}</span></span>', text)


@register.filter
def money(value: Any, unit: str = "") -> SafeString:
    """Show an amount with thousands and two decimals: `{{ award|money:"元" }}` -> 500,000.00 元."""
    return _amount(value, unit)


@register.filter
def usd(value: Any) -> SafeString:
    """Show an amount of US dollars: 200,000.01 USD."""
    return _amount(value, "USD")


@register.filter
def plain_number(value: Any) -> str:
    """Show a term in running text without needless zeros: 200000.00 -> 200,000; 0.20 -> 0.2."""
    number = read_decimal(value)
    if number is None:
        return MISSING if value in (None, "") else str(value)
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# Dates


def _local(value: Any) -> dt.date | None:
    if isinstance(value, str):
        try:
            value = (
                dt.datetime.fromisoformat(value)
                if len(value) > len("2015-07-01")
                else dt.date.fromisoformat(value)
            )
        except ValueError:
            return None
    if isinstance(value, dt.datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value if isinstance(value, dt.date) else None


@register.filter
def day_text(value: Any) -> str:
    """Return a date as plain text (for attributes and sentences): 2015年7月1日, 1 Jul 2015."""
    date = _local(value)
    if date is None:
        return MISSING if value in (None, "") else str(value)
    return (
        f"{date.year}年{date.month}月{date.day}日"
        if chinese()
        else date_format(date, "j M Y", use_l10n=False)
    )


@register.filter
def day(value: Any) -> SafeString:
    """Show a date in a <time> element. Accepts dates, datetimes (shown in Shanghai's day) and ISO strings."""
    date = _local(value)
    if date is None:
        return format_html("<span>{}</span>", day_text(value))
    iso = date.date().isoformat() if isinstance(date, dt.datetime) else date.isoformat()
    return format_html('<time datetime="{}">{}</time>', iso, day_text(date))


@register.filter
def moment(value: Any) -> SafeString:
    """Show a point in time to the minute, in Shanghai's time: 2015年7月1日 14:32, 1 Jul 2015, 14:32."""
    when = _local(value)
    if not isinstance(when, dt.datetime):
        return day(value)
    text = f"{day_text(when)}{' ' if chinese() else ', '}{when:%H:%M}"
    return format_html('<time datetime="{}">{}</time>', when.isoformat(timespec="seconds"), text)


@register.filter
def clock_time(value: Any) -> SafeString:
    """Show only the time of something of today (14:32), and date and time of anything older."""
    when = _local(value)
    if not isinstance(when, dt.datetime) or when.date() != timezone.localdate():
        return moment(value)
    return format_html('<time datetime="{}">{}</time>', when.isoformat(timespec="seconds"), f"{when:%H:%M}")


# Case numbers

NUMBER = re.compile(r"(?<![A-Z])[A-Z]{2}-\d{4}-\d+")


@register.filter
def whole_numbers(text: Any) -> SafeString:
    """Keep each case number of a sentence on one line: a browser would break it after a hyphen."""
    escaped = str(conditional_escape(text))
    return SafeString(NUMBER.sub(lambda found: f'<span class="nowrap">{found[0]}</span>', escaped))


# Icons


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw a symbol of the sprite. Without `label` it is decoration; with it, it is read aloud."""
    symbol = name if name in ICONS else "dot"
    if not label:
        return _decoration(symbol)
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" role="img" aria-label="{}"><use href="{}"></use></svg>',
        label,
        _symbol(symbol),
    )


icon.is_constant = True  # with a name that stands in the template: nanchang_portal/folding.py


@cache
def _symbol(name: str) -> str:
    return f"{static('img/icons.svg')}#{name}"


@cache
def _decoration(symbol: str) -> SafeString:
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><use href="{}"></use></svg>',
        _symbol(symbol),
    )


@register.filter
def tone_icon(tone: str) -> str:
    """Return the symbol that stands for a tone when nothing better was named."""
    return TONES.get(tone, "dot")


# The layout


@register.simple_tag(takes_context=True)
def portal_site(context: template.Context) -> Mapping[str, Any]:
    """Return the context processor's `site`; allauth's views hide it behind a `site` of their own."""
    for layer in context.dicts:
        if isinstance(layer.get("site"), Mapping):
            return layer["site"]
    return {}


# Home page


@register.simple_tag
def amount_of(terms: Any, place: str, payee: str) -> Any:
    """Return the training amount of `terms` for (place, payee); None when the terms have none."""
    return terms.amounts.get((place, payee)) if terms else None


# Places of a snapshot (casework.diff)


@register.filter
def add_key(rows: str, key: Any) -> str:
    """Return the place of a row: `{{ "lines/"|add_key:line.receipt }}` -> lines/12."""
    return f"{rows}{key}"


# Form errors


class Problem(NamedTuple):
    """One line of the error summary: where it is (an element's id, may be empty), the field's label, what is wrong."""

    target: str
    label: str
    message: str


def _target(field: Any) -> str:
    if field.is_hidden:
        return ""
    if field.id_for_label:
        return field.id_for_label
    # A group of radio buttons or checkboxes has no id of its own: go to its first choice.
    return f"{field.auto_id}_0" if field.auto_id else ""


def _problems(form: BaseForm, where: str = "") -> list[Problem]:
    if not form.is_bound:
        return []
    found = [Problem("", where, message) for message in form.non_field_errors()]
    for name in form.fields:
        if name in form.errors:
            field = form[name]
            label = f"{where}{gettext(': ')}{field.label}" if where else str(field.label)
            found += [Problem(_target(field), label, message) for message in field.errors]
    return found


@register.simple_tag
def problems_of(form: BaseForm | None = None, formsets: Any = None) -> list[Problem]:
    """Return the errors of a form and of its formsets (one, or several) in the order of the page."""
    found = _problems(form) if form is not None and form != "" else []
    if isinstance(formsets, BaseFormSet):
        formsets = [formsets]
    for formset in formsets or ():
        if not formset.is_bound:
            continue
        found += [Problem("", "", message) for message in formset.non_form_errors()]
        # A formset whose page calls its rows something says so (`row_name`, with %(number)d).
        name = getattr(formset, "row_name", None) or gettext("Row %(number)d")
        for number, row in enumerate(formset.forms, start=1):
            found += _problems(row, str(name) % {"number": number})
    return found


@register.filter
def problem_count(problems: list[Problem]) -> str:
    """Return the heading of the error summary."""
    count = len(problems)
    return ngettext("%(count)d thing needs your attention", "%(count)d things need your attention", count) % {
        "count": count
    }
