"""The tampering drill in small numbers; `python -m drills.tampering 1000` is the long one."""

from drills import tampering


def test_every_kind_of_tampering_is_found(db, settings, tmp_path):
    settings.AUDIT_HEADS_DIR = str(tmp_path)
    tampering.make_history(chains=3, records=2)
    outcome = tampering.tamper(len(tampering.EDITS))
    assert outcome.held and outcome.lost == []
    assert set(outcome.tried) == set(tampering.EDITS)
