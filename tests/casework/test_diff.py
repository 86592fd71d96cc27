"""What changed between two frozen states, by stable keys; what an official's marks permit of it. No database."""

import pytest

from casework.diff import Layout, Place, diff
from casework.reopening import EVERYTHING, Reopened, outside, targets

LAYOUT = Layout(
    fields=(Place("note", "Note"),),
    rows="lines",
    key="id",
    rows_label="Adding and removing rows",
    row_label=lambda row: f"Row {row['name']}",
    subjects=lambda row: [(f"row-{row['id']}", f"lines/{row['id']}")],
    row_fields=(
        Place("amount", "Amount", lambda value: f"{value} USD"),
        Place("contract/name", "Contract", group="contract"),
        Place("contract/client", "Client", group="contract"),
    ),
)


def row(key: int, amount: str = "1.00", **contract) -> dict:
    return {"id": key, "name": key, "amount": amount, "derived": amount, "contract": contract or None}


BEFORE = {"note": "", "usd": "3.00", "lines": [row(1), row(2, name="A", client="B")]}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BEFORE, []),
        ({**BEFORE, "usd": "9"}, []),  # what the portal derives is nobody's change
        ({**BEFORE, "note": None}, []),
        ({**BEFORE, "note": "x"}, [("note", "note", "changed")]),
        ({**BEFORE, "lines": [BEFORE["lines"][1], BEFORE["lines"][0]]}, []),  # the order is no change
        (
            {**BEFORE, "lines": [row(1, "2.00"), BEFORE["lines"][1]]},
            [("lines/1/amount", "lines/1/amount", "changed")],
        ),
        (
            {**BEFORE, "lines": [row(1), row(2, name="A", client="C")]},
            [("lines/2/contract/client", "lines/2/contract", "changed")],
        ),
        ({**BEFORE, "lines": [row(1)]}, [("lines/2", "lines/2", "removed")]),
        (
            {**BEFORE, "lines": [row(3), *BEFORE["lines"]]},
            [("lines/3", "lines/+", "added")],
        ),
    ],
)
def test_differences_by_stable_keys(after, expected):
    assert [(c.path, c.mark, c.what) for c in diff(BEFORE, after, LAYOUT)] == expected


def test_a_change_reads_as_people_write():
    (change,) = diff(BEFORE, {**BEFORE, "lines": [row(1, "2.00"), BEFORE["lines"][1]]}, LAYOUT)
    assert (change.row, change.label, change.before, change.after) == (
        "Row 1",
        "Amount",
        "1.00 USD",
        "2.00 USD",
    )


AFTER = {"note": "x", "lines": [row(1, "2.00"), row(3)]}


@pytest.mark.parametrize(
    ("marks", "refused"),
    [
        ({"note", "lines/1/amount", "lines/2", "lines/+"}, []),
        ({"note", "lines/1", "lines/+"}, []),
        ({"lines/1", "lines/+"}, ["note"]),
        ({"note", "lines/+"}, ["lines/1/amount"]),
        ({"note", "lines/1/contract", "lines/+"}, ["lines/1/amount"]),
        ({"note", "lines/1"}, ["lines/2", "lines/3"]),
        ({"note", "lines/1", "lines/2"}, ["lines/3"]),
        ({"lines/11", "note"}, ["lines/1/amount", "lines/2", "lines/3"]),
    ],
)
def test_only_what_was_marked_may_differ(marks, refused):
    found = outside(BEFORE, AFTER, LAYOUT, Reopened(frozenset(marks)))
    assert [change.path for change in found] == refused
    assert outside(BEFORE, AFTER, LAYOUT, EVERYTHING) == []


def test_every_row_and_field_can_be_marked():
    snapshot = {**BEFORE, "documents": [file(7, "row-1")]}
    assert [(t.path, t.kind) for t in targets(snapshot, LAYOUT)] == [
        ("lines/1", "row"),
        ("lines/2", "row"),
        ("lines/+", "rows"),
        ("note", "field"),
        ("documents/7", "file"),
        ("documents/+", "file"),
    ]


# Files


def file(key: int, subject: str, content: str = "a", item: str = "slip") -> dict:
    return {"id": key, "subject": subject, "item": item, "name": f"{key}.pdf", "sha256": content}


OLD = [file(7, "row-1"), file(8, "claim-1", "b"), file(9, "row-2", "c")]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (OLD, []),
        ([file(17, "row-1"), *OLD[1:]], []),  # the same content once more is the same file
        ([file(17, "row-1", "new"), *OLD[1:]], [("documents/7", "documents/7", "changed")]),
        (OLD[1:], [("documents/7", "documents/7", "removed")]),
        ([*OLD, file(17, "row-1", "new", "page")], [("documents/17", "documents/+", "added")]),
    ],
)
def test_differences_of_files(files, expected):
    found = diff({**BEFORE, "documents": OLD}, {**BEFORE, "documents": files}, LAYOUT)
    assert [(c.path, c.mark, c.what) for c in found] == expected


@pytest.mark.parametrize(
    ("marks", "refused"),
    [
        ({"documents/7", "documents/8", "documents/+"}, []),
        ({"documents/7"}, ["documents/8", "documents/17"]),
        ({"lines/1/amount"}, ["documents/8"]),  # who marks a row, or a value of it, asks for its papers
        ({"lines/1"}, ["documents/8"]),
        ({"lines/2"}, ["documents/7", "documents/8", "documents/17"]),
        ({"note"}, ["documents/7", "documents/8", "documents/17"]),
    ],
)
def test_only_marked_files_may_change(marks, refused):
    new = [file(27, "row-1", "new"), file(17, "row-1", "more", "page"), OLD[2]]
    before, after = {**BEFORE, "documents": OLD}, {**BEFORE, "documents": new}
    found = outside(before, after, LAYOUT, Reopened(frozenset(marks)))
    assert [change.path for change in found] == refused
