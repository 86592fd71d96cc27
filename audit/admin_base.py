"""What every page of the officials' desk starts from: officials read, services write."""

import json
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

CENTS = 2
#: What Django shows for an empty field; of a callable it would write None.
NOTHING = "-"


def pretty(value) -> SafeString:
    """A JSON value as a person reads it, line by line."""
    return format_html(
        '<pre class="json" tabindex="0">{}</pre>', json.dumps(value, ensure_ascii=False, indent=2)
    )


def as_money(field: models.DecimalField) -> Callable[[models.Model], str]:
    """A column or a line of an amount with thousands, 1,500,000.00. Named and ordered as the field.

    In every language: Django's own grouping for Chinese has no separator.
    """

    @admin.display(description=field.verbose_name, ordering=field.name)
    def amount(row: models.Model) -> str:
        value = getattr(row, field.attname)
        return NOTHING if value is None else f"{value:,.{CENTS}f}"

    amount.__name__ = field.name
    return amount


def with_money(model: type[models.Model], names: Iterable[Any]) -> list[Any]:
    """Names of columns, those of the model's amounts (two decimals) as `as_money` shows them."""
    return [as_money(field) if _is_amount(field := _field(model, name)) else name for name in names]


@cache
def as_person(field: models.ForeignKey) -> Callable[[models.Model], str]:
    """A line of a person by name alone: Django would link to their account, which only superusers may open."""

    @admin.display(description=field.verbose_name)
    def person(row: models.Model) -> str:
        found = getattr(row, field.name)
        return NOTHING if found is None else str(found)

    person.__name__ = field.name
    return person


def with_people(model: type[models.Model], names: Iterable[Any]) -> list[Any]:
    """Names of lines, those of people as `as_person` shows them."""
    people = get_user_model()
    return [
        as_person(field)
        if isinstance(field := _field(model, name), models.ForeignKey) and field.related_model is people
        else name
        for name in names
    ]


def _field(model: type[models.Model], name: Any) -> Any:
    try:
        return model._meta.get_field(name) if isinstance(name, str) else None
    except FieldDoesNotExist:
        return None


def _is_amount(field: Any) -> bool:
    return isinstance(field, models.DecimalField) and field.decimal_places == CENTS


class Register(ChangeList):
    """A register is read under its own name; nothing is selected in it."""

    def __init__(self, request, *args, **kwargs) -> None:
        super().__init__(request, *args, **kwargs)
        if not self.is_popup:
            self.title = capfirst(self.opts.verbose_name_plural)


class ReadOnly:
    """Nothing is added, changed or deleted here, by anybody; every official may look."""

    def has_view_permission(self, request, obj=None) -> bool:
        return request.user.is_active and request.user.is_staff

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin):
    actions = None
    list_per_page = 50
    show_full_result_count = False
    view_on_site = False

    def get_changelist(self, request, **kwargs):
        return Register

    def get_list_display(self, request):
        return with_money(self.model, super().get_list_display(request))

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fields
        return with_people(self.model, with_money(self.model, fields))

    def has_module_permission(self, request) -> bool:
        return request.user.is_active and request.user.is_staff


class ReadOnlyInline(ReadOnly, admin.TabularInline):
    extra = 0
    can_delete = False

    def get_fields(self, request, obj=None):
        return with_people(self.model, super().get_fields(request, obj))

    def get_readonly_fields(self, request, obj=None):
        # Also what the database fills in, which no form may name.
        return self.get_fields(request, obj)
