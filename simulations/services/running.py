"""A chunk of a simulation: read, replayed in a transaction in which PostgreSQL refuses every write, then written once.

A process that dies leaves the chunk waiting; a second delivery finds it done. The last chunk finishes the simulation.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from audit import services as audit
from casework import columns, failpoints
from casework.lines import by_key
from casework.programmes import programme
from policy.selectors import thawed
from simulations.enums import ChunkState, SimulationState
from simulations.models import Alternative, Chunk, SimulatedCase, Simulation

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
RETRY_AFTER = timedelta(seconds=20)
# A row younger than this is probably in the broker already.
SWEEP_AFTER = timedelta(seconds=10)
RESEND_AFTER = timedelta(seconds=60)
FAILPOINTS = ("chunk_claimed", "chunk_computed", "chunk_written", "chunk_committed")
_TABLE = "simulations_simulatedresult"
_COLUMNS = ("simulated_case_id", "alternative_id", "simulated_rmb", "qualifying", "on_limit", "policy_key")


@transaction.atomic
def take_due_chunks(limit: int) -> list[int]:
    """Ids of waiting chunks whose message may have been lost; each is taken again only after RESEND_AFTER."""
    now = timezone.now()
    due = (
        Chunk.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(
            state=ChunkState.WAITING,
            simulation__state=SimulationState.RUNNING,
            run_after__lte=now,
            created_at__lte=now - SWEEP_AFTER,
        )
        .order_by("run_after", "pk")
    )
    ids = [chunk.pk for chunk in due[:limit]]
    Chunk.objects.filter(pk__in=ids).update(run_after=now + RESEND_AFTER)
    return ids


@transaction.atomic
def take_due_plans(limit: int) -> list[int]:
    """The same for simulations whose inputs are not frozen yet."""
    now = timezone.now()
    due = (
        Simulation.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(state=SimulationState.PLANNED, run_after__lte=now, requested_at__lte=now - SWEEP_AFTER)
        .order_by("run_after", "pk")
    )
    ids = [row.pk for row in due[:limit]]
    Simulation.objects.filter(pk__in=ids).update(run_after=now + RESEND_AFTER)
    return ids


def unfinished(limit: int) -> list[int]:
    """Simulations of which nothing waits any more: the process that did the last chunk died before it said so."""
    waiting = Chunk.objects.filter(simulation=OuterRef("pk"), state=ChunkState.WAITING)
    running = Simulation.objects.filter(~Exists(waiting), state=SimulationState.RUNNING)
    return list(running.order_by("pk").values_list("pk", flat=True)[:limit])


def run_chunk(chunk_id: int) -> None:
    """Calculate one waiting chunk, exactly once in effect however often it is delivered."""
    if not _claim(chunk_id):
        return
    failpoints.pass_by("chunk_claimed")
    try:
        piece = compute(chunk_id)
        failpoints.pass_by("chunk_computed")
        with transaction.atomic():
            simulation_id = _write(chunk_id, piece)
            failpoints.pass_by("chunk_written")
        failpoints.pass_by("chunk_committed")
    except Exception as error:  # whatever it was, it is counted, written down and tried again
        log.exception("chunk %s of a simulation failed", chunk_id)
        simulation_id = _put_off(chunk_id, error)
    finish(simulation_id)


@transaction.atomic
def _claim(chunk_id: int) -> bool:
    """Count the attempt in a transaction of its own, so that a chunk which kills its worker is found out."""
    chunk = (
        Chunk.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(pk=chunk_id, state=ChunkState.WAITING, simulation__state=SimulationState.RUNNING)
        .first()
    )
    if chunk is None:
        return False
    if chunk.attempts >= MAX_ATTEMPTS:
        chunk.state, chunk.finished_at = ChunkState.FAILED, timezone.now()
        chunk.error = chunk.error or "gave up: the worker died at every attempt"
    chunk.attempts += 1
    chunk.run_after = timezone.now() + RETRY_AFTER
    chunk.save(update_fields=["state", "attempts", "run_after", "finished_at", "error"])
    return chunk.state == ChunkState.WAITING


@transaction.atomic
def compute(chunk_id: int) -> bytes:
    """The chunk's results as rows for COPY. Whatever the rules did, they could write nothing: least of all an award."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    return columns.lines(*zip(*_results(chunk_id), strict=True))


def _results(chunk_id: int) -> Iterator[tuple[str, ...]]:
    chunk = Chunk.objects.select_related("simulation").get(pk=chunk_id)
    simulation = chunk.simulation
    rules = programme(simulation.programme)
    compared = [
        (one.pk, [thawed(simulation.programme, data, always=one.position > 0) for data in one.terms])
        for one in Alternative.objects.filter(simulation=simulation)
    ]
    rows = SimulatedCase.objects.filter(chunk=chunk).select_related("submission").order_by("tied", "position")
    for _tied, tied in groupby(rows, key=lambda row: row.tied):
        cases = list(tied)
        claims = [(rules.accepted(one.submission.snapshot, by_key(one.lines)), one.outside) for one in cases]
        for alternative, terms in compared:
            for one, result in zip(cases, rules.replay(claims, terms), strict=True):
                yield (
                    str(one.pk),
                    str(alternative),
                    str(result.amount_rmb),
                    str(result.qualifying),
                    "t" if result.on_limit else "f",
                    *columns.escaped([result.policy_key]),
                )


def _write(chunk_id: int, piece: bytes) -> int:
    chunk = Chunk.objects.select_for_update(of=("self",), no_key=True).get(pk=chunk_id)
    if chunk.state == ChunkState.WAITING:
        chunk.digest = columns.write(_TABLE, _COLUMNS, piece)
        chunk.state, chunk.finished_at, chunk.error = ChunkState.DONE, timezone.now(), ""
        chunk.save(update_fields=["state", "digest", "finished_at", "error"])
    return chunk.simulation_id


@transaction.atomic
def _put_off(chunk_id: int, error: Exception) -> int:
    chunk = Chunk.objects.select_for_update(of=("self",), no_key=True).get(pk=chunk_id)
    if chunk.state == ChunkState.WAITING:
        chunk.error = f"{type(error).__name__}: {error}"[:300]
        chunk.run_after = timezone.now() + RETRY_AFTER * 2**chunk.attempts
        if chunk.attempts >= MAX_ATTEMPTS:
            chunk.state, chunk.finished_at = ChunkState.FAILED, timezone.now()
        chunk.save(update_fields=["state", "error", "run_after", "finished_at"])
    return chunk.simulation_id


@transaction.atomic
def finish(simulation_id: int) -> None:
    """Close a simulation whose chunks are all done, or given up; nothing while one waits."""
    simulation = Simulation.objects.select_for_update(of=("self",), no_key=True).get(pk=simulation_id)
    states = set(simulation.chunks.values_list("state", flat=True))
    if simulation.state != SimulationState.RUNNING or ChunkState.WAITING in states:
        return
    if ChunkState.FAILED in states:
        simulation.state = SimulationState.FAILED
        simulation.error = simulation.chunks.filter(state=ChunkState.FAILED).values_list("error", flat=True)[
            0
        ]
    else:
        simulation.state, simulation.finished_at = SimulationState.DONE, timezone.now()
        simulation.digest = digest(simulation.pk)
    simulation.save(update_fields=["state", "finished_at", "digest", "error"])
    audit.record(
        actor="worker",
        action=f"simulation.{simulation.state}",
        obj=simulation,
        data={"cases": simulation.cases, "digest": simulation.digest, "error": simulation.error},
    )


def digest(simulation_id: int) -> str:
    """One hash of everything that a simulation found, whatever the order in which its chunks were done."""
    return columns.digest(
        f"""
        SELECT c.case_id, a.position, r.simulated_rmb, r.qualifying, r.on_limit, r.policy_key
        FROM {_TABLE} r
        JOIN simulations_simulatedcase c ON c.id = r.simulated_case_id
        JOIN simulations_alternative a ON a.id = r.alternative_id
        WHERE c.simulation_id = %s ORDER BY c.case_id, a.position
        """,
        [simulation_id],
    )
