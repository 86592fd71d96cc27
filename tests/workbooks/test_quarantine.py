"""Quarantine: nothing parses a workbook before a real ClamAV daemon has passed it; without its word it waits."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from applications.models import Contract
from audit.models import Record
from audit.services import breaks
from casework.transitions import Refused
from tests.documents.hostile import EICAR
from tests.workbooks.conftest import CONTRACT, xlsx
from workbooks import passes
from workbooks.models import ImportJob, imports_dir
from workbooks.services import workers
from workbooks.tables import read_table

GOOD = {"contracts": [CONTRACT]}


@pytest.fixture
def readings(monkeypatch) -> list[str]:
    """The formats of the files that were given to the parser."""
    read, seen = passes.run, []

    def run(workbook, path, file_format, *args):
        seen.append(file_format)
        return read(workbook, path, file_format, *args)

    monkeypatch.setattr("workbooks.passes.run", run)
    return seen


def infected_workbook() -> bytes:
    return xlsx("offshore", {"contracts": [CONTRACT | {"name": EICAR.decode()}]})


def infected_csv() -> bytes:
    return b"a,b\n" + EICAR + b",1\n"


def test_a_clean_workbook_is_read_by_the_scanners_word(clamd, enterprise, readings):
    job = enterprise.upload(xlsx("offshore", GOOD))
    assert job.is_ready and job.scanner.startswith("ClamAV ") and job.scanned_at
    job = enterprise.confirm(job)
    assert job.state == "done" and readings == ["xlsx", "xlsx"]


@pytest.mark.parametrize(("make", "name"), [(infected_workbook, "a.xlsx"), (infected_csv, "a.csv")])
def test_an_infected_workbook_is_never_parsed_and_not_kept(clamd, enterprise, readings, make, name):
    with TestCase.captureOnCommitCallbacks(execute=True):
        job = enterprise.upload(make(), name)
    assert (
        job.state == "failed" and "found “Test.Eicar" in job.refusal["en"] and "已删除" in job.refusal["zh"]
    )
    assert readings == [] and not Contract.objects.exists()
    assert job.file_deleted_at and not list(imports_dir().iterdir())
    page = enterprise.client.get(job.get_absolute_url()).content.decode()
    assert "Test.Eicar" in page and "deleted" in page
    record = Record.objects.get(action="workbook.refused")
    assert record.data["file"] == job.sha256 and record.data["signature"].startswith("Test.Eicar")
    assert not list(breaks())


def test_scanner_down_fails_closed_and_is_made_up_for(clamd, enterprise, readings):
    clamd.stop()
    job = enterprise.upload(xlsx("offshore", GOOD))
    for _again in range(5):
        workers.work(job.pk)
    job.refresh_from_db()
    assert (job.state, job.step, job.attempts, job.scanned_at) == ("uploaded", "no_scanner", 0, None)
    assert readings == []
    page = enterprise.client.get(reverse("workbooks:progress", args=[job.pk])).content.decode()
    assert "The virus scanner does not answer." in page
    clamd.start()
    ImportJob.objects.update(run_after=timezone.now() - timedelta(minutes=1))
    assert workers.take_due(10) == [job.pk]
    workers.work(job.pk)
    job.refresh_from_db()
    assert job.is_ready and readings == ["xlsx"]


def test_without_a_scanner_where_one_is_required_nothing_gets_through(settings, enterprise, readings):
    settings.SCANNER_REQUIRED = True
    job = enterprise.upload(xlsx("offshore", GOOD))
    assert job.state == "uploaded" and readings == []


def test_a_machine_without_scanner_says_so(enterprise):
    assert enterprise.upload(xlsx("offshore", GOOD)).scanner == "none"


def test_cancelled_in_quarantine(clamd, enterprise, readings):
    clamd.stop()
    job = enterprise.upload(xlsx("offshore", GOOD))
    with TestCase.captureOnCommitCallbacks(execute=True):
        enterprise.client.post(reverse("workbooks:cancel", args=[job.pk]))
    clamd.start()
    workers.work(job.pk)
    job.refresh_from_db()
    assert job.state == "cancelled" and readings == [] and not list(imports_dir().iterdir())


def test_a_file_altered_in_quarantine_is_not_even_scanned(clamd, enterprise, readings):
    enterprise.post(xlsx("offshore", GOOD))
    job = ImportJob.objects.get()
    job.path.write_bytes(infected_csv())
    workers.work(job.pk)
    job.refresh_from_db()
    assert job.state == "failed" and "not here any more" in job.refusal["en"] and not job.scanner
    assert readings == []


@pytest.mark.parametrize("state", ["checking", "checked", "importing", "done"])
def test_the_database_lets_nothing_be_read_unscanned(enterprise, state):
    enterprise.post(xlsx("offshore", GOOD))
    with pytest.raises(IntegrityError, match="import_read_was_scanned"), transaction.atomic():
        ImportJob.objects.update(state=state, finished_at=timezone.now())


def test_the_banks_file_is_scanned_too(clamd, tmp_path):
    path = tmp_path / "result.csv"
    path.write_bytes(b"a,b\n1,2\n")
    assert len(read_table(path, "result.csv")) == 2
    path.write_bytes(infected_csv())
    with pytest.raises(Refused, match="Test.Eicar"):
        read_table(path, "result.csv")
    clamd.stop()
    path.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(Refused, match="scanner does not answer"):
        read_table(path, "result.csv")
