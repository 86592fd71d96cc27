"""Filters of the queue. Their choices are fixed lists: none asks the table which values it holds."""

from django.contrib.admin import SimpleListFilter
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from casework.desk import flags
from casework.desk.queue import is_reviewer, waits_for
from casework.enums import Status
from policy.enums import ProgrammeCode
from policy.practice import FIRST_YEAR


class FixedFilter(SimpleListFilter):
    """A filter over known choices; a value that is none of them filters nothing."""

    every = _("All")

    @property
    def chosen(self) -> str:
        value = self.value()
        return value if value in dict(self.lookup_choices) else ""

    def queryset(self, request, queryset):
        return self.narrow(queryset, self.chosen) if self.chosen else queryset


class WaitingFilter(SimpleListFilter):
    """What waits for me (a reviewer's first view), or everything."""

    title = _("desk")
    parameter_name = "queue"
    MINE, ALL = "mine", "all"

    def __init__(self, request, params, model, model_admin):
        self.default = self.MINE if is_reviewer(request.user) else self.ALL
        super().__init__(request, params, model, model_admin)

    def lookups(self, request, model_admin):
        return [(self.MINE, _("Waiting for me")), (self.ALL, _("All cases"))]

    @property
    def chosen(self) -> str:
        value = self.value()
        return value if value in (self.MINE, self.ALL) else self.default

    def queryset(self, request, queryset):
        return queryset.filter(waits_for(request.user)) if self.chosen == self.MINE else queryset


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
