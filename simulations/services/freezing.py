"""The first step of a simulation: which cases, with which inputs, in which chunks. Frozen in one transaction, once."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, Subquery, Sum
from django.utils import timezone

from casework import failpoints
from casework.lines import by_key
from casework.models import AwardLine, Submission
from casework.programmes import Programme, programme
from ledger.enums import BalanceKind
from ledger.models import Balance
from simulations.enums import SimulationState
from simulations.models import Chunk, SimulatedCase, Simulation
from simulations.services import sending
from simulations.services.asking import population

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
RETRY_AFTER = timedelta(seconds=20)
BATCH = 500


@dataclass
class _Found:
    """One case on its way into the frozen inputs."""

    case_id: int
    submission_id: int
    lines: list[dict[str, Any]]
    organisation_id: int
    year: int
    division: str
    status: str
    bonds: Sequence[str] = ()
    outside: Sequence[str] = ()
    sector: str = ""
    size: Decimal = Decimal(0)
    tied: int = 0


def freeze(simulation_id: int) -> None:
    """Freeze the inputs of a simulation that was asked for; nothing when that is done, or somebody else does it."""
    if not _claim(simulation_id):
        return
    failpoints.pass_by("simulation_claimed")
    try:
        with transaction.atomic():
            ids = _freeze(simulation_id)
            transaction.on_commit(lambda: sending.chunks(ids))
            failpoints.pass_by("simulation_frozen")
    except Exception as error:  # whatever it was, it is counted, written down and tried again
        log.exception("simulation %s could not be frozen", simulation_id)
        _put_off(simulation_id, error)


@transaction.atomic
def _claim(simulation_id: int) -> bool:
    """Count the attempt in a transaction of its own, so that a simulation which kills its worker is found out."""
    row = (
        Simulation.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(pk=simulation_id, state=SimulationState.PLANNED)
        .first()
    )
    if row is None:
        return False
    if row.attempts >= MAX_ATTEMPTS:
        row.state = SimulationState.FAILED
        row.error = row.error or "gave up: the worker died at every attempt"
    row.attempts += 1
    row.run_after = timezone.now() + RETRY_AFTER
    row.save(update_fields=["state", "error", "attempts", "run_after"])
    return row.state == SimulationState.PLANNED


def _put_off(simulation_id: int, error: Exception) -> None:
    with transaction.atomic():
        row = Simulation.objects.select_for_update(of=("self",), no_key=True).get(pk=simulation_id)
        if row.state != SimulationState.PLANNED:
            return
        row.error = f"{type(error).__name__}: {error}"[:300]
        row.run_after = timezone.now() + RETRY_AFTER * 2**row.attempts
        if row.attempts >= MAX_ATTEMPTS:
            row.state = SimulationState.FAILED
        row.save(update_fields=["state", "error", "run_after"])


def _freeze(simulation_id: int) -> list[int]:
    simulation = Simulation.objects.select_for_update(of=("self",), no_key=True).get(pk=simulation_id)
    if simulation.state != SimulationState.PLANNED:
        return []
    rules = programme(simulation.programme)
    found = _population(simulation)
    for batch in _batches(found):
        _read_inputs(simulation, rules, batch)
    _add_sizes(found)
    _tie(found)
    pieces = list(_pieces(found, simulation.chunk_cases))
    chunks = Chunk.objects.bulk_create(
        Chunk(simulation=simulation, number=number) for number in range(1, len(pieces) + 1)
    )
    position = 0
    rows = []
    for chunk, piece in zip(chunks, pieces, strict=True):
        for one in piece:
            position += 1
            kept = {name: value for name, value in vars(one).items() if name != "bonds"}
            rows.append(SimulatedCase(simulation=simulation, chunk=chunk, position=position, **kept))
    SimulatedCase.objects.bulk_create(rows, batch_size=2000)
    simulation.state, simulation.frozen_at = SimulationState.RUNNING, timezone.now()
    simulation.cases, simulation.chunks_total, simulation.error = len(rows), len(chunks), ""
    simulation.funds = _budgets(simulation)
    simulation.save(update_fields=["state", "frozen_at", "cases", "chunks_total", "funds", "error"])
    return [chunk.pk for chunk in chunks]


def _population(simulation: Simulation) -> list[_Found]:
    """The cases in the order in which they were granted, then as they were filed; one query."""
    latest = Submission.objects.filter(case=OuterRef("pk")).order_by("-number").values("pk")[:1]
    cases = population(simulation.programme, simulation.first_year, simulation.last_year)
    rows = cases.order_by(F("decided_at").asc(nulls_last=True), "submitted_at", "pk").values_list(
        "pk",
        "current_assessment__submission_id",
        Subquery(latest),
        "current_assessment__inputs__lines",
        "organisation_id",
        "year",
        "division",
        "organisation__division",
        "status",
    )
    return [
        _Found(case, assessed or filed, lines or [], organisation, year, division or registered, status)
        for case, assessed, filed, lines, organisation, year, division, registered, status in rows
    ]


def _batches(found: list[_Found]) -> Iterator[list[_Found]]:
    for start in range(0, len(found), BATCH):
        yield found[start : start + BATCH]


def _read_inputs(simulation: Simulation, rules: Programme, batch: list[_Found]) -> None:
    """What ties each case to others, its facets, and who in it was subsidised by a case outside of the replay."""
    snapshots = dict(
        Submission.objects.filter(pk__in=[one.submission_id for one in batch]).values_list("pk", "snapshot")
    )
    accepted = [rules.accepted(snapshots[one.submission_id], by_key(one.lines)) for one in batch]
    for one, snapshot, facets in zip(batch, accepted, rules.facets(accepted), strict=True):
        one.bonds, one.sector, one.size = rules.bonds(snapshot), facets.sector, facets.size
    held = _held_outside(simulation, {bond for one in batch for bond in one.bonds})
    for one in batch:
        one.outside = sorted(held.intersection(one.bonds))


def _held_outside(simulation: Simulation, persons: set[str]) -> set[str]:
    replayed = population(simulation.programme, simulation.first_year, simulation.last_year)
    return set(
        AwardLine.objects.filter(
            programme=simulation.programme, person_key__in=persons, reversed_at__isnull=True
        )
        .exclude(award__case__in=replayed)
        .values_list("person_key", flat=True)
    )


def _add_sizes(found: list[_Found]) -> None:
    """A claim's size is its applicant's year's: claims of one year are one business."""
    total: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for one in found:
        total[one.organisation_id, one.year] += one.size
    for one in found:
        one.size = total[one.organisation_id, one.year]


def _tie(found: list[_Found]) -> None:
    """Number the sets of cases that have bonds in common, directly or through others, by their first case."""
    parents = list(range(len(found)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    seen: dict[str, int] = {}
    for place, one in enumerate(found):
        for bond in one.bonds:
            first, second = sorted((root(seen.setdefault(bond, place)), root(place)))
            parents[second] = first
    for place, one in enumerate(found):
        one.tied = root(place) + 1


def _pieces(found: list[_Found], size: int) -> Iterable[list[_Found]]:
    """Chunks of about `size` cases; tied cases stay together, in their order."""
    sets: dict[int, list[_Found]] = {}
    for one in found:
        sets.setdefault(one.tied, []).append(one)
    piece: list[_Found] = []
    for tied in sets.values():
        piece += tied
        if len(piece) >= size:
            yield piece
            piece = []
    if piece:
        yield piece


def _budgets(simulation: Simulation) -> dict[str, str]:
    rows = (
        Balance.objects.filter(
            kind=BalanceKind.FUND,
            programme=simulation.programme,
            year__gte=simulation.first_year,
            year__lte=simulation.last_year,
        )
        .values("year")
        .order_by("year")
        .annotate(rmb=Sum("limit_rmb"))
    )
    return {str(row["year"]): str(row["rmb"]) for row in rows}
