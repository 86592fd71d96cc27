"""A filing deadline in small: no error, nothing acknowledged that is not there. `make load` is the long one."""

from bench.load import load
from drills.clerk import Clerk


def test_a_small_deadline_has_no_error_and_loses_nothing(portal, tmp_path):
    with Clerk(portal) as clerk:
        outcome, pages = load(
            portal, clerk, tmp_path, clerks=6, officials=2, seconds=180, pause=0.1, until_filed=True
        )
    assert outcome.held, outcome
    assert outcome.tried["POST submit"] == 6
    names = {page["Name"] for page in pages}
    assert {"submit", "autosave", "review queue"} <= names, names
