"""Training claims of a whole city in columns: the inputs as the rules saw them, judged by `policy.rules.findings`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from casework import columns
from casework.lines import by_key
from casework.models import Assessment
from casework.programmes import programme
from policy.enums import ProgrammeCode
from policy.rules.findings import ALREADY_SUBSIDISED, Finder, is_eligible
from policy.rules.money import ZERO
from policy.rules.terms import TrainingTerms
from policy.rules.training import TraineeAssessment, TrainingFacts, explain
from policy.rules.versions import version_on
from policy.selectors import thawed
from recomputations.models import Part
from recomputations.programmes import Judged, Kept
from training.assessment import facts_of
from training.frozen import FrozenLine, RecomputedLine

FROZEN = (
    "assessment_id", "position", "enrolment", "twin", "signed_on", "training_start", "training_end",
    "contract_start", "contract_end", "employer_place", "certified", "education", "designated", "already_subsidised",
)  # fmt: skip
#: What the rules look at, in the order of `Finder.columns`, and the place.
JUDGED = ("id", "training_start", "training_end", "contract_start", "contract_end", "certified", "education",
          "designated", "already_subsidised", "employer_place")  # fmt: skip
LINES = """
SELECT l.* FROM casework_case c JOIN training_frozenline l ON l.assessment_id = c.current_assessment_id
WHERE c.programme = 'training' AND c.id BETWEEN %(first)s AND %(last)s
    AND (%(year)s::int IS NULL OR c.year = %(year)s) ORDER BY l.id
"""
TOTALS = """
SELECT l.assessment_id, sum(r.trainee_rmb + r.institution_rmb) FROM recomputations_part p
JOIN training_recomputedline r ON r.part_id = p.id JOIN training_frozenline l ON l.id = r.line_id
WHERE p.recomputation_id = %(recomputation)s GROUP BY 1
"""


def span_of(part: Part) -> dict[str, Any]:
    return {"first": part.first_case, "last": part.last_case, "year": part.recomputation.year}


def _accepted(assessment: Assessment) -> Sequence[dict[str, Any]]:
    rules = programme(ProgrammeCode.TRAINING)
    snapshot = assessment.submission.snapshot
    return rules.accepted(snapshot, by_key(assessment.inputs.get("lines", ())))["lines"]


def frozen_rows(assessment: Assessment) -> Iterator[tuple[str, ...]]:
    """The cells of one claim's trainees in the order of FROZEN, as COPY writes them."""
    subsidised = set(assessment.inputs["basis"]["subsidised"])
    lines = _accepted(assessment)
    often = {key for key, count in Counter(line["person_key"] for line in lines).items() if count > 1}
    first: dict[str, int] = {}
    for position, line in enumerate(lines):
        key = line["person_key"]
        facts = facts_of(line, already_subsidised=key in subsidised)
        yield (
            str(assessment.pk),
            str(position),
            str(line["enrolment"]),
            str(first.setdefault(key, position)) if key in often else "\\N",
            facts.contract_signed.isoformat(),
            facts.training_start.isoformat(),
            facts.training_end.isoformat(),
            facts.contract_start.isoformat(),
            facts.contract_end.isoformat() if facts.contract_end else "\\N",
            str(facts.place),
            _boolean(facts.certified),
            str(facts.education),
            _boolean(facts.designated),
            _boolean(facts.already_subsidised),
        )


def _boolean(value: bool) -> str:
    return "t" if value else "f"


def facts_from(line: FrozenLine, *, already_subsidised: bool) -> TrainingFacts:
    """The rules' facts of a trainee in columns."""
    return TrainingFacts(
        training_start=line.training_start,
        training_end=line.training_end,
        contract_signed=line.signed_on,
        contract_start=line.contract_start,
        contract_end=line.contract_end,
        place=line.employer_place,
        certified=line.certified,
        education=line.education,
        designated=line.designated,
        already_subsidised=already_subsidised,
    )


def explained(row: RecomputedLine, terms: Sequence[TrainingTerms] | None = None) -> TraineeAssessment:
    """The whole assessment behind a recomputed row, its steps with numbers and clauses.

    `terms` are those of its recomputation; without them they are read.
    Raises policy.rules.training.FactsError when the row is not what the rules find of its facts.
    """
    terms = terms or [thawed(ProgrammeCode.TRAINING, one) for one in row.part.recomputation.terms]
    version = version_on(terms, row.line.signed_on)
    # A person who stands in the claim twice is paid once: for the others an earlier line counts as paid before.
    again = row.line.twin is not None and bool(row.findings & ALREADY_SUBSIDISED)
    facts = facts_from(row.line, already_subsidised=row.line.already_subsidised or again)
    return explain(facts, version, row.findings)


class TrainingBulk:
    code = ProgrammeCode.TRAINING
    kept = Kept(
        table="training_recomputedline",
        columns=("line_id", "trainee_rmb", "institution_rmb", "findings"),
        key="line_id",
        totals=TOTALS,
    )

    def rows_of(self, assessments: Sequence[Assessment]) -> list[int]:
        return [len(_accepted(assessment)) for assessment in assessments]

    def freeze(self, assessments: Sequence[Assessment]) -> None:
        cells = [row for assessment in assessments for row in frozen_rows(assessment)]
        columns.write(
            "training_frozenline", FROZEN, columns.lines(*zip(*cells, strict=True)) if cells else b""
        )

    def differs(self, assessments: Sequence[Assessment]) -> Iterable[tuple[str, str, str]]:
        expected = {row[:2]: row for assessment in assessments for row in frozen_rows(assessment)}
        query = f"SELECT {', '.join(FROZEN)} FROM training_frozenline WHERE assessment_id = ANY(%s)"  # noqa: S608
        for part in columns.read(query, [[assessment.pk for assessment in assessments]]):
            for row in zip(*part, strict=True):
                wanted = expected.pop(row[:2], None)
                if wanted is None or row != tuple("" if cell == "\\N" else cell for cell in wanted):
                    yield f"assessment {row[0]}, trainee {row[1]}", _said(wanted), _said(row)
        for key, wanted in expected.items():
            yield f"assessment {key[0]}, trainee {key[1]}", _said(wanted), "-"

    def judge(self, part: Part, terms: Sequence[TrainingTerms]) -> Judged:
        return judge(span_of(part), terms, part=part.pk)


def _said(row: Sequence[str] | None) -> str:
    return " ".join(row[2:]) if row else "-"


def judge(span: dict[str, Any], terms: Sequence[TrainingTerms], *, part: int) -> Judged:
    """What the terms say of the trainees between two cases, each with its findings; the rows begin with `part`."""
    cells, (twins, first, last) = columns.gather(
        LINES, JUDGED, span, more=("count(twin)", "min(signed_on)", "max(signed_on)")
    )
    ids, *facts, places = cells
    if not ids:
        return Judged(b"", 0, ZERO)
    # Versions are in force one after the other: the same on the first and the last day is the same on all between.
    if (version := version_on(terms, first)) is version_on(terms, last):
        finders = [finder_of(version)]
        which = None
    else:
        finders, which = _by_version(span, terms)
    found = found_in(finders, which, facts)
    if twins:
        _once_in_a_claim(found, finders, which, span)
    if which is None:
        rows = finders[0].explained(found, places)
    else:
        rows = [finders[n].explained([f], [p])[0] for n, f, p in zip(which, found, places, strict=True)]
    rmb = sum((_rmb(row) * count for row, count in Counter(rows).items()), ZERO)
    begin = f"{part}\t"
    piece = begin + f"\n{begin}".join(map("\t".join, zip(ids, rows, strict=True))) + "\n"
    return Judged(piece.encode(), len(ids), rmb)


def _rmb(row: str) -> Decimal:
    trainee, institution, _findings = row.split("\t")
    return Decimal(trainee) + Decimal(institution)


_finders: list[tuple[TrainingTerms, Finder]] = []


def finder_of(terms: TrainingTerms) -> Finder:
    """One memory for each version: a worker's parts share it."""
    for known, finder in _finders:
        if known == terms:
            return finder
    _finders.append((terms, Finder(terms, date.fromisoformat)))
    del _finders[:-8]
    return _finders[-1][1]


def _flags(cells: Iterable[str]) -> list[bool]:
    return [cell == "true" for cell in cells]


def found_in(finders: Sequence[Finder], which: Sequence[int] | None, facts: Sequence[list[str]]) -> list[int]:
    """The findings of each row; `facts` are the columns of JUDGED between number and place, as PostgreSQL says them."""
    starts, ends, firsts, lasts, certified, education, designated, before = facts
    said = [starts, ends, firsts, lasts, _flags(certified), education, _flags(designated), _flags(before)]
    if which is None:
        return finders[0].columns(*said)
    found = [0] * len(which)
    for number, finder in enumerate(finders):
        chosen = [place for place, mine in enumerate(which) if mine == number]
        judged = finder.columns(*[[column[place] for place in chosen] for column in said])
        for place, value in zip(chosen, judged, strict=True):
            found[place] = value
    return found


def _by_version(span: dict[str, Any], terms: Sequence[TrainingTerms]) -> tuple[list[Finder], list[int]]:
    """The versions that the days of signing fall under, and which of them each row has."""
    (days,), _more = columns.gather(LINES, ("signed_on",), span)
    of_day = {day: version_on(terms, date.fromisoformat(day)) for day in set(days)}
    codes = {version.code: version for version in of_day.values()}
    numbers = {code: number for number, code in enumerate(codes)}
    return [finder_of(version) for version in codes.values()], [numbers[of_day[day].code] for day in days]


def _once_in_a_claim(
    found: list[int], finders: Sequence[Finder], which: Sequence[int] | None, span: dict[str, Any]
) -> None:
    """A person who stands in a claim twice is eligible once, as `training.assessment.assess_lines` has it."""
    (claims, twins), _more = columns.gather(LINES, ("assessment_id", "twin"), span)
    taken = set()
    for place, person in enumerate(zip(claims, twins, strict=True)):
        if person[1] == "":
            continue
        if person in taken:
            found[place] |= finders[which[place] if which else 0].again
        elif is_eligible(found[place]):
            taken.add(person)
