"""The offshore incentive as casework sees it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from applications.flags import flags_of
from applications.layout import LAYOUT
from applications.models import OffshoreClaim, Receipt
from applications.selectors import Rates, approved_claims_of_year, claim_lines, claim_of
from casework.enums import IN_REVIEW, LineVerdict, Payee
from casework.models import Award, Case
from casework.programmes import (
    AMOUNT,
    AssessedResult,
    DecidableLine,
    Facets,
    Flag,
    PayeeLine,
    Problem,
    Replayed,
)
from documents.selectors import place_url
from documents.selectors import problems_of as problems_of_papers
from documents.services.filing import freeze
from ledger import services as ledger
from ledger.selectors import granted_in_year
from policy.enums import ProgrammeCode
from policy.rules import offshore
from policy.rules.money import add, multiply
from policy.rules.terms import OffshoreTerms
from policy.rules.versions import version_for_year
from policy.selectors import offshore_terms_for


class OffshoreProgramme:
    code = ProgrammeCode.OFFSHORE
    prefix = "OS"
    evidence_template = "applications/_evidence.html"
    layout = LAYOUT

    def edit_url(self, case: Case) -> str:
        return reverse("offshore:claim", args=[case.number])

    def mend_url(self, case: Case, path: str) -> str:
        if path.startswith("documents/"):
            return place_url(case, path)
        return self.edit_url(case)

    def problems(self, case: Case) -> Sequence[Problem]:
        claim = claim_of(case)
        form, receipts = self.edit_url(case), list(claim.receipts.all())
        rates = Rates(receipt.currency for receipt in receipts)
        found = []
        if claim.typed is not None:
            found.append(
                Problem(
                    "typed", _("Some of what you typed is not saved yet. Open the claim and save it."), form
                )
            )
        if not receipts:
            found.append(Problem("no_receipts", _("Enter at least one receipt."), form + "#receipts"))
        for receipt in receipts:
            if receipt.received_on.year != case.year:
                found.append(
                    Problem(
                        "receipt_year",
                        _("Receipt %(reference)s was received in %(year)s, not in the year of this claim.")
                        % {"reference": receipt.bank_reference, "year": receipt.received_on.year},
                        form + "#receipts",
                    )
                )
            if rates.missing(receipt.currency, receipt.received_on):
                found.append(
                    Problem(
                        "rate_missing",
                        _(
                            "No exchange rate for %(currency)s on %(day)s is published yet. Ask the bureau to add it."
                        )
                        % {"currency": receipt.currency, "day": date_format(receipt.received_on)},
                        form + "#receipts",
                    )
                )
        found += problems_of_papers(case)
        if claim.undertaking_at is None:
            found.append(
                Problem(
                    "undertaking",
                    _("Accept the undertaking: without it the claim cannot be filed."),
                    reverse("offshore:submit", args=[case.number]) + "#id_undertaking",
                )
            )
        return found

    def snapshot(self, case: Case) -> dict[str, Any]:
        claim = claim_of(case)
        filed = claim_lines(claim)
        return {
            "organisation": {
                "name": case.organisation.name,
                "credit_code": case.organisation.credit_code,
                "division": case.organisation.division,
            },
            "year": case.year,
            "lines": list(filed.lines),
            "usd": format(filed.usd, "f"),
            "note": claim.note,
            "undertaking_by": claim.undertaking_by,
            "undertaking_at": claim.undertaking_at.isoformat(),
            "documents": freeze(case),
        }

    def basis(self, case: Case, snapshot: Mapping[str, Any]) -> dict[str, Any]:
        earlier = approved_claims_of_year(case)
        usd = add(*(Decimal(other.current_assessment.result["details"]["usd"]) for other in earlier))
        granted = granted_in_year(organisation_id=case.organisation_id, programme=self.code, year=case.year)
        return {
            "earlier": [other.number for other in earlier],
            "earlier_usd": str(usd),
            "granted_rmb": str(granted),
        }

    def references(self, snapshot: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        return [(str(line["receipt"]), line["bank_reference"]) for line in snapshot["lines"]]

    def lines(self, snapshot: Mapping[str, Any]) -> Sequence[DecidableLine]:
        return [
            DecidableLine(
                key=str(line["receipt"]),
                label=_("Receipt %(reference)s") % {"reference": line["bank_reference"]},
                amount=Decimal(line["amount"]),
                unit=line["currency"],
                # A refund counts as it is, or not at all.
                reduction=AMOUNT if Decimal(line["amount"]) > 0 else "",
                subjects=(f"receipt-{line['receipt']}", f"contract-{line['contract']['id']}"),
            )
            for line in snapshot["lines"]
        ]

    def accepted(
        self, snapshot: Mapping[str, Any], verdicts: Mapping[str, Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        if not verdicts:
            return snapshot
        lines = []
        for line in snapshot["lines"]:
            verdict = verdicts.get(str(line["receipt"]), {"verdict": LineVerdict.ACCEPT})
            if verdict["verdict"] == LineVerdict.REFUSE:
                continue
            if verdict["verdict"] == LineVerdict.REDUCE:
                usd = multiply(Decimal(verdict["accepted"]), Decimal(line["usd_per_unit"]))
                line = line | {"amount": verdict["accepted"], "usd": format(usd, "f")}
            lines.append(line)
        usd = add(*(Decimal(line["usd"]) for line in lines))
        return {**snapshot, "lines": lines, "usd": format(usd, "f")}

    def assess(
        self,
        snapshot: Mapping[str, Any],
        basis: Mapping[str, Any],
        terms: Sequence[OffshoreTerms] | None = None,
    ) -> AssessedResult:
        year = snapshot["year"]
        terms = offshore_terms_for(year) if terms is None else version_for_year(terms, year)
        result = offshore.assess_claim(
            usd=Decimal(snapshot["usd"]),
            earlier_usd=Decimal(basis["earlier_usd"]),
            earlier_granted_rmb=Decimal(basis["granted_rmb"]),
            terms=terms,
        )
        return AssessedResult(
            policy_key=terms.code,
            amount_rmb=result.award_rmb,
            lines=(PayeeLine(Payee.ENTERPRISE, snapshot["organisation"]["credit_code"], result.award_rmb),),
            reasons=tuple(reason.to_json() for reason in result.reasons),
            steps=tuple(step.to_json() for step in result.steps),
            details={
                "usd": str(result.usd),
                "cumulative_usd": str(result.cumulative_usd),
                "threshold_usd": str(terms.threshold_usd),
                "threshold_op": str(terms.threshold_op),
                "rate_rmb_per_usd": str(terms.rate_rmb_per_usd),
                "cap_rmb": str(terms.cap_rmb),
            },
            boundary=result.boundary,
            on_limit=result.cumulative_usd == terms.threshold_usd,
        )

    def bonds(self, snapshot: Mapping[str, Any]) -> Sequence[str]:
        return [f"{snapshot['organisation']['credit_code']}:{snapshot['year']}"]

    def facets(self, snapshots: Sequence[Mapping[str, Any]]) -> Sequence[Facets]:
        return [Facets(_main_sector(snapshot), Decimal(snapshot["usd"])) for snapshot in snapshots]

    def replay(
        self, claims: Sequence[tuple[Mapping[str, Any], Sequence[str]]], terms: Sequence[OffshoreTerms]
    ) -> Sequence[Replayed]:
        usd, granted, found = Decimal(0), Decimal("0.00"), []
        for snapshot, _held in claims:
            basis = {"earlier_usd": str(usd), "granted_rmb": str(granted)}
            result = self.assess(snapshot, basis, terms)
            usd = Decimal(result.details["cumulative_usd"])
            granted += result.amount_rmb
            qualifies = int(result.amount_rmb > 0)
            found.append(Replayed(result.policy_key, result.amount_rmb, qualifies, result.on_limit))
        return found

    def flags(self, case: Case, snapshot: Mapping[str, Any]) -> Sequence[Flag]:
        return list(dict.fromkeys(flags_of(case, snapshot)))

    def affected_by(self, case: Case) -> QuerySet[Case]:
        return Case.objects.filter(
            organisation=case.organisation_id, programme=self.code, year=case.year, status__in=IN_REVIEW
        ).exclude(pk=case.pk)

    def grant(self, award: Award, result: AssessedResult, user) -> None:
        case = award.case
        balance = ledger.allowance(
            organisation=case.organisation,
            programme=self.code,
            year=case.year,
            limit_rmb=Decimal(result.details["cap_rmb"]),
        )
        ledger.grant(balance=balance, amount_rmb=result.amount_rmb, key=award.key, user=user)

    def release(self, case: Case) -> None:
        Receipt.objects.filter(claim__case=case).update(released=True)

    def resume(self, case: Case) -> None:
        Receipt.objects.filter(claim__case=case).update(released=False)

    def evidence(self, case: Case, snapshot: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "claim": OffshoreClaim.objects.filter(case=case).first(),
            "lines": snapshot["lines"],
            "usd": snapshot["usd"],
            "note": snapshot["note"],
            "undertaking_by": snapshot["undertaking_by"],
            "undertaking_at": snapshot["undertaking_at"],
        }


def _main_sector(snapshot: Mapping[str, Any]) -> str:
    """The sector that most of a claim's USD come from; of equals the first one."""
    by_sector: dict[str, Decimal] = {}
    for line in snapshot["lines"]:
        sector = line["contract"]["sector"]
        by_sector[sector] = by_sector.get(sector, Decimal(0)) + Decimal(line["usd"])
    return max(by_sector, key=lambda sector: by_sector[sector], default="")
