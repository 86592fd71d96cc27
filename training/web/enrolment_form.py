"""The page of one enrolment: training days, certificate, labour contract and its employer."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.forms import CreditCodeField
from casework.fields import DayField, plain
from casework.reopening import Reopened
from training.evidence import CertificateData, ContractData, check_open_ended, contradictions, gaps
from training.models import Enrolment
from training.selectors import employer_by_code
from training.services.enrolments import check_division
from training.web.fields import VersionMixin, add_errors

_CONTRACT = (
    "employer_code",
    "employer_name",
    "employer_division",
    "signed_on",
    "contract_starts_on",
    "contract_ends_on",
    "open_ended",
    "position",
)
# What can be marked of a row (training.layout), and the fields that belong to it.
_PARTS = {
    "training": ("starts_on", "ends_on"),
    "certificate": ("certificate_number", "certificate_issued_on"),
    "contract": _CONTRACT,
}


class DivisionField(forms.CharField):
    def to_python(self, value: Any) -> str:
        return plain(super().to_python(value))


class EnrolmentForm(VersionMixin, forms.Form):
    """Certificate and contract may stay empty; once something of them is written, the rest is asked for."""

    starts_on = DayField(label=gettext_lazy("First day of training"))
    ends_on = DayField(label=gettext_lazy("Last day of training"))
    certificate_number = forms.CharField(
        label=gettext_lazy("Certificate number"), max_length=60, required=False
    )
    certificate_issued_on = DayField(label=gettext_lazy("Issued on"), required=False)
    employer_code = CreditCodeField(
        label=gettext_lazy("Unified Social Credit Code of the employer"),
        required=False,
        help_text=gettext_lazy("18 characters, as on the business licence (GB 32100)."),
    )
    employer_name = forms.CharField(
        label=gettext_lazy("Registered name of the employer"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Only for an employer that the portal does not know yet."),
    )
    employer_division = DivisionField(
        label=gettext_lazy("Division code of the place of registration"),
        max_length=6,
        required=False,
        help_text=gettext_lazy("Six digits, GB/T 2260. Empty: digits 3 to 8 of the credit code."),
    )
    signed_on = DayField(label=gettext_lazy("Signed on"), required=False)
    contract_starts_on = DayField(label=gettext_lazy("First day of the contract"), required=False)
    contract_ends_on = DayField(label=gettext_lazy("Last day of the contract"), required=False)
    open_ended = forms.BooleanField(
        label=gettext_lazy("Open-ended: the contract has no last day"), required=False
    )
    position = forms.CharField(label=gettext_lazy("Position"), max_length=80, required=False)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["employer_code"].widget.attrs |= {
            "data-code": True,
            "autocomplete": "off",
            "hx-get": reverse("training:employer"),
            "hx-trigger": "change",
            "hx-target": "#employer",
            "hx-include": "#employer",
        }

    def close(self, reopened: Reopened, row: str) -> None:
        """Leave open only what an official marked of this row of a returned claim."""
        for part, names in _PARTS.items():
            if not reopened.allows(f"{row}/{part}"):
                for name in names:
                    self.fields[name].disabled = True

    @classmethod
    def initial_of(cls, enrolment: Enrolment) -> dict[str, Any]:
        """The present state of an enrolment by the names of this form."""
        certificate = getattr(enrolment, "certificate", None)
        contract = getattr(enrolment, "labour_contract", None)
        return {
            "version": enrolment.version,
            "starts_on": enrolment.starts_on,
            "ends_on": enrolment.ends_on,
            "certificate_number": certificate.number if certificate else "",
            "certificate_issued_on": certificate.issued_on if certificate else None,
            "employer_code": contract.employer.credit_code if contract else "",
            "signed_on": contract.signed_on if contract else None,
            "contract_starts_on": contract.starts_on if contract else None,
            "contract_ends_on": contract.ends_on if contract else None,
            "open_ended": bool(contract) and contract.ends_on is None,
            "position": contract.position if contract else "",
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self._close_gaps(data)
        try:
            check_open_ended(bool(data.get("open_ended")), data.get("contract_ends_on"))
        except ValidationError as error:
            self.add_error("contract_ends_on", error)
        days = (
            "starts_on",
            "ends_on",
            "certificate_issued_on",
            "signed_on",
            "contract_starts_on",
            "contract_ends_on",
        )
        found = contradictions(**{name: data.get(name) for name in days}, today=timezone.localdate())
        for name, message in list(found):
            self.add_error(name, message)
        return data

    @property
    def has_contract(self) -> bool:
        """Whether anything of a contract was written, right or wrong."""
        return any(self._written(name) for name in _CONTRACT)

    def _written(self, name: str) -> Any:
        """What the form says of a field, right or wrong; what is closed says what is saved."""
        field = self[name]
        return field.initial if field.field.disabled else field.data

    def _close_gaps(self, data: dict[str, Any]) -> None:
        code = data.get("employer_code")
        known = bool(code) and employer_by_code(code).is_known
        missing = gaps(
            data,
            has_certificate_day=bool(self._written("certificate_issued_on")),
            has_contract=self.has_contract,
            employer_known=known,
        )
        for name, message in list(missing):
            if name not in self.errors:
                self.add_error(name, ValidationError(message, code="required"))
        if code and not known and data.get("employer_division"):
            try:
                check_division(data["employer_division"])
            except ValidationError as error:
                add_errors(self, error)

    def certificate(self) -> CertificateData | None:
        data = self.cleaned_data
        if not data["certificate_number"]:
            return None
        return CertificateData(data["certificate_number"], data["certificate_issued_on"])

    def contract(self) -> ContractData | None:
        data = self.cleaned_data
        if not self.has_contract:
            return None
        return ContractData(
            employer_code=data["employer_code"],
            employer_name=data["employer_name"],
            employer_division=data["employer_division"],
            signed_on=data["signed_on"],
            starts_on=data["contract_starts_on"],
            ends_on=data["contract_ends_on"],
            position=data["position"],
        )
