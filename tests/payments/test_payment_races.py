"""Two at once, and a process that dies: one effect or none."""

import signal
import subprocess
import sys

from django.db import connection

from audit.models import Record
from payments.models import Batch, Payment, TreasuryFile
from payments.services import batches, releases
from tests.casework.test_races import at_once
from tests.payments.conftest import (
    approved_offshore,
    approved_training,
    draft_of,
    office_people,
    state_of_money,
)


def test_races_and_a_kill(fresh_database, django_db_blocker, tmp_path):
    with django_db_blocker.unblock():
        office = office_people()
        two_batches_pick_the_same_lines(office)
        batch = submitted(office, approved_offshore(office))
        killed_between_file_and_commit(office, batch, tmp_path)
        release_pressed_twice(office, batch)


# A release in a process of its own, on the test's database and with its failpoints.
RELEASE = """
import sys
import django
django.setup()
from django.conf import settings
from django.db import connection
connection.settings_dict["NAME"], settings.FAILPOINT_DIR, *keys = sys.argv[1:]
from accounts.models import User
from payments.services import batches, releases
releaser, batch, version = map(int, keys)
releases.release_batch(user=User.objects.get(pk=releaser), batch_id=batch, expected_version=version)
"""


def submitted(office, case) -> Batch:
    batch = draft_of(office.finance, case)
    return batches.submit_batch(user=office.finance, batch_id=batch.pk, expected_version=batch.version)


def two_batches_pick_the_same_lines(office):
    case = approved_training(office)
    said = at_once(lambda: draft_of(office.finance, case), lambda: draft_of(office.finance2, case))
    assert said == ["done", "none"]
    assert Payment.objects.in_force().filter(case=case).count() == 4 and Batch.objects.count() == 1


def release(office, batch) -> Batch:
    return releases.release_batch(user=office.releaser, batch_id=batch.pk, expected_version=batch.version)


def killed_between_file_and_commit(office, batch, tmp_path):
    (tmp_path / "file_made").touch()
    before = state_of_money()
    arguments = [str(office.releaser.pk), str(batch.pk), str(batch.version)]
    done = subprocess.run(
        [sys.executable, "-c", RELEASE, connection.settings_dict["NAME"], str(tmp_path), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert state_of_money() == before and not TreasuryFile.objects.exists()


def release_pressed_twice(office, batch):
    said = at_once(lambda: release(office, batch), lambda: release(office, batch))
    assert said == ["done", "step"]
    assert TreasuryFile.objects.filter(batch=batch).count() == 2
    assert Record.objects.filter(action="payment.batch_released").count() == 1
    assert connection.in_atomic_block is False
