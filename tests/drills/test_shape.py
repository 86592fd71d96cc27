"""A drill that violates anything, or tries nothing, fails."""

import sys

import pytest

from drills import shape
from drills.effects import judge
from drills.shape import Outcome


@pytest.mark.parametrize("what", ["lost", "doubled", "leaked"])
def test_a_violation_ends_with_status_1_and_is_named(monkeypatch, capsys, what):
    outcome = Outcome("a drill")
    outcome.tried["tries"] = 3
    getattr(outcome, what).append("case 7")
    monkeypatch.setattr(sys, "argv", ["drill", "3"])
    assert shape.main("A drill.", lambda number: outcome, 1) == 1
    printed = capsys.readouterr().out
    assert f"{what} 1" in printed and f"{what.upper()} case 7" in printed


def test_a_drill_that_tried_nothing_has_shown_nothing(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["drill"])
    assert shape.main("A drill.", lambda number: Outcome("none"), 1) == 1


def test_the_judge_finds_what_is_missing_doubled_and_of_another_amount(monkeypatch):
    good = {
        "submissions": 1,
        "frozen": 1,
        "assessments": 1,
        "assessed": 1,
        "states": ["done"],
        "amount": "50000.00",
    }
    monkeypatch.setattr("drills.effects.wait_for_all", lambda *args: None)
    for change, where in (
        ({}, None), ({"assessments": 0}, "lost"), ({"assessed": 2}, "doubled"), ({"states": ["queued"]}, "lost"),
        ({"amount": "1.00"}, "leaked"),
    ):  # fmt: skip
        monkeypatch.setattr("drills.effects.effects", lambda *args, change=change: {7: good | change})
        outcome = Outcome("judged")
        judge(outcome, None, [7])
        found = [name for name in ("lost", "doubled", "leaked") if getattr(outcome, name)]
        assert found == ([where] if where else [])
    judge(outcome := Outcome("judged"), None, [8])
    assert outcome.lost == ["case 8"]
