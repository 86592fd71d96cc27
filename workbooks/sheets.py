"""What a workbook looks like: sheets, columns, and the field of the page that reads each cell.

The words of heads and sheets are part of the file's format, so they stand here in both languages and change only with
the version; a cell is judged by the same form field and the same rule as on the page.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organisation, User
from casework.models import Case

#: What the reader puts in place of a cell that holds an error (#REF!, #N/A) and no value.
BROKEN = "\ue001"
CHANGED_MEANWHILE = gettext_lazy(
    "Somebody changed the same records while this workbook was taken over. Nothing was written: upload it again."
)
LANGUAGES = ("en", "zh-hans")
_DIGITS_KEPT = 10**15


class Kind(Enum):
    TEXT = "text"
    CODE = "code"  # identity, account and reference numbers: always text
    DAY = "day"
    MONEY = "money"
    WHOLE = "whole"
    CHOICE = "choice"


@dataclass(frozen=True)
class Words:
    """One text in both languages."""

    en: str
    zh: str

    def __str__(self) -> str:
        return self.zh if (translation.get_language() or "").startswith("zh") else self.en

    @property
    def both(self) -> tuple[str, str]:
        return (self.en, self.zh)


@dataclass(frozen=True)
class Column:
    """One column: its head, the page's field that reads it, and how it looks in the template."""

    name: str
    head: Words
    field: forms.Field
    kind: Kind = Kind.TEXT
    choices: Sequence[tuple[str, Any]] = ()
    example: str = ""
    width: int = 18
    help: Words = Words("", "")
    #: A usual value that people fill down: alone it does not make a row.
    is_usual: bool = False

    @property
    def required(self) -> bool:
        return self.field.required

    @cached_property
    def _codes(self) -> dict[str, str]:
        """Every spelling of every choice: its code and its label in both languages."""
        found: dict[str, str] = {}
        for code, label in self.choices:
            found[plain_key(code)] = code
            for language in LANGUAGES:
                with translation.override(language):
                    found[plain_key(str(label))] = code
        return found

    @cached_property
    def _plain_length(self) -> int:
        """How long a text may be that a plain field only strips; 0 when the field does more than that."""
        field = self.field
        if type(field) is not forms.CharField or not field.strip or self.choices:
            return 0
        if {type(v) for v in field.validators} != {MaxLengthValidator, ProhibitNullCharactersValidator}:
            return 0
        return field.max_length

    def quick(self, raw: Any) -> str | None:
        """What `clean` makes of an ordinary text, without the way through the field; None: ask `clean`."""
        if type(raw) is str and raw.isprintable():
            text = raw.strip()
            if 0 < len(text) <= self._plain_length:
                return text
        return None

    def clean(self, raw: Any) -> Any:
        """The value of a cell, as the page's field makes it. Raises ValidationError."""
        text = self._text(raw)
        if self.kind is Kind.CHOICE and isinstance(text, str) and text.strip():
            code = self._codes.get(plain_key(text))
            if code is None:
                raise ValidationError(_("Choose a value from the list of this column."), code="choice")
            return code
        return self.field.clean(text)

    def _text(self, raw: Any) -> Any:
        if raw is None or raw == "":
            return ""
        if raw == BROKEN:
            raise ValidationError(
                _("The formula of this cell gives an error. Write the value itself."), code="broken"
            )
        if isinstance(raw, str):
            return raw
        if isinstance(raw, bool):
            return str(int(raw))
        if isinstance(raw, (date, datetime)):
            if self.kind is Kind.DAY:
                return raw
            if self.kind in (Kind.CODE, Kind.MONEY, Kind.WHOLE):
                raise ValidationError(
                    _("The spreadsheet made a day of this cell. Format it as text and type it again."),
                    code="day",
                )
            return raw.isoformat()
        return self._number(raw)

    def _number(self, raw: int | float) -> str:
        if self.kind in (Kind.CODE, Kind.TEXT) and abs(raw) >= _DIGITS_KEPT:
            raise ValidationError(
                _(
                    "This long number is stored as a number, so its last digits are lost. Format the cell as text and"
                    " type it again."
                ),
                code="digits",
            )
        if isinstance(raw, int) or raw.is_integer():
            return str(int(raw))
        try:
            # What a calculation leaves behind the sixth decimal is noise.
            return f"{Decimal(repr(round(raw, 6))):f}"
        except InvalidOperation:
            raise ValidationError(_("This is no number."), code="number") from None


@dataclass(frozen=True)
class Sheet:
    code: str
    name: Words
    columns: tuple[Column, ...]
    max_rows: int
    intro: Words = Words("", "")

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def heads(self) -> dict[str, str]:
        """Column names by their head in either language, or by the name itself."""
        return {plain_key(word): c.name for c in self.columns for word in (*c.head.both, c.name)}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong; `column` is the column's name, empty for the row as a whole."""

    sheet: str
    row: int
    column: str
    message: Mapping[str, str]


class Intake(Protocol):
    """One pass over one workbook for one organisation: judge every row, then compare, then write."""

    def check(self, sheet: Sheet, row: int, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """What the rules say against a row whose cells were read, as (column, message). Keeps nothing."""

    def keep(self, sheet: Sheet, row: int, values: dict[str, Any]) -> None:
        """Take in a row that passed."""

    def remember(self, place: Path) -> str:
        """After a check without faults: leave in a new directory what `recall` needs; its digest, empty for nothing."""

    def recall(self, place: Path, digest: str) -> bool:
        """Take in the rows of an earlier check instead of the file's; False when it must be read and judged anew."""

    def lock(self) -> None:
        """Lock what will be written, in the portal's order. Raises casework.transitions.Refused."""

    def finish(self) -> Iterable[Fault]:
        """What is wrong beyond single rows; also counts what would be added, changed and unchanged."""

    @property
    def counts(self) -> dict[str, dict[str, int]]: ...

    def changes(self) -> Iterable[Any]:
        """After `finish`: the first rows that change a record (workbooks.changes.ChangedRow), sheet by sheet."""

    def write(self, job: Any, tell: Callable[[int, int], None]) -> None:
        """Write everything kept, in the caller's transaction; `tell(part, parts)` before each part.

        Raises casework.transitions.Refused, and what `tell` raises.
        """

    def close(self) -> None: ...


@dataclass(frozen=True)
class Workbook:
    """A kind of workbook: a programme's sheets in one version of its template."""

    code: str
    version: int
    title: Words
    organisation_kind: str
    sheets: tuple[Sheet, ...]
    intake: Callable[..., Intake]
    #: (organisation, case or None) -> rows of cell texts by sheet code, for the export.
    rows: Callable[[Organisation, Case | None], Mapping[str, Iterable[Mapping[str, Any]]]]
    back_url: str
    #: Cases of this person that the workbook may be read into; None when it needs no case.
    cases: Callable[[User], Any] | None = None
    notes: Sequence[Words] = field(default=())

    def sheet(self, code: str) -> Sheet:
        return next(sheet for sheet in self.sheets if sheet.code == code)


_registry: dict[str, Workbook] = {}


def register(workbook: Workbook) -> None:
    _registry[workbook.code] = workbook


def workbook_of(code: str) -> Workbook | None:
    return _registry.get(code)


def workbooks() -> list[Workbook]:
    return list(_registry.values())


def plain_key(text: str) -> str:
    """One spelling of a head or a choice: narrow, lower case, without spaces and marks."""
    return re.sub(r"[\s*＊:：]", "", unicodedata.normalize("NFKC", text)).casefold()


def sentences(make: Callable[[], list[tuple[str, Any]]]) -> list[tuple[str, dict[str, str]]]:
    """What `make` says, as (column, sentence in both languages); it is asked once in each language."""
    said: list[dict[str, str]] = []
    columns: list[str] = []
    for language in LANGUAGES:
        with translation.override(language):
            found = make()
            columns = [column for column, message in found]
            said.append([str(message) for column, message in found])
    return [(column, {"en": en, "zh": zh}) for column, en, zh in zip(columns, said[0], said[1], strict=True)]
