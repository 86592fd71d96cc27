"""Training claims of a whole city in columns: the inputs as the rules saw them, judged by `policy.rules.findings`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain, repeat, zip_longest
from typing import Any

from django.db import connection

from casework import columns
from casework.lines import by_key
from casework.models import Assessment
from casework.programmes import programme
from policy.enums import ProgrammeCode
from policy.rules.findings import ALREADY_SUBSIDISED, CODES, Conditions, Finder, Period, is_eligible
from policy.rules.money import ZERO
from policy.rules.terms import TrainingTerms
from policy.rules.training import TraineeAssessment, TrainingFacts, explain
from policy.rules.versions import version_on
from policy.selectors import thawed
from recomputations.models import Part
from recomputations.programmes import Judged, Kept
from training.assessment import facts_of
from training.frozen import FrozenClaim, RecomputedLine

#: Lines that are judged together.
BLOCK = 5_000
#: The columns of a claim in the order in which they are written.
FROZEN = (
    "assessment_id", "trainees", "enrolments", "persons", "signed", "trainings", "contracts", "conditions",
)  # fmt: skip
CLAIMS = """
SELECT k.assessment_id, k.trainees, {columns} FROM casework_case c
JOIN training_frozenclaim k ON k.assessment_id = c.current_assessment_id
WHERE c.programme = 'training' AND c.id BETWEEN %(first)s AND %(last)s
    AND (%(year)s::int IS NULL OR c.year = %(year)s) ORDER BY k.assessment_id
"""
TOTALS = """
SELECT r.claim_id, sum(r.trainee_rmb + r.institution_rmb) FROM recomputations_part p
JOIN training_recomputedline r ON r.part_id = p.id WHERE p.recomputation_id = %(recomputation)s GROUP BY 1
"""


def span_of(part: Part) -> dict[str, Any]:
    return {"first": part.first_case, "last": part.last_case, "year": part.recomputation.year}


def _accepted(assessment: Assessment) -> Sequence[dict[str, Any]]:
    rules = programme(ProgrammeCode.TRAINING)
    snapshot = assessment.submission.snapshot
    return rules.accepted(snapshot, by_key(assessment.inputs.get("lines", ())))["lines"]


def frozen_row(assessment: Assessment) -> tuple[Any, ...] | None:
    """One claim in the order of FROZEN; None when no line of it was accepted."""
    if not (lines := _accepted(assessment)):
        return None
    subsidised = set(assessment.inputs["basis"]["subsidised"])
    first: dict[str, int] = {}
    persons = [first.setdefault(line["person_key"], position) for position, line in enumerate(lines)]
    facts = [facts_of(line, already_subsidised=line["person_key"] in subsidised) for line in lines]
    return (
        assessment.pk,
        len(lines),
        _lines(line["enrolment"] for line in lines),
        _lines(persons) if len(first) < len(lines) else "",
        _lines(one.contract_signed for one in facts),
        _lines(_said_period(one.training_start, one.training_end) for one in facts),
        _lines(_said_period(one.contract_start, one.contract_end) for one in facts),
        _lines(map(_said_conditions, facts)),
    )


def _lines(cells: Iterable[Any]) -> str:
    return "\n".join(map(str, cells))


def _said_period(first: date, last: date | None) -> str:
    return f"{first}/{last or ''}"


def _period(said: str) -> Period:
    first, _, last = said.partition("/")
    return date.fromisoformat(first), date.fromisoformat(last) if last else None


def _said_conditions(facts: TrainingFacts) -> str:
    certified, designated, before = (
        "yes" if one else "no" for one in (facts.certified, facts.designated, facts.already_subsidised)
    )
    return f"{certified} {facts.education} {designated} {before} {facts.place}"


def _conditions(said: str) -> Conditions:
    certified, education, designated, before, place = said.split(" ")
    return certified == "yes", education, designated == "yes", before == "yes", place


def facts_at(claim: FrozenClaim, position: int) -> TrainingFacts:
    """The rules' facts of one trainee of a claim in columns."""
    texts = claim.signed, claim.trainings, claim.contracts, claim.conditions
    signed, training, contract, conditions = (text.split("\n")[position] for text in texts)
    (starts, ends), (first, last) = _period(training), _period(contract)
    certified, education, designated, before, place = _conditions(conditions)
    return TrainingFacts(
        training_start=starts,
        training_end=ends,
        contract_signed=date.fromisoformat(signed),
        contract_start=first,
        contract_end=last,
        place=place,
        certified=certified,
        education=education,
        designated=designated,
        already_subsidised=before,
    )


def explained(row: RecomputedLine, terms: Sequence[TrainingTerms] | None = None) -> TraineeAssessment:
    """The whole assessment behind a recomputed row, its steps with numbers and clauses.

    `terms` are those of its recomputation; without them they are read.
    Raises policy.rules.training.FactsError when the row is not what the rules find of its facts.
    """
    terms = terms or [thawed(ProgrammeCode.TRAINING, one) for one in row.part.recomputation.terms]
    facts = facts_at(row.claim, row.position)
    # A person who stands in the claim twice is paid once: for the others an earlier line counts as paid before.
    stands_before = row.claim.persons and row.claim.persons.split("\n")[row.position] != str(row.position)
    if stands_before and row.findings & ALREADY_SUBSIDISED:
        facts = replace(facts, already_subsidised=True)
    return explain(facts, version_on(terms, facts.contract_signed), row.findings)


class TrainingBulk:
    code = ProgrammeCode.TRAINING
    kept = Kept(
        table="training_recomputedline",
        columns=("claim_id", "position", "trainee_rmb", "institution_rmb", "findings"),
        key="claim_id, position",
        totals=TOTALS,
    )

    def rows_of(self, assessments: Sequence[Assessment]) -> list[int]:
        return [len(_accepted(assessment)) for assessment in assessments]

    def freeze(self, assessments: Sequence[Assessment]) -> None:
        rows = [row for row in map(frozen_row, assessments) if row]
        cells = ([str(cell) for cell in column] for column in zip(*rows, strict=True))
        columns.write("training_frozenclaim", FROZEN, columns.lines(*map(columns.escaped, cells)))

    def differs(self, assessments: Sequence[Assessment]) -> Iterable[tuple[str, str, str]]:
        found = FrozenClaim.objects.filter(pk__in=[one.pk for one in assessments]).values_list(*FROZEN)
        present = {row[0]: row for row in found}
        for assessment in assessments:
            wanted, row = frozen_row(assessment), present.get(assessment.pk)
            if row != wanted:
                yield f"assessment {assessment.pk}", _said(wanted, row), _said(row, wanted)

    def judge(self, part: Part, terms: Sequence[TrainingTerms]) -> Judged:
        return judge(span_of(part), terms, part=part.pk)


def _said(row: Sequence[Any] | None, other: Sequence[Any] | None) -> str:
    """The first line of a claim that differs from the other reading."""
    mine, theirs = (_said_lines(one) for one in (row, other))
    return next((" ".join(line) for n, line in enumerate(mine) if line not in theirs[n : n + 1]), "-")


def _said_lines(row: Sequence[Any] | None) -> list[tuple[str, ...]]:
    return list(zip_longest(*(str(cell).split("\n") for cell in row), fillvalue="")) if row else []


def claims_in(span: dict[str, Any], *names: str) -> list[tuple]:
    """Number, count of trainees and the named columns of every claim between two cases, each column a tuple."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIMS.format(columns=", ".join(names)), span)
        return list(zip(*cursor.fetchall(), strict=True))


def cells_of(column: Iterable[str]) -> list[str]:
    """A line for each trainee, from the texts of their claims."""
    return "\n".join(column).split("\n")


def judge(span: dict[str, Any], terms: Sequence[TrainingTerms], *, part: int) -> Judged:
    """What the terms say of the trainees between two cases, each with its findings; the rows begin with `part`."""
    found = claims_in(span, "persons", "signed", "trainings", "contracts", "conditions")
    if not found:
        return Judged(b"", 0, ZERO)
    finders, number_of = _by_version(found[3], terms)
    counted, worth, tails, pieces = Counter(), {}, {}, []
    for claims, counts, persons, signed, *facts in blocks_of(found):
        which = [number_of[day] for day in cells_of(signed)] if len(finders) > 1 else None
        codes = codes_of(finders, which, [cells_of(column) for column in facts])
        if any(persons):
            _once_in_a_claim(codes, finders, counts, persons)
        for code in set(codes) - tails.keys():
            trainee, institution, findings = finders[code // CODES].decoded(code % CODES)
            worth[code], tails[code] = trainee + institution, f"\t{trainee}\t{institution}\t{findings}\n"
        counted.update(codes)
        pieces.append(_rows(part, claims, counts, map(tails.__getitem__, codes)))
    rmb = sum((worth[code] * count for code, count in counted.items()), ZERO)
    return Judged(b"".join(pieces), counted.total(), rmb)


def blocks_of(columns: Sequence[tuple]) -> Iterator[list[tuple]]:
    """The columns cut at every few claims: what is made of so many lines stays in the processor's cache."""
    begin = lines = 0
    for end, count in enumerate(columns[1], start=1):
        lines += count
        if lines >= BLOCK or end == len(columns[1]):
            yield [column[begin:end] for column in columns]
            begin, lines = end, 0


def _rows(part: int, claims: Sequence[int], counts: Sequence[int], tails: Iterable[str]) -> bytes:
    """The lines of some claims as COPY takes them; each ends with its tail."""
    positions = list(map(str, range(max(counts))))
    heads = (f"{part}\t{claim}\t" for claim in claims)
    cells = [""] * (3 * sum(counts))
    cells[0::3] = chain.from_iterable(map(repeat, heads, counts))
    cells[1::3] = chain.from_iterable(positions[:count] for count in counts)
    cells[2::3] = tails
    return "".join(cells).encode()


_finders: list[Finder] = []


def finder_of(terms: TrainingTerms) -> Finder:
    """One memory for each version: a worker's parts share it."""
    for finder in _finders:
        if finder.terms == terms:
            return finder
    _finders.append(Finder(terms, _period, _conditions))
    del _finders[:-8]
    return _finders[-1]


def _by_version(signed: Iterable[str], terms: Sequence[TrainingTerms]) -> tuple[list[Finder], dict[str, int]]:
    """The versions that the claims' days of signing fall under, and which of them a day has."""
    days: set[str] = set()
    for claim in signed:
        days.update(claim.split("\n"))
    of_day = {day: version_on(terms, date.fromisoformat(day)) for day in days}
    numbers = {
        code: number for number, code in enumerate({version.code: None for version in of_day.values()})
    }
    finders = [finder_of(next(one for one in terms if one.code == code)) for code in numbers]
    return finders, {day: numbers[version.code] for day, version in of_day.items()}


def codes_of(
    finders: Sequence[Finder], which: Sequence[int] | None, facts: Sequence[Sequence[str]]
) -> list[int]:
    """The code of each row, and in the digits above it the number of its version."""
    if which is None:
        return finders[0].columns(*facts)
    codes = [0] * len(which)
    for number, finder in enumerate(finders):
        chosen = [place for place, mine in enumerate(which) if mine == number]
        judged = finder.columns(*([column[place] for place in chosen] for column in facts))
        for place, code in zip(chosen, judged, strict=True):
            codes[place] = code + CODES * number
    return codes


def _once_in_a_claim(
    codes: list[int], finders: Sequence[Finder], counts: Sequence[int], persons: Sequence[str]
) -> None:
    """A person who stands in a claim twice is eligible once, as `training.assessment.assess_lines` has it."""
    begin = 0
    for count, firsts in zip(counts, persons, strict=True):
        taken = set()
        for place, person in enumerate(firsts.split("\n") if firsts else (), start=begin):
            if person in taken:
                codes[place] |= finders[codes[place] // CODES].again
            elif is_eligible(codes[place]):
                taken.add(person)
        begin += count
