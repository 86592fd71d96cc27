"""What a check leaves for the take-over, what makes it be read anew, and cancelling in every step until the last."""

import io
import zipfile
from datetime import timedelta

import pytest
from django.test import TestCase
from django.utils import timezone

from audit.services import breaks
from tests import factories
from tests.workbooks.conftest import CLASS, CONTRACT, csv_file, heads_of, said, trainee, xlsx
from training.models import Enrolment, LabourContract, Trainee, TrainingClass
from workbooks import passes
from workbooks.models import ImportJob, SourceRow, imports_dir
from workbooks.services import jobs, workers
from workbooks.services.progress import Teller
from workbooks.sheets import workbook_of, workbooks

ROWS = {"classes": [CLASS], "trainees": [trainee(1), trainee(2, position="a\tb\\c")]}


@pytest.fixture
def readings(monkeypatch) -> list[int]:
    """How often a file was read and judged."""
    read, counted = passes.run, []

    def run(*args):
        counted.append(1)
        return read(*args)

    monkeypatch.setattr("workbooks.passes.run", run)
    return counted


def test_a_take_over_does_not_read_again_and_writes_the_same(school, readings):
    job = school.upload(xlsx("training", ROWS))
    files = sorted(path.name for path in job.kept.iterdir())
    assert job.kept_digest and files == ["changes.json", "numbers", "rows", "said.json"]
    assert {path.stat().st_mode & 0o777 for path in job.kept.iterdir()} == {0o600}
    everything = b"".join(path.read_bytes() for path in job.kept.iterdir())
    assert factories.identity_number(1).encode() not in everything
    job = school.confirm(job)
    assert job.state == "done" and len(readings) == 1 and job.percent == 100
    person = Trainee.objects.get(name="Trainee 2")
    assert person.reveal_identity() == factories.identity_number(2)
    contract = LabourContract.objects.get(enrolment__trainee=person)
    assert contract.position == "a\tb\\c" and contract.employer.name == "Example Employer"
    assert Enrolment.objects.get(trainee=person).certificate.number == "CERT-2"
    assert TrainingClass.objects.get().hours == 400
    assert list(SourceRow.objects.order_by("row").values_list("sheet", "row")) == [
        ("classes", 2),
        ("trainees", 2),
        ("trainees", 3),
    ]
    assert not job.path.exists() and not job.kept.exists() and not list(imports_dir().iterdir())
    assert not list(breaks())


def change_a_class(school, job, monkeypatch):
    TrainingClass.objects.filter(code="K-1").update(ends_on=CLASS["ends_on"] + timedelta(days=1))


def change_a_byte(school, job, monkeypatch):
    content = (job.kept / "rows").read_bytes()
    (job.kept / "rows").write_bytes(content.replace(b"Trainee 1", b"Trainee 9"))


def change_what_was_said(school, job, monkeypatch):
    path = job.kept / "said.json"
    path.write_bytes(path.read_bytes().replace(b"400", b"401"))


def lose_the_numbers(school, job, monkeypatch):
    (job.kept / "numbers").unlink()


def lose_all(school, job, monkeypatch):
    for path in job.kept.iterdir():
        path.unlink()


def another_day(school, job, monkeypatch):
    tomorrow = timezone.localdate() + timedelta(days=1)
    monkeypatch.setattr("training.workbook_rows.timezone.localdate", lambda: tomorrow)


@pytest.mark.parametrize(
    "move", [change_a_class, change_a_byte, change_what_was_said, lose_the_numbers, lose_all, another_day]
)
def test_what_moved_is_read_anew(school, readings, monkeypatch, move):
    factories.TrainingClassFactory(institution=school.organisation, code="K-1")
    job = school.upload(xlsx("training", ROWS))
    move(school, job, monkeypatch)
    job = school.confirm(job)
    assert job.state == "done" and len(readings) == 2
    assert Trainee.objects.filter(name="Trainee 1").exists() and TrainingClass.objects.get().hours == 400
    assert Trainee.objects.get(name="Trainee 1").reveal_identity() == factories.identity_number(1)


def test_a_trainee_who_is_gone_since_the_check_stops_it(school):
    school.take_over(xlsx("training", ROWS))
    changed = trainee(1, name="Renamed", certificate_number="", certificate_issued_on="")
    job = school.upload(xlsx("training", {"trainees": [changed]}))
    gone = Trainee.objects.get(name="Trainee 1")
    Trainee.objects.filter(pk=gone.pk).update(identity_key="v0:somebody-else")
    job = school.confirm(job)
    assert job.state == "checked" and "Nothing was written" in job.refusal["en"]
    assert not Trainee.objects.filter(name="Renamed").exists()


def test_a_renewed_permit_is_the_same_person(school):
    """As on the page: the two digits that count how often a permit was issued tell nobody apart."""
    labels = dict(workbook_of("training").sheet("trainees").by_name["identity_kind"].choices)
    permit = {"identity_kind": str(labels["hk_macao_permit"])}
    school.take_over(
        xlsx("training", {"classes": [CLASS], "trainees": [trainee(1, identity="H1234567801", **permit)]})
    )
    job = school.take_over(xlsx("training", {"trainees": [trainee(1, identity="H1234567802", **permit)]}))
    assert job.summary["trainees"]["unchanged"] == 1 and Trainee.objects.count() == 1


@pytest.mark.parametrize("part", range(8))
def test_cancelled_while_it_is_written(school, monkeypatch, part):
    job = school.upload(xlsx("training", ROWS))
    jobs.confirm(user=school.clerk, job_id=job.pk)
    writing = Teller.writing

    def cancelled(teller, number, parts):
        assert parts == 8
        if number == part:
            ImportJob.objects.filter(pk=job.pk).update(state="cancelled")
        writing(teller, number, parts)

    monkeypatch.setattr(Teller, "writing", cancelled)
    workers.work(job.pk)
    assert not Trainee.objects.exists() and not SourceRow.objects.exists()
    assert not TrainingClass.objects.exists()


def test_cancelled_after_the_last_row(school, monkeypatch):
    """The last moment: everything is written and nothing is committed."""
    job = school.upload(xlsx("training", ROWS))
    jobs.confirm(user=school.clerk, job_id=job.pk)
    monkeypatch.setattr(
        "training.workbook.TrainingIntake._vouch_for_all",
        lambda *args: ImportJob.objects.filter(pk=job.pk).update(state="cancelled"),
    )
    workers.work(job.pk)
    assert not Trainee.objects.exists()


def test_every_step_is_told(school, monkeypatch):
    told = []
    for name in ("_say", "_say_aside"):
        say = getattr(Teller, name)

        def saying(teller, step, percent, *, say=say, **more):
            told.append((teller.job.state, step.value, percent))
            say(teller, step, percent, **more)

        monkeypatch.setattr(Teller, name, saying)
    job = school.take_over(xlsx("training", ROWS))
    assert [each[:2] for each in told[-9:]] == [("importing", "comparing")] + [("importing", "writing")] * 8
    assert {each[:2] for each in told[:-9]} == {("checking", "reading"), ("checking", "comparing")}
    for state in ("checking", "importing"):
        percents = [percent for when, _step, percent in told if when == state]
        assert percents == sorted(percents) and percents[-1] < 100
    with TestCase.captureOnCommitCallbacks(execute=True):
        pass
    assert job.percent == 100


def test_the_short_way_through_a_cell_is_the_fields_way():
    texts = [
        "Plain",
        "  Plain ",
        "示例大学",
        "x" * 121,
        "=1+1",
        "a\nb",
        "a\x00b",
        "ａ",
        " ",
        "1",
        "\ue001",
        "Ｈ１",
    ]
    quick = 0
    for workbook in workbooks():
        for sheet in workbook.sheets:
            for column in sheet.columns:
                for text in texts:
                    if (value := column.quick(text)) is not None:
                        quick += 1
                        assert value == column.clean(text), (column.name, text)
    assert quick > 50


ERRORS = ["#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#名称?", "Err:508"]


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_written_out_in_csv(enterprise, error):
    rows = [CONTRACT, CONTRACT | {"contract_number": "NC-2", "value": error}]
    job = enterprise.upload(csv_file("offshore", "contracts", rows), "a.csv")
    assert [(f[1], f[2]) for f in said(job)] == [(3, "value")] and "gives an error" in said(job)[0][3]


def ods_with_an_error() -> bytes:
    """As LibreOffice writes it: repeated rows and cells before the error, whose text is blank to other readers."""
    heads = heads_of("offshore", "contracts")
    line = CONTRACT | {"client_country": "US", "currency": "USD", "ends_on": ""}

    def text(value) -> str:
        return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'

    def row(cells) -> str:
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    broken = (
        '<table:table-cell table:formula="of:=#REF!" office:value-type="string" office:string-value=""'
        ' calcext:value-type="error"><text:p>#REF!</text:p></table:table-cell>'
    )
    second = [text(line[n]) if n != "ends_on" else broken for n in heads]
    second[0] = text("NC-2")
    blank = '<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="9"/>'
    names = {
        "office": "office", "table": "table", "text": "text",
    }  # fmt: skip
    spaces = " ".join(f'xmlns:{k}="urn:oasis:names:tc:opendocument:xmlns:{v}:1.0"' for k, v in names.items())
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}'
        ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        '<office:body><office:spreadsheet><table:table table:name="Contracts">'
        f"{row(map(text, heads.values()))}{row([text(line[n]) for n in heads])}{blank}</table:table-row>{row(second)}"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return target.getvalue()


def test_an_error_in_ods_is_no_blank(enterprise):
    """Blank would mean an open-ended contract."""
    job = enterprise.upload(ods_with_an_error(), "a.ods")
    assert [f[:3] for f in said(job)] == [("contracts", 6, "ends_on")], (said(job), job.refusal)
    assert "gives an error" in said(job)[0][3]
