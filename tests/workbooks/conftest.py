"""Workbooks made on the spot (no binaries are kept), and people who upload them."""

import csv
import io
import shutil
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase
from django.urls import reverse
from django.utils import translation

from accounts.models import Organisation, User
from applications.services import start_claim
from casework.models import Case
from tests import factories
from tests.clients import Client
from workbooks.models import ImportJob
from workbooks.services import workers
from workbooks.sheets import workbook_of
from workbooks.writing.book import build


@pytest.fixture(autouse=True)
def _private(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


SOFFICE = shutil.which("soffice")


CONTRACT = {
    "contract_number": "NC-1",
    "registration_number": "REG-1",
    "name": "Software development",
    "client_name": "Example Client Inc.",
    "client_country": "United States",
    "is_related_party": "no",
    "service_type": "ITO · information technology",
    "sector": "Software",
    "currency": "US dollar",
    "value": 1000000,
    "signed_on": date(2015, 1, 5),
    "starts_on": date(2015, 1, 10),
    "ends_on": date(2016, 12, 31),
}
RECEIPT = {
    "contract": "NC-1",
    "received_on": date(2015, 5, 20),
    "currency": "USD",
    "amount": 250000.5,
    "bank_reference": "BANK-1",
    "declaration_number": "D-1",
}
CLASS = {
    "code": "K-1",
    "name": "Java for outsourcing",
    "sector": "Software",
    "starts_on": date(2015, 3, 1),
    "ends_on": date(2015, 6, 1),
    "hours": 400,
    "customised_for": "",
}


def trainee(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "class_code": "K-1",
        "name": f"Trainee {number}",
        "identity_kind": "Resident identity card",
        "identity": factories.identity_number(number),
        "education": "Bachelor",
        "school": "Example University",
        "student_number": f"2012{number:04d}",
        "consent_on": date(2015, 3, 1),
        "starts_on": "",
        "ends_on": "",
        "certificate_number": f"CERT-{number}",
        "certificate_issued_on": date(2015, 6, 20),
        "employer_code": factories.credit_code(900001),
        "employer_name": "Example Employer",
        "employer_division": "",
        "signed_on": date(2015, 7, 1),
        "contract_starts_on": date(2015, 7, 1),
        "contract_ends_on": date(2016, 7, 1),
        "open_ended": "no",
        "position": "Developer",
        **changes,
    }


Rows = dict[str, list[dict[str, Any]]]


def heads_of(kind: str, sheet: str) -> dict[str, str]:
    return {column.name: str(column.head) for column in workbook_of(kind).sheet(sheet).columns}


def xlsx(kind: str, rows: Rows, *, mark: tuple[str, ...] | None = None, heads: dict | None = None) -> bytes:
    """A workbook with the template's sheets and heads, without its decorations."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"strings_to_formulas": False}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for code, lines in rows.items():
            page = book.add_worksheet(str(workbook_of(kind).sheet(code).name))
            names = heads or heads_of(kind, code)
            page.write_row(0, 0, list(names.values()))
            for number, line in enumerate(lines, start=1):
                for place, name in enumerate(names):
                    value = line.get(name, "")
                    if isinstance(value, date):
                        page.write_datetime(number, place, value, day)
                    elif isinstance(value, str) and value.startswith("=!"):
                        page.write_formula(number, place, "=" + value[2:], None, value[2:])
                    elif value != "":
                        page.write(number, place, value)
        if mark:
            page = book.add_worksheet("_portal")
            page.write_row(0, 0, mark)
            page.hide()
    return target.getvalue()


def filled_template(kind: str, rows: Rows) -> bytes:
    """The portal's own template, filled in by another program."""
    book = openpyxl.load_workbook(io.BytesIO(build(workbook_of(kind))))
    for code, lines in rows.items():
        page = book[str(workbook_of(kind).sheet(code).name)]
        names = [column.name for column in workbook_of(kind).sheet(code).columns]
        for number, line in enumerate(lines, start=3):
            for place, name in enumerate(names, start=2):
                if (value := line.get(name, "")) != "":
                    page.cell(number, place, value)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def csv_file(kind: str, sheet: str, lines: list[dict[str, Any]], encoding: str = "utf-8-sig") -> bytes:
    target = io.StringIO()
    names = heads_of(kind, sheet)
    writer = csv.writer(target)
    writer.writerow(names.values())
    for line in lines:
        writer.writerow([line.get(name, "") for name in names])
    return target.getvalue().encode(encoding)


@dataclass
class Desk:
    """An organisation, its clerk and the clerk's browser."""

    kind: str
    organisation: Organisation
    clerk: User
    client: Client
    case: Case | None = None
    made: list[ImportJob] = field(default_factory=list)

    def post(self, content: bytes, name: str = "rows.xlsx", **data: Any):
        if self.case is not None:
            data.setdefault("case", self.case.number)
        file = SimpleUploadedFile(name, content)
        return self.client.post(reverse("workbooks:upload", args=[self.kind]), {**data, "file": file})

    def upload(self, content: bytes, name: str = "rows.xlsx", **data: Any) -> ImportJob:
        """Upload and check as a worker would."""
        response = self.post(content, name, **data)
        assert response.status_code == 302, response.content.decode()
        job = ImportJob.objects.latest("pk")
        workers.work(job.pk)
        job.refresh_from_db()
        return job

    def confirm(self, job: ImportJob) -> ImportJob:
        self.client.post(reverse("workbooks:confirm", args=[job.pk]))
        with TestCase.captureOnCommitCallbacks(execute=True):
            workers.work(job.pk)
        job.refresh_from_db()
        return job

    def take_over(self, content: bytes, name: str = "rows.xlsx", **data: Any) -> ImportJob:
        job = self.upload(content, name, **data)
        assert job.is_ready, (job.refusal, said(job))
        job = self.confirm(job)
        assert job.state == "done", (job.refusal, said(job))
        return job


def said(job: ImportJob) -> list[tuple[str, int, str, str]]:
    """Every error as (sheet, row, column, English sentence)."""
    return [(f.sheet, f.row, f.column, f.message["en"]) for f in job.faults.all()]


@pytest.fixture
def enterprise(db) -> Desk:
    organisation = factories.OrganisationFactory()
    factories.recognise(organisation)
    clerk = factories.clerk_of(organisation)
    client = Client()
    client.force_login(clerk)
    client.cookies["language"] = "en"
    case = start_claim(user=clerk, organisation=organisation, year=2015)
    return Desk("offshore", organisation, clerk, client, case)


@pytest.fixture
def school(db) -> Desk:
    institution = factories.OrganisationFactory(institution=True)
    factories.recognise(institution)
    clerk = factories.clerk_of(institution)
    client = Client()
    client.force_login(clerk)
    client.cookies["language"] = "en"
    return Desk("training", institution, clerk, client)
