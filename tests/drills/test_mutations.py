"""The drill that takes walls away, on a wall of each kind; `python -m drills.mutations` tries them all."""

from drills import mutations
from drills.shape import Outcome
from drills.walls import CODE, DATABASE


def test_every_wall_of_the_code_still_stands_where_the_drill_takes_it_away():
    for wall in CODE:
        text = (mutations.BASE / wall.file).read_text()
        assert wall.old in text, f"{wall.name}: {wall.file} does not say it any more"
    for wall in [*CODE, *DATABASE]:
        path, _colons, name = wall.test.partition("::")
        assert f"def {name.partition('[')[0]}" in (mutations.BASE / path).read_text(), wall.test


def test_a_test_without_its_wall_is_red_and_one_that_stays_green_is_named(monkeypatch):
    seal = next(wall for wall in DATABASE if wall.name == "seal_follows")
    outcome = Outcome("mutations")
    mutations.of_the_database(outcome, [seal])
    assert outcome.held, outcome
    # The same test without a wall that it does not need stays green, and that is what the drill says.
    monkeypatch.setattr(mutations, "pytest", _always_green)
    mutations.of_the_database(outcome, [seal])
    assert outcome.lost == [f"seal_follows: {seal.test} ended PASSED"]


def _always_green(place, *arguments):
    class Done:
        returncode = 0
        stdout = "".join(
            f"PASSED {seal}[WALL {number}]\n" for number, seal in enumerate(w.test for w in DATABASE)
        )

    return Done
