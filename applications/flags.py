"""The automatic checks of an offshore claim: what an official should look at, each with the way to its evidence."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import AccreditationKind
from accounts.selectors import is_accredited
from applications.selectors import approved_usd
from casework.enums import Status
from casework.models import Case
from casework.programmes import Flag
from casework.references import plain, same_elsewhere
from policy.countries import ONSHORE
from policy.practice import practice
from policy.rules.money import ZERO, add, multiply


def flags_of(case: Case, snapshot: Mapping[str, Any]) -> Iterator[Flag]:
    """Every finding of one frozen claim."""
    yield from _recognition(case, snapshot["year"])
    yield from _reused(case, snapshot)
    for line in snapshot["lines"]:
        yield from _of_line(line)
    yield from _jump(case, snapshot)


def _recognition(case: Case, year: int) -> Iterator[Flag]:
    if not is_accredited(
        case.organisation, AccreditationKind.RECOGNITION, date(year, 1, 1), date(year, 12, 31)
    ):
        yield Flag(
            "recognition",
            _("No recognition of this enterprise covers the whole year."),
            str(year),
            reverse("admin:accounts_organisation_change", args=[case.organisation_id]),
        )


def _of_line(line: Mapping[str, Any]) -> Iterator[Flag]:
    contract, key = line["contract"], str(line["receipt"])
    if contract["client_country"] == ONSHORE:
        yield Flag("onshore", _("The client is domestic."), contract["contract_number"], line=key)
    if contract["is_related_party"]:
        yield Flag("related_party", _("The client is a related party."), contract["client_name"], line=key)
    if line["received_on"] < contract["signed_on"]:
        yield Flag(
            "before_contract",
            _("Money was received before the contract was signed."),
            line["bank_reference"],
            line=key,
        )


def _reused(case: Case, snapshot: Mapping[str, Any]) -> Iterator[Flag]:
    """One slip under two numbers: in this claim twice, or in another claim, whoever filed it."""
    lines = defaultdict(list)
    for line in snapshot["lines"]:
        lines[plain(line["bank_reference"])].append(line)
    for same in lines.values():
        for line in same[1:]:
            yield Flag(
                "receipt_reused",
                _("The same bank reference stands in this claim twice, spelt differently."),
                f"{same[0]['bank_reference']} = {line['bank_reference']}",
                line=str(line["receipt"]),
            )
    for found in same_elsewhere((line["bank_reference"] for line in snapshot["lines"]), case.pk):
        other = found.case
        own = other.organisation_id == case.organisation_id
        if own and other.status in (Status.WITHDRAWN, Status.LAPSED):
            continue  # filed anew after it was taken back
        for line in lines[found.plain]:
            yield Flag(
                "receipt_reused",
                _("The bank reference stands in another claim too."),
                f"{line['bank_reference']} = {found.written}, {other.number}, {other.organisation.name},"
                f" {other.get_status_display()}",
                reverse("admin:casework_case_change", args=[other.pk]),
                str(line["receipt"]),
            )


def _jump(case: Case, snapshot: Mapping[str, Any]) -> Iterator[Flag]:
    """This year's value against last year's; nothing to compare with is no jump."""
    year = snapshot["year"]
    before = approved_usd(case.organisation_id, year - 1)
    now = add(Decimal(snapshot["usd"]), approved_usd(case.organisation_id, year, but=case.pk))
    percent = practice("jump_percent", timezone.localdate())
    if before > ZERO and multiply(now, Decimal(100)) > multiply(before, Decimal(percent)):
        yield Flag(
            "jump",
            _("The value of the year is more than %(percent)d%% of last year's.") % {"percent": percent},
            f"{year - 1}: {before:,.2f} USD, {year}: {now:,.2f} USD",
            "#previous-years",
        )
