"""The workbook of returns: a row for each period, a row for each of its lines; the page's fields and checks judge."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.enums import OrganisationKind
from accounts.models import Organisation, User
from accounts.permissions import may_file_for
from applications.models import BusinessLine, BusinessReturn
from applications.returns import services
from applications.returns.checks import check_amount, check_park, check_period, check_sector
from applications.returns.models import WHOLE_YEAR
from applications.returns.services import HEAD, MOST_LINES, Line, line_of
from applications.returns.workbook_columns import LINES, PERIODS, lines_sheet, periods_sheet
from casework.models import Case
from casework.transitions import Refused
from workbooks.changes import ChangedRow, changed_row
from workbooks.enums import Effect
from workbooks.models import ImportJob, SourceRow
from workbooks.sheets import Fault, Sheet, Words, Workbook, register, sentences

Period = tuple[int, int]
LineKey = tuple[int, int, str, str, str]


class ReturnsIntake:
    """One pass over an enterprise's workbook of returns."""

    def __init__(self, *, user: User, organisation: Organisation, case: Case | None = None) -> None:
        self.user, self.organisation = user, organisation
        self.periods: dict[Period, tuple[int, dict[str, Any]]] = {}
        self.lines: dict[LineKey, tuple[int, Line]] = {}
        self.effects: dict[str, dict[Any, Effect]] = {}

    def check(self, sheet: Sheet, row: int, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        values["month"] = values["month"] or WHOLE_YEAR
        year, month = values["year"], values["month"]
        rules: list[tuple[str, Callable[[], None]]] = [("year", lambda: check_period(year, month))]
        if sheet.code == PERIODS:
            rules.append(("park", lambda: check_park(values["park"], year)))
            first = self.periods.get((year, month))
            twice = _("Row %(number)d is about the same period.")
        else:
            rules.append(("sector", lambda: check_sector(values["sector"], year)))
            rules.append(("amount_usd", lambda: check_amount(values["amount_usd"])))
            first = self.lines.get((year, month, *_line(values).key))
            twice = _("Row %(number)d has the same period, sector, kind of service and country.")
        for column, rule in rules:
            try:
                rule()
            except ValidationError as error:
                yield from ((column, message) for message in error.messages)
        if first is not None:
            yield "year" if sheet.code == PERIODS else "sector", twice % {"number": first[0]}

    def keep(self, sheet: Sheet, row: int, values: dict[str, Any]) -> None:
        period = (values["year"], values["month"])
        if sheet.code == PERIODS:
            self.periods[period] = (row, {name: values[name] for name in HEAD})
        else:
            line = _line(values)
            self.lines[(*period, *line.key)] = (row, line)

    def finish(self) -> Iterable[Fault]:
        self._now = {
            (found.year, found.month): found
            for found in BusinessReturn.objects.filter(organisation=self.organisation).prefetch_related(
                "lines"
            )
        }
        self.effects = {PERIODS: {}, LINES: {}}
        for period, (_row, head) in self.periods.items():
            found = self._now.get(period)
            same = found is not None and all(getattr(found, name) == head[name] for name in HEAD)
            self.effects[PERIODS][period] = _effect(found, same)
        before = {
            (*period, *line.key): line
            for period, found in self._now.items()
            for line in map(line_of, found.lines.all())
        }
        for key, (_row, line) in self.lines.items():
            self.effects[LINES][key] = _effect(before.get(key), before.get(key) == line)
        self._lines_now = before
        return [*self._closed(), *self._without_period(), *self._too_many(before)]

    def changes(self) -> Iterator[ChangedRow]:
        for period, (row, head) in self.periods.items():
            if self.effects[PERIODS][period] is Effect.CHANGED:
                known_by = dict(zip(("year", "month"), period, strict=True))
                yield changed_row(PERIODS, row, known_by, _head(self._now[period]), head)
        for key, (row, line) in self.lines.items():
            if self.effects[LINES][key] is Effect.CHANGED:
                names = ("year", "month", "sector", "service_type", "client_country")
                known_by = dict(zip(names, key, strict=True))
                yield changed_row(LINES, row, known_by, vars(self._lines_now[key]), vars(line))

    def _closed(self) -> Iterator[Fault]:
        """A return that is filed or accepted stays as it is."""
        for code, rows in ((PERIODS, self.periods), (LINES, self.lines)):
            for key, (row, _values) in rows.items():
                found = self._now.get(key[:2])
                if found and not found.is_open and self.effects[code][key] is not Effect.UNCHANGED:
                    yield _fault(code, row, "year", lambda f=found: services.may_change(self.user, f).reason)

    def _without_period(self) -> Iterator[Fault]:
        for key, (row, _line) in self.lines.items():
            if key[:2] not in self._now and key[:2] not in self.periods:
                yield _fault(
                    LINES,
                    row,
                    "year",
                    lambda: _("This period is neither on the sheet Periods nor begun in the portal."),
                )

    def _too_many(self, before: Mapping[LineKey, Line]) -> Iterator[Fault]:
        counts: dict[Period, int] = {}
        for key in {*before, *self.lines}:
            counts[key[:2]] = counts.get(key[:2], 0) + 1
        for key, (row, _line) in self.lines.items():
            if counts[key[:2]] > MOST_LINES:
                counts[key[:2]] = 0  # said once for each period
                yield _fault(
                    LINES,
                    row,
                    "year",
                    lambda: (
                        _("A return holds at most %(num)d lines. Put small ones together.")
                        % {"num": MOST_LINES}
                    ),
                )

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        found = {}
        for code, effects in self.effects.items():
            if said := list(effects.values()):
                found[code] = {effect.value: said.count(effect) for effect in Effect}
        return found

    def lock(self) -> None:
        Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=self.organisation.pk)
        answer = may_file_for(self.user, self.organisation)
        if not answer:
            raise Refused("permission", answer.reason)
        list(
            BusinessReturn.objects.select_for_update(of=("self",), no_key=True)
            .filter(organisation=self.organisation)
            .order_by("pk")
        )

    def remember(self, place: Path) -> str:
        """So few rows are read again sooner than they are kept."""
        return ""

    def recall(self, place: Path, digest: str) -> bool:
        return False

    def write(self, job: ImportJob, tell: Callable[[int, int], None]) -> None:
        """Each period as a whole: lines that the workbook does not name stay as they are."""
        touched = {*self.periods, *(key[:2] for key in self.lines)}
        for number, period in enumerate(sorted(touched)):
            tell(number, len(touched))
            found = self._now.get(period)
            if found is None:
                found = services.start_return(
                    user=self.user, organisation=self.organisation, year=period[0], month=period[1]
                )
                found.lines.all().delete()
            head = self.periods[period][1] if period in self.periods else _head(found)
            lines = {line.key: line for line in map(line_of, found.lines.all())}
            lines |= {line.key: line for key, (_row, line) in self.lines.items() if key[:2] == period}
            services.write(self.user, found, head, list(lines.values()))
            self._now[period] = found
        self._note_sources(job)

    def _note_sources(self, job: ImportJob) -> None:
        returns = {
            found.pk: period
            for period, found in self._now.items()
            if period in self.periods or any(key[:2] == period for key in self.lines)
        }
        lines = {
            (*returns[line.business_return_id], *line_of(line).key): line.pk
            for line in BusinessLine.objects.filter(business_return__in=returns)
        }
        rows = [
            *(
                (
                    PERIODS,
                    "applications.businessreturn",
                    self._now[period].pk,
                    row,
                    self.effects[PERIODS][period],
                )
                for period, (row, _head) in self.periods.items()
            ),
            *(
                (LINES, "applications.businessline", lines[key], row, self.effects[LINES][key])
                for key, (row, _line) in self.lines.items()
            ),
        ]
        SourceRow.objects.bulk_create(
            [
                SourceRow(job=job, sheet=sheet, row=row, model=model, object_id=pk, effect=effect)
                for sheet, model, pk, row, effect in rows
                if effect is not Effect.UNCHANGED
            ],
            batch_size=1000,
        )

    def close(self) -> None:
        """Nothing is held outside this object."""


def _line(values: Mapping[str, Any]) -> Line:
    return Line(**{name: values[name] for name in Line.__dataclass_fields__})


def _head(found: BusinessReturn) -> dict[str, Any]:
    return {name: getattr(found, name) for name in HEAD}


def _effect(now: Any, same: bool) -> Effect:
    return Effect.ADDED if now is None else Effect.UNCHANGED if same else Effect.CHANGED


def _fault(sheet: str, row: int, column: str, say: Callable[[], str]) -> Fault:
    ((column, message),) = sentences(lambda: [(column, say())])
    return Fault(sheet, row, column, message)


def _rows(organisation: Organisation, case: Case | None) -> Mapping[str, Iterable[Mapping[str, Any]]]:
    """What was reported, as the workbook says it."""
    returns = BusinessReturn.objects.filter(organisation=organisation).order_by("year", "month")
    lines = (
        BusinessLine.objects.filter(business_return__organisation=organisation)
        .select_related("business_return")
        .order_by("business_return__year", "business_return__month", "pk")
    )
    return {
        PERIODS: ({"year": r.year, "month": r.month or "", **_head(r)} for r in returns),
        LINES: (
            {
                "year": line.business_return.year,
                "month": line.business_return.month or "",
                **vars(line_of(line)),
            }
            for line in lines
        ),
    }


register(
    Workbook(
        code="returns",
        version=1,
        title=Words("Returns", "业务报表"),
        organisation_kind=OrganisationKind.ENTERPRISE,
        sheets=(periods_sheet, lines_sheet),
        intake=ReturnsIntake,
        rows=_rows,
        back_url="offshore:returns",
        notes=(
            Words(
                "Nothing is ever deleted by a workbook, and nothing is filed by it: look at each return, then file it.",
                "导入不会删除任何数据，也不会直接报送：请核对各期报表后再报送。",
            ),
        ),
    )
)
