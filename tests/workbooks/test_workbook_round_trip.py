"""From the template to the register: what is added, changed, unchanged; the same file twice; other programs' files."""

import io
import shutil
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.urls import reverse

from applications.models import Contract, Receipt
from audit.models import Record
from audit.services import breaks
from tests import factories
from tests.workbooks.conftest import (
    CLASS,
    CONTRACT,
    RECEIPT,
    SOFFICE,
    csv_file,
    filled_template,
    said,
    trainee,
    xlsx,
)
from training.models import Certificate, Employer, Enrolment, LabourContract, Trainee
from workbooks.models import SourceRow
from workbooks.sheets import workbook_of
from workbooks.writing.book import build

OFFSHORE = {"contracts": [CONTRACT], "receipts": [RECEIPT]}


def test_contracts_and_receipts_from_the_template(enterprise):
    content = filled_template("offshore", OFFSHORE)
    job = enterprise.upload(content)
    assert job.state == "checked" and not said(job)
    assert job.summary == {
        "contracts": {"added": 1, "changed": 0, "unchanged": 0},
        "receipts": {"added": 1, "changed": 0, "unchanged": 0},
    }
    assert not Contract.objects.exists(), "a dry run writes nothing"
    page = enterprise.client.get(job.get_absolute_url()).content.decode()
    assert "Take over 2 records" in page
    job = enterprise.confirm(job)
    assert job.state == "done" and not job.path.exists()
    contract = Contract.objects.get()
    assert (contract.contract_number, contract.client_country, contract.service_type) == ("NC-1", "US", "ito")
    assert (contract.value, contract.signed_on) == (Decimal("1000000.00"), date(2015, 1, 5))
    receipt = Receipt.objects.get()
    assert (receipt.amount, receipt.bank_reference, receipt.currency) == (
        Decimal("250000.50"),
        "BANK-1",
        "USD",
    )
    source = SourceRow.objects.get(model="applications.receipt", object_id=receipt.pk)
    assert (source.job, source.sheet, source.row, source.effect) == (job, "receipts", 3, "added")
    record = Record.objects.get(action="offshore.claim_imported")
    assert record.data["added"] == 1 and record.data["file"] == job.sha256
    assert not list(breaks())


def test_the_same_file_twice_changes_nothing(enterprise):
    content = filled_template("offshore", OFFSHORE)
    enterprise.take_over(content)
    before = list(Contract.objects.values()), list(Receipt.objects.values()), Record.objects.count()
    job = enterprise.take_over(content)
    assert job.summary["receipts"] == {"added": 0, "changed": 0, "unchanged": 1}
    assert not SourceRow.objects.filter(job=job).exists()
    assert before == (list(Contract.objects.values()), list(Receipt.objects.values()), Record.objects.count())


def test_a_changed_row_changes_its_record_and_nothing_else(enterprise):
    enterprise.take_over(xlsx("offshore", OFFSHORE))
    changed = {"contracts": [CONTRACT], "receipts": [RECEIPT | {"amount": 7, "bank_reference": "bank - 1"}]}
    job = enterprise.take_over(xlsx("offshore", changed | {"receipts": [RECEIPT | {"amount": 7}]}))
    assert job.summary["contracts"]["unchanged"] == job.summary["receipts"]["changed"] == 1
    assert Receipt.objects.get().amount == 7 and Contract.objects.get().version == 1


def test_what_is_exported_comes_back_unchanged(enterprise, school):
    enterprise.take_over(xlsx("offshore", OFFSHORE))
    url = reverse("workbooks:export", args=["offshore"])
    content = enterprise.client.get(url, {"case": enterprise.case.number}).getvalue()
    job = enterprise.take_over(content)
    assert [counts["unchanged"] for counts in job.summary.values()] == [1, 1]
    rows = {"classes": [CLASS], "trainees": [trainee(1), trainee(2)]}
    school.take_over(xlsx("training", rows))
    content = school.client.get(reverse("workbooks:export", args=["training"])).getvalue()
    text = str([[c.value for c in row] for row in openpyxl.load_workbook(io.BytesIO(content))["Trainees"]])
    assert factories.identity_number(1) not in text and "360102********" in text
    job = school.take_over(content)
    assert [counts["unchanged"] for counts in job.summary.values()] == [1, 2]


def test_trainees_with_certificates_contracts_and_employers(school):
    content = filled_template("training", {"classes": [CLASS], "trainees": [trainee(1), trainee(2)]})
    job = school.take_over(content)
    assert job.summary["trainees"] == {"added": 2, "changed": 0, "unchanged": 0}
    person = Trainee.objects.get(name="Trainee 1")
    assert person.reveal_identity() == factories.identity_number(1)
    enrolment = Enrolment.objects.get(trainee=person)
    assert (enrolment.starts_on, enrolment.ends_on) == (date(2015, 3, 1), date(2015, 6, 1))
    assert enrolment.certificate.number == "CERT-1"
    assert enrolment.labour_contract.employer.name == "Example Employer"
    assert Employer.objects.count() == 1
    assert SourceRow.objects.filter(model="training.enrolment").count() == 2
    again = school.take_over(content)
    assert again.summary["trainees"]["unchanged"] == 2
    assert not SourceRow.objects.filter(job=again).exists()
    rows = [trainee(1, position="Tester"), trainee(2, name="Renamed", certificate_number="CERT-9")]
    job = school.take_over(xlsx("training", {"trainees": rows}))
    assert job.summary["trainees"]["changed"] == 2
    assert LabourContract.objects.get(enrolment=enrolment).position == "Tester"
    assert Trainee.objects.get(name="Renamed").version == 2
    assert Certificate.objects.filter(number="CERT-9").exists() and Certificate.objects.count() == 2
    assert not list(breaks())


def test_empty_cells_remove_nothing(school):
    school.take_over(xlsx("training", {"classes": [CLASS], "trainees": [trainee(1)]}))
    blank = dict.fromkeys(
        name for name in trainee() if name.startswith(("cert", "empl", "contract_", "signed"))
    )
    bare = {**trainee(1, position="", open_ended=""), **dict.fromkeys(blank, "")}
    job = school.take_over(xlsx("training", {"trainees": [bare]}))
    assert job.summary["trainees"]["unchanged"] == 1
    assert Certificate.objects.count() == LabourContract.objects.count() == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_csv_in_every_encoding(enterprise, encoding):
    row = CONTRACT | {"name": "软件开发—外包", "signed_on": "2015年1月5日", "value": "1,000,000.00"}
    enterprise.take_over(csv_file("offshore", "contracts", [row], encoding), "合同.csv")
    contract = Contract.objects.get()
    assert contract.name == "软件开发—外包" and contract.value == 1000000


def test_heads_in_either_language_in_any_order(enterprise):
    sheet = workbook_of("offshore").sheet("contracts")
    heads = {c.name: c.head.zh for c in reversed(sheet.columns)}
    row = CONTRACT | {"client_country": "美国", "sector": "软件", "service_type": "ITO"}
    enterprise.take_over(xlsx("offshore", {"contracts": [row]}, heads=heads))
    assert Contract.objects.get().sector == "software"


def test_blank_rows_stray_formulas_and_examples_are_no_errors(enterprise):
    blank = dict.fromkeys(CONTRACT, "")
    rows = [
        CONTRACT,
        blank,
        blank | {"value": "=!#REF!", "name": "   "},
        blank | {"value": 0, "currency": "US dollar", "is_related_party": "no"},
        CONTRACT | {"contract_number": "NC-2", "registration_number": "REG-2"},
        blank,
    ]
    job = enterprise.take_over(xlsx("offshore", {"contracts": rows}))
    assert job.summary["contracts"]["added"] == 2


def test_cells_that_look_like_formulas_go_out_as_text(enterprise):
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "＝1+1"]
    for number, name in enumerate(names):
        factories.ContractFactory(
            organisation=enterprise.organisation, name=name, contract_number=f"={number}", client_name=name
        )
    content = enterprise.client.get(reverse("workbooks:export", args=["offshore"])).getvalue()
    page = openpyxl.load_workbook(io.BytesIO(content))["Contracts"]
    cells = [cell for row in page.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s", "n", "d"}
    numbers = [row[1] for row in page.iter_rows(min_row=2)]
    assert all(cell.number_format == "@" and cell.data_type == "s" for cell in numbers)


def test_the_template_has_lists_formats_examples_and_instructions():
    book = openpyxl.load_workbook(io.BytesIO(build(workbook_of("training"))))
    assert book["_lists"].sheet_state == book["_portal"].sheet_state == "hidden"
    page = book["Trainees"]
    lists = page.data_validations.dataValidation
    assert {str(rule.sqref)[0] for rule in lists} and all("_lists" in rule.formula1 for rule in lists)
    identity = next(cell for cell in page[1] if str(cell.value).startswith("Identity number"))
    assert page.column_dimensions[identity.column_letter].width > 20
    assert page.cell(2, identity.column).number_format == "@"
    text = str([[c.value for c in row] for row in book["说明 Instructions"]])
    assert "必填" in text and "required" in text


needs_office = pytest.mark.skipif(
    not SOFFICE, reason="no LibreOffice on this machine (apt-get install libreoffice-calc-nogui)"
)


def saved_by_libreoffice(content: bytes, how: str, directory: Path) -> dict[str, bytes]:
    """What LibreOffice makes of an xlsx, by file name; `how` names format and filter as `--convert-to` wants it."""
    source, out = directory / "filled.xlsx", directory / "out"
    shutil.rmtree(out, ignore_errors=True)
    source.write_bytes(content)
    profile = f"-env:UserInstallation=file://{directory}/profile"
    command = [SOFFICE, profile, "--headless", "--convert-to", how, "--outdir", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return {path.name: path.read_bytes() for path in out.iterdir()}


@needs_office
@pytest.mark.parametrize("suffix", ["xlsx", "xls", "ods"])
def test_libreoffice_saves_the_template_in_every_format(enterprise, school, tmp_path, suffix):
    for desk, rows in ((enterprise, OFFSHORE), (school, {"classes": [CLASS], "trainees": [trainee(1)]})):
        saved = saved_by_libreoffice(filled_template(desk.kind, rows), suffix, tmp_path)
        desk.take_over(saved[f"filled.{suffix}"], f"saved.{suffix}")
    assert Receipt.objects.get().amount == Decimal("250000.50")
    assert Trainee.objects.get().reveal_identity() == factories.identity_number(1)
    assert Enrolment.objects.get().labour_contract.signed_on == date(2015, 7, 1)


#: Character sets of LibreOffice's CSV filter, by its numbers.
UTF_8, GB_18030 = 76, 85


@needs_office
@pytest.mark.parametrize("characters", [UTF_8, GB_18030])
def test_libreoffice_saves_each_sheet_as_csv(enterprise, school, tmp_path, characters):
    how = f"csv:Text - txt - csv (StarCalc):44,34,{characters},1,,0,false,true,false,false,false,-1"
    named = {"classes": [CLASS | {"name": "软件外包实训"}], "trainees": [trainee(1, name="示例学员")]}
    contract = CONTRACT | {"name": "软件开发"}
    for desk, rows in ((enterprise, {"contracts": [contract], "receipts": [RECEIPT]}), (school, named)):
        saved = saved_by_libreoffice(filled_template(desk.kind, rows), how, tmp_path)
        for code in rows:
            content = saved[f"filled-{workbook_of(desk.kind).sheet(code).name}.csv"]
            text = content.decode({UTF_8: "utf-8", GB_18030: "gb18030"}[characters])
            assert code not in ("contracts", "classes") or "软件" in text
            desk.take_over(content, f"{code}.csv")
    assert Receipt.objects.get().amount == Decimal("250000.50") and Contract.objects.get().name == "软件开发"
    person = Trainee.objects.get()
    assert person.name == "示例学员" and person.reveal_identity() == factories.identity_number(1)
    assert Enrolment.objects.get().labour_contract.signed_on == date(2015, 7, 1)
