"""The automatic checks of a training claim: what an official should look at, each with the way to its evidence."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.crypto import renewed
from accounts.enums import AccreditationKind, OrganisationKind
from accounts.identifiers import division_of_credit_code
from accounts.models import Accreditation
from casework.enums import Payee
from casework.models import AwardLine, Case
from casework.programmes import Flag
from policy.enums import ProgrammeCode
from policy.practice import LATE_CONTRACT_MONTHS, practice
from policy.rules.periods import add_months
from training.enums import IdentityKind
from training.models import Trainee

Span = tuple[date, date | None]


def flags_of(case: Case, snapshot: Mapping[str, Any]) -> Iterator[Flag]:
    """Every finding of one frozen claim; the same few queries for any number of trainees."""
    lines = snapshot["lines"]
    elsewhere = _registered_elsewhere([renewed(line["person_key"]) for line in lines], case.organisation_id)
    recognised = _recognised({line["contract"]["employer_code"] for line in lines})
    for line in lines:
        yield from _of_person(line, elsewhere)
        yield from _of_contract(line, recognised)
    yield from _jump(case, snapshot)


def _registered_elsewhere(keys: Iterable[str], institution_id: int) -> Mapping[str, list[tuple[int, str]]]:
    """For each person whom another institution registered too: the trainee there, and the institution."""
    found = defaultdict(list)
    rows = Trainee.objects.filter(identity_key__in=set(keys)).exclude(institution_id=institution_id)
    for key, pk, name in rows.order_by("pk").values_list("identity_key", "pk", "institution__name"):
        found[key].append((pk, name))
    return found


def _recognised(codes: Iterable[str]) -> Mapping[str, list[Span]]:
    """The spans for which each credit code belongs to a recognised service outsourcing enterprise."""
    found = defaultdict(list)
    rows = Accreditation.objects.filter(
        organisation__credit_code__in=codes,
        organisation__kind=OrganisationKind.ENTERPRISE,
        kind=AccreditationKind.RECOGNITION,
    )
    for code, start, end in rows.values_list("organisation__credit_code", "valid_from", "valid_to"):
        found[code].append((start, end))
    return found


def _of_person(line: Mapping[str, Any], elsewhere: Mapping[str, list[tuple[int, str]]]) -> Iterator[Flag]:
    who, key = line["name"], str(line["enrolment"])
    for pk, institution in elsewhere.get(renewed(line["person_key"]), ()):
        yield Flag(
            "two_institutions",
            _("Another institution registered this person too."),
            f"{who} ({institution})",
            reverse("admin:training_trainee_change", args=[pk]),
            key,
        )
    if line["identity_kind"] != IdentityKind.RESIDENT:
        yield Flag(
            "identity_kind", _("The identity document is not a resident identity card."), who, line=key
        )


def _of_contract(line: Mapping[str, Any], recognised: Mapping[str, list[Span]]) -> Iterator[Flag]:
    who, key = line["name"], str(line["enrolment"])
    contract, certificate = line["contract"], line["certificate"]
    if certificate and contract["signed_on"] < certificate["issued_on"]:
        yield Flag("before_certificate", _("The contract was signed before the certificate."), who, line=key)
    training_end = date.fromisoformat(line["training_end"])
    if date.fromisoformat(contract["starts_on"]) > add_months(training_end, LATE_CONTRACT_MONTHS):
        message = _("The contract began more than %(months)d months after the training.")
        yield Flag("late_contract", message % {"months": LATE_CONTRACT_MONTHS}, who, line=key)
    if contract["division"] != division_of_credit_code(contract["employer_code"]):
        message = _("The employer's division is not the one in its credit code.")
        yield Flag("division_differs", message, who, line=key)
    signed = date.fromisoformat(contract["signed_on"])
    spans = recognised.get(contract["employer_code"], ())
    if not any(start <= signed and (end is None or end >= signed) for start, end in spans):
        yield Flag(
            "employer_unknown",
            _("The employer was no recognised service outsourcing enterprise when the contract was signed."),
            f"{who} ({contract['employer']})",
            line=key,
        )


def _jump(case: Case, snapshot: Mapping[str, Any]) -> Iterator[Flag]:
    """This claim's trainees against those subsidised for last year; nothing to compare with is no jump."""
    year, now = snapshot["year"], len(snapshot["lines"])
    before = AwardLine.objects.filter(
        programme=ProgrammeCode.TRAINING,
        payee=Payee.TRAINEE,
        award__case__organisation=case.organisation_id,
        award__case__year=year - 1,
        reversed_at__isnull=True,
    ).count()
    percent = practice("jump_percent", timezone.localdate())
    if before and now * 100 > before * percent:
        yield Flag(
            "jump",
            _("The claim has more than %(percent)d%% of last year's trainees.") % {"percent": percent},
            f"{year - 1}: {before}, {year}: {now}",
            "#previous-years",
        )
