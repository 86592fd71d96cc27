"""What people type about persons and accounts is in no log, broker, mail, address or page of an error."""

from drills.canary import sing
from drills.clerk import Clerk


def test_nothing_typed_is_found_in_clear(portal):
    with Clerk(portal) as clerk:
        outcome = sing(portal, clerk, 1)
    assert outcome.held, outcome
    assert outcome.tried["forms filled in"] == 4 and outcome.tried["places read"] > 10
