"""Every file that the portal gives out, with hostile words in every row that is behind it: nothing in it acts."""

import csv
import io
import re
import zipfile

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from casework.inert import inert
from tests import factories
from tests.access.test_matrix import FILES, targets
from tests.access.world import client_of

FIRST = ("=", "+", "-", "@", "\t=", "\r=", "＝", "＋", "－", "＠", " =", "\u200b=", "﹦", "\u00a0@")
#: Texts by which rows are found or checked; changed, the page would not be there.
KEYS = re.compile(
    r"hash|key|code|number|sha|stored|version|state|status|kind|token|division|country|currency|password|username|email"
    r"|name_masked|session|path|subject|url|programme|media_type|language|action|stream|effect|basis|actor|cnaps|reference|format"
)
#: Files that need more than a row of the world, and what looks into them.
ELSEWHERE = {
    "admin:payments_batch_file": "tests/payments/test_batches.py::test_inert_cells_in_both_files",
    "workbooks:corrected": "tests/workbooks/test_import_jobs.py::test_the_copy_of_their_file_calculates_nothing",
    "training:trainee_export": "JSON, which no spreadsheet opens",
    "mfa_download_recovery_codes": "refused: codes are shown once",
    # Rows are named by our own lists (sectors, districts), never by somebody's words.
    "public:statistics_csv": "tests/reports/test_statistics.py",
    "public:statistics_xlsx": "tests/reports/test_statistics.py",
    "admin:statistics_csv": "tests/reports/test_statistics.py",
}
ACTS_IN_PDF = (b"/JavaScript", b"/JS ", b"/Launch", b"/OpenAction", b"/SubmitForm", b"/RichMedia")


@pytest.mark.parametrize("first", FIRST)
def test_what_a_spreadsheet_would_calculate_stays_words(first):
    text = f"{first}cmd|' /C calc'!A0"
    assert inert(text) == "'" + text
    assert inert(inert(text)) == inert(text)


@pytest.mark.parametrize("value", ["", "南昌", "1-1", "a=b", 12, None, "3600987654321098765"])
def test_what_is_no_formula_passes(value):
    assert inert(value) is value


def spoil() -> int:
    """Something that acts in front of every word of every row; how many columns took it."""
    spoiled = 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model in apps.get_models():
            for column in model._meta.local_concrete_fields:
                plain = type(column) in (models.CharField, models.TextField) and not column.choices
                if not plain or column.unique or column.primary_key or KEYS.search(column.name):
                    continue
                table, name = model._meta.db_table, column.column
                room = f"left({name}, {column.max_length - 2})" if column.max_length else name
                try:
                    with transaction.atomic():
                        cursor.execute(
                            f'UPDATE "{table}" SET "{name}" = (%s::text[])[1 + abs(hashtext(ctid::text)) %% %s]'
                            f" || {room} WHERE \"{name}\" <> ''",
                            [list(FIRST), len(FIRST)],
                        )
                    spoiled += cursor.rowcount > 0
                except DatabaseError:
                    continue  # a constraint knows that no such word stands there
        cursor.execute("SET LOCAL session_replication_role = origin")
    return spoiled


def cells_of_csv(content: bytes) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) for cell in row]


def test_nothing_acts_in_any_file(world):
    assert spoil() > 20
    people = [None, world.owner, world.teacher, factories.UserFactory(is_staff=True, is_superuser=True)]
    clients = [client_of(user) for user in people]
    given, hostile = set(), 0
    for target in targets(world):
        for client in clients if target.name in FILES else ():
            response = client.get(target.url)
            if response.status_code == 405:
                response = client.post(target.url, {"reason": "Asked for", "basis": "request"})
            kind = response.headers.get("Content-Type", "").partition(";")[0]
            if response.status_code != 200 or kind == "text/html":
                continue
            body = b"".join(response.streaming_content) if response.streaming else response.content
            given.add(target.name)
            assert response["X-Content-Type-Options"] == "nosniff"
            if kind == "text/csv":
                for cell in cells_of_csv(body):
                    number = re.fullmatch(r"-?\d[\d.]*", cell)
                    assert number or inert(cell) == cell, f"{target.name}: {cell!r}"
                    hostile += cell.startswith("'")
            elif body.startswith(b"PK"):
                with zipfile.ZipFile(io.BytesIO(body)) as archive:
                    assert not [
                        name for name in archive.namelist() if "external" in name or "vba" in name.lower()
                    ]
                    for name in archive.namelist():
                        part = archive.read(name)
                        assert b"<f>" not in part and b"<f " not in part, f"{target.name}: {name}"
                        assert b"<hyperlink" not in part and b'TargetMode="External"' not in part, target.name
                        hostile += part.count(b"=")
            elif body.startswith(b"%PDF"):
                assert not [word for word in ACTS_IN_PDF if word in body], target.name
            if kind not in ("application/json", "image/png", "text/plain", "text/javascript"):
                disposition = response.headers.get("Content-Disposition", "")
                inline = kind in ("application/pdf", "application/xml", "application/atom+xml")
                assert disposition.startswith("attachment") or inline, f"{target.name}: {disposition}"
            break
    assert hostile > 5
    assert given == set(FILES) - set(ELSEWHERE)
