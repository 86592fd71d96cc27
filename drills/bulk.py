"""Whether a city in bulk comes to what its claims come to one by one: `python -m drills.bulk 100000 [training ..]`.

Random claims, half of their periods within a day of a limit, month ends and 29 February among them; people who stand
twice in a claim or were paid before; lines that officials refused or reduced; two versions of the policy, the second
with other operators. One by one means `training.assessment.assess_lines` and `policy.rules.offshore.assess_claim`; in
bulk means `recomputations`, rows, sums, findings and every step that is rebuilt from them.
"""

import random
import sys
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

CLAIM_LINES = 40
AT_ONCE = 500
ONE_DAY = timedelta(days=1)
CHANGED = date(2015, 7, 1)


def terms_of(programme: str) -> list[dict[str, Any]]:
    """Two versions, frozen: the published one until the end of June 2015 (of 2014), then one with other operators."""
    from policy.selectors import frozen, published_versions

    first = frozen(published_versions(programme)[0])
    changed = CHANGED if programme == "training" else date(2015, 1, 1)
    other = {"gt": "gte", "gte": "gt"}
    second = first | {
        "code": "other",
        "in_force_from": changed.isoformat(),
        "parameters": [
            one | {"value": other[one["value"]]} if one["name"].endswith("_op") else one
            for one in first["parameters"]
        ],
    }
    return [first | {"in_force_to": (changed - ONE_DAY).isoformat()}, second]


def _period(chance: random.Random, months: int, start: date) -> tuple[date, date]:
    from policy.rules.periods import add_months

    if chance.random() < 0.2:
        start = (start.replace(day=1) + timedelta(days=32)).replace(day=1) - ONE_DAY
    if chance.random() < 0.5:
        return start, max(start, add_months(start, months) + timedelta(days=chance.randint(-2, 1)))
    return start, start + timedelta(days=chance.randrange(1, 900))


def trainees(chance: random.Random, terms, count: int) -> list[dict[str, Any]]:
    """Lines of a frozen training claim; every sixth or so is a person who stands in it already."""
    from policy.rules.terms import Education, Place

    lines: list[dict[str, Any]] = []
    for number in range(count):
        training = _period(
            chance, terms.min_training_months, date(2015, 1, 1) + timedelta(chance.randrange(500))
        )
        contract = _period(
            chance, terms.min_contract_months, date(2015, 2, 1) + timedelta(chance.randrange(600))
        )
        again = lines and chance.random() < 0.15
        lines.append(
            {
                "enrolment": number + 1,
                "name": f"Trainee {number}",
                "person_key": chance.choice(lines)["person_key"] if again else f"k{chance.getrandbits(60)}",
                "training_start": training[0].isoformat(),
                "training_end": training[1].isoformat(),
                "education": str(chance.choice(list(Education))) if chance.random() < 0.3 else "bachelor",
                "designated": chance.random() < 0.92,
                "certificate": {"number": "C"} if chance.random() < 0.92 else None,
                "contract": {
                    "signed_on": (contract[0] - timedelta(days=chance.randrange(20))).isoformat(),
                    "starts_on": contract[0].isoformat(),
                    "ends_on": contract[1].isoformat() if chance.random() < 0.9 else None,
                    "place": str(chance.choice(list(Place))),
                },
            }
        )
    return lines


def receipts(chance: random.Random, terms) -> list[dict[str, Any]]:
    """Lines of a frozen offshore claim whose sum is often at the threshold or at what the cap is worth."""
    edge = chance.choice([terms.threshold_usd, terms.cap_rmb / terms.rate_rmb_per_usd])
    total = chance.choice(
        [
            edge + Decimal(chance.randint(-3, 3)) / 100,
            Decimal(chance.randrange(400_000_000)) / 100,
            Decimal(chance.randrange(10**12)) / 10**6,
        ]
    )
    parts = [total * chance.randint(1, 9) / 100 for _ in range(chance.randint(0, 9))]
    if chance.random() < 0.2:
        parts.append(Decimal(-chance.randrange(1_000_000)) / 100)
    parts.append(total - sum(parts))
    return [
        {"receipt": number, "amount": f"{usd:f}", "usd_per_unit": "1", "usd": f"{usd:f}"}
        for number, usd in enumerate(parts, start=1)
    ]


def verdicts(
    chance: random.Random, keys: Sequence[str], *, accepted: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """What officials decided of some lines, as an assessment's inputs keep it."""
    found = []
    for place, key in enumerate(keys):
        if chance.random() < 0.05:
            kind = chance.choice(["refuse", "reduce"])
            less = str(Decimal(accepted[place]) / 2) if accepted and kind == "reduce" else None
            found.append({"key": key, "verdict": kind, "accepted": less})
    return found


class City:
    """Assessed claims of one organisation, written past the services: what counts here is the calculation."""

    def __init__(self, programme: str) -> None:
        from tests import factories

        self.programme = programme
        kind = {"institution": True} if programme == "training" else {}
        self.organisation = factories.OrganisationFactory(**kind)
        self.user = factories.clerk_of(self.organisation)
        self.waiting: list[Any] = []

    def claim(
        self, snapshot: dict, basis: dict, decided: list[dict], amount: Decimal, policy: str, year: int
    ):
        """One claim more, which `write` writes: its assessment."""
        from django.utils import timezone

        from audit.services import sha256
        from casework.models import Assessment, CalculationRun, Case, Submission

        inputs = {"submission": 1, "snapshot": sha256(snapshot), "basis": basis}
        inputs |= {"lines": decided} if decided else {}
        case = Case(
            programme=self.programme,
            organisation=self.organisation,
            year=year,
            status="initial_review",
            created_by=self.user,
            changed_by=self.user,
            submitted_by=self.user,
            submitted_at=timezone.now(),
            amount_rmb=amount,
        )
        filed = Submission(
            case=case, number=1, snapshot=snapshot, snapshot_hash=inputs["snapshot"], submitted_by=self.user
        )
        run = CalculationRun(case=case, submission=filed, cause="submission", state="done")
        assessment = Assessment(
            case=case,
            submission=filed,
            run=run,
            policy_key=policy,
            inputs=inputs,
            inputs_hash=sha256(inputs),
            amount_rmb=amount,
            result={},
            hash=inputs["snapshot"],
        )
        self.waiting.append(assessment)
        return assessment

    def write(self) -> None:
        """Write what waits, past the triggers: a real case takes a dozen steps to this."""
        from django.db import connection, transaction

        from casework.models import Assessment, CalculationRun, Case, Submission

        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("SELECT coalesce(max(id), 0) FROM casework_case")
            first = cursor.fetchone()[0] + 1
            cases = [one.case for one in self.waiting]
            for number, case in enumerate(cases, start=first):
                case.number = f"BULK-{number:08d}"
            Case.objects.bulk_create(cases)
            filed = [one.submission for one in self.waiting]
            runs = [one.run for one in self.waiting]
            for row in (*filed, *runs, *self.waiting):
                row.case_id = row.case.pk
            Submission.objects.bulk_create(filed)
            for row in (*runs, *self.waiting):
                row.submission_id = row.submission.pk
            CalculationRun.objects.bulk_create(runs)
            for row in self.waiting:
                row.run_id = row.run.pk
            Assessment.objects.bulk_create(self.waiting)
            cursor.execute(
                "UPDATE casework_case c SET current_assessment_id = a.id FROM casework_assessment a"
                " WHERE a.case_id = c.id AND c.id = ANY(%s)",
                [[case.pk for case in cases]],
            )
            cursor.execute("SET LOCAL session_replication_role = origin")
        self.waiting.clear()


def recomputed(programme: str, terms: list[dict[str, Any]], *, rows: int):
    """A recomputation of everything, worked off here instead of in workers."""
    from recomputations import services
    from recomputations.models import Recomputation

    run = Recomputation.objects.create(programme=programme, terms=terms, part_rows=rows)
    while services.freeze(run.pk) is not None:
        pass
    services.plan(run.pk)
    for part in run.parts.order_by("?"):
        services.work(part.pk)
        services.work(part.pk)  # delivered again
    return run


def training(count: int, seed: int = 1) -> Iterator[str]:
    """Compare so many trainees; yields each difference, and returns how many claims there were."""
    from casework.lines import by_key
    from casework.programmes import programme
    from policy.selectors import thawed
    from training.assessment import assess_lines
    from training.bulk import explained
    from training.frozen import RecomputedLine

    chance, frozen = random.Random(seed), terms_of("training")
    terms = [thawed("training", one) for one in frozen]
    rules, city, expected, new = programme("training"), City("training"), {}, []
    left = count
    while left > 0:
        lines = trainees(chance, terms[0], min(left, chance.randint(1, CLAIM_LINES)))
        left -= len(lines)
        snapshot = {"organisation": {"credit_code": "C"}, "lines": lines}
        decided = verdicts(chance, [str(line["enrolment"]) for line in lines])
        subsidised = sorted({line["person_key"] for line in lines if chance.random() < 0.05})
        counted = rules.accepted(snapshot, by_key(decided))["lines"]
        result = assess_lines(counted, institution_code="C", subsidised=subsidised, terms=terms)
        assessment = city.claim(
            snapshot, {"subsidised": subsidised}, decided, result.amount_rmb, result.policy_key, 2016
        )
        new.append((assessment, (result.amount_rmb, result.details["people"])))
        if len(new) == AT_ONCE or left <= 0:
            city.write()
            expected |= {assessment.pk: result for assessment, result in new}
            new.clear()
    run = recomputed("training", frozen, rows=1000)
    rows = RecomputedLine.objects.filter(part__recomputation=run).select_related(
        "claim", "part__recomputation"
    )
    seen = 0
    for row in rows.iterator(chunk_size=2000):
        if row.claim_id not in expected:
            continue
        seen += 1
        person = expected[row.claim_id][1][row.position]
        found = explained(row, terms)
        same = {
            "amounts": (str(row.trainee_rmb), str(row.institution_rmb))
            == (person["trainee_rmb"], person["institution_rmb"]),
            "steps": [step.to_json() for step in found.steps] == person["steps"],
            "reasons": [reason.to_json() for reason in found.reasons] == person["reasons"],
        }
        yield from (f"training {row}: {what}" for what, good in same.items() if not good)
    wanted = sum(len(people) for _amount, people in expected.values())
    if seen != wanted:
        yield f"training: {seen} rows instead of {wanted}"
    yield from _sums(run)


def offshore(count: int, seed: int = 1) -> Iterator[str]:
    """The same with so many offshore claims, some of them later claims of a year."""
    from applications.bulk import explained
    from applications.frozen import RecomputedClaim
    from casework.lines import by_key
    from casework.programmes import programme
    from policy.rules.money import ZERO, round_fen
    from policy.rules.offshore import assess_claim
    from policy.rules.versions import version_for_year
    from policy.selectors import thawed

    chance, frozen = random.Random(seed), terms_of("offshore")
    terms = [thawed("offshore", one) for one in frozen]
    rules, city, expected, new = programme("offshore"), City("offshore"), {}, []
    for number in range(1, count + 1):
        year = chance.choice([2014, 2015, 2016])
        version = version_for_year(terms, year)
        lines = receipts(chance, version)
        decided = verdicts(
            chance, [str(line["receipt"]) for line in lines], accepted=[line["amount"] for line in lines]
        )
        snapshot = {"year": year, "lines": lines, "usd": f"{sum(Decimal(line['usd']) for line in lines):f}"}
        counted = rules.accepted(snapshot, by_key(decided))
        earlier = Decimal(chance.randrange(300_000_00)) / 100 if chance.random() < 0.3 else Decimal(0)
        granted = round_fen(min(version.cap_rmb, earlier * version.rate_rmb_per_usd)) if earlier else ZERO
        result = assess_claim(
            usd=Decimal(counted["usd"]), earlier_usd=earlier, earlier_granted_rmb=granted, terms=version
        )
        assessment = city.claim(
            snapshot,
            {"earlier_usd": str(earlier), "granted_rmb": str(granted)},
            decided,
            result.award_rmb,
            version.code,
            year,
        )
        new.append((assessment, result))
        if len(new) == AT_ONCE or number == count:
            city.write()
            expected |= {assessment.pk: result for assessment, result in new}
            new.clear()
    run = recomputed("offshore", frozen, rows=1000)
    rows = RecomputedClaim.objects.filter(part__recomputation=run).select_related("claim")
    for row in rows.iterator(chunk_size=2000):
        if (result := expected.pop(row.claim_id, None)) is None:
            continue
        if row.award_rmb != result.award_rmb or explained(row, terms) != result:
            yield f"offshore {row.claim_id}: {row.award_rmb} instead of {result.award_rmb}"
    yield from (f"offshore {pk}: no row" for pk in expected)
    yield from _sums(run)


def _sums(run) -> Iterator[str]:
    """What the portal's own comparison and its nightly checks say of the recomputation."""
    from recomputations.checks import CHECKS
    from recomputations.selectors import differences, standing

    yield from (
        f"{found.case}: {found.found_rmb} instead of {found.assessed_rmb}" for found in differences(run)
    )
    if not standing(run).is_done:
        yield f"{run}: not done"
    for check in CHECKS:
        yield from (f"{check.code} {difference}" for difference in check.find())


def main(count: int, programmes: Sequence[str]) -> int:
    from bench.measure import engines

    compare = {"training": training, "offshore": offshore}
    differ = 0
    with engines():
        for name in programmes or compare:
            found = list(compare[name](count))
            differ += len(found)
            print(f"{name}: {count:,} in bulk and one by one, {len(found)} differences", flush=True)
            for line in found[:20]:
                print(" ", line)
    return int(differ > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, sys.argv[2:]))
