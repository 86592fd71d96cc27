"""What the rules of the pages say of one row of a training workbook (`training.evidence`, `training.identities`)."""

from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.crypto import blind_index
from accounts.models import Organisation
from training.evidence import check_consent_on, check_open_ended, contradictions, gaps
from training.identities import person_number, validate_identity
from training.models import Employer, Trainee
from training.services.enrolments import check_division
from training.workbook_columns import CLASSES, PERSON, trainees_sheet
from workbooks.sheets import Sheet

_CONTRACT = ("employer_code", "employer_name", "employer_division", "signed_on", "contract_starts_on")
_CONTRACT += ("contract_ends_on", "position")
#: What decides whether days, certificate and contract of a row agree; rows that say the same are judged once.
_DECIDING = (*_CONTRACT, "class_code", "starts_on", "ends_on", "certificate_issued_on", "open_ended")
_deciding = itemgetter(*_DECIDING)
_said_of_the_person = itemgetter(*PERSON)
_REMEMBERED = 50_000


class RowJudge:
    """Judges rows one by one against the institution's register as it was when the pass began."""

    def __init__(self, institution: Organisation) -> None:
        self.institution = institution
        self.today = timezone.localdate()
        self._good_days: set[Any] = set()
        self._good: set[tuple] = set()
        self.classes = {c.code: (c.starts_on, c.ends_on) for c in institution.training_classes.all()}
        #: The classes as registered when the pass began, whatever the workbook says of them.
        self.registered = dict(self.classes)
        self.known = {
            *Employer.objects.values_list("credit_code", flat=True),
            *Organisation.objects.values_list("credit_code", flat=True),
        }
        self.new_employers: dict[str, tuple[str, str]] = {}
        self.new_classes: dict[str, tuple[int, dict[str, Any]]] = {}
        #: Persons by their key, where they stand first: (row, their data, class); their further classes; certificates.
        self.persons: dict[str, tuple[int, int, str]] = {}
        self.elsewhere: dict[tuple[str, str], int] = {}
        self.certificates: dict[str, int] = {}
        self._masked: dict[tuple[str, str], list[str]] | None = None

    def check(self, sheet: Sheet, row: int, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        if sheet.code == CLASSES:
            if values["ends_on"] < values["starts_on"]:
                yield "ends_on", _("The last day cannot be before the first day.")
            if (first := self.new_classes.get(values["code"])) is not None:
                yield "code", _("Row %(number)d has the same class code.") % {"number": first[0]}
            return
        yield from self._person(values)
        said = (*_deciding(values), bool(values["certificate_number"]))
        if said not in self._good:
            found = [*self._days(values), *self._contract(values)]
            yield from found
            if not found and len(self._good) < _REMEMBERED:
                self._good.add(said)
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
        values["_number"], values["_key"] = (
            number,
            blind_index(person_number(values["identity_kind"], number), "identity"),
        )

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
        if before := self.persons.get(values["_key"]):
            yield from self._again(values, *before)
        if first := self.certificates.get(values["certificate_number"]):
            yield (
                "certificate_number",
                _("Row %(number)d has the same certificate number.") % {"number": first},
            )

    def _again(
        self, values: dict[str, Any], row: int, data: int, class_code: str
    ) -> Iterator[tuple[str, Any]]:
        """A person who stands in an earlier row: in another class, and with the same data."""
        same = row
        if values["class_code"] != class_code:
            same = self.elsewhere.get((values["_key"], values["class_code"]))
        if same:
            yield "identity", _("Row %(number)d has the same person in the same class.") % {"number": same}
        elif data != _data_of(values):
            yield (
                "identity",
                _(
                    "Row %(number)d says something else of this person: name, document, education or consent differ."
                )
                % {"number": row},
            )

    def notice(self, sheet: Sheet, row: int, values: dict[str, Any]) -> None:
        """Remember what later rows must agree with."""
        if sheet.code == CLASSES:
            self.new_classes[values["code"]] = (row, values)
            self.classes[values["code"]] = (values["starts_on"], values["ends_on"])
            self._good.clear()
            return
        key = values["_key"]
        if key not in self.persons:
            self.persons[key] = (row, _data_of(values), values["class_code"])
        else:
            self.elsewhere[key, values["class_code"]] = row
        if number := values["certificate_number"]:
            self.certificates[number] = row
        code = values["employer_code"]
        if code and code not in self.known and code not in self.new_employers:
            self.new_employers[code] = (values["employer_name"], values["employer_division"] or code[2:8])


def _data_of(values: Mapping[str, Any]) -> int:
    return hash(_said_of_the_person(values))
