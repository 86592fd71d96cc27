"""Backed up while it works, restored into an empty place: rows, papers, keys, audit and rights are the same."""

from drills.restore import drill


def test_a_backup_of_the_running_portal_is_restored_whole(portal, short_tmp_path):
    work = short_tmp_path / "w"
    work.mkdir()
    outcome = drill(portal.data_dir, work)
    assert outcome.held, outcome
    for kind in ("rows in them", "audit records verified", "papers read", "identity numbers read"):
        assert outcome.tried[kind] > 20, outcome
    assert portal.answers()
