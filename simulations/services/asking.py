"""An official asks what drafts of the policy would come to, stops the work, or lets it go on."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Answer
from audit import services as audit
from casework.enums import IN_REVIEW, Status
from casework.models import Case
from casework.transitions import Refused
from policy import drafting
from policy.enums import VersionStatus
from policy.models import PolicyVersion
from policy.selectors import frozen, published_versions
from simulations.enums import BUSY, ChunkState, SimulationState
from simulations.models import Alternative, Chunk, Simulation
from simulations.services import sending

CHUNK_CASES = 200
MOST_ALTERNATIVES = 4
#: The statuses whose cases are replayed: what was granted, and what waits for a decision.
REPLAYED = (Status.APPROVED, *IN_REVIEW)


def may_simulate(user: User) -> Answer:
    """Who writes versions may try them."""
    return drafting.may_draft(user)


def population(programme: str, first_year: int, last_year: int):
    """The cases that a simulation of these years replays."""
    return Case.objects.filter(
        programme=programme, year__gte=first_year, year__lte=last_year, status__in=REPLAYED
    )


@transaction.atomic
def ask(
    *,
    user: User,
    programme: str,
    versions: Sequence[PolicyVersion],
    first_year: int,
    last_year: int,
    question: str,
    chunk_cases: int = CHUNK_CASES,
) -> Simulation:
    """Keep the terms as they stand and let a worker freeze the cases. Raises Refused, nothing being written."""
    if not (answer := may_simulate(user)):
        raise Refused("permission", answer.reason)
    if not 1 <= len(versions) <= MOST_ALTERNATIVES:
        raise Refused(
            "versions", _("Choose from 1 to %(most)d versions to compare.") % {"most": MOST_ALTERNATIVES}
        )
    for version in versions:
        if version.programme != programme:
            told = {"code": version.code}
            raise Refused("versions", _("Version %(code)s belongs to the other programme.") % told)
        if version.status == VersionStatus.DISCARDED:
            raise Refused("versions", _("Version %(code)s is discarded.") % {"code": version.code})
    if last_year < first_year:
        raise Refused("last_year", _("The last year lies before the first one."))
    if not population(programme, first_year, last_year).exists():
        raise Refused(
            "first_year",
            _("No filed case of this programme lies in the years %(first)d to %(last)d.")
            % {"first": first_year, "last": last_year},
        )
    in_force = published_versions(programme)
    simulation = Simulation.objects.create(
        programme=programme,
        first_year=first_year,
        last_year=last_year,
        question=question,
        chunk_cases=chunk_cases,
        requested_by=user,
    )
    Alternative.objects.create(
        simulation=simulation,
        position=0,
        code="+".join(version.code for version in in_force)[:20],
        terms=[frozen(version) for version in in_force],
    )
    for position, version in enumerate(versions, start=1):
        Alternative.objects.create(
            simulation=simulation,
            position=position,
            version=version,
            code=version.code,
            terms=[frozen(version)],
            content_hash=drafting.content_hash(version),
        )
    _record(simulation, user, "simulation.asked")
    transaction.on_commit(lambda: sending.freeze(simulation.pk))
    return simulation


@transaction.atomic
def stop(*, simulation_id: int, user: User) -> Simulation:
    """Stop the work; what is calculated stays. Raises Refused."""
    simulation = _locked(simulation_id, user)
    if simulation.state not in BUSY:
        raise Refused("step", _("This simulation is not running."))
    simulation.state = SimulationState.CANCELLED
    simulation.save(update_fields=["state"])
    _record(simulation, user, "simulation.stopped")
    return simulation


@transaction.atomic
def resume(*, simulation_id: int, user: User) -> Simulation:
    """Let stopped or failed work go on where it was; nothing is calculated twice. Raises Refused."""
    simulation = _locked(simulation_id, user)
    if simulation.state not in (SimulationState.CANCELLED, SimulationState.FAILED):
        raise Refused("step", _("This simulation was not stopped."))
    simulation.state = SimulationState.RUNNING if simulation.frozen_at else SimulationState.PLANNED
    simulation.attempts, simulation.error, simulation.run_after = 0, "", timezone.now()
    simulation.save(update_fields=["state", "attempts", "error", "run_after"])
    left = simulation.chunks.exclude(state=ChunkState.DONE)
    left.update(state=ChunkState.WAITING, attempts=0, error="", run_after=timezone.now())
    ids = list(left.values_list("pk", flat=True))
    _record(simulation, user, "simulation.resumed")
    if simulation.state == SimulationState.PLANNED:
        transaction.on_commit(lambda: sending.freeze(simulation.pk))
    else:
        transaction.on_commit(lambda: sending.chunks(ids))
    return simulation


def retry_failed(chunk_id: int, *, user: User) -> None:
    """Put a failed chunk back, with the others of its simulation. Raises Refused."""
    simulation_id = Chunk.objects.values_list("simulation", flat=True).filter(pk=chunk_id).first()
    if simulation_id is None:
        raise Refused("gone", _("This work is not there any more."))
    resume(simulation_id=simulation_id, user=user)


def _locked(simulation_id: int, user: User) -> Simulation:
    if not (answer := may_simulate(user)):
        raise Refused("permission", answer.reason)
    return Simulation.objects.select_for_update(of=("self",), no_key=True).get(pk=simulation_id)


def _record(simulation: Simulation, user: User, action: str) -> None:
    audit.record(
        actor=user,
        action=action,
        obj=simulation,
        data={
            "programme": simulation.programme,
            "years": [simulation.first_year, simulation.last_year],
            "versions": [[one.code, one.content_hash] for one in simulation.alternatives.all()],
        },
    )
