"""From the raw rows of a file to the cells of a known sheet: the template's mark, heads, example and blank rows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from workbooks.reading.parsing import Parsed, batches
from workbooks.reading.refusals import Unreadable
from workbooks.sheets import BROKEN, Sheet, Words, Workbook, plain_key

#: The hidden sheet that says which template this was: A1 the word, B1 the workbook, C1 the version.
MARK_SHEET, MARK_WORD = "_portal", "nanchang-portal-template"
#: The first column of every sheet; a row that begins with one of these words is an example.
MARK_HEAD = Words("Mark", "标记")
EXAMPLE = Words("EXAMPLE (not imported)", "示例（不导入）")
_EXAMPLES = ("example", "示例")
MAX_COLUMNS = 60
_HEAD_WITHIN = 5
#: A head that nobody knows is named by so many characters, and so many of them are.
_HEAD_SHOWN, _UNREAD_SHOWN = 40, 10
#: A row so many rows below the others is a slip.
FAR_BELOW = 5000


@dataclass
class Found:
    """A sheet of the file that is one of the template's."""

    sheet: Sheet
    name: str
    head_row: int
    #: (place in the row, column's name)
    places: list[tuple[int, str]]
    mark: int | None
    #: Places whose content makes a row, usual values apart.
    telling: list[int] = field(default_factory=list)
    #: Heads that are no column of the template: what stands below them is not read.
    unread: list[str] = field(default_factory=list)
    #: The last row that said something.
    last: int = 0


@dataclass
class Reader:
    """Reads one file against one workbook. `found` names the sheets that were recognised."""

    workbook: Workbook
    path: Path
    file_format: str
    on_rows: Callable[[int, int], None] = lambda done, total: None
    parsed: Parsed = field(default_factory=Parsed)
    found: dict[str, Found] = field(default_factory=dict)
    _passed_over: set[str] = field(default_factory=set)

    def rows(self) -> Iterator[tuple[Found, int, list[Any]]]:
        """(sheet, row's number in the file, cells) of every row that says something. Raises Unreadable."""
        for found, rows in self.batches():
            yield from ((found, number, row) for number, row in rows)

    def batches(self) -> Iterator[tuple[Found, list[tuple[int, list[Any]]]]]:
        """The rows of a sheet some hundred at a time, as (number in the file, cells). Raises Unreadable."""
        done = 0
        for name, first, rows in batches(self.path, self.file_format, self.parsed):
            if name == MARK_SHEET:
                self._check_mark(rows[0])
                continue
            if name in self._passed_over:
                rows = []
            telling: list[tuple[int, list[Any]]] = []
            for number, row in enumerate(rows, start=first):
                found = self.found.get(name)
                if found is None:
                    if name not in self._passed_over:
                        self._look_for_head(name, number, row)
                elif not self._is_idle(found, row):
                    if number - found.last > FAR_BELOW:
                        raise Unreadable("stray", sheet=name or "CSV", row=number, last=found.last)
                    found.last = number
                    if number - found.head_row > found.sheet.max_rows + 1:
                        raise Unreadable("too_many_rows", sheet=name or "CSV", limit=found.sheet.max_rows)
                    telling.append((number, row))
            if telling:
                yield self.found[name], telling
            if not self.found and self.file_format == "csv" and name in self._passed_over:
                raise Unreadable("no_sheet")  # it has no other one
            done += len(rows)
            self.on_rows(done, max(done, sum(height for height, width in self.parsed.sizes.values())))
        for name, (_height, width) in self.parsed.sizes.items():
            if width > MAX_COLUMNS and (name in self.found or self._known(name)):
                raise Unreadable("too_many_columns", sheet=name or "CSV", limit=MAX_COLUMNS)
        if not self.found:
            raise Unreadable("no_sheet")

    def _check_mark(self, row: list[Any]) -> None:
        cells = [str(cell) for cell in row[:3]] + ["", "", ""]
        if cells[0] != MARK_WORD:
            return
        if cells[1] != self.workbook.code:
            raise Unreadable("other_kind", found=cells[1][:40])
        version = cells[2].removesuffix(".0")
        if version != str(self.workbook.version):
            raise Unreadable("version", found=version[:20], version=self.workbook.version)

    def _known(self, name: str) -> Sheet | None:
        wanted = plain_key(name)
        return next(
            (s for s in self.workbook.sheets if wanted in map(plain_key, (*s.name.both, s.code))), None
        )

    def _look_for_head(self, name: str, number: int, row: list[Any]) -> None:
        if not any(row):
            return
        heads = [plain_key(str(cell)) for cell in row]
        sheet = self._known(name) or self._by_heads(heads)
        if sheet is None or sheet.code in {found.sheet.code for found in self.found.values()}:
            if number >= _HEAD_WITHIN:
                self._passed_over.add(name)
            return
        places = [(place, sheet.heads[head]) for place, head in enumerate(heads) if head in sheet.heads]
        names = [column for place, column in places]
        if len(places) < 2 and number < _HEAD_WITHIN:
            return  # a title above the heads
        for column in names:
            if names.count(column) > 1:
                raise Unreadable("twice", sheet=name or "CSV", column=sheet.by_name[column].head)
        marks = [place for place, head in enumerate(heads) if head in map(plain_key, MARK_HEAD.both)]
        known = {*marks, *(place for place, column in places)}
        unread = [
            str(row[place])[:_HEAD_SHOWN] for place, head in enumerate(heads) if head and place not in known
        ]
        missing = [str(c.head) for c in sheet.columns if c.required and c.name not in names]
        if missing:
            said = {"sheet": name or "CSV", "columns": _(", ").join(missing)}
            if unread:
                raise Unreadable("other_heads", others=_(", ").join(unread[:_UNREAD_SHOWN]), **said)
            raise Unreadable("no_head", **said)
        found = Found(sheet, name, number, places, marks[0] if marks else None)
        found.unread = unread[:_UNREAD_SHOWN]
        found.last = number
        found.telling = [place for place, column in places if not sheet.by_name[column].is_usual]
        self.found[name] = found

    def _by_heads(self, heads: list[str]) -> Sheet | None:
        fitting = [
            sheet
            for sheet in self.workbook.sheets
            if {c.name for c in sheet.columns if c.required} <= {sheet.heads.get(head) for head in heads}
        ]
        return fitting[0] if len(fitting) == 1 else None

    @staticmethod
    def _is_idle(found: Found, row: list[Any]) -> bool:
        """Nothing but blanks, errors of stray formulas, their zeros and values that are filled down; or an example."""
        width = len(row)
        if found.mark is not None and found.mark < width:
            mark = row[found.mark]
            if isinstance(mark, str) and mark and plain_key(mark).startswith(_EXAMPLES):
                return True
        for place in found.telling:
            if place < width:
                cell = row[place]
                if cell and cell != BROKEN and not (isinstance(cell, str) and not cell.strip()):
                    return False
        return True
