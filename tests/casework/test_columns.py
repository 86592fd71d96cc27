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


def test_what_was_written_stands_there_as_it_was_meant(table):
    written(table)
    with connection.cursor() as cursor:
        cursor.execute("SELECT word FROM words ORDER BY id")
        assert [word for (word,) in cursor.fetchall()] == TEXTS


def test_columns_come_in_the_order_of_the_query(table):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO words VALUES (2, 'b', 2), (1, NULL, 1.5)")
    query = "SELECT * FROM words WHERE id <= %s ORDER BY id"
    assert columns.gather(query, ("id", "word", "number"), [9]) == [["1", "2"], ["", "b"], ["1.50", "2.00"]]
    assert columns.gather(query, ("id", "word"), [0]) == [[], []]


def test_one_edited_row_changes_the_digest(table):
    kept = written(table)
    query = "SELECT id, word, number FROM words ORDER BY id"
    assert columns.digest(query) == kept
    with connection.cursor() as cursor:
        cursor.execute("UPDATE words SET number = number + 0.01 WHERE id = 3")
    assert columns.digest(query) != kept
