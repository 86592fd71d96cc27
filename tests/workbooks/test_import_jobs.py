"""The life of an import: foreign eyes, all or nothing, cancel, a killed worker, what a returned claim leaves open."""

import io
import json
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from django.db import connection
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from accounts.enums import MembershipRole
from applications import services
from applications.models import Contract, OffshoreClaim, Receipt
from audit.models import Record
from tests import factories
from tests.clients import Client
from tests.portal import wait_until
from tests.workbooks.conftest import CLASS, CONTRACT, RECEIPT, csv_file, said, trainee, xlsx
from training.models import Enrolment, Trainee
from workbooks.models import ImportJob, SourceRow
from workbooks.reading import parsing
from workbooks.reading.gate import look
from workbooks.reading.parsing import Parsed, batches
from workbooks.reading.refusals import Unreadable
from workbooks.services import jobs, workers
from workbooks.services.progress import Teller
from workbooks.tasks import sweep

GOOD = {"contracts": [CONTRACT], "receipts": [RECEIPT]}
PLACES = ("job", "progress", "confirm", "cancel", "corrected")


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["language"] = "en"
    return client


def test_nobody_else_sees_an_import(enterprise):
    job = enterprise.upload(xlsx("offshore", GOOD))
    stranger = browser(factories.clerk_of(factories.OrganisationFactory()))
    for name in PLACES:
        url = reverse(f"workbooks:{name}", args=[job.pk])
        answer = stranger.post(url) if name in ("confirm", "cancel") else stranger.get(url)
        assert answer.status_code == 404, name
    export = reverse("workbooks:export", args=["offshore"])
    assert stranger.get(export, {"organisation": enterprise.organisation.pk}).status_code == 404
    assert stranger.get(export, {"case": enterprise.case.number}).status_code == 404
    assert job.file_name not in stranger.get(reverse("workbooks:jobs")).content.decode()
    job.refresh_from_db()
    assert job.state == "checked"


def test_a_foreign_claim_is_no_choice(enterprise):
    other = factories.OrganisationFactory()
    case = services.start_claim(user=factories.clerk_of(other), organisation=other, year=2015)
    response = enterprise.post(xlsx("offshore", GOOD), case=case.number)
    assert response.status_code == 200 and not ImportJob.objects.exists()


def test_a_reader_looks_and_changes_nothing(enterprise):
    job = enterprise.upload(xlsx("offshore", GOOD))
    reader = browser(factories.clerk_of(enterprise.organisation, MembershipRole.READER))
    assert "Take over" not in reader.get(job.get_absolute_url()).content.decode()
    for name in ("confirm", "cancel"):
        reader.post(reverse(f"workbooks:{name}", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == "checked" and not Contract.objects.exists()
    upload = reader.get(reverse("workbooks:upload", args=["offshore"]))
    assert upload.status_code == 302


def test_cancelled_is_cancelled(enterprise):
    job = enterprise.upload(xlsx("offshore", GOOD))
    with TestCase.captureOnCommitCallbacks(execute=True):
        enterprise.client.post(reverse("workbooks:cancel", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == "cancelled" and not job.path.exists()
    assert enterprise.confirm(job).state == "cancelled" and not Contract.objects.exists()


def test_cancelled_while_it_is_read(enterprise, monkeypatch):
    rows = [CONTRACT | {"contract_number": f"NC-{n}"} for n in range(1500)]
    enterprise.post(csv_file("offshore", "contracts", rows), "a.csv")
    job = ImportJob.objects.get()
    reading = Teller.reading

    def cancel_after(teller, done, total):
        jobs.cancel(user=enterprise.clerk, job_id=job.pk)
        reading(teller, done, total)

    monkeypatch.setattr(Teller, "reading", cancel_after)
    workers.work(job.pk)
    job.refresh_from_db()
    assert job.state == "cancelled" and not job.summary


def test_all_or_nothing_when_the_register_moves(enterprise):
    job = enterprise.upload(xlsx("offshore", GOOD))
    other = factories.OrganisationFactory()
    claim = factories.offshore_draft(other, factories.clerk_of(other)).offshore_claim
    factories.ReceiptFactory(
        claim=claim, contract=factories.ContractFactory(organisation=other), bank_reference="BANK-1"
    )
    job = enterprise.confirm(job)
    assert job.state == "checked" and said(job)[0][:3] == ("receipts", 2, "bank_reference")
    assert not Contract.objects.filter(organisation=enterprise.organisation).exists()
    assert not SourceRow.objects.exists() and Receipt.objects.count() == 1


def test_all_or_nothing_when_the_database_refuses(school, monkeypatch):
    content = xlsx("training", {"classes": [CLASS], "trainees": [trainee(1), trainee(2)]})
    job = school.upload(content)
    before = Record.objects.count()
    monkeypatch.setattr(
        "training.workbook_sql.Stage.write_sources",
        lambda *a, **k: Trainee.objects.filter(name="Trainee 1").update(identity_masked="1" * 18),
    )
    job = school.confirm(job)
    assert job.state == "checked" and "Nothing was written" in job.refusal["en"]
    assert not Trainee.objects.exists() and not Enrolment.objects.exists()
    assert Record.objects.count() == before


def test_typed_and_unsaved_receipts_come_first(enterprise):
    job = enterprise.upload(xlsx("offshore", GOOD))
    OffshoreClaim.objects.filter(case=enterprise.case).update(
        typed={"note": "half"}, typed_at=timezone.now(), typed_by=enterprise.clerk
    )
    job = enterprise.confirm(job)
    assert job.state == "checked" and "not saved it" in job.refusal["en"] and not Contract.objects.exists()


def test_a_filed_claim_takes_nothing(enterprise):
    job = enterprise.upload(xlsx("offshore", GOOD))
    enterprise.case.status = "draft"
    jobs.confirm(user=enterprise.clerk, job_id=job.pk)
    from casework.services import filing

    filing.withdraw(case_id=enterprise.case.pk, user=enterprise.clerk)
    workers.work(job.pk)
    job.refresh_from_db()
    assert job.state == "checked" and job.refusal and not Receipt.objects.exists()


class Killed(BaseException):
    """Not an error that anything catches: what a process sees of kill -9."""


def test_a_killed_worker_is_followed_by_another(school, monkeypatch):
    rows = {"classes": [CLASS], "trainees": [trainee(n) for n in range(1, 30)]}
    school.post(xlsx("training", rows))
    job = ImportJob.objects.get()

    def killed(*args):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("training.workbook.TrainingIntake.finish", killed)
        with pytest.raises(Killed):
            workers.work(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("checking", 1)
    ImportJob.objects.update(run_after=timezone.now() - timedelta(minutes=5))
    sent = []
    monkeypatch.setattr("workbooks.tasks.work.delay", sent.append)
    sweep()
    assert sent == [job.pk]
    workers.work(job.pk)
    workers.work(job.pk)  # delivered twice
    job.refresh_from_db()
    assert job.state == "checked" and job.summary["trainees"]["added"] == 29 and job.attempts == 2


def test_one_worker_at_a_time(enterprise):
    """The lock belongs to the other worker's connection, and goes with it."""
    enterprise.post(xlsx("offshore", GOOD))
    job = ImportJob.objects.get()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [workers._LOCK_CLASS, job.pk])
        workers.work(job.pk)
        job.refresh_from_db()
        assert job.state == "uploaded" and job.attempts == 0
    finally:
        other.close()
    wait_until(lambda: workers.work(job.pk) or ImportJob.objects.get().state == "checked", 10)


def test_a_file_that_kills_every_worker_is_given_up(enterprise):
    enterprise.post(xlsx("offshore", GOOD))
    ImportJob.objects.update(attempts=3)
    job = ImportJob.objects.get()
    workers.work(job.pk)
    job.refresh_from_db()
    assert job.state == "failed" and "could not finish" in job.refusal["en"]


def test_a_file_that_was_tampered_with_is_not_read(enterprise):
    enterprise.post(xlsx("offshore", GOOD))
    job = ImportJob.objects.get()
    job.path.write_bytes(xlsx("offshore", {"contracts": [CONTRACT | {"value": 1}]}))
    workers.work(job.pk)
    job.refresh_from_db()
    assert job.state == "failed" and not Contract.objects.exists()


def test_files_are_private_and_forgotten(enterprise):
    job = enterprise.upload(xlsx("offshore", GOOD))
    assert job.path.stat().st_mode & 0o777 == 0o600 and job.path.parent.stat().st_mode & 0o777 == 0o700
    ImportJob.objects.update(created_at=timezone.now() - timedelta(days=8))
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert workers.forget_old() == 1
    job.refresh_from_db()
    assert not job.path.exists() and job.state == "cancelled" and job.file_deleted_at


def test_no_identity_number_outside_the_private_file(school, caplog):
    number = factories.identity_number(1)
    content = xlsx(
        "training", {"classes": [CLASS], "trainees": [trainee(1), trainee(2, identity=number[:-2])]}
    )
    job = school.upload(content)
    assert job.fault_count == 1
    kept = json.dumps(
        [list(ImportJob.objects.values()), list(job.faults.values()), list(Record.objects.values())],
        default=str,
    )
    shown = school.client.get(job.get_absolute_url()).content.decode()
    assert number[:-2] not in kept + shown + caplog.text


def test_their_own_file_comes_back_marked(enterprise):
    wrong = CONTRACT | {"contract_number": "NC-2", "value": "a million", "client_name": "=1+1"}
    job = enterprise.upload(xlsx("offshore", {"contracts": [CONTRACT, wrong]}))
    url = reverse("workbooks:corrected", args=[job.pk])
    page = openpyxl.load_workbook(io.BytesIO(enterprise.client.get(url).content))["Contracts"]
    cell = next(c for c in page[3] if c.comment)
    assert cell.value == "a million" and "Write the amount in digits" in cell.comment.text
    assert cell.fill.fgColor.rgb == "FFF4B8B0" and not any(c.comment for c in page[2])


def test_the_copy_of_their_file_calculates_nothing_and_leads_nowhere(enterprise):
    """A colleague opens it, and it comes from the portal."""
    wrong = CONTRACT | {"contract_number": "NC-2", "value": "a million"}
    book = openpyxl.load_workbook(io.BytesIO(xlsx("offshore", {"contracts": [CONTRACT, wrong]})))
    for page in book.worksheets:
        page.cell(40, 20).value = '=HYPERLINK("http://evil.example/","look")'
        page.cell(41, 20).value = "=cmd|' /C calc'!A0"
        page.cell(42, 20).value = "look"
        page.cell(42, 20).hyperlink = "http://evil.example/"
    target = io.BytesIO()
    book.save(target)
    job = enterprise.upload(target.getvalue())
    content = enterprise.client.get(reverse("workbooks:corrected", args=[job.pk])).content
    copy = openpyxl.load_workbook(io.BytesIO(content))
    assert any(cell.comment for row in copy["Contracts"].iter_rows() for cell in row), "annotated in place"
    for page in copy.worksheets:
        for row in page.iter_rows():
            assert not [cell for cell in row if cell.data_type == "f" or cell.hyperlink], page.title
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert not [name for name in archive.namelist() if b"evil.example" in archive.read(name)]


def test_a_csv_comes_back_as_a_workbook_with_the_errors_in_a_column(enterprise):
    wrong = CONTRACT | {"contract_number": "NC-2", "value": "a million", "client_name": "=1+1"}
    job = enterprise.upload(csv_file("offshore", "contracts", [CONTRACT, wrong]), "合同.csv")
    url = reverse("workbooks:corrected", args=[job.pk])
    page = openpyxl.load_workbook(io.BytesIO(enterprise.client.get(url).content)).active
    assert page.cell(3, 1).value.startswith("Contract value: Write the amount")
    assert page.cell(3, 2).value == "3" and not page.cell(2, 1).value
    inert = [c for row in page.iter_rows() for c in row if c.value == "=1+1"]
    assert inert and inert[0].data_type == "s"


def test_errors_are_listed_by_the_page_and_in_both_languages(enterprise, django_assert_max_num_queries):
    rows = [CONTRACT | {"contract_number": f"NC-{n}", "value": "x"} for n in range(120)]
    job = enterprise.upload(xlsx("offshore", {"contracts": rows}))
    assert job.fault_count == 120
    with django_assert_max_num_queries(14):
        page = enterprise.client.get(job.get_absolute_url(), {"page": "3"}).content.decode()
    assert page.count("Write the amount in digits") == 20
    enterprise.client.cookies["language"] = "zh-hans"
    assert "Write the amount" not in enterprise.client.get(job.get_absolute_url()).content.decode()


def test_queries_do_not_grow_with_the_rows(school, django_assert_max_num_queries):
    classes = [CLASS]
    for count, start in ((5, 1), (60, 100)):
        rows = [trainee(n) for n in range(start, start + count)]
        job = school.upload(xlsx("training", {"classes": classes, "trainees": rows}))
        jobs.confirm(user=school.clerk, job_id=job.pk)
        with django_assert_max_num_queries(110):
            workers.work(job.pk)
    assert Enrolment.objects.count() == 65


def test_the_list_costs_the_same_for_one_import_or_many(enterprise, django_assert_num_queries):
    enterprise.upload(xlsx("offshore", GOOD))
    url = reverse("workbooks:jobs")
    with connection.execute_wrapper(count := Counter()):
        enterprise.client.get(url)
    for _number in range(3):
        enterprise.upload(xlsx("offshore", GOOD))
    with django_assert_num_queries(count.calls):
        enterprise.client.get(url)


class Counter:
    calls = 0

    def __call__(self, execute, *args):
        self.calls += 1
        return execute(*args)


def test_the_progress_is_told(enterprise):
    enterprise.post(xlsx("offshore", GOOD))
    job = ImportJob.objects.get()
    ImportJob.objects.update(
        state="checking",
        scanner="none",
        scanned_at=timezone.now(),
        step="reading",
        percent=50,
        rows_done=40,
        rows_total=80,
    )
    url = reverse("workbooks:progress", args=[job.pk])
    page = enterprise.client.get(url)
    assert 'value="50"' in page.content.decode() and "HX-Refresh" not in page
    workers.work(job.pk)
    assert enterprise.client.get(url)["HX-Refresh"] == "true"


def test_the_parser_is_limited(tmp_path):
    """The process that parses cannot write, and dies of its own limits, not of the machine's."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(xlsx("offshore", GOOD))
    assert look(path, "a.xlsx") == "xlsx"
    parsed = Parsed()
    rows = [row for _sheet, _first, found in batches(path, "xlsx", parsed) for row in found]
    assert len(rows) == 4 and parsed.peak_kb < 512 * 1024


@pytest.mark.parametrize(
    ("does", "code"),
    [
        ("import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 11))\nwhile True: pass", "slow"),
        ("bytearray(600_000_000)", "memory"),
        ("import os; os.abort()", "memory"),
        ("raise SystemExit(1)", "damaged"),
        ("print('{\"sheets\":[', end='')", "damaged"),
    ],
)
def test_a_parser_that_meets_a_limit_or_dies_refuses_the_file(tmp_path, monkeypatch, does, code):
    """The limits are the parser's own; of the ten seconds of processor time only one is waited for."""
    place = str(Path(parsing.__file__).parent)
    script = tmp_path / "child.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {place!r})\nfrom limits import limit\nlimit()\nimport resource\n"
        "assert resource.getrlimit(resource.RLIMIT_CPU) == (10, 11)\n"
        "assert resource.getrlimit(resource.RLIMIT_AS) == (512 << 20, 512 << 20)\n"
        f"try:\n    exec({does!r})\nexcept MemoryError:\n    sys.exit(77)\n"
    )
    monkeypatch.setattr(parsing, "_CHILD", script)
    with pytest.raises(Unreadable) as caught:
        list(batches(tmp_path / "a.xlsx", "xlsx", Parsed()))
    assert caught.value.code == code


def test_the_parser_writes_no_file(tmp_path):
    place = str(Path(parsing.__file__).parent)
    limited = f"import sys; sys.path.insert(0, {place!r}); from limits import limit; limit()\n"
    writes = "with open('x', 'w') as file: file.write('x')"
    done = subprocess.run([sys.executable, "-I", "-c", limited + writes], cwd=tmp_path, capture_output=True)
    assert done.returncode and b"File too large" in done.stderr


def test_a_returned_claim_opens_only_what_was_marked(enterprise):
    enterprise.take_over(
        xlsx("offshore", GOOD | {"receipts": [RECEIPT, RECEIPT | {"bank_reference": "BANK-2"}]})
    )
    receipt = Receipt.objects.get(bank_reference="BANK-1")
    case = enterprise.case
    case.refresh_from_db()
    from unittest import mock

    from casework.reopening import Reopened

    with mock.patch(
        "applications.workbook.reopened", lambda case: Reopened(frozenset({f"lines/{receipt.pk}/amount"}))
    ):
        rows = [RECEIPT | {"amount": 5}, RECEIPT | {"bank_reference": "BANK-2", "amount": 6}]
        rows.append(RECEIPT | {"bank_reference": "BANK-3"})
        job = enterprise.upload(xlsx("offshore", {"receipts": rows}))
        assert [fault[1:3] for fault in said(job)] == [(3, "amount"), (4, "")]


def test_a_claim_with_more_receipts_than_a_page_holds(enterprise):
    """The form shows some, counts all, and saving it leaves the others as they are."""
    receipts = [RECEIPT | {"bank_reference": f"BANK-{n}", "amount": 1000} for n in range(230)]
    enterprise.take_over(xlsx("offshore", {"contracts": [CONTRACT], "receipts": receipts}))
    url = reverse("offshore:claim", args=[enterprise.case.number])
    page = enterprise.client.get(url)
    text = page.content.decode()
    assert len(page.context["formset"].forms) == 100 and "130 further receipts" in text
    assert "230,000.00" in text, "the estimate counts all"
    form = {"version": page.context["version"], "typed_seen": "", "note": "", "receipts-INITIAL_FORMS": "0"}
    for number, row in enumerate(page.context["formset"].forms):
        form |= {f"receipts-{number}-{name}": row[name].value() or "" for name in row.fields}
    form["receipts-TOTAL_FORMS"] = "100"
    form["receipts-0-bank_reference"] = "BANK-229"
    refused = enterprise.client.post(url, form)
    assert refused.status_code == 200 and "claimed already" in refused.content.decode()
    form["receipts-0-bank_reference"] = "BANK-NEW"
    assert enterprise.client.post(url, form).status_code == 302
    assert Receipt.objects.count() == 230 and Receipt.objects.filter(bank_reference="BANK-NEW").exists()
