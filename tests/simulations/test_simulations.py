"""Simulations: frozen inputs, one effect of each chunk, the figures of the two readings, and never an award."""

from decimal import Decimal

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from accounts.enums import OfficialRole
from audit.models import Record
from casework.models import Assessment, Award, AwardLine
from casework.programmes import programme
from casework.tasks import calculate as calculate_claim
from casework.transitions import Refused
from ledger.models import Entry
from nanchang_portal import celery_app
from policy import drafting
from simulations import figures, tasks
from simulations.enums import ChunkState, SimulationState
from simulations.figures import Change
from simulations.models import Chunk, SimulatedCase, SimulatedResult, Simulation
from simulations.services import asking, freezing, running
from tests import factories
from tests.simulations.conftest import ask, enterprise, version, work


@pytest.fixture
def gte(db):
    return version("offshore", "2013-gte")


def amounts(simulation, position: int) -> dict[str, str]:
    return {
        f"{row['name']} {row['number'][-1]}": str(row["after"]) for row in figures.cases(simulation, position)
    }


def named(simulation, change: Change, position: int = 1) -> list[str]:
    return [row["name"] for row in figures.changed(simulation, position, change)]


def records_of_money() -> list[int]:
    return [model.objects.count() for model in (Assessment, Award, AwardLine, Entry)]


# The figures


def test_the_two_readings_differ_exactly_in_the_boundary_case(city, editor, gte):
    before = records_of_money()
    simulation = work(ask(editor, gte))
    assert simulation.state == SimulationState.DONE and simulation.cases == 6
    in_force, draft = figures.totals(simulation)
    # What is in force comes to what the city granted or calculated: the same rules, the same inputs.
    real = sum(case.amount_rmb for one in vars(city).values() for case in one.cases)
    assert in_force.rmb == real == Decimal("600000.00")
    assert (draft.rmb, draft.more_rmb) == (Decimal("640000.00"), Decimal("40000.00"))
    for change in (Change.GAINS, Change.NEWLY, Change.BOUNDARY):
        assert named(simulation, change) == ["Equal"]
    assert named(simulation, Change.LOSES) == named(simulation, Change.NO_LONGER) == []
    assert figures.counts(simulation, 1) == {
        "gains": 1,
        "loses": 0,
        "newly": 1,
        "no_longer": 0,
        "boundary": 1,
    }
    assert records_of_money() == before


def test_the_two_readings_of_the_training_subsidy(institution, editor):
    gte = version("training", "2013-gte")
    simulation = work(ask(editor, gte))
    in_force, draft = figures.totals(simulation)
    assert (in_force.qualifying, draft.qualifying) == (1, 3)
    assert in_force.rmb == institution.case.amount_rmb
    assert draft.rmb == 3 * in_force.rmb
    assert named(simulation, Change.BOUNDARY) == named(simulation, Change.GAINS) == ["School"]


def test_claims_of_a_year_are_replayed_one_after_the_other(city, editor):
    seeded = version("offshore", "2013")
    content = drafting.copied_content(
        seeded, code="low", in_force_from=seeded.in_force_from, in_force_to=None
    )
    parameters = [
        type(one)(
            one.name,
            {"threshold_usd": "120000", "cap_rmb": "400000"}.get(one.name, one.value),
            one.unit,
            one.clause,
            "",
        )
        for one in content.parameters
    ]
    content = drafting.Content("low", "低", "Low", content.in_force_from, None, parameters)
    low = drafting.create_draft(user=editor, programme="offshore", content=content, source="2013")
    simulation = work(ask(editor, low))
    year = {(row["name"], row["number"]): row["after"] for row in figures.cases(simulation, 1)}
    first, second = (case.number for case in city.split.cases)
    # 150,000 earns 30,000 now; the second claim adds what the year still lacks. The year itself gains nothing.
    assert (year["Split", first], year["Split", second]) == (Decimal("30000.00"), Decimal("20000.00"))
    assert "Split" not in named(simulation, Change.GAINS) + named(simulation, Change.LOSES)
    assert named(simulation, Change.NEWLY) == ["Equal", "Short"]
    assert named(simulation, Change.LOSES) == ["Large"]


def test_the_splits_add_up_to_the_total(city, editor, gte):
    simulation = work(ask(editor, gte))
    total = figures.totals(simulation)[1].rmb
    for split in (figures.by_sector, figures.by_district, figures.by_size, figures.by_year):
        parts = split(simulation, 1)
        assert sum(part.after for part in parts) == total, split
        assert sum(part.cases for part in parts) == 6, split
    assert [str(part.after) for part in figures.by_size(simulation, 1)] == [
        "0.00",
        "140000.00",
        "0.00",
        "0.00",
        "500000.00",
    ]


def test_a_year_is_measured_against_its_fund(city, editor, gte):
    finance = [factories.official(OfficialRole.FINANCE) for _n in range(2)]
    factories.fund_change(*finance, amount_rmb=Decimal("620000.00"))
    simulation = work(ask(editor, gte))
    (budget,) = figures.budgets(simulation, 1)
    assert (budget.year, budget.fund, budget.over) == (2015, Decimal("620000.00"), Decimal("20000.00"))


def test_a_person_who_was_subsidised_elsewhere_counts_once(institution, editor, reviewers):
    factories.approve(institution.case, *reviewers)
    simulation = work(ask(editor, version("training", "2013-gte")))
    # Inside the replay the person's own award is no obstacle to it.
    assert figures.totals(simulation)[0].qualifying == 1
    kept = SimulatedCase.objects.get(simulation=simulation)
    assert kept.outside == []


# Frozen


def test_later_changes_of_draft_and_cases_do_not_reach_it(city, editor, gte):
    simulation = ask(editor, gte)
    freezing.freeze(simulation.pk)
    content = drafting.copied_content(gte, code=gte.code, in_force_from=gte.in_force_from, in_force_to=None)
    parameters = [
        type(one)(one.name, "0.5" if one.name == "rate_rmb_per_usd" else one.value, one.unit, one.clause, "")
        for one in content.parameters
    ]
    content = drafting.Content(gte.code, "改", "Changed", gte.in_force_from, None, parameters)
    drafting.save_draft(version_id=gte.pk, user=editor, revision=gte.revision, content=content)
    enterprise("Latecomer", ("300000",))
    work(simulation)
    assert figures.totals(simulation)[1].rmb == Decimal("640000.00")
    assert SimulatedCase.objects.filter(simulation=simulation).count() == 6


# One effect


def test_chunks_in_any_order_and_number_come_to_the_same(city, editor, gte):
    whole = work(ask(editor, gte))
    simulation = ask(editor, gte, chunk_cases=1)
    freezing.freeze(simulation.pk)
    freezing.freeze(simulation.pk)
    ids = list(simulation.chunks.values_list("pk", flat=True))
    assert len(ids) == 5  # the two claims of one year stay together
    for pk in [*reversed(ids), *ids]:
        running.run_chunk(pk)
    simulation.refresh_from_db()
    assert simulation.state == SimulationState.DONE
    assert simulation.digest == whole.digest
    assert SimulatedResult.objects.filter(simulated_case__simulation=simulation).count() == 12
    assert set(simulation.chunks.values_list("attempts", flat=True)) == {1}
    with pytest.raises(DatabaseError, match="simulated_result_once"), transaction.atomic():
        one = SimulatedResult.objects.filter(simulated_case__simulation=simulation)[0]
        SimulatedResult.objects.create(
            simulated_case=one.simulated_case,
            alternative=one.alternative,
            simulated_rmb=0,
            qualifying=0,
            on_limit=False,
            policy_key="",
        )


def test_stopped_work_goes_on_where_it_was(city, editor, gte):
    whole = work(ask(editor, gte))
    simulation = ask(editor, gte, chunk_cases=1)
    freezing.freeze(simulation.pk)
    ids = list(simulation.chunks.values_list("pk", flat=True))
    running.run_chunk(ids[0])
    asking.stop(simulation_id=simulation.pk, user=editor)
    for pk in ids:
        running.run_chunk(pk)
    assert list(simulation.chunks.filter(state=ChunkState.DONE).values_list("pk", flat=True)) == ids[:1]
    with pytest.raises(Refused):
        asking.stop(simulation_id=simulation.pk, user=editor)
    asking.resume(simulation_id=simulation.pk, user=editor)
    work(simulation)
    assert (simulation.state, simulation.digest) == (SimulationState.DONE, whole.digest)
    actions = Record.objects.filter(object_type="simulations.simulation", object_id=str(simulation.pk))
    assert list(actions.order_by("pk").values_list("action", flat=True)) == [
        "simulation.asked",
        "simulation.stopped",
        "simulation.resumed",
        "simulation.done",
    ]


def test_what_the_broker_lost_is_sent_again(city, editor, gte):
    simulation = ask(editor, gte, chunk_cases=1)
    Simulation.objects.update(requested_at="2015-01-01T00:00Z")
    assert running.take_due_plans(10) == [simulation.pk]
    assert running.take_due_plans(10) == []
    freezing.freeze(simulation.pk)
    Chunk.objects.update(created_at="2015-01-01T00:00Z")
    ids = running.take_due_chunks(10)
    assert len(ids) == 5 and running.take_due_chunks(10) == []
    for pk in ids[:-1]:
        running.run_chunk(pk)
    assert running.unfinished(10) == []
    # A worker that dies between its last chunk and the end.
    with transaction.atomic():
        running._write(ids[-1], running.compute(ids[-1]))
    assert running.unfinished(10) == [simulation.pk]
    running.finish(simulation.pk)
    simulation.refresh_from_db()
    assert simulation.state == SimulationState.DONE


def test_a_chunk_that_fails_is_given_up_and_can_be_tried_again(city, editor, gte):
    simulation = ask(editor, gte)
    freezing.freeze(simulation.pk)
    chunk = simulation.chunks.get()
    Chunk.objects.filter(pk=chunk.pk).update(attempts=running.MAX_ATTEMPTS)
    running.run_chunk(chunk.pk)
    running.finish(simulation.pk)
    simulation.refresh_from_db()
    assert simulation.state == SimulationState.FAILED and "gave up" in simulation.error
    asking.resume(simulation_id=simulation.pk, user=editor)
    assert work(simulation).state == SimulationState.DONE


# Never an award


def test_the_rules_of_a_simulation_can_write_nothing(city, editor, gte, monkeypatch):
    """A programme that tried to grant something while it is simulated: the database refuses, nothing is written."""
    rules, honest = programme("offshore"), programme("offshore").assess
    case = city.plain.cases[0]

    def granting(snapshot, basis, terms=None):
        Award.objects.create(case=case, number=9, assessment=case.current_assessment, amount_rmb=1)
        return honest(snapshot, basis, terms)

    monkeypatch.setattr(rules, "assess", granting)
    before = records_of_money()
    simulation = work(ask(editor, gte))
    chunk = simulation.chunks.get()
    assert chunk.state == ChunkState.WAITING and "read-only transaction" in chunk.error
    assert records_of_money() == before
    assert not SimulatedResult.objects.exists()


def test_no_reference_leads_from_money_to_a_simulation(city, editor, gte):
    work(ask(editor, gte))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
            WHERE contype = 'f' AND confrelid::regclass::text LIKE 'simulations\\_%'
                AND conrelid::regclass::text NOT LIKE 'simulations\\_%'
            """
        )
        assert cursor.fetchall() == []
        cursor.execute(
            """
            SELECT conrelid::regclass::text FROM pg_constraint WHERE contype = 'f'
                AND conrelid::regclass::text LIKE 'simulations\\_%'
                AND confrelid::regclass::text ~ 'award|assessment|ledger|payment'
            """
        )
        assert cursor.fetchall() == []
    # A key of a simulated amount fits into no column that refers to an award or a calculation.
    key = SimulatedResult.objects.values_list("pk", flat=True)[0]
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if (
                field.is_relation
                and getattr(field, "column", None)
                and field.related_model in (Award, AwardLine, Assessment)
            ):
                with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(f"UPDATE {model._meta.db_table} SET {field.column} = '{key}'::uuid")


@pytest.mark.parametrize("sql", ["UPDATE {} SET simulated_rmb = 1", "DELETE FROM {}", "TRUNCATE {}"])
def test_results_are_only_added(city, editor, gte, sql):
    work(ask(editor, gte))
    with pytest.raises(DatabaseError, match="append_only|Cannot|no_truncate"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(sql.format("simulations_simulatedresult"))


def test_a_finished_simulation_is_final(city, editor, gte):
    simulation = work(ask(editor, gte))
    with pytest.raises(DatabaseError, match="done_is_final|Cannot update"), transaction.atomic():
        Simulation.objects.filter(pk=simulation.pk).update(state="running")


# Who and what


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"first_year": 2016, "last_year": 2015}, "last_year"),
        ({"first_year": 2019, "last_year": 2019}, "first_year"),
        ({"versions": []}, "versions"),
        ({"programme": "training"}, "versions"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(city, editor, gte, change, code):
    given = {
        "user": editor,
        "programme": "offshore",
        "versions": [gte],
        "first_year": 2015,
        "last_year": 2015,
        "question": "?",
    }
    with pytest.raises(Refused) as caught:
        asking.ask(**given | change)
    assert caught.value.code == code
    assert not Simulation.objects.exists()


def test_only_who_writes_versions_asks(city, gte):
    auditor = factories.official(OfficialRole.AUDITOR)
    with pytest.raises(Refused) as caught:
        ask(auditor, gte)
    assert caught.value.code == "permission"


def test_a_simulation_does_not_stand_in_front_of_filed_claims():
    """Its chunks wait in a queue of their own, from which a worker takes in turn with the other."""
    with celery_app.connection_for_write() as broker:
        client = broker.default_channel.client
        before = {name: client.llen(name) for name in ("celery", "bulk")}
        for number in range(20):
            tasks.calculate.delay(number)
        tasks.freeze.delay(1)
        calculate_claim.delay(1)
        found = {name: client.llen(name) - before[name] for name in ("celery", "bulk")}
        client.delete("bulk", "celery")
    assert found == {"celery": 1, "bulk": 21}
