"""Typed numbers are found nowhere, a backup holds everything; by number: `drills.canary`, `drills.restore`."""

from drills import canary, restore
from drills.clerk import Clerk


def test_numbers_of_persons_and_accounts_are_found_nowhere(portal):
    with Clerk(portal) as clerk:
        outcome = canary.sing(portal, clerk, 1)
    assert outcome.held, outcome
    assert outcome.tried["addresses asked for"] == 63 and outcome.tried["places read"] > 20


def test_a_backup_of_the_working_portal_is_restored_whole_into_an_empty_place(portal, short_tmp_path):
    outcome = restore.drill(portal.data_dir, short_tmp_path)
    assert outcome.held, outcome
    assert outcome.tried["audit records verified"] > 1000 and outcome.tried["papers read"] > 100
    assert outcome.tried["identity numbers read"] > 50 and outcome.tried["rights refused as before"] == 1
