"""Filters of the queue. Their choices are fixed lists: none asks the table which values it holds."""

from decimal import Decimal, InvalidOperation

from django.contrib.admin import ListFilter, SimpleListFilter
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from casework.desk import flags
from casework.desk.queue import is_reviewer, since, waits_for
from casework.enums import IN_REVIEW, Status
from ledger.levels import CITY, LEVELS
from policy.enums import ProgrammeCode
from policy.practice import FIRST_YEAR, practice
from policy.workdays import working_days

#: The districts and counties of Nanchang, former ones included.
DISTRICTS = {code: name for code, name in LEVELS.items() if code != CITY}


_DRAWN: dict[tuple, SafeString] = {}


class FixedFilter(SimpleListFilter):
    """A filter over known choices; a value that is none of them filters nothing."""

    every = _("All")

    @property
    def chosen(self) -> str:
        value = self.value()
        return value if value in dict(self.lookup_choices) else ""

    @property
    def options(self) -> SafeString:
        """The choices as a menu has them, drawn once for each that is chosen: they are the same for everybody."""
        chosen, key = self.chosen, (type(self), get_language(), timezone.localdate().year, self.chosen)
        if key not in _DRAWN:
            rows = [("", self.every), *self.lookup_choices]
            _DRAWN[key] = format_html_join(
                "\n",
                '<option value="{}"{}>{}</option>',
                (
                    (value, mark_safe(" selected") if chosen and value == chosen else "", label)
                    for value, label in rows
                ),
            )
        return _DRAWN[key]

    def queryset(self, request, queryset):
        return self.narrow(queryset, self.chosen) if self.chosen else queryset


class WaitingFilter(SimpleListFilter):
    """What waits for me (a reviewer's first view), what waits for colleagues, or everything."""

    title = _("desk")
    parameter_name = "queue"
    MINE, OTHERS, ALL = "mine", "others", "all"

    def __init__(self, request, params, model, model_admin):
        self.default = self.MINE if is_reviewer(request.user) else self.ALL
        super().__init__(request, params, model, model_admin)

    def lookups(self, request, model_admin):
        return [
            (self.MINE, _("Waiting for me")),
            (self.OTHERS, _("In other hands")),
            (self.ALL, _("All cases")),
        ]

    @property
    def chosen(self) -> str:
        value = self.value()
        return value if value in (self.MINE, self.OTHERS, self.ALL) else self.default

    def queryset(self, request, queryset):
        if self.chosen == self.MINE:
            return queryset.filter(waits_for(request.user))
        if self.chosen == self.OTHERS:
            return queryset.filter(status__in=IN_REVIEW).exclude(waits_for(request.user))
        return queryset


class StageFilter(FixedFilter):
    title = _("stage")
    parameter_name = "stage"
    every = _("All stages")

    def lookups(self, request, model_admin):
        return [(status.value, status.label) for status in Status if status != Status.DRAFT]

    def narrow(self, queryset, value):
        return queryset.filter(status=value)


class ProgrammeFilter(FixedFilter):
    title = _("programme")
    parameter_name = "programme"
    every = _("All programmes")

    def lookups(self, request, model_admin):
        return ProgrammeCode.choices

    def narrow(self, queryset, value):
        return queryset.filter(programme=value)


class YearFilter(FixedFilter):
    title = _("year")
    parameter_name = "year"
    every = _("All years")

    def lookups(self, request, model_admin):
        return [(str(year), str(year)) for year in range(timezone.localdate().year, FIRST_YEAR - 1, -1)]

    def narrow(self, queryset, value):
        return queryset.filter(year=int(value))


class WarningFilter(FixedFilter):
    title = _("warning")
    parameter_name = "warning"
    every = _("With and without warnings")
    ANY = "any"

    def lookups(self, request, model_admin):
        return [(self.ANY, _("With any warning")), *flags.WORDS.items()]

    def narrow(self, queryset, value):
        if value == self.ANY:
            return queryset.exclude(warnings=[])
        return queryset.filter(warnings__contains=[value])


class DivisionFilter(FixedFilter):
    """The districts of Nanchang; what is registered elsewhere is one choice."""

    title = _("district")
    parameter_name = "division"
    every = _("All districts")
    ELSEWHERE = "elsewhere"

    def lookups(self, request, model_admin):
        return [*DISTRICTS.items(), (self.ELSEWHERE, _("Registered elsewhere"))]

    def narrow(self, queryset, value):
        if value == self.ELSEWHERE:
            return queryset.exclude(division__in=DISTRICTS)
        return queryset.filter(division=value)


class AgeFilter(FixedFilter):
    """The traffic light of what waits for officials."""

    title = _("age")
    parameter_name = "age"
    every = _("Any age")

    def lookups(self, request, model_admin):
        return [("late", _("Late")), ("soon", _("Due soon")), ("in_time", _("In time"))]

    def narrow(self, queryset, value):
        today, calendar = timezone.localdate(), working_days()
        late = since(practice("review_late_days", today), today, calendar)
        soon = since(practice("review_soon_days", today), today, calendar)
        queryset = queryset.filter(status__in=IN_REVIEW)
        if value == "late":
            return queryset.filter(stage_since__lte=late)
        if value == "soon":
            return queryset.filter(stage_since__gt=late, stage_since__lte=soon)
        return queryset.filter(stage_since__gt=soon)


class AmountFilter(ListFilter):
    """From and to, in RMB; what is no amount filters nothing and stays in its field."""

    title = _("amount (RMB)")
    FROM, TO = "amount_from", "amount_to"

    def __init__(self, request, params, model, model_admin):
        super().__init__(request, params, model, model_admin)
        for name in self.expected_parameters():
            if name in params:
                value = params.pop(name)
                self.used_parameters[name] = value[-1] if isinstance(value, list) else value

    def expected_parameters(self):
        return [self.FROM, self.TO]

    def has_output(self):
        return True

    def choices(self, changelist):
        return []

    def typed(self, name: str) -> str:
        return str(self.used_parameters.get(name, ""))[:20]

    @property
    def lowest(self) -> str:
        return self.typed(self.FROM)

    @property
    def highest(self) -> str:
        return self.typed(self.TO)

    @property
    def chosen(self) -> bool:
        return any(_amount(self.typed(name)) is not None for name in self.expected_parameters())

    def queryset(self, request, queryset):
        lowest, highest = _amount(self.lowest), _amount(self.highest)
        if lowest is not None:
            queryset = queryset.filter(amount_rmb__gte=lowest)
        if highest is not None:
            queryset = queryset.filter(amount_rmb__lte=highest)
        return queryset


def _amount(text: str) -> Decimal | None:
    """An amount as people type it, with or without separators; None for anything else."""
    try:
        found = Decimal(text.replace(",", "").replace("，", "").strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found) < 10**12 else None
