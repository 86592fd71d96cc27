"""A workbook in the template's shape: instructions, the sheets with drop-downs and formats, the hidden mark.

Every cell that holds somebody's words is written as text, whatever it begins with: no formula, no link.
"""

import io
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.utils.translation import gettext as _
from xlsxwriter.utility import xl_col_to_name

from workbooks.reading.rows import EXAMPLE, MARK_HEAD, MARK_SHEET, MARK_WORD
from workbooks.sheets import Column, Kind, Sheet, Workbook

LISTS = "_lists"
_TEXT_ROWS = 5000
#: Width of the instructions in characters, height of one of their lines in points.
_WIDE, _LINE = 100, 15
_OPTIONS = {
    "in_memory": False,
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}
_FORMATS = {Kind.DAY: "yyyy-mm-dd", Kind.MONEY: "#,##0.00", Kind.WHOLE: "0"}


def build(
    workbook: Workbook, rows: Mapping[str, Iterable[Mapping[str, Any]]] | None = None, title: str = ""
) -> bytes:
    """The template, with an example in each sheet; with `rows`, an export in the same shape."""
    target = io.BytesIO()
    build_into(target, workbook, rows, title)
    return target.getvalue()


def build_into(
    target: IO[bytes],
    workbook: Workbook,
    rows: Mapping[str, Iterable[Mapping[str, Any]]] | None = None,
    title: str = "",
) -> None:
    """As `build`, into an open file: row by row, in the same memory for ten rows or a hundred thousand."""
    with xlsxwriter.Workbook(target, _OPTIONS) as book:
        book.set_properties({"title": title or str(workbook.title), "author": "", "comments": ""})
        styles = _styles(book)
        _instructions(book, workbook, styles)
        lists = _Lists()
        for sheet in workbook.sheets:
            _sheet(book, sheet, styles, lists, None if rows is None else rows.get(sheet.code, ()))
        lists.write(book)
        mark = book.add_worksheet(MARK_SHEET)
        for column, value in enumerate((MARK_WORD, workbook.code, str(workbook.version))):
            mark.write_string(0, column, value)
        mark.hide()
        book.get_worksheet_by_name(str(workbook.sheets[0].name)).activate()


def _styles(book: xlsxwriter.Workbook) -> dict[Any, Any]:
    base = {"font_size": 11, "valign": "top"}
    styles: dict[Any, Any] = {
        "head": book.add_format(
            {
                **base,
                "bold": True,
                "bg_color": "#E8EFF7",
                "border": 1,
                "border_color": "#D9E0E7",
                "text_wrap": True,
            }
        ),
        "required": book.add_format(
            {
                **base,
                "bold": True,
                "bg_color": "#C9DDF2",
                "border": 1,
                "border_color": "#D9E0E7",
                "text_wrap": True,
            }
        ),
        "title": book.add_format({"font_size": 16, "bold": True}),
        "wrap": book.add_format({**base, "text_wrap": True}),
        "strong": book.add_format({**base, "bold": True}),
    }
    for kind in Kind:
        number_format = {"num_format": _FORMATS.get(kind, "@")}
        styles[kind] = book.add_format({**base, **number_format})
        styles[kind, "example"] = book.add_format(
            {**base, **number_format, "font_color": "#52606D", "italic": True}
        )
    return styles


class _Lists:
    """Drop-down lists stand on a hidden sheet: typed into the cell's rule, long ones vanish."""

    def __init__(self) -> None:
        self.columns: list[list[str]] = []

    def add(self, labels: list[str]) -> str:
        if labels not in self.columns:
            self.columns.append(labels)
        letter = xl_col_to_name(self.columns.index(labels))
        return f"='{LISTS}'!${letter}$1:${letter}${len(labels)}"

    def write(self, book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet(LISTS)
        for row in range(max(map(len, self.columns), default=0)):
            for column, labels in enumerate(self.columns):
                if row < len(labels):
                    sheet.write_string(row, column, labels[row])
        sheet.hide()


def _sheet(
    book: xlsxwriter.Workbook,
    sheet: Sheet,
    styles: Mapping[Any, Any],
    lists: _Lists,
    rows: Iterable[Mapping[str, Any]] | None,
) -> None:
    page = book.add_worksheet(str(sheet.name))
    page.freeze_panes(1, 1)
    _for_paper(page)
    page.repeat_rows(0)
    page.set_column(0, 0, 14)
    for place, column in enumerate(sheet.columns, start=1):
        page.set_column(place, place, column.width, styles[column.kind])
        if column.choices:
            source = lists.add([str(label) for _code, label in column.choices])
            page.data_validation(
                1,
                place,
                sheet.max_rows,
                place,
                {
                    "validate": "list",
                    "source": source,
                    "error_type": "stop",
                    "error_title": _("Not in the list"),
                    "error_message": _("Choose a value from the list of this column."),
                },
            )
    page.set_row(0, 32)
    page.write_string(0, 0, str(MARK_HEAD), styles["head"])
    for place, column in enumerate(sheet.columns, start=1):
        page.write_string(
            0,
            place,
            f"{column.head}{' *' if column.required else ''}",
            styles["required" if column.required else "head"],
        )
    if rows is None:
        page.write_string(1, 0, str(EXAMPLE), styles[Kind.TEXT, "example"])
        for place, column in enumerate(sheet.columns, start=1):
            _write(page, 1, place, column, column.example, styles[column.kind, "example"])
        return
    for number, row in enumerate(rows, start=1):
        for place, column in enumerate(sheet.columns, start=1):
            _write(page, number, place, column, row.get(column.name), styles[column.kind])


def _write(page: Any, row: int, place: int, column: Column, value: Any, style: Any) -> None:
    if value in (None, ""):
        return
    if column.choices:
        value = str(dict(column.choices).get(value, value))
    if column.kind is Kind.DAY:
        day = value if isinstance(value, date) else date.fromisoformat(value)
        page.write_datetime(row, place, day, style)
    elif column.kind in (Kind.MONEY, Kind.WHOLE):
        page.write_number(row, place, Decimal(value), style)
    else:
        page.write_string(row, place, str(value), style)


def _instructions(book: xlsxwriter.Workbook, workbook: Workbook, styles: Mapping[Any, Any]) -> None:
    """How to fill it in, in both languages on one sheet."""
    page = book.add_worksheet("说明 Instructions")
    _for_paper(page)
    page.set_column(0, 0, 34)
    page.set_column(1, 1, _WIDE)
    row = 0
    for language in ("zh", "en"):
        words = _GENERAL[language]
        page.write_string(row, 0, getattr(workbook.title, language), styles["title"])
        page.write_string(row, 1, words["version"] % {"version": workbook.version, "code": workbook.code})
        row += 1
        for line in (*words["lines"], *(getattr(note, language) for note in workbook.notes)):
            _wrapped(page, row, line, styles["wrap"])
            row += 1
        for sheet in workbook.sheets:
            page.write_string(row, 0, getattr(sheet.name, language), styles["strong"])
            _wrapped(page, row, getattr(sheet.intro, language), styles["wrap"])
            row += 1
            for column in sheet.columns:
                page.write_string(
                    row, 0, f"    {getattr(column.head, language)}{' *' if column.required else ''}"
                )
                _wrapped(page, row, _about(column, language), styles["wrap"])
                row += 1
        row += 1


def _for_paper(page: Any) -> None:
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)


def _wrapped(page: Any, row: int, text: str, style: Any) -> None:
    """A text of several lines in a row of their height: spreadsheets keep the height of a file that was saved again."""
    width = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    page.set_row(row, _LINE * -(-width // _WIDE))
    page.write_string(row, 1, text, style)


def _about(column: Column, language: str) -> str:
    said = [_KINDS[language][column.kind], getattr(column.help, language)]
    return " ".join(text for text in said if text)


_KINDS = {
    "zh": {
        Kind.TEXT: "文字。",
        Kind.CODE: "号码，按文本填写。",
        Kind.DAY: "日期，如 2015-07-01 或 2015年7月1日。",
        Kind.MONEY: "金额，如 1,234,567.89。",
        Kind.WHOLE: "整数。",
        Kind.CHOICE: "从下拉列表中选择。",
    },
    "en": {
        Kind.TEXT: "Text.",
        Kind.CODE: "A number on a document, kept as text.",
        Kind.DAY: "A day, such as 2015-07-01.",
        Kind.MONEY: "An amount, such as 1,234,567.89.",
        Kind.WHOLE: "A whole number.",
        Kind.CHOICE: "Choose from the list.",
    },
}
_GENERAL: dict[str, dict[str, Any]] = {
    "zh": {
        "version": "模板 %(code)s，第 %(version)s 版",
        "lines": (
            "带 * 的列必填。首行表头请勿改动；列的顺序可以调整，选填列可以删除。",
            "“标记”列写有“示例”的行不会导入，可以删除。空白行会被跳过。",
            "可保存为 xlsx、xls、ods 或 csv（UTF-8 或 GB18030）。请勿使用宏、密码和外部链接。",
            "上传后平台先检查整个文件，列出每处错误，并显示将新增、更改和不变的记录；您确认后才会一次性导入。",
        ),
    },
    "en": {
        "version": "Template %(code)s, version %(version)s",
        "lines": (
            "Columns with * are required. Leave the heads in the first row as they are; you may move columns and delete"
            " those that are not required.",
            "Rows marked as EXAMPLE are not imported; you may delete them. Blank ones are skipped.",
            "Save as xlsx, xls, ods or csv (UTF-8 or GB18030), without macros, passwords and links to other files.",
            "After the upload the portal checks the whole file, lists every error, and shows what will be added,"
            " changed and unchanged; only when you confirm is it taken over, all or nothing.",
        ),
    },
}
