"""Broken workbooks, made on the spot: each is refused with the sentence that names its cause, and changes nothing."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import xlsxwriter
from django.utils import timezone

from accounts.identifiers import resident_check_digit
from applications.models import Contract, Receipt
from tests import factories
from tests.workbooks.conftest import CLASS, CONTRACT, RECEIPT, csv_file, said, trainee, xlsx
from training.models import Trainee, TrainingClass
from workbooks.models import ImportJob, imports_dir
from workbooks.reading.refusals import SENTENCES

GOOD = {"contracts": [CONTRACT], "receipts": [RECEIPT]}
MARK = ("nanchang-portal-template", "offshore", "1")


def good() -> bytes:
    return xlsx("offshore", GOOD)


def zipped(changes: dict[str, bytes | None], content: bytes | None = None) -> bytes:
    """A workbook with some of its parts replaced, added or (None) removed."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content or good())) as source, zipfile.ZipFile(target, "w", 8) as archive:
        for name in source.namelist():
            if name not in changes:
                archive.writestr(name, source.read(name))
        for name, part in changes.items():
            if part is not None:
                archive.writestr(name, part)
    return target.getvalue()


def part(name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(good())) as source:
        return source.read(name)


def ole(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 504 + stream.encode("utf-16-le") + b"\x00" * 512


def ods(content: bytes, manifest: bytes = b"<manifest/>") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", manifest)
    return target.getvalue()


def many_parts() -> bytes:
    return zipped({f"xl/media/{number}.xml": b"<a/>" for number in range(600)})


def encrypted_part() -> bytes:
    """The bit that says so, in the directory at the end of the file."""
    content = bytearray(good())
    at = content.rfind(b"PK\x01\x02")
    content[at + 8] |= 1
    return bytes(content)


def says_too_much() -> bytes:
    """No part packed suspiciously well, by the directory, and 401 MB in the last of them."""
    content = bytearray(good())
    at = content.rfind(b"PK\x01\x02")
    content[at + 20 : at + 28] = (4 << 20).to_bytes(4, "little") + (401 << 20).to_bytes(4, "little")
    return bytes(content)


XXE = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
UTF16_XXE = XXE.decode().encode("utf-16")
FILES: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "nothing in it": ("a.xlsx", lambda: b"", "This file is empty"),
    "another format": ("a.docx", good, "no spreadsheet that the portal reads"),
    "no suffix": ("workbook", good, "no spreadsheet that the portal reads"),
    "a picture": ("a.xlsx", lambda: b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, "no spreadsheet that the portal reads"),
    "a PDF": ("a.xls", lambda: b"%PDF-1.7\n%\xe2\xe3", "no spreadsheet that the portal reads"),
    "a web page": ("a.xls", lambda: b"<html><table><tr><td>1", "no spreadsheet that the portal reads"),
    "a program": ("a.csv", lambda: b"MZ\x90\x00" + b"\x00" * 60, "no spreadsheet that the portal reads"),
    "bytes with NUL": ("a.csv", lambda: b"a,b\x00,c\n", "no spreadsheet that the portal reads"),
    "any zip": ("a.xlsx", lambda: zipped({"xl/workbook.xml": None}), "no spreadsheet that the portal reads"),
    "xlsx called csv": ("a.csv", good, "ends in .csv, but what is inside is .xlsx"),
    "xlsx called ods": ("a.ods", good, "ends in .ods, but what is inside is .xlsx"),
    "cut off": ("a.xlsx", lambda: good()[:-400], "damaged and cannot be opened"),
    "no parts": ("a.xlsx", lambda: b"PK\x03\x04" + b"\x00" * 40, "damaged and cannot be opened"),
    "macros": ("a.xlsx", lambda: zipped({"xl/vbaProject.bin": b"x"}), "contains macros"),
    "macros by name": ("a.xlsm", good, "contains macros"),
    "macros by type": (
        "a.xlsx",
        lambda: zipped(
            {"[Content_Types].xml": part("[Content_Types].xml").replace(b".sheet.main", b".sheet.macroEnabled.main")}
        ),
        "contains macros",
    ),
    "macros in xls": ("a.xls", lambda: ole("_VBA_PROJECT"), "contains macros"),
    "macros in ods": (
        "a.ods",
        lambda: zipped({"Basic/x.xml": b"<x/>"}, ods(b"<office/>")),
        "contains macros",
    ),
    "links to files": (
        "a.xlsx",
        lambda: zipped({"xl/externalLinks/externalLink1.xml": b"<x/>"}),
        "refers to other files",
    ),
    "links in ods": ("a.ods", lambda: ods(b'<a><table:table-source xlink:href="f"/></a>'), "refers to other files"),
    "a password": ("a.xlsx", lambda: ole("EncryptedPackage"), "protected by a password"),
    "a password in zip": ("a.xlsx", encrypted_part, "protected by a password"),
    "a password in ods": ("a.ods", lambda: ods(b"<a/>", b"<m:encryption-data/>"), "protected by a password"),
    "entities": ("a.xlsx", lambda: zipped({"xl/sharedStrings.xml": XXE}), "XML declarations"),
    "entities in UTF-16": ("a.xlsx", lambda: zipped({"xl/styles.xml": UTF16_XXE}), "XML declarations"),
    "entities in ods": ("a.ods", lambda: ods(XXE), "XML declarations"),
    "a bomb": ("a.xlsx", lambda: zipped({"xl/media/x.xml": b"0" * 80_000_000}), "far larger than a spreadsheet"),
    "too much in it": ("a.xlsx", says_too_much, "far larger than a spreadsheet"),
    "many parts": ("a.xlsx", many_parts, "more parts than a spreadsheet"),
    "a path upwards": ("a.xlsx", lambda: zipped({"../../etc/x.xml": b"<x/>"}), "unsafe name"),
    "an absolute path": ("a.xlsx", lambda: zipped({"/etc/x.xml": b"<x/>"}), "unsafe name"),
    "too large": ("a.csv", lambda: b"a,b\n" * (8 * 1024 * 1024), "larger than 30 MB"),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_not_taken(enterprise, case):
    name, make, sentence = FILES[case]
    response = enterprise.post(make(), name)
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert not ImportJob.objects.exists() and not list(imports_dir().glob("*"))


def one_sheet(*rows: list, name: str = "Contracts") -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        page = book.add_worksheet(name)
        for number, row in enumerate(rows):
            page.write_row(number, 0, row)
    return target.getvalue()


def stray_cell(column: str = "M") -> bytes:
    """A good workbook with one cell in the last row of the sheet."""
    content, name = good(), "xl/worksheets/sheet1.xml"
    cell = f'<row r="1048576"><c r="{column}1048576"><v>1</v></c></row></sheetData>'.encode()
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        sheet = source.read(name).replace(b"</sheetData>", cell)
    return zipped({name: sheet}, content)


HEADS = ["Contract number", "Registration certificate number"]
UNREADABLE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "no sheet of ours": ("a.xlsx", lambda: one_sheet(["a", "b"], [1, 2], name="X"), "None of the template's sheets"),
    "an empty sheet": ("a.xlsx", lambda: one_sheet(), "None of the template's sheets"),
    "columns missing": ("a.xlsx", lambda: one_sheet(HEADS), "Sheet Contracts lacks these columns: Contract name"),
    "a column named otherwise": (
        "a.xlsx", lambda: one_sheet([*HEADS, "Title"]), "it does not know these: Title.",
    ),
    "a column twice": ("a.xlsx", lambda: one_sheet([*HEADS, HEADS[0]]), "has the column Contract number twice"),
    "only heads": ("a.xlsx", lambda: xlsx("offshore", {"contracts": []}), "There is no row to read"),
    "an old template": ("a.xlsx", lambda: xlsx("offshore", GOOD, mark=(*MARK[:2], "0")), "version 0 of the template"),
    "another template": (
        "a.xlsx", lambda: xlsx("offshore", GOOD, mark=(MARK[0], "training", "1")), "another template (training)",
    ),
    "many columns": (
        "a.xlsx",
        lambda: one_sheet([*[c.head.en for c in contracts()], *[f"x{n}" for n in range(80)]], ["1"] * 90),
        "more than 60 columns",
    ),
    "a stray cell in the last corner": ("a.xlsx", lambda: stray_cell("XFD"), "needs too much memory"),
    "fifteen million rows": ("a.csv", lambda: b"1\n" * 15_000_000, "None of the template's sheets"),
    "cells that never end": (
        "a.xlsx",
        lambda: zipped({"xl/worksheets/sheet1.xml": b'<c r="A1"' * 110_000 + b'"e"'}),
        "damaged and cannot be opened",
    ),
    "too many rows of training": (
        "a.csv", lambda: csv_file("training", "classes", [CLASS] * 2002), "more than 2000 rows",
    ),
    "a stray cell in the last row": ("a.xlsx", stray_cell, "has something in row 1048576, far below"),
    "broken XML": ("a.xlsx", lambda: zipped({"xl/workbook.xml": b"<workbook><sheets>"}), "damaged"),
    "no xls at all": ("a.xls", lambda: ole("Workbook"), "damaged and cannot be opened"),
    "unknown characters": ("a.csv", lambda: b"\x81\xff\xff\x80,\xff\n" * 9, "characters of this file cannot be read"),
    "csv of something else": ("a.csv", lambda: b"a,b\n1,2\n", "None of the template's sheets"),
}  # fmt: skip


def contracts():
    from workbooks.sheets import workbook_of

    return workbook_of("offshore").sheet("contracts").columns


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_workbook_that_cannot_be_read(enterprise, school, case):
    name, make, sentence = UNREADABLE[case]
    job = (school if "training" in case else enterprise).upload(make(), name)
    assert job.state == "failed" and sentence in job.refusal["en"], (job.state, job.refusal)
    assert re.search("[\u4e00-\u9fff]", job.refusal["zh"])
    reader = school if job.kind == "training" else enterprise
    assert sentence in reader.client.get(job.get_absolute_url()).content.decode().replace("&#x27;", "'")
    assert not Contract.objects.exists()


TOMORROW = timezone.localdate() + timedelta(days=2)
WRONG = factories.identity_number(1)[:-1] + ("0" if factories.identity_number(1)[-1] != "0" else "1")
UNBORN = "360102193002300" + "11"
CELLS: dict[str, tuple[str, dict, str, str]] = {
    # name: (sheet, the row's changes, column, sentence)
    "no number": ("contracts", {"contract_number": ""}, "contract_number", "This field is required"),
    "no such country": ("contracts", {"client_country": "Atlantis"}, "client_country", "Choose a value from the list"),
    "a negative value": ("contracts", {"value": -1}, "value", "cannot be negative"),
    "a value in words": ("contracts", {"value": "a million"}, "value", "Write the amount in digits"),
    "three decimals": ("contracts", {"value": "1.234"}, "value", "At most two decimals"),
    "a decimal comma": ("contracts", {"value": "1.000,50"}, "value", "Write the amount in digits"),
    "30 February": ("contracts", {"signed_on": "2015-02-30"}, "signed_on", "The calendar has no such day"),
    "signed tomorrow": ("contracts", {"signed_on": TOMORROW}, "signed_on", "This day is in the future"),
    "ends before": ("contracts", {"ends_on": date(2014, 1, 1)}, "ends_on", "cannot end before it starts"),
    "too long": ("contracts", {"name": "x" * 201}, "name", "at most 200 characters"),
    "an error in a cell": ("contracts", {"value": "=!#REF!"}, "value", "formula of this cell gives an error"),
    "another year": ("receipts", {"received_on": date(2014, 5, 1)}, "received_on", "This claim is for 2015"),
    "nothing received": ("receipts", {"amount": "0.00"}, "amount", "The amount cannot be zero"),
    "unknown contract": ("receipts", {"contract": "NC-9"}, "contract", "contracts that your enterprise has registered"),
    "no reference": ("receipts", {"bank_reference": ""}, "bank_reference", "reference number on the bank"),
    "digits lost": ("receipts", {"bank_reference": 1234567890123456789}, "bank_reference", "its last digits are lost"),
    "a day for a number": (
        "receipts", {"bank_reference": date(2015, 3, 1)}, "bank_reference", "made a day of this cell",
    ),
    "identity: check digit": ("trainees", {"identity": WRONG}, "identity", "check digit of this identity number"),
    "identity: too short": ("trainees", {"identity": "36010219930215"}, "identity", "17 digits and a last digit or X"),
    "identity: birth": (
        "trainees", {"identity": UNBORN + resident_check_digit(UNBORN)}, "identity", "birth date inside",
    ),
    "identity: a number": ("trainees", {"identity": 360102199302150011}, "identity", "its last digits are lost"),
    "identity: masked": ("trainees", {"identity": "360102********0011"}, "identity", "Write the whole number"),
    "no such class": ("trainees", {"class_code": "K-9"}, "class_code", "No class has this code"),
    "no consent": ("trainees", {"consent_on": ""}, "consent_on", "This field is required"),
    "certificate too old": (
        "trainees", {"certificate_issued_on": date(2015, 5, 1)}, "certificate_issued_on", "older than the end",
    ),
    "certificate without day": (
        "trainees", {"certificate_issued_on": ""}, "certificate_issued_on", "Write the day of issue too",
    ),
    "employer's check digit": (
        "trainees", {"employer_code": "91360102MA00000001"}, "employer_code", "check digit of this Unified Social",
    ),
    "employer without name": (
        "trainees", {"employer_name": ""}, "employer_name", "employer is not known yet",
    ),
    "no such division": (
        "trainees", {"employer_division": "999999"}, "employer_division", "no division with this code",
    ),
    "open-ended with an end": ("trainees", {"open_ended": "yes"}, "contract_ends_on", "it cannot be both"),
    "contract without end": ("trainees", {"contract_ends_on": ""}, "contract_ends_on", "Write the last day"),
    "class ends first": ("classes", {"ends_on": date(2015, 1, 1)}, "ends_on", "cannot be before the first day"),
    "hours in words": ("classes", {"hours": "many"}, "hours", "Enter a whole number"),
}  # fmt: skip


def book_with(sheet: str, changes: dict) -> tuple[str, bytes, int]:
    """A workbook with a good first row and a second one that is wrong; returns its kind and the row's number too."""
    if sheet == "contracts":
        wrong = CONTRACT | {"contract_number": "NC-2"} | changes
        return "offshore", xlsx("offshore", {"contracts": [CONTRACT, wrong]}), 3
    if sheet == "receipts":
        wrong = RECEIPT | {"bank_reference": "BANK-2"} | changes
        return "offshore", xlsx("offshore", {"contracts": [CONTRACT], "receipts": [RECEIPT, wrong]}), 3
    if sheet == "classes":
        wrong = CLASS | {"code": "K-2"} | changes
        return "training", xlsx("training", {"classes": [CLASS, wrong]}), 3
    wrong = trainee(2, **changes)
    if "employer_name" in changes or "employer_division" in changes:
        wrong["employer_code"] = factories.credit_code(900002)
    return "training", xlsx("training", {"classes": [CLASS], "trainees": [trainee(1), wrong]}), 3


@pytest.mark.parametrize("case", CELLS)
def test_a_cell_that_is_wrong(enterprise, school, case):
    sheet, changes, column, sentence = CELLS[case]
    kind, content, row = book_with(sheet, changes)
    desk = enterprise if kind == "offshore" else school
    job = desk.upload(content)
    assert job.state == "checked" and job.fault_count == 1, (job.refusal, said(job))
    (found,) = said(job)
    assert found[:3] == (sheet, row, column) and sentence in found[3], found
    desk.confirm(job)
    assert (
        not Contract.objects.exists() and not Trainee.objects.exists() and not TrainingClass.objects.exists()
    )
    assert factories.identity_number(2) not in str(list(ImportJob.objects.values())) + str(said(job))


def test_rows_that_contradict_each_other(enterprise, school):
    twice = {"contracts": [CONTRACT, CONTRACT], "receipts": [RECEIPT, RECEIPT | {"amount": 5}]}
    job = enterprise.upload(xlsx("offshore", twice))
    assert said(job) == [
        ("contracts", 3, "contract_number", "Row 2 has the same contract number."),
        ("receipts", 3, "bank_reference", "Row 2 has the same bank reference."),
    ]
    rows = [trainee(1), trainee(1), trainee(2, certificate_number="CERT-1")]
    classes = [CLASS, CLASS | {"code": "K-2"}]
    rows.append(trainee(1, name="Another", class_code="K-2", certificate_number="CERT-4"))
    job = school.upload(xlsx("training", {"classes": classes, "trainees": rows}))
    assert [fault[1:3] for fault in said(job)] == [
        (3, "identity"), (3, "certificate_number"), (4, "certificate_number"), (5, "identity"),
    ]  # fmt: skip


def test_a_reference_that_another_claim_holds(enterprise):
    other = factories.OrganisationFactory(name="Somebody Else")
    claim = factories.offshore_draft(other, factories.clerk_of(other)).offshore_claim
    contract = factories.ContractFactory(organisation=other)
    factories.ReceiptFactory(claim=claim, contract=contract, bank_reference="bank-1")
    job = enterprise.upload(xlsx("offshore", GOOD))
    assert said(job) == [
        (
            "receipts", 2, "bank_reference",
            "This bank reference has been claimed already. A payment counts once: check the number on the slip.",
        )
    ]  # fmt: skip
    assert "Somebody Else" not in enterprise.client.get(job.get_absolute_url()).content.decode()
    assert Receipt.objects.count() == 1


def test_receipts_need_a_claim(enterprise):
    job = enterprise.upload(xlsx("offshore", GOOD), case="")
    assert job.state == "failed" and "Choose the claim" in job.refusal["en"]


def test_there_are_enough_of_them():
    """At least 40 different broken workbooks, each with its own cause."""
    assert len(FILES) + len(UNREADABLE) + len(CELLS) >= 80
    files = {make() for _name, make, _sentence in FILES.values()}
    assert len(files) >= 25, "the same bytes under other names are counted once"


def test_every_refusal_is_provoked():
    """Here, or where it takes more than a file: a scanner, a worker that dies, a limit, no claim."""
    said_here = [sentence for _name, _make, sentence in (*FILES.values(), *UNREADABLE.values())]

    def provoked(text: str) -> bool:
        parts = [part.strip(" .") for part in re.split(r"%\(\w+\)s", text)]
        filled = [re.sub(r"%\(\w+\)s", value, text) for value in ("30", "2000", "60", "0", "training")]
        return any(
            any(sentence in whole for whole in filled) or any(len(p) > 7 and p in sentence for p in parts)
            for sentence in said_here
        )

    missing = {code for code, text in SENTENCES.items() if not provoked(str(text))}
    assert missing == {"slow", "infected", "no_scanner", "case", "gone", "died"}
