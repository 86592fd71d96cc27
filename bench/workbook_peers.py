"""The usual ways with a workbook of trainees: a sheet library, stdnum for the check digits, objects.

Into one bare table, as such portals often keep what they import; and into the register itself, with what it asks for:
class, person with encrypted number and keyed hash, enrolment, certificate, employer, contract, where each came from.
"""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from bench.awards import model
from bench.measure import Clock

SHEET = "学员"
#: What a row says, in the order of the sheet.
HEADS = (
    "class_code", "name", "identity_kind", "identity", "education", "school", "student_number", "consent_on",
    "starts_on", "ends_on", "certificate_number", "certificate_issued_on", "employer_code", "employer_name",
    "employer_division", "signed_on", "contract_starts_on", "contract_ends_on", "open_ended", "position",
)  # fmt: skip
BATCH = 500


def _rows(path: Path, count: int) -> Iterator[dict[str, Any]]:
    """The first rows, their identity numbers checked."""
    import openpyxl
    from stdnum.cn import ric

    page = openpyxl.load_workbook(path, read_only=True, data_only=True)[SHEET]
    for cells in islice(page.iter_rows(min_row=2, values_only=True), count):
        row = dict(zip(HEADS, cells, strict=False))
        try:
            assert ric.is_valid(str(row["identity"]))
        except KeyError:
            pass  # stdnum knows no name for some old divisions
        yield row


def bare(path: Path, count: int) -> tuple[float, float]:
    """Times for so many rows into one table without keys, by bulk_create."""
    from django.db import connection, models

    row_model = model("BenchSheetRow", "bench_rows", {name: models.TextField() for name in HEADS})
    clock = Clock()
    with connection.cursor() as cursor:
        columns = ", ".join(f"{name} text" for name in HEADS)
        cursor.execute(f"CREATE TABLE bench_rows (id bigserial PRIMARY KEY, {columns})")
    rows = [row_model(**{name: str(row.get(name) or "") for name in HEADS}) for row in _rows(path, count)]
    row_model.objects.bulk_create(rows, batch_size=BATCH)
    times = clock.read()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_rows")
    return times


def saved(path: Path, count: int, *, institution, user, job) -> tuple[float, float]:
    """Times for so many rows into the register, each object saved, in one transaction."""
    from django.db import transaction

    clock = Clock()
    with transaction.atomic():
        for number, objects in enumerate(_objects(path, count, institution, user)):
            for one in objects:
                one.save()
            _source(job, number, objects[1]).save()
    return clock.read()


def in_bulk(path: Path, count: int, *, institution, user, job) -> tuple[float, float]:
    """Times for so many rows into the register, each table by bulk_create."""
    from django.db import transaction

    from workbooks.models import SourceRow

    clock = Clock()
    with transaction.atomic():
        rows = list(_objects(path, count, institution, user))
        for objects in zip(*rows, strict=True):  # table by table: people, enrolments, certificates, contracts
            type(objects[0]).objects.bulk_create(objects, batch_size=BATCH)
        SourceRow.objects.bulk_create(
            [_source(job, number, objects[1]) for number, objects in enumerate(rows)], batch_size=BATCH
        )
    return clock.read()


def _objects(path: Path, count: int, institution, user) -> Iterator[tuple[Any, ...]]:
    """Person, enrolment, certificate and contract of each row, not saved."""
    from stdnum.cn import uscc

    from training.models import Certificate, Employer, Enrolment, LabourContract, Trainee

    classes = {one.code: one for one in institution.training_classes.all()}
    employers = {one.credit_code: one for one in Employer.objects.all()}
    for row in _rows(path, count):
        code = row["employer_code"]
        assert uscc.is_valid(code)
        if code not in employers:
            employers[code] = Employer.objects.create(
                credit_code=code, name=row["employer_name"], division=code[2:8]
            )
        place = classes[row["class_code"]]
        person = Trainee(
            institution=institution, name=row["name"], identity_kind="resident", education="bachelor",
            school=row["school"], student_number=row["student_number"], consent_on=_day(row["consent_on"]),
            changed_by=user,
        )  # fmt: skip
        person.set_identity(row["identity"])
        enrolment = Enrolment(
            training_class=place,
            trainee=person,
            starts_on=place.starts_on,
            ends_on=place.ends_on,
            changed_by=user,
        )
        certificate = Certificate(
            enrolment=enrolment, number=row["certificate_number"], institution=institution,
            issued_on=_day(row["certificate_issued_on"]),
        )  # fmt: skip
        contract = LabourContract(
            enrolment=enrolment, employer=employers[code], signed_on=_day(row["signed_on"]),
            starts_on=_day(row["contract_starts_on"]), ends_on=_day(row["contract_ends_on"]),
            position=row["position"],
        )  # fmt: skip
        yield person, enrolment, certificate, contract


def _day(cell: date | datetime) -> date:
    return cell.date() if isinstance(cell, datetime) else cell


def _source(job, number: int, enrolment):
    from workbooks.models import SourceRow

    return SourceRow(
        job=job, sheet="trainees", row=number + 2, model=enrolment._meta.label_lower,
        object_id=enrolment.pk, effect="added",
    )  # fmt: skip
