"""Rows in columns: what PostgreSQL sends is read as it was meant, what is written is vouched for."""

import pytest
from django.db import connection

from casework import columns

pytestmark = pytest.mark.django_db
TEXTS = ["plain", "tab\there", "line\nbreak", "back\\slash", "\\N", "", "引号'\"", "\r\b\f\v"]


@pytest.fixture
def table():
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE words (id int, word text, number numeric(14,2)) ON COMMIT DROP"
        )
    return "words"


def written(table: str) -> str:
    ids = map(str, range(len(TEXTS)))
    piece = columns.lines(ids, columns.escaped(TEXTS), ["1.50"] * len(TEXTS))
    return columns.write(table, ("id", "word", "number"), piece)


def test_what_was_written_is_read_again_part_by_part(table):
    written(table)
    parts = list(columns.read("SELECT id, word, number FROM words WHERE id >= %s ORDER BY id", [1], size=3))
    assert [len(ids) for ids, _words, _numbers in parts] == [3, 3, 1]
    assert [word for _ids, words, _numbers in parts for word in words] == TEXTS[1:]
    assert {number for _ids, _words, numbers in parts for number in numbers} == {"1.50"}


def test_nothing_reads_as_empty(table):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO words VALUES (1, NULL, NULL)")
    assert list(columns.read("SELECT * FROM words")) == [[("1",), ("",), ("",)]]
    assert list(columns.read("SELECT * FROM words WHERE false")) == []


def test_one_edited_row_changes_the_digest(table):
    kept = written(table)
    query = "SELECT id, word, number FROM words ORDER BY id"
    assert columns.digest(query) == kept
    with connection.cursor() as cursor:
        cursor.execute("UPDATE words SET number = number + 0.01 WHERE id = 3")
    assert columns.digest(query) != kept
