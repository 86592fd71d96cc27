"""100,000 trainee rows, checked and taken over, against three limits and the usual way.

Limits: the same file only read; read and its rows copied unchecked, into one bare table and into the register's own
four tables (with their keys, triggers and indexes). The usual ways (`bench.workbook_peers`): openpyxl, stdnum and
objects, on fewer rows and scaled; into one bare table, and into the tables that ours fills, with the same encryption.
Ours runs as the application's user, as workers do: the database's second wall (decision 38) stands before it.
"""

import os
import resource
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import python_calamine
import xlsxwriter

from bench import workbook_peers as peers
from bench.measure import Clock, Times, ratios, show

ROWS = int(os.environ.get("BENCH_ROWS", "100000"))
TARGETS = {
    "bare read / check and take over": 0.28,
    "usual way, one bare table / check and take over": 7,
    "usual way, the register, saved / check and take over": 7,
}
MOST_MB = 400
PAIRS = (
    *TARGETS,
    "usual way, the register, in bulk / check and take over",
    "copied bare / check",
    "copied bare / check and take over",
    "copied to the register / take over",
    "copied to the register / check and take over",
)
REGISTER = """
CREATE TEMPORARY TABLE bench_rows (class_code text, name text, identity_kind text, identity text, education text,
    school text, student_number text, consent_on text, starts_on text, ends_on text, certificate_number text,
    certificate_issued_on text, employer_code text, employer_name text, employer_division text, signed_on text,
    contract_starts_on text, contract_ends_on text, open_ended text, position text)
"""
#: The same rows, as long and with the same author, into the same four tables: hash and ciphertext are made up, nothing
#: is looked at.
UNCHECKED = (
    """INSERT INTO training_trainee (institution_id, name, identity_kind, identity_encrypted, identity_key,
        identity_masked, education, school, student_number, consent_on, version,
        changed_by_id)
    SELECT %(institution)s, name, 'resident', convert_to(repeat('x', 120), 'UTF8'), 'v0:' || identity,
        left(identity, 6) || '****', 'bachelor',
        school, student_number, consent_on::date, 1, %(user)s FROM bench_rows""",
    """INSERT INTO training_enrolment (training_class_id, trainee_id, starts_on, ends_on, version, changed_by_id)
    SELECT k.id, t.id, k.starts_on, k.ends_on, 1, %(user)s FROM bench_rows b
    JOIN training_trainingclass k ON k.institution_id = %(institution)s AND k.code = b.class_code
    JOIN training_trainee t ON t.institution_id = %(institution)s AND t.identity_key = 'v0:' || b.identity""",
    """CREATE TEMPORARY TABLE bench_places AS SELECT b.*, e.id AS place FROM bench_rows b
    JOIN training_trainee t ON t.institution_id = %(institution)s AND t.identity_key = 'v0:' || b.identity
    JOIN training_enrolment e ON e.trainee_id = t.id""",
    """INSERT INTO training_certificate (enrolment_id, number, issued_on, institution_id)
    SELECT place, certificate_number, certificate_issued_on::date, %(institution)s FROM bench_places""",
    """INSERT INTO training_employer (credit_code, name, division)
    SELECT DISTINCT ON (employer_code) employer_code, employer_name, substr(employer_code, 3, 6) FROM bench_rows
    ON CONFLICT DO NOTHING""",
    """INSERT INTO training_labourcontract (enrolment_id, employer_id, signed_on, starts_on, ends_on, position)
    SELECT place, w.id, signed_on::date, contract_starts_on::date, contract_ends_on::date, b.position
    FROM bench_places b JOIN training_employer w ON w.credit_code = b.employer_code""",
)


def make_file(path: Path) -> None:
    """A workbook as an institution would fill it: ROWS people in 20 classes, 50 employers."""
    from accounts.identifiers import resident_check_digit
    from tests.factories import credit_code
    from workbooks.sheets import workbook_of

    training = workbook_of("training")
    employers = [credit_code(800000 + n) for n in range(50)]
    born = date(1988, 1, 1)
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        page = book.add_worksheet("学员")
        page.write_row(0, 0, [column.head.zh for column in training.sheet("trainees").columns])
        for number in range(ROWS):
            body = f"360102{born + timedelta(days=number // 900):%Y%m%d}{number % 900:03d}"
            page.write_row(
                number + 1,
                0,
                [
                    f"K-{number % 20}", f"学员{number}", "居民身份证", body + resident_check_digit(body), "本科",
                    f"示例大学{number % 30}", f"2012{number:06d}",
                ],
            )  # fmt: skip
            for place, value in ((7, date(2015, 3, 1)), (11, date(2015, 6, 20)), (15, date(2015, 7, number % 28 + 1)),
                                 (16, date(2015, 8, 1)), (17, date(2016, 8, 1))):  # fmt: skip
                page.write_datetime(number + 1, place, value, day)
            page.write_row(number + 1, 10, [f"CERT-{number}"])
            page.write_row(number + 1, 12, [employers[number % 50], f"示例企业{number % 50}"])
            page.write_row(number + 1, 18, ["否", "软件工程师"])


def unchecked(path: Path, institution_id: int, other_id: int, user_id: int) -> Times:
    """Times of reading the file; of copying its rows as they are, too: into a bare table, and on into the register.

    And once more without asking whether what the rows refer to is there: what foreign keys and triggers cost.
    """
    from django.db import connection, transaction

    clock = Clock()
    count = sum(
        1 for _row in python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name("学员").iter_rows()
    )
    read = clock.read()
    assert count == ROWS + 1, count
    clock = Clock()
    sheet = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name("学员")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute("SET LOCAL pgtrigger.ignore = '{}'")  # as the take-over does; triggers are kept
        cursor.execute(REGISTER)
        with cursor.copy("COPY bench_rows FROM STDIN") as copy:
            rows = sheet.iter_rows()
            next(rows)
            for row in rows:
                copy.write_row([str(cell) for cell in row])
        copied = clock.read()
        cursor.execute("ANALYZE bench_rows")
        for statement in UNCHECKED:
            cursor.execute(statement, {"institution": institution_id, "user": user_id})
    written = clock.read()
    clock = Clock()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL work_mem = '64MB'")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DROP TABLE bench_places")
        for statement in UNCHECKED:
            cursor.execute(statement, {"institution": other_id, "user": user_id})
    unasked = clock.read()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_rows, bench_places")
    return {
        "bare read": read,
        "copied bare": copied,
        "copied to the register": written,
        "the same without foreign keys and triggers": _sum(copied, unasked),
    }


def _sum(*times: tuple[float, float]) -> tuple[float, float]:
    wall, used = map(sum, zip(*times, strict=True))
    return wall, used


PEER_ROWS = min(ROWS, int(os.environ.get("BENCH_PEER_ROWS", "5000")))


def checked(path: Path, user, organisation) -> tuple[Any, Times]:
    """What a worker does, and as whom: the dry run, and the pass that takes over, from upload to done; and the job."""
    from accounts import scope
    from workbooks.services import jobs, workers
    from workbooks.sheets import workbook_of

    with path.open("rb") as file:
        job = jobs.upload(
            user=user, workbook=workbook_of("training"), organisation=organisation, case=None,
            name="bench.xlsx", chunks=iter(lambda: file.read(1 << 20), b""),
        )  # fmt: skip
    scope.enter(scope.everything())
    clock = Clock()
    workers.work(job.pk)
    dry = clock.read()
    job.refresh_from_db()
    assert job.is_ready, (job.state, job.refusal, list(job.faults.values_list("row", "message")[:3]))
    jobs.confirm(user=user, job_id=job.pk)
    clock = Clock()
    workers.work(job.pk)
    taken = clock.read()
    job.refresh_from_db()
    assert job.state == "done", (job.state, job.refusal)
    scope.leave()
    return job, {"check": dry, "take over": taken}


def measure() -> dict[str, Any]:
    """Prints the table and the JSON."""
    from tests import factories
    from training.models import Enrolment

    schools = [factories.OrganisationFactory(institution=True) for _ in range(5)]
    clerk = factories.clerk_of(schools[1])
    for school in schools:
        for number in range(20):
            factories.TrainingClassFactory(institution=school, code=f"K-{number}")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "bench.xlsx"
        make_file(path)
        size = path.stat().st_size
        job, times = checked(path, clerk, schools[1])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        count = Enrolment.objects.filter(trainee__institution=schools[1]).count()
        assert count == ROWS, count
        times |= unchecked(path, schools[0].pk, schools[4].pk, clerk.pk)
        usual = {
            "one bare table": peers.bare(path, PEER_ROWS),
            "the register, in bulk": peers.in_bulk(
                path, PEER_ROWS, institution=schools[2], user=clerk, job=job
            ),
            "the register, saved": peers.saved(path, PEER_ROWS, institution=schools[3], user=clerk, job=job),
        }
        times |= {
            f"usual way, {what}": tuple(value / PEER_ROWS * ROWS for value in found)
            for what, found in usual.items()
        }
    times["check and take over"] = _sum(times["check"], times["take over"])
    return show(
        "workbook", ROWS, times, ratios(times, tuple(tuple(pair.split(" / ")) for pair in PAIRS)), targets=TARGETS,
        file_mb=round(size / 1e6, 1), peak_mb={"worker": peak // 1024, "parser": child // 1024},
        peak_target_mb=MOST_MB,
    )  # fmt: skip
