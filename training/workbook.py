"""The workbook of the training programme: classes, and one row for each trainee in a class.

Each cell is read by the field of the page's form and judged by the same rules (`training.workbook_rows`). Identity
numbers are read from the file, hashed at once and encrypted when they are written; the stage in the database holds only
hash and mask.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from accounts.enums import OrganisationKind
from accounts.identifiers import mask_identity
from accounts.models import Organisation, User
from casework.models import Case
from casework.reopening import Reopened, reopened
from casework.transitions import Refused
from training import workbook_kept as kept
from training.evidence import contradictions
from training.models import Employer, Enrolment, TrainingClass
from training.selectors import employer_by_code
from training.services.classes import save_class
from training.services.common import lock_institution, note
from training.workbook_columns import CLASSES, PERSON, TRAINEES, classes_sheet, trainees_sheet
from training.workbook_rows import RowJudge
from training.workbook_sql import Stage
from workbooks.changes import SHOWN, ChangedRow, changed_row
from workbooks.enums import Effect
from workbooks.models import ImportJob, SourceRow
from workbooks.sheets import CHANGED_MEANWHILE, Fault, Sheet, Words, Workbook, register, sentences

IMPORTED = "training.workbook_imported"
#: One audit record vouches for so many rows.
CHUNK = 5000
#: What can be marked of a row (training.layout), and the column at which a refusal stands.
_PARTS = (
    ("trainee", "name"),
    ("training", "starts_on"),
    ("certificate", "certificate_number"),
    ("contract", "employer_code"),
)


class TrainingIntake(RowJudge):
    """One pass over an institution's workbook."""

    def __init__(self, *, user: User, organisation: Organisation, case: Case | None = None) -> None:
        super().__init__(organisation)
        self.user = user
        #: Numbers in clear, in this process's memory only, until they are encrypted.
        self.numbers: dict[str, str] = {}
        self.hashes: list[tuple[int, int, str]] = []
        self._digest, self._digested, self._first = hashlib.sha256(), 0, 0
        self._class_effects: dict[str, Effect] = {}
        self._counts: dict[str, int] = {}
        #: Encrypted numbers from the earlier check, when its judgement was recalled.
        self._recalled: Path | None = None
        self.stage = Stage(organisation.pk)

    # Rows

    def keep(self, sheet: Sheet, row: int, values: dict[str, Any]) -> None:
        self.notice(sheet, row, values)
        if sheet.code == CLASSES:
            return
        number, masked = values["_number"], ""
        if number:
            self.numbers[values["_key"]] = number
            masked = mask_identity(number)
        self._vouch(row, self.stage.add(row, values["_key"], masked, values))

    def _vouch(self, row: int, line: bytes) -> None:
        """One hash over the rows of a chunk, for its audit record; a line holds no identity number."""
        self._first = self._first or row
        self._digest.update(line)
        self._digested += 1
        if self._digested == CHUNK:
            self._end_chunk(row)
        self._last = row

    def _end_chunk(self, row: int) -> None:
        self.hashes.append((self._first, row, self._digest.hexdigest()))
        self._digest, self._digested, self._first = hashlib.sha256(), 0, 0

    def remember(self, place: Path) -> str:
        """Keep a faultless check beside its file, so that the take-over need not read the workbook again."""
        return kept.remember(self, place)

    def recall(self, place: Path, digest: str) -> bool:
        """Whether the earlier check still holds: same day, same classes, the employers still known."""
        self._recalled = kept.recall(self, place, digest)
        return self._recalled is not None

    # The whole

    def finish(self) -> Iterable[Fault]:
        """Compare with the register as it is now, and find what only the whole shows."""
        if self._digested:
            self._end_chunk(self._last)
        present = {c.code: c for c in TrainingClass.objects.filter(institution=self.institution)}
        self._registered_now = {code: (c.starts_on, c.ends_on) for code, c in present.items()}
        for code, (_row, values) in self.new_classes.items():
            now = present.get(code)
            same = now and all((getattr(now, n) or None) == (v or None) for n, v in values.items())
            self._class_effects[code] = (
                Effect.ADDED if now is None else Effect.UNCHANGED if same else Effect.CHANGED
            )
        self._classes_now = present
        classes = {code: (c.pk, c.starts_on, c.ends_on) for code, c in present.items()}
        for code, (_row, values) in self.new_classes.items():
            classes[code] = (classes.get(code, (None,))[0], values["starts_on"], values["ends_on"])
        self._counts = self.stage.compare(classes)
        return [*self._taken_certificates(), *self._contradicting(), *self._closed()]

    def changes(self) -> Iterator[ChangedRow]:
        for code, (row, values) in self.new_classes.items():
            if self._class_effects[code] is Effect.CHANGED:
                yield changed_row(CLASSES, row, {"code": code}, vars(self._classes_now[code]), values)
        for row, known_by, before, after in self.stage.changed_rows(SHOWN):
            yield changed_row(TRAINEES, row, known_by, before, after)

    def _closed(self) -> Iterator[Fault]:
        """What an official did not mark on a returned claim stays as it was filed."""
        open_: dict[int, Reopened] = {}
        for row, case_id, enrolment_id, *changes in self.stage.in_returned_claims():
            if case_id not in open_:
                open_[case_id] = reopened(Case.objects.get(pk=case_id))
            for (part, column), changed in zip(_PARTS, changes, strict=True):
                if changed and not open_[case_id].allows(f"lines/{enrolment_id}/{part}"):
                    ((name, message),) = sentences(
                        lambda column=column: [
                            (column, _("This was not marked for correction: it must stay as it was filed."))
                        ]
                    )
                    yield Fault(TRAINEES, row, name, message)

    def _taken_certificates(self) -> Iterator[Fault]:
        for row in self.stage.taken_certificates():
            ((column, message),) = sentences(
                lambda: [("certificate_number", _("You have issued a certificate with this number already."))]
            )
            yield Fault(TRAINEES, row, column, message)

    def _contradicting(self) -> Iterator[Fault]:
        """Rows whose days contradict a certificate that the register has and the row does not mention."""
        for row, starts_on, ends_on, issued_on in self.stage.older_certificates():
            days = dict.fromkeys(("signed_on", "contract_starts_on", "contract_ends_on"))
            found = sentences(
                lambda days=days, s=starts_on, e=ends_on, i=issued_on: list(
                    contradictions(starts_on=s, ends_on=e, certificate_issued_on=i, today=self.today, **days)
                )
            )
            for column, message in found:
                yield Fault(TRAINEES, row, column, message)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        found = {}
        if self._class_effects:
            said = list(self._class_effects.values())
            found[CLASSES] = {effect.value: said.count(effect) for effect in Effect}
        if self.stage.rows:
            found[TRAINEES] = self._counts
        return found

    # Writing

    def lock(self) -> None:
        lock_institution(self.user, self.institution.pk)

    def write(self, job: ImportJob, tell: Callable[[int, int], None]) -> None:
        if self._registered_now != self.registered:
            raise _moved()
        parts = (
            lambda: self._write_classes(job),
            self._write_employers,
            self._write_people,
            lambda: self.stage.write_enrolments(self.user.pk),
            lambda: self.stage.write_certificates(),
            lambda: self.stage.write_contracts(),
            lambda: self.stage.write_sources(job.pk, TRAINEES, Enrolment._meta.label_lower),
            lambda: self._vouch_for_all(job),
        )
        for number, part in enumerate(parts):
            tell(number, len(parts))
            part()

    def _write_people(self) -> None:
        numbers = self._recalled.open("rb") if self._recalled else self._encrypted()
        if not self.stage.write_people(self.user.pk, numbers):
            # A trainee whom the register knew was erased since the check, and the number was not kept for that.
            raise _moved()

    def _vouch_for_all(self, job: ImportJob) -> None:
        effects = {name: self._counts.get(name, 0) for name in (Effect.ADDED, Effect.CHANGED)}
        if any(effects.values()):
            for first, last, digest in self.hashes:
                note(
                    self.user,
                    IMPORTED,
                    self.institution,
                    self.institution.pk,
                    {
                        "import": job.pk,
                        "file": job.sha256,
                        "rows": [first, last],
                        "rows_hash": digest,
                        **effects,
                    },
                )

    def _encrypted(self) -> Iterator[bytes]:
        return kept.encrypted_lines(self.numbers, self.stage.known_keys())

    def _write_classes(self, job: ImportJob) -> None:
        sources = []
        for code, (row, values) in self.new_classes.items():
            effect = self._class_effects[code]
            if effect is Effect.UNCHANGED:
                continue
            found = TrainingClass.objects.filter(institution=self.institution, code=code).first()
            found = found or TrainingClass(institution=self.institution)
            for name, value in values.items():
                setattr(found, name, value)
            saved = save_class(user=self.user, training_class=found)
            sources.append(
                SourceRow(
                    job=job,
                    sheet=CLASSES,
                    row=row,
                    model=saved._meta.label_lower,
                    object_id=saved.pk,
                    effect=effect,
                )
            )
        SourceRow.objects.bulk_create(sources)

    def _write_employers(self) -> None:
        """Employers of the file that no labour contract has named yet; what is known is never overwritten."""
        there = set(Employer.objects.values_list("credit_code", flat=True))
        needed = []
        for code in self.stage.employer_codes():
            if code in there:
                continue
            name, division = self.new_employers.get(code, ("", ""))
            if not name:
                known = employer_by_code(code)
                name, division = known.name, known.division
            needed.append(Employer(credit_code=code, name=name, division=division))
        Employer.objects.bulk_create(needed, batch_size=1000, ignore_conflicts=True)

    def close(self) -> None:
        self.stage.close()


def _moved() -> Refused:
    return Refused("moved", CHANGED_MEANWHILE)


def _rows(organisation: Organisation, case: Case | None) -> Mapping[str, Iterable[Mapping[str, Any]]]:
    """What is registered, as the workbook says it; identity numbers masked."""
    enrolments = (
        Enrolment.objects.filter(trainee__institution=organisation)
        .select_related("trainee", "training_class", "certificate", "labour_contract__employer")
        .order_by("training_class__code", "trainee__name", "id")
    )
    return {
        CLASSES: (
            {name: getattr(c, name) for name in classes_sheet.by_name}
            for c in organisation.training_classes.order_by("starts_on", "code")
        ),
        TRAINEES: (_row_of(enrolment) for enrolment in enrolments.iterator(chunk_size=2000)),
    }


def _row_of(enrolment: Enrolment) -> dict[str, Any]:
    trainee = enrolment.trainee
    row = {name: getattr(trainee, name) for name in PERSON}
    row |= {
        "class_code": enrolment.training_class.code,
        "identity": trainee.identity_masked,
        "starts_on": enrolment.starts_on,
        "ends_on": enrolment.ends_on,
    }
    if certificate := getattr(enrolment, "certificate", None):
        row |= {"certificate_number": certificate.number, "certificate_issued_on": certificate.issued_on}
    if contract := getattr(enrolment, "labour_contract", None):
        row |= {
            "employer_code": contract.employer.credit_code,
            "employer_name": contract.employer.name,
            "employer_division": contract.employer.division,
            "signed_on": contract.signed_on,
            "contract_starts_on": contract.starts_on,
            "contract_ends_on": contract.ends_on,
            "open_ended": "no" if contract.ends_on else "yes",
            "position": contract.position,
        }
    return row


register(
    Workbook(
        code="training",
        version=1,
        title=Words("Trainees, certificates and labour contracts", "学员、证书与劳动合同"),
        organisation_kind=OrganisationKind.INSTITUTION,
        sheets=(classes_sheet, trainees_sheet),
        intake=TrainingIntake,
        rows=_rows,
        back_url="training:trainees",
        notes=(
            Words(
                "Nothing is ever deleted by a workbook: what is not in it stays as it is.",
                "导入不会删除任何数据：表中没有的记录保持不变。",
            ),
            Words(
                "In an export identity numbers are masked. A masked number with the same name finds the trainee again.",
                "导出文件中的身份证件号码已遮盖。遮盖号码与姓名一致时，导入会找到原学员。",
            ),
            Words(
                "Write only trainees who signed the consent to processing personal data.",
                "仅填写已签署个人信息处理同意书的学员。",
            ),
        ),
    )
)
