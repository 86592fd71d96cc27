"""The stage of one training workbook: rows go in by COPY, are compared with the register and written in few statements.

A temporary table of this connection: no other session sees it, and it is gone with the worker.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.db import connection

from workbooks.enums import Effect
from workbooks.models import imports_dir

_COLUMNS = (
    "identity_kind",
    "name",
    "education",
    "school",
    "student_number",
    "consent_on",
    "class_code",
    "starts_on",
    "ends_on",
    "certificate_number",
    "certificate_issued_on",
    "employer_code",
    "signed_on",
    "contract_starts_on",
    "contract_ends_on",
    "position",
)
_TYPES = {name: "date" for name in _COLUMNS if name.endswith("_on")}
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_BATCH = 5000
_PIECE = 1 << 18
_REMEMBERED = 20_000
_cells = itemgetter(*_COLUMNS)
_STAGED = ", ".join(("row_no", "identity_key", "identity_masked", *_COLUMNS))

_COMPARE = """
CREATE TEMPORARY TABLE workbook_plan AS
SELECT s.row_no, s.identity_key, t.id AS trainee_id, e.id AS enrolment_id, k.id AS class_id,
    coalesce(s.starts_on, e.starts_on, k.starts_on) AS starts_on,
    coalesce(s.ends_on, e.ends_on, k.ends_on) AS ends_on,
    t.id IS NOT NULL AND (t.name, t.identity_kind, t.education, t.school, t.student_number, t.consent_on)
        IS DISTINCT FROM (s.name, s.identity_kind, s.education, s.school, s.student_number, s.consent_on)
        AS person_changed,
    e.id IS NOT NULL AND (e.starts_on, e.ends_on) IS DISTINCT FROM
        (coalesce(s.starts_on, e.starts_on), coalesce(s.ends_on, e.ends_on)) AS days_changed,
    s.certificate_number <> '' AND (c.number, c.issued_on)
        IS DISTINCT FROM (s.certificate_number, s.certificate_issued_on) AS certificate_changed,
    s.employer_code <> '' AND (w.credit_code, l.signed_on, l.starts_on, l.ends_on, l.position)
        IS DISTINCT FROM (s.employer_code, s.signed_on, s.contract_starts_on, s.contract_ends_on, s.position)
        AS contract_changed,
    c.issued_on AS certificate_now
FROM workbook_stage s
LEFT JOIN workbook_classes k ON k.code = s.class_code
LEFT JOIN training_trainee t ON t.institution_id = %(institution)s AND t.identity_key = s.identity_key
LEFT JOIN training_enrolment e ON e.training_class_id = k.id AND e.trainee_id = t.id
LEFT JOIN training_certificate c ON c.enrolment_id = e.id
LEFT JOIN training_labourcontract l ON l.enrolment_id = e.id
LEFT JOIN training_employer w ON w.id = l.employer_id
"""
# What the first changed rows say, and what the register says now; of a part that does not change, nothing.
_CHANGED_ROWS = """
SELECT p.row_no, s.class_code, t.name, t.identity_masked,
    t.name, s.name, t.identity_kind, s.identity_kind, t.education, s.education, t.school, s.school,
    t.student_number, s.student_number, t.consent_on, s.consent_on,
    e.starts_on, p.starts_on, e.ends_on, p.ends_on,
    c.number, CASE WHEN certificate_changed THEN s.certificate_number ELSE c.number END,
    c.issued_on, CASE WHEN certificate_changed THEN s.certificate_issued_on ELSE c.issued_on END,
    w.credit_code, CASE WHEN contract_changed THEN s.employer_code ELSE w.credit_code END,
    l.signed_on, CASE WHEN contract_changed THEN s.signed_on ELSE l.signed_on END,
    l.starts_on, CASE WHEN contract_changed THEN s.contract_starts_on ELSE l.starts_on END,
    l.ends_on, CASE WHEN contract_changed THEN s.contract_ends_on ELSE l.ends_on END,
    l.position, CASE WHEN contract_changed THEN s.position ELSE l.position END
FROM (SELECT * FROM workbook_plan WHERE enrolment_id IS NOT NULL AND {changed} ORDER BY row_no LIMIT {limit}) p
JOIN workbook_stage s USING (row_no)
JOIN training_trainee t ON t.id = p.trainee_id
JOIN training_enrolment e ON e.id = p.enrolment_id
LEFT JOIN training_certificate c ON c.enrolment_id = e.id
LEFT JOIN training_labourcontract l ON l.enrolment_id = e.id
LEFT JOIN training_employer w ON w.id = l.employer_id
ORDER BY p.row_no
"""
#: The columns of the pairs above, in their order.
_COMPARED = (
    *("name", "identity_kind", "education", "school", "student_number", "consent_on", "starts_on", "ends_on"),
    *("certificate_number", "certificate_issued_on", "employer_code", "signed_on", "contract_starts_on"),
    *("contract_ends_on", "position"),
)
_CHANGED = "(person_changed OR days_changed OR certificate_changed OR contract_changed)"
_EFFECT = f"""CASE WHEN enrolment_id IS NULL THEN '{Effect.ADDED.value}'
    WHEN {_CHANGED} THEN '{Effect.CHANGED.value}' ELSE '{Effect.UNCHANGED.value}' END"""

# Numbers are given out first, so that later statements join what is staged and not the register's large tables.
_PEOPLE = """
CREATE TEMPORARY TABLE workbook_people AS
SELECT identity_key, first_row, nextval('training_trainee_id_seq') AS person_id
FROM (SELECT identity_key, min(row_no) AS first_row FROM workbook_plan WHERE trainee_id IS NULL GROUP BY 1) AS new
"""
_NEW_PEOPLE = """
INSERT INTO training_trainee (id, institution_id, name, identity_kind, identity_encrypted, identity_key,
    identity_masked, education, school, student_number, consent_on, version, changed_by_id)
SELECT n.person_id, %(institution)s, s.name, s.identity_kind, x.encrypted, s.identity_key, s.identity_masked,
    s.education, s.school, s.student_number, s.consent_on, 1, %(user)s
FROM workbook_people n
JOIN workbook_stage s ON s.row_no = n.first_row
JOIN workbook_encrypted x ON x.identity_key = n.identity_key
"""
_CHANGED_PEOPLE = """
UPDATE training_trainee t SET name = s.name, identity_kind = s.identity_kind, education = s.education,
    school = s.school, student_number = s.student_number, consent_on = s.consent_on, version = t.version + 1,
    changed_by_id = %(user)s, changed_at = statement_timestamp()
FROM (SELECT DISTINCT ON (p.trainee_id) p.trainee_id, s.* FROM workbook_plan p JOIN workbook_stage s USING (row_no)
    WHERE p.person_changed ORDER BY p.trainee_id, row_no) s
WHERE t.id = s.trainee_id
"""
_PLACES = """
CREATE TEMPORARY TABLE workbook_places AS
SELECT p.row_no, k.id AS class_id, coalesce(p.trainee_id, n.person_id) AS person_id, p.enrolment_id IS NULL AS is_new,
    coalesce(p.enrolment_id, nextval('training_enrolment_id_seq')) AS place_id
FROM workbook_plan p
JOIN workbook_stage s ON s.row_no = p.row_no
JOIN training_trainingclass k ON k.institution_id = %(institution)s AND k.code = s.class_code
LEFT JOIN workbook_people n ON n.identity_key = p.identity_key
WHERE p.enrolment_id IS NULL OR person_changed OR days_changed OR certificate_changed OR contract_changed
"""
_NEW_ENROLMENTS = """
INSERT INTO training_enrolment (id, training_class_id, trainee_id, starts_on, ends_on, version, changed_by_id)
SELECT a.place_id, a.class_id, a.person_id, p.starts_on, p.ends_on, 1, %(user)s
FROM workbook_places a JOIN workbook_plan p USING (row_no)
WHERE a.is_new
"""
_CHANGED_ENROLMENTS = """
UPDATE training_enrolment e SET starts_on = p.starts_on, ends_on = p.ends_on, version = e.version + 1,
    changed_by_id = %(user)s, changed_at = statement_timestamp()
FROM workbook_plan p
WHERE e.id = p.enrolment_id AND (p.days_changed OR p.certificate_changed OR p.contract_changed)
"""
_CERTIFICATES = """
INSERT INTO training_certificate (enrolment_id, number, issued_on, institution_id)
SELECT a.place_id, s.certificate_number, s.certificate_issued_on, %(institution)s
FROM workbook_plan p JOIN workbook_stage s USING (row_no) JOIN workbook_places a USING (row_no)
WHERE p.certificate_changed
ON CONFLICT (enrolment_id) DO UPDATE SET number = EXCLUDED.number, issued_on = EXCLUDED.issued_on
"""
_CONTRACTS = """
INSERT INTO training_labourcontract (enrolment_id, employer_id, signed_on, starts_on, ends_on, position)
SELECT a.place_id, w.id, s.signed_on, s.contract_starts_on, s.contract_ends_on, s.position
FROM workbook_plan p JOIN workbook_stage s USING (row_no) JOIN workbook_places a USING (row_no)
JOIN training_employer w ON w.credit_code = s.employer_code
WHERE p.contract_changed
ON CONFLICT (enrolment_id) DO UPDATE SET employer_id = EXCLUDED.employer_id, signed_on = EXCLUDED.signed_on,
    starts_on = EXCLUDED.starts_on, ends_on = EXCLUDED.ends_on, position = EXCLUDED.position
"""
_SOURCES = f"""
INSERT INTO workbooks_sourcerow (job_id, sheet, row, model, object_id, effect)
SELECT %(job)s, %(sheet)s, p.row_no, %(model)s, a.place_id, {_EFFECT}
FROM workbook_places a JOIN workbook_plan p USING (row_no)
ORDER BY p.row_no
"""


class Stage:
    """Rows of one file and their comparison. `close` drops the tables."""

    def __init__(self, institution_id: int) -> None:
        self.institution_id, self.rows = institution_id, 0
        self._lines: list[bytes] = []
        #: The staged rows once more, without a name in the folder of the workbooks: gone with this process.
        self._spool = tempfile.TemporaryFile(dir=imports_dir())  # noqa: SIM115  (closed by `close`)
        self._texts: dict[Any, str] = {}
        self._drop()
        self.clear()

    def clear(self) -> None:
        """An empty stage."""
        columns = ", ".join(f"{name} {_TYPES.get(name, 'text')}" for name in _COLUMNS)
        self._run("DROP TABLE IF EXISTS workbook_stage")
        self._run(
            f"CREATE TEMPORARY TABLE workbook_stage (row_no integer NOT NULL, identity_key text NOT NULL,"
            f" identity_masked text, {columns})"
        )
        self.rows = 0

    def add(self, row: int, key: str, masked: str, values: Mapping[str, Any]) -> bytes:
        """Stage one row; returns it as it stands in the stage."""
        values = _cells(values)
        cells = list(map(self._texts.get, values))
        if None in cells:
            for place, cell in enumerate(cells):
                if cell is None:
                    cells[place] = self._copied(values[place])
        line = "\t".join((str(row), key, masked, *cells)).encode()
        self._lines.append(line)
        self.rows += 1
        if len(self._lines) >= _BATCH:
            self._flush()
        return line

    def _copied(self, value: Any) -> str:
        """A value in COPY's text format; most repeat."""
        if value is None:
            text = "\\N"
        elif type(value) is str:
            text = value if value.isalnum() else value.translate(_ESCAPES)
        else:
            text = value.isoformat()
        if len(self._texts) < _REMEMBERED:
            self._texts[value] = text
        return text

    def _flush(self) -> None:
        if not self._lines:
            return
        piece = b"\n".join(self._lines) + b"\n"
        with self._copying() as copy:
            copy.write(piece)
        self._spool.write(piece)
        self._lines = []

    @contextmanager
    def _copying(self, what: str = f"workbook_stage ({_STAGED}) FROM STDIN") -> Iterator[Any]:
        with connection.cursor() as cursor, cursor.copy(f"COPY {what}") as copy:
            yield copy

    def copied_out(self) -> Iterator[bytes]:
        """The staged rows, as `copy_in` reads them."""
        self._flush()
        self._spool.seek(0)
        while piece := self._spool.read(_PIECE):
            yield piece

    def copy_in(self, path: Path) -> str:
        """Fill the stage with what `copied_out` gave; returns the SHA-256 of what was read."""
        digest = hashlib.sha256()
        with path.open("rb") as file, self._copying() as copy:
            while piece := file.read(_PIECE):
                digest.update(piece)
                copy.write(piece)
        ((self.rows,),) = self._rows("SELECT count(*) FROM workbook_stage")
        return digest.hexdigest()

    # Compare

    def compare(self, classes: Mapping[str, tuple[int | None, date, date]]) -> dict[str, int]:
        """How many rows add, change and leave as it is; may be asked again."""
        self._flush()
        self._run(
            "DROP TABLE IF EXISTS workbook_classes, workbook_plan, workbook_places, workbook_people,"
            " workbook_encrypted"
        )
        self._run(
            "CREATE TEMPORARY TABLE workbook_classes (code text PRIMARY KEY, id bigint, starts_on date, ends_on date)"
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO workbook_classes VALUES (%s, %s, %s, %s)",
                [(code, *said) for code, said in classes.items()],
            )
        # Only what the joins ask for: statistics of every column take longer than the comparison.
        self._analyze("workbook_stage (row_no, identity_key, class_code)", "workbook_classes")
        self._run(_COMPARE)
        self._analyze("workbook_plan (row_no, identity_key, trainee_id, enrolment_id, class_id)")
        counted = dict(self._rows(f"SELECT {_EFFECT}, count(*) FROM workbook_plan GROUP BY 1"))
        return {effect.value: counted.get(effect.value, 0) for effect in Effect}

    def changed_rows(
        self, limit: int
    ) -> Iterator[tuple[int, dict[str, str], dict[str, Any], dict[str, Any]]]:
        """The first rows that change an enrolment: row, what it is known by, the register's values, the row's."""
        for row, code, name, masked, *pairs in self._rows(
            _CHANGED_ROWS.format(changed=_CHANGED, limit=int(limit))
        ):
            known_by = {"class_code": code, "name": name, "identity": masked}
            before = dict(zip(_COMPARED, pairs[::2], strict=True))
            yield row, known_by, before, dict(zip(_COMPARED, pairs[1::2], strict=True))

    def taken_certificates(self) -> list[int]:
        """Rows whose certificate number the institution gave to another enrolment."""
        found = self._rows(
            """SELECT s.row_no FROM workbook_stage s JOIN workbook_plan p USING (row_no)
            JOIN training_certificate c ON c.institution_id = %(institution)s AND c.number = s.certificate_number
            WHERE s.certificate_number <> '' AND c.enrolment_id IS DISTINCT FROM p.enrolment_id ORDER BY 1"""
        )
        return [row for (row,) in found]

    def older_certificates(self) -> list[tuple[int, date, date, date]]:
        return self._rows(
            """SELECT p.row_no, p.starts_on, p.ends_on, p.certificate_now FROM workbook_plan p
            JOIN workbook_stage s USING (row_no)
            WHERE s.certificate_number = '' AND p.certificate_now < p.ends_on AND p.days_changed ORDER BY 1"""
        )

    def in_returned_claims(self) -> list[tuple[int, int, int, bool, bool, bool, bool]]:
        """Changed rows that stand in a returned claim: row, case, enrolment, and which of its parts change."""
        return self._rows(
            f"""SELECT p.row_no, c.id, p.enrolment_id, p.person_changed, p.days_changed, p.certificate_changed,
                p.contract_changed
            FROM workbook_plan p JOIN training_claimline l ON l.enrolment_id = p.enrolment_id AND NOT l.released
            JOIN training_trainingclaim f ON f.id = l.claim_id JOIN casework_case c ON c.id = f.case_id
            WHERE c.status = 'returned' AND {_CHANGED} ORDER BY 1"""
        )

    def employer_codes(self) -> list[str]:
        found = self._rows(
            "SELECT DISTINCT s.employer_code FROM workbook_stage s JOIN workbook_plan p USING (row_no)"
            " WHERE p.contract_changed ORDER BY 1"
        )
        return [code for (code,) in found]

    # Write

    def known_keys(self) -> set[str]:
        """Keyed hashes of the persons whom the register knows: their numbers are there already."""
        found = self._rows("SELECT identity_key FROM workbook_plan WHERE trainee_id IS NOT NULL")
        return {key for (key,) in found}

    def named_employers(self) -> list[str]:
        """The credit codes that the rows name."""
        found = self._rows("SELECT DISTINCT employer_code FROM workbook_stage WHERE employer_code <> ''")
        return [code for (code,) in found]

    def write_people(self, user_id: int, encrypted: Iterable[bytes]) -> bool:
        """Write new and changed persons; False when an encrypted number is missing: nothing must be kept then."""
        self._run("CREATE TEMPORARY TABLE workbook_encrypted (identity_key text, encrypted bytea)")
        lines = iter(encrypted)
        first = list(islice(lines, _BATCH))
        with self._copying("workbook_encrypted FROM STDIN") as copy:
            while first:
                copy.write(b"".join(first))
                first = list(islice(lines, _BATCH))
        self._run(_PEOPLE)
        self._analyze("workbook_people")
        self._analyze("workbook_encrypted (identity_key)")
        new = self._run(_NEW_PEOPLE, user=user_id)
        self._run(_CHANGED_PEOPLE, user=user_id)
        return [(new,)] == self._rows("SELECT count(*) FROM workbook_people")

    def write_enrolments(self, user_id: int) -> None:
        self._run(_PLACES)
        self._analyze("workbook_places")
        self._run(_NEW_ENROLMENTS, user=user_id)
        self._run(_CHANGED_ENROLMENTS, user=user_id)

    def write_certificates(self) -> None:
        self._run(_CERTIFICATES)

    def write_contracts(self) -> None:
        self._run(_CONTRACTS)

    def write_sources(self, job_id: int, sheet: str, model: str) -> None:
        self._run(_SOURCES, job=job_id, sheet=sheet, model=model)

    def close(self) -> None:
        self._spool.close()
        self._drop()

    def _drop(self) -> None:
        if connection.is_usable():
            self._run(
                "DROP TABLE IF EXISTS workbook_stage, workbook_classes, workbook_plan, workbook_places,"
                " workbook_people, workbook_encrypted"
            )

    # Statements

    def _analyze(self, *tables: str) -> None:
        for table in tables:
            self._run(f"ANALYZE {table}")

    def _run(self, statement: str, **values: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"institution": self.institution_id, **values})
            return cursor.rowcount

    def _rows(self, statement: str) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, {"institution": self.institution_id})
            return cursor.fetchall()
