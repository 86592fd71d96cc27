"""Two at once, and a process that dies: one effect or none."""

import os
import signal

from django.db import connection, connections

from audit.models import Record
from payments.models import Batch, Payment, TreasuryFile
from payments.services import batches
from tests.casework.test_races import at_once
from tests.payments.conftest import (
    approved_offshore,
    approved_training,
    draft_of,
    office_people,
    state_of_money,
)


def test_races_and_a_kill(fresh_database, django_db_blocker, settings, tmp_path):
    with django_db_blocker.unblock():
        office = office_people()
        two_batches_pick_the_same_lines(office)
        batch = submitted(office, approved_offshore(office))
        killed_between_file_and_commit(office, batch, settings, tmp_path)
        release_pressed_twice(office, batch)


def submitted(office, case) -> Batch:
    batch = draft_of(office.finance, case)
    return batches.submit_batch(user=office.finance, batch_id=batch.pk, expected_version=batch.version)


def two_batches_pick_the_same_lines(office):
    case = approved_training(office)
    said = at_once(lambda: draft_of(office.finance, case), lambda: draft_of(office.finance2, case))
    assert said == ["done", "none"]
    assert Payment.objects.in_force().filter(case=case).count() == 4 and Batch.objects.count() == 1


def release(office, batch) -> Batch:
    return batches.release_batch(user=office.releaser, batch_id=batch.pk, expected_version=batch.version)


def killed_between_file_and_commit(office, batch, settings, tmp_path):
    settings.FAILPOINT_DIR = tmp_path
    (tmp_path / "file_made").touch()
    before = state_of_money()
    connections.close_all()  # the child opens its own
    child = os.fork()
    if child == 0:
        release(office, batch)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    assert state_of_money() == before and not TreasuryFile.objects.exists()


def release_pressed_twice(office, batch):
    said = at_once(lambda: release(office, batch), lambda: release(office, batch))
    assert said == ["done", "step"]
    assert TreasuryFile.objects.filter(batch=batch).count() == 2
    assert Record.objects.filter(action="payment.batch_released").count() == 1
    assert connection.in_atomic_block is False
