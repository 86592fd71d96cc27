"""The workbook of the training programme: classes, and one row for each trainee in a class.

Each cell is read by the field of the page's form and judged by the same rules (`training.evidence`,
`training.identities`). Identity numbers are read from the file, hashed at once and encrypted when they are written; the
stage in the database holds only hash and mask.
"""

import copy
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.crypto import blind_index, encrypt
from accounts.enums import OrganisationKind
from accounts.identifiers import mask_identity
from accounts.models import Organisation, User
from casework.models import Case
from casework.reopening import Reopened, reopened
from policy.sectors import Sector
from training.enums import Education, IdentityKind
from training.evidence import check_consent_on, check_open_ended, contradictions, gaps
from training.identities import validate_identity
from training.models import Employer, Enrolment, Trainee, TrainingClass
from training.selectors import employer_by_code
from training.services.classes import save_class
from training.services.common import lock_institution, note
from training.services.enrolments import check_division
from training.web.enrolment_form import EnrolmentForm
from training.web.forms import ClassForm, TraineeForm
from training.workbook_sql import Stage
from workbooks.enums import Effect
from workbooks.models import ImportJob, SourceRow
from workbooks.sheets import Column, Fault, Kind, Sheet, Words, Workbook, register, sentences

CLASSES, TRAINEES = "classes", "trainees"
IMPORTED = "training.workbook_imported"
#: One audit record vouches for so many rows.
CHUNK = 5000
YES_NO = (("yes", gettext_lazy("yes")), ("no", gettext_lazy("no")))


def _column(form: type[forms.BaseForm], field_name: str, en: str, zh: str, **more: Any) -> Column:
    """A column read by a copy of a page's field; `required` and `name` may differ from it."""
    field = copy.deepcopy(form.base_fields[field_name])
    field.required = more.pop("required", field.required)
    return Column(more.pop("name", field_name), Words(en, zh), field, **more)


classes_sheet = Sheet(
    CLASSES,
    Words("Classes", "班次"),
    (
        _column(ClassForm, "code", "Class code", "班次编号", kind=Kind.CODE, example="K-2015-01"),
        _column(ClassForm, "name", "Class name", "班次名称", example="Java 软件外包实训", width=30),
        _column(
            ClassForm,
            "sector",
            "Sector",
            "所属领域",
            kind=Kind.CHOICE,
            choices=Sector.choices,
            example="software",
        ),
        _column(
            ClassForm, "starts_on", "First day", "开始日期", kind=Kind.DAY, example="2015-03-01", width=14
        ),
        _column(ClassForm, "ends_on", "Last day", "结束日期", kind=Kind.DAY, example="2015-06-01", width=14),
        _column(ClassForm, "hours", "Hours", "学时", kind=Kind.WHOLE, example="400", width=10),
        _column(ClassForm, "customised_for", "Trained to the order of", "定制培训单位", width=30),
    ),
    max_rows=2_000,
    intro=Words(
        "One row for each class that is not registered yet, or that changed. A class is known by its code.",
        "尚未登记或有变化的班次每个班次一行。以班次编号识别。",
    ),
)

_PERSON = ("name", "identity_kind", "education", "school", "student_number", "consent_on")
trainees_sheet = Sheet(
    TRAINEES,
    Words("Trainees", "学员"),
    (
        _column(
            ClassForm,
            "code",
            "Class code",
            "班次编号",
            name="class_code",
            kind=Kind.CODE,
            example="K-2015-01",
        ),
        _column(TraineeForm, "name", "Name", "姓名", example="王示例", width=12),
        _column(
            TraineeForm,
            "identity_kind",
            "Identity document",
            "身份证件类型",
            kind=Kind.CHOICE,
            choices=IdentityKind.choices,
            example="resident",
            width=20,
            is_usual=True,
        ),
        _column(
            TraineeForm,
            "identity",
            "Identity number",
            "身份证件号码",
            required=True,
            kind=Kind.CODE,
            example="360102199302150011",
            width=24,
            help=Words(
                "Format as text, or the last digits are lost.", "请设为文本格式，否则末位数字会丢失。"
            ),
        ),
        _column(
            TraineeForm,
            "education",
            "Education",
            "学历层次",
            kind=Kind.CHOICE,
            choices=Education.choices,
            example="bachelor",
        ),
        _column(
            TraineeForm, "school", "College or university", "毕业（就读）院校", example="示例大学", width=24
        ),
        _column(TraineeForm, "student_number", "Student number", "学号", kind=Kind.CODE, example="20120001"),
        _column(
            TraineeForm,
            "consent_on",
            "Consent given on",
            "同意书签署日期",
            kind=Kind.DAY,
            example="2015-03-01",
            width=16,
        ),
        _column(
            EnrolmentForm,
            "starts_on",
            "First day of training",
            "培训开始日期",
            required=False,
            kind=Kind.DAY,
            width=16,
            help=Words("Empty: the days of the class.", "留空则按班次日期。"),
        ),
        _column(
            EnrolmentForm,
            "ends_on",
            "Last day of training",
            "培训结束日期",
            required=False,
            kind=Kind.DAY,
            width=16,
            help=Words("Empty: the days of the class.", "留空则按班次日期。"),
        ),
        _column(
            EnrolmentForm,
            "certificate_number",
            "Certificate number",
            "证书编号",
            kind=Kind.CODE,
            example="CERT-2015-0001",
        ),
        _column(
            EnrolmentForm,
            "certificate_issued_on",
            "Certificate issued on",
            "发证日期",
            kind=Kind.DAY,
            example="2015-06-20",
            width=16,
        ),
        _column(
            EnrolmentForm,
            "employer_code",
            "Employer's credit code",
            "用人单位统一社会信用代码",
            kind=Kind.CODE,
            example="91360102MA00000003",
            width=26,
        ),
        _column(
            EnrolmentForm,
            "employer_name",
            "Employer's name",
            "用人单位登记名称",
            example="示例信息技术有限公司",
            width=30,
            help=Words("Only for an employer that the portal does not know yet.", "仅平台尚无该单位时填写。"),
        ),
        _column(
            EnrolmentForm,
            "employer_division",
            "Employer's division code",
            "用人单位注册地行政区划代码",
            kind=Kind.CODE,
            width=18,
            help=Words("Empty: digits 3 to 8 of the credit code.", "留空则取信用代码第3至8位。"),
        ),
        _column(
            EnrolmentForm,
            "signed_on",
            "Contract signed on",
            "劳动合同签订日期",
            kind=Kind.DAY,
            example="2015-07-01",
            width=18,
        ),
        _column(
            EnrolmentForm,
            "contract_starts_on",
            "First day of the contract",
            "劳动合同开始日期",
            kind=Kind.DAY,
            example="2015-07-01",
            width=18,
        ),
        _column(
            EnrolmentForm,
            "contract_ends_on",
            "Last day of the contract",
            "劳动合同结束日期",
            kind=Kind.DAY,
            example="2016-07-01",
            width=18,
        ),
        _column(
            EnrolmentForm,
            "open_ended",
            "Open-ended contract",
            "无固定期限劳动合同",
            kind=Kind.CHOICE,
            choices=YES_NO,
            example="no",
            width=12,
            is_usual=True,
        ),
        _column(EnrolmentForm, "position", "Position", "岗位", example="软件工程师"),
    ),
    max_rows=120_000,
    intro=Words(
        "One row for each trainee in a class, with the certificate and the labour contract as far as they are there."
        " A row is known by identity number and class; cells that stay empty remove nothing.",
        "每名学员每个班次一行，证书和劳动合同已有的一并填写。以身份证件号码加班次编号识别；留空的单元格不会删除已有内容。",
    ),
)
_CONTRACT = ("employer_code", "employer_name", "employer_division", "signed_on", "contract_starts_on")
_CONTRACT += ("contract_ends_on", "position")
#: What can be marked of a row (training.layout), and the column at which a refusal stands.
_PARTS = (
    ("trainee", "name"),
    ("training", "starts_on"),
    ("certificate", "certificate_number"),
    ("contract", "employer_code"),
)


class TrainingIntake:
    """One pass over an institution's workbook."""

    def __init__(self, *, user: User, organisation: Organisation, case: Case | None = None) -> None:
        self.user, self.institution = user, organisation
        self.today = timezone.localdate()
        self._good_days: set[Any] = set()
        self.classes = {c.code: (c.starts_on, c.ends_on) for c in organisation.training_classes.all()}
        self.known = {
            *Employer.objects.values_list("credit_code", flat=True),
            *Organisation.objects.values_list("credit_code", flat=True),
        }
        self.new_employers: dict[str, tuple[str, str]] = {}
        self.new_classes: dict[str, tuple[int, dict[str, Any]]] = {}
        #: Rows by person and class; persons by their key: (row, their data); certificates by number.
        self.seen: dict[tuple[str, str], int] = {}
        self.persons: dict[str, tuple[int, int]] = {}
        self.certificates: dict[str, int] = {}
        #: Numbers in clear, in this process's memory only, until they are encrypted.
        self.numbers: dict[str, str] = {}
        self.hashes: list[tuple[int, int, str]] = []
        self._digest, self._digested, self._first = hashlib.sha256(), 0, 0
        self._masked: dict[tuple[str, str], list[str]] | None = None
        self._class_effects: dict[str, Effect] = {}
        self._counts: dict[str, int] = {}
        self.stage = Stage(organisation.pk)

    # Rows

    def check(self, sheet: Sheet, row: int, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        if sheet.code == CLASSES:
            if values["ends_on"] < values["starts_on"]:
                yield "ends_on", _("The last day cannot be before the first day.")
            if (first := self.new_classes.get(values["code"])) is not None:
                yield "code", _("Row %(number)d has the same class code.") % {"number": first[0]}
            return
        yield from self._person(values)
        yield from self._days(values)
        yield from self._contract(values)
        yield from self._repeated(values)

    def _person(self, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        values["_key"] = ""
        if (day := values["consent_on"]) not in self._good_days:
            try:
                check_consent_on(day)
                self._good_days.add(day)
            except ValidationError as error:
                yield "consent_on", error.messages[0]
        number = values["identity"]
        if "*" in number:
            key = self._key_of_mask(values["name"], number)
            if key is None:
                yield (
                    "identity",
                    _("No single trainee of yours has this masked number and name. Write the whole number."),
                )
            else:
                values["_key"], values["_number"] = key, ""
            return
        try:
            number = validate_identity(values["identity_kind"], number, self.today)
        except ValidationError as error:
            yield "identity", error.messages[0]
            return
        values["_number"], values["_key"] = number, blind_index(number, "identity")

    def _key_of_mask(self, name: str, masked: str) -> str | None:
        if self._masked is None:
            self._masked = {}
            rows = Trainee.objects.filter(institution=self.institution)
            for found in rows.values_list("name", "identity_masked", "identity_key"):
                self._masked.setdefault(found[:2], []).append(found[2])
        keys = self._masked.get((name, masked), [])
        return keys[0] if len(keys) == 1 else None

    def _days(self, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        days = self.classes.get(values["class_code"])
        if days is None:
            yield (
                "class_code",
                _(
                    "No class has this code. Register it, or write it on the sheet Classes before the trainees."
                ),
            )
            days = (None, None)
        yield from contradictions(
            starts_on=values["starts_on"] or days[0],
            ends_on=values["ends_on"] or days[1],
            certificate_issued_on=values["certificate_issued_on"],
            signed_on=values["signed_on"],
            contract_starts_on=values["contract_starts_on"],
            contract_ends_on=values["contract_ends_on"],
            today=self.today,
        )

    def _contract(self, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        has_contract = any(values[name] for name in _CONTRACT) or values["open_ended"] == "yes"
        code = values["employer_code"]
        known = not code or code in self.known or code in self.new_employers
        judged = {**values, "open_ended": values["open_ended"] == "yes"}
        yield from gaps(
            judged,
            has_certificate_day=bool(values["certificate_issued_on"]),
            has_contract=has_contract,
            employer_known=known,
        )
        try:
            check_open_ended(judged["open_ended"], values["contract_ends_on"])
            if code and not known:
                check_division(values["employer_division"] or code[2:8])
        except ValidationError as error:
            for name, messages in error.update_error_dict({}).items():
                column = name if name in trainees_sheet.by_name else "contract_ends_on"
                yield from ((column, message) for each in messages for message in each.messages)

    def _repeated(self, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        if not values["_key"]:
            return
        if first := self.seen.get((values["_key"], values["class_code"])):
            yield "identity", _("Row %(number)d has the same person in the same class.") % {"number": first}
        elif (before := self.persons.get(values["_key"])) and before[1] != _data_of(values):
            yield (
                "identity",
                _(
                    "Row %(number)d says something else of this person: name, document, education or consent differ."
                )
                % {"number": before[0]},
            )
        if first := self.certificates.get(values["certificate_number"]):
            yield (
                "certificate_number",
                _("Row %(number)d has the same certificate number.") % {"number": first},
            )

    def keep(self, sheet: Sheet, row: int, values: dict[str, Any]) -> None:
        if sheet.code == CLASSES:
            self.new_classes[values["code"]] = (row, values)
            self.classes[values["code"]] = (values["starts_on"], values["ends_on"])
            return
        key = values["_key"]
        self.seen[key, values["class_code"]] = row
        self.persons.setdefault(key, (row, _data_of(values)))
        if number := values["certificate_number"]:
            self.certificates[number] = row
        code = values["employer_code"]
        if code and code not in self.known and code not in self.new_employers:
            self.new_employers[code] = (values["employer_name"], values["employer_division"] or code[2:8])
        if values["_number"]:
            self.numbers[key] = values["_number"]
        masked = mask_identity(values["_number"]) if values["_number"] else ""
        line = self.stage.add(row, key, masked, values)
        self._vouch(row, line)

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

    # The whole

    def finish(self) -> Iterable[Fault]:
        """Compare with the register as it is now, and find what only the whole shows."""
        if self._digested:
            self._end_chunk(self._last)
        present = {c.code: c for c in TrainingClass.objects.filter(institution=self.institution)}
        for code, (_row, values) in self.new_classes.items():
            now = present.get(code)
            same = now and all((getattr(now, n) or None) == (v or None) for n, v in values.items())
            self._class_effects[code] = (
                Effect.ADDED if now is None else Effect.UNCHANGED if same else Effect.CHANGED
            )
        classes = {code: (c.pk, c.starts_on, c.ends_on) for code, c in present.items()}
        for code, (_row, values) in self.new_classes.items():
            classes[code] = (classes.get(code, (None,))[0], values["starts_on"], values["ends_on"])
        self._counts = self.stage.compare(classes)
        return [*self._taken_certificates(), *self._contradicting(), *self._closed()]

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

    def write(self, job: ImportJob) -> None:
        self._write_classes(job)
        self._write_employers()
        self.stage.write_people(self.user.pk, self._encrypted)
        self.stage.write_enrolments(self.user.pk)
        self.stage.write_sources(job.pk, TRAINEES, Enrolment._meta.label_lower)
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

    def _encrypted(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        return ((key, encrypt(self.numbers[key])) for key in keys)

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


def _data_of(values: Mapping[str, Any]) -> int:
    return hash(tuple(values[name] for name in _PERSON))


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
        TRAINEES: (_row_of(enrolment) for enrolment in enrolments[:20_000].iterator(chunk_size=2000)),
    }


def _row_of(enrolment: Enrolment) -> dict[str, Any]:
    trainee = enrolment.trainee
    row = {name: getattr(trainee, name) for name in _PERSON}
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
