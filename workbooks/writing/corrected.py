"""The person's own file with the faulty cells coloured and commented.

A moderate xlsx is annotated in place. Of any other file a new xlsx is written: the rows as they were read, the
sentences in a column of their own, the cells coloured; of more than MANY_ROWS rows only those with errors.
"""

import io
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _

from workbooks.models import ImportJob
from workbooks.reading.parsing import value_of
from workbooks.reading.rows import Reader
from workbooks.sheets import BROKEN, Workbook, workbook_of

#: Larger ones take the annotator beyond the parser's limits.
ANNOTATED_BYTES = 700 * 1024
MANY_ROWS = 20_000
_ANNOTATOR = Path(__file__).with_name("annotate_child.py")
_SECONDS = 25


def corrected(job: ImportJob, language: str) -> bytes:
    """An xlsx for the person who uploaded the file. Raises Unreadable when the file cannot be read again."""
    workbook = workbook_of(job.kind)
    faults = _faults(job, workbook, language)
    if job.file_format == "xlsx" and job.file_size <= ANNOTATED_BYTES:
        copy = _annotated(job, workbook, faults)
        if copy is not None:
            return copy
    return _rewritten(job, workbook, faults)


Faults = dict[str, dict[int, list[tuple[str, str]]]]


def _faults(job: ImportJob, workbook: Workbook, language: str) -> Faults:
    """{sheet: {row: [(column, sentence), ...]}}"""
    key = "zh" if language.startswith("zh") else "en"
    found: Faults = defaultdict(lambda: defaultdict(list))
    for fault in job.faults.all():
        found[fault.sheet][fault.row].append((fault.column, fault.message[key]))
    return found


def _annotated(job: ImportJob, workbook: Workbook, faults: Faults) -> bytes | None:
    """Their file, coloured by a limited process of its own; None when it could not."""
    import json

    said = {
        "sheets": [
            {
                "names": [*map(str, sheet.name.both), sheet.code],
                "heads": {word: c.name for c in sheet.columns for word in (*c.head.both, c.name)},
                "rows": faults.get(sheet.code, {}),
            }
            for sheet in workbook.sheets
            if sheet.code in faults
        ]
    }
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", str(_ANNOTATOR), str(job.path)],
            input=json.dumps(said).encode(),
            capture_output=True,
            timeout=_SECONDS,
            env={"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"},
            cwd="/",
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 and done.stdout.startswith(b"PK") else None


def _rewritten(job: ImportJob, workbook: Workbook, faults: Faults) -> bytes:
    target = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    reader = Reader(workbook, job.path, job.file_format)
    with xlsxwriter.Workbook(target, options) as book:
        bad = book.add_format({"bg_color": "#FBE3E0", "font_color": "#B42318", "num_format": "@"})
        text = book.add_format({"num_format": "@"})
        pages: dict[str, Any] = {}
        only_faulty = job.rows_total > MANY_ROWS
        for found, number, row in reader.rows():
            code = found.sheet.code
            if code not in pages:
                page = book.add_worksheet(str(found.sheet.name))
                page.write_string(0, 0, _("Errors"), bad)
                page.write_string(0, 1, _("Row"), text)
                page.set_column(0, 0, 60)
                for place, (_at, name) in enumerate(found.places, start=2):
                    page.write_string(0, place, str(found.sheet.by_name[name].head), text)
                    page.set_column(place, place, 18)
                pages[code] = [page, 1]
            errors = faults.get(code, {}).get(number, [])
            if only_faulty and not errors:
                continue
            page, line = pages[code]
            columns = {column for column, message in errors}
            heads = found.sheet.by_name
            said = [f"{heads[c].head}: {message}" if c in heads else message for c, message in errors]
            page.write_string(line, 0, "\n".join(said), bad if said else text)
            page.write_string(line, 1, str(number), text)
            for place, (at, name) in enumerate(found.places, start=2):
                cell = _shown(row[at]) if at < len(row) else ""
                page.write_string(line, place, cell, bad if name in columns else text)
            pages[code][1] += 1
        if not pages:
            book.add_worksheet(_("Errors"))
    return target.getvalue()


def _shown(cell: Any) -> str:
    if cell == BROKEN:
        return "#"
    value = value_of(cell)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
