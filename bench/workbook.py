"""100,000 trainee rows: read and copied unchecked, against checked, and against checked and taken over.

`make bench` prints a table and JSON. The ratios within one run count; the seconds are the machine's.
"""

import json
import os
import resource
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import python_calamine
import xlsxwriter

ROWS = int(os.environ.get("BENCH_ROWS", "100000"))
REGISTER = """
CREATE TEMPORARY TABLE bench_rows (class_code text, name text, identity_kind text, identity text, education text,
    school text, student_number text, consent_on text, starts_on text, ends_on text, certificate_number text,
    certificate_issued_on text, employer_code text, employer_name text, employer_division text, signed_on text,
    contract_starts_on text, contract_ends_on text, open_ended text, position text)
"""
#: The same rows into the same four tables, as they stand: hash and ciphertext are made up, nothing is looked at.
UNCHECKED = (
    """INSERT INTO training_trainee (institution_id, name, identity_kind, identity_encrypted, identity_key,
        identity_masked, education, school, student_number, consent_on, version)
    SELECT %(institution)s, name, 'resident', '\\x00', 'v0:' || identity, left(identity, 6) || '****', 'bachelor',
        school, student_number, consent_on::date, 1 FROM bench_rows""",
    """INSERT INTO training_enrolment (training_class_id, trainee_id, starts_on, ends_on, version)
    SELECT k.id, t.id, k.starts_on, k.ends_on, 1 FROM bench_rows b
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


def unchecked(path: Path, institution_id: int) -> tuple[float, float]:
    """Seconds of reading the file and copying its rows as they are: into a bare table, and on into the register."""
    from django.db import connection, transaction

    begin = time.perf_counter()
    sheet = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name("学员")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL pgtrigger.ignore = '{}'")  # as the take-over does; triggers are kept
        cursor.execute(REGISTER)
        with cursor.copy("COPY bench_rows FROM STDIN") as copy:
            rows = sheet.iter_rows()
            next(rows)
            for row in rows:
                copy.write_row([str(cell) for cell in row])
        copied = time.perf_counter() - begin
        cursor.execute("ANALYZE bench_rows")
        for statement in UNCHECKED:
            cursor.execute(statement, {"institution": institution_id})
    written = time.perf_counter() - begin
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_rows, bench_places")
    return copied, written


def checked(path: Path, user, organisation) -> dict:
    """What a worker does: the dry run, and the pass that takes over, from upload to done."""
    from workbooks.services import jobs, workers
    from workbooks.sheets import workbook_of

    with path.open("rb") as file:
        job = jobs.upload(
            user=user, workbook=workbook_of("training"), organisation=organisation, case=None,
            name="bench.xlsx", chunks=iter(lambda: file.read(1 << 20), b""),
        )  # fmt: skip
    begin = time.perf_counter()
    workers.work(job.pk)
    dry = time.perf_counter() - begin
    job.refresh_from_db()
    assert job.is_ready, (job.state, job.refusal, list(job.faults.values_list("row", "message")[:3]))
    jobs.confirm(user=user, job_id=job.pk)
    begin = time.perf_counter()
    workers.work(job.pk)
    taken = time.perf_counter() - begin
    job.refresh_from_db()
    assert job.state == "done", (job.state, job.refusal)
    return {"check": dry, "take_over": taken}


def measure() -> dict:
    from tests import factories
    from training.models import Enrolment

    schools = [factories.OrganisationFactory(institution=True) for _ in range(2)]
    clerk = factories.clerk_of(schools[1])
    for school in schools:
        for number in range(20):
            factories.TrainingClassFactory(institution=school, code=f"K-{number}")
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "bench.xlsx"
        make_file(path)
        size = path.stat().st_size
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds = checked(path, clerk, schools[1])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        count = Enrolment.objects.filter(trainee__institution=schools[1]).count()
        assert count == ROWS, count
        copied, written = unchecked(path, schools[0].pk)
    return {
        "rows": ROWS,
        "file_mb": round(size / 1e6, 1),
        "seconds": {"copied_bare": copied, "copied_to_register": written, **seconds},
        "microseconds_a_row": {
            name: round(value / ROWS * 1e6, 1)
            for name, value in {"copied_bare": copied, "copied_to_register": written, **seconds}.items()
        },
        "ratios": {
            "check / bare copy": round(copied / seconds["check"], 2),
            "take over / bare copy": round(copied / seconds["take_over"], 2),
            "take over / copy to the register": round(written / seconds["take_over"], 2),
        },
        "peak_mb": {"before": own // 1024, "worker": peak // 1024, "parser": child // 1024},
    }


def show(result: dict) -> None:
    print(f"{result['rows']:,} rows, {result['file_mb']} MB")
    for name, value in result["seconds"].items():
        print(f"  {name:<34}{value:8.2f} s {result['microseconds_a_row'][name]:8.1f} us/row")
    for name, value in result["ratios"].items():
        print(f"  {name:<34}{value:8.2f}")
    print(f"  peak: worker {result['peak_mb']['worker']} MB, parser {result['peak_mb']['parser']} MB")
    print(json.dumps({"workbook": result}))


def main() -> None:
    """Runs on engines and a database of its own, gone afterwards."""
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "nanchang_portal.settings.test"
    from nanchang_portal import embedded

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    with embedded.running(settings.DATA_DIR, "the bench", database=True, broker=True):
        call_command("migrate", verbosity=0)
        show(measure())


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from nanchang_portal.launcher.messages import compile_messages

    compile_messages()
    main()
