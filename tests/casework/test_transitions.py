"""The transition table holds in code and in the database alike."""

import itertools

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from casework.enums import CLOSED, Status
from casework.models import Case, Edge, Review, Transition
from casework.transitions import EDGES
from tests import factories

TABLE = {(edge.from_status, edge.to_status) for edge in EDGES}


@pytest.mark.django_db
def test_database_and_code_hold_the_same_table():
    in_code = {(e.from_status.value, e.to_status.value, e.actor.value, e.reason_required) for e in EDGES}
    in_database = set(Edge.objects.values_list("from_status", "to_status", "actor", "reason_required"))
    assert in_database == in_code


def test_a_case_begins_as_a_draft(people):
    with pytest.raises(IntegrityError, match="case_status_begins_as_draft"), transaction.atomic():
        Case.objects.create(
            number="X-1",
            programme="offshore",
            organisation=people.enterprise,
            year=2015,
            status=Status.APPROVED,
            created_by=people.clerk,
            changed_by=people.clerk,
            submitted_by=people.clerk,
            submitted_at="2015-01-01T00:00Z",
        )


@pytest.mark.parametrize(
    "target", [s for s in Status if (Status.DRAFT, s) not in TABLE and s != Status.DRAFT]
)
def test_sql_cannot_leave_the_table(people, target):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    with pytest.raises(IntegrityError, match="case_status_edge"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(status=target)
    case.refresh_from_db()
    assert case.status == Status.DRAFT


def test_closed_statuses_have_no_way_out_but_a_reopening():
    closed = set(CLOSED)
    out = {pair for pair in itertools.product(closed, Status) if pair in TABLE}
    assert out == {(Status.APPROVED, Status.INITIAL_REVIEW), (Status.REJECTED, Status.INITIAL_REVIEW)}


def test_approval_by_sql_needs_two_reviews_of_the_assessment(people):
    case = factories.filed_offshore(people.enterprise, people.clerk, "250000")
    factories.decide(case, people.initial, "initial")
    with pytest.raises(IntegrityError, match="case_approval_needs_two_reviews"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE casework_case SET status = 'approved', decided_at = now(), final_reviewer_id = %s"
                " WHERE id = %s",
                [people.final.pk, case.pk],
            )
    case.refresh_from_db()
    assert case.status == Status.FINAL_REVIEW


def test_a_decision_is_final(people):
    case = factories.approve(
        factories.filed_offshore(people.enterprise, people.clerk, "250000"), people.initial, people.final
    )
    with pytest.raises(IntegrityError, match="case_decision_is_final"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(amount_rmb=1)


@pytest.mark.parametrize(
    "column", ["organisation_id = 0", "year = 2014", "programme = 'training'", "number = 'X'"]
)
def test_whose_case_it_is_and_of_which_year_never_changes(people, column):
    case = factories.offshore_draft(people.enterprise, people.clerk, "250000")
    with pytest.raises(IntegrityError, match="case_identity_is_fixed"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE casework_case SET {column} WHERE id = %s", [case.pk])
    case.refresh_from_db()
    assert (case.organisation, case.year) == (people.enterprise, 2015)


def test_a_case_is_never_deleted(people):
    case = factories.offshore_draft(people.enterprise, people.clerk)
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        Case.objects.filter(pk=case.pk)._raw_delete("default")
    assert Case.objects.filter(pk=case.pk).exists()


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize(
    "table",
    [
        "casework_transition",
        "casework_submission",
        "casework_assessment",
        "casework_ground",
    ],
)
def test_history_is_append_only(people, table, statement):
    factories.approve(
        factories.filed_offshore(people.enterprise, people.clerk, "250000"), people.initial, people.final
    )
    refused = factories.filed_offshore(people.enterprise, people.clerk, "1")
    factories.decide(refused, people.initial, "initial", "propose_rejection", "No.")
    factories.decide(refused, people.final, "final", "reject", "No.")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        before = cursor.fetchone()
        assert before[0]
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="Cannot update or delete|no_truncate"), transaction.atomic():
            cursor.execute(statement.format(table))
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone() == before


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE casework_review SET outcome = 'return'", "only_voided|Cannot update"),
        (
            "UPDATE casework_review SET void_at = NULL WHERE void_at IS NOT NULL",
            "void_is_final|Cannot update",
        ),
        ("DELETE FROM casework_review", "Cannot delete"),
        ("TRUNCATE casework_review CASCADE", "no_truncate"),
    ],
)
def test_a_review_is_only_ever_made_void_once(people, statement, name):
    case = factories.filed_offshore(people.enterprise, people.clerk, "250000")
    factories.decide(case, people.initial, "initial")
    Review.objects.update(void_at=timezone.now())
    before = list(Review.objects.values())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match=name), transaction.atomic():
            cursor.execute(statement)
    assert list(Review.objects.values()) == before


def test_every_step_is_logged_with_its_actor(people):
    case = factories.approve(
        factories.filed_offshore(people.enterprise, people.clerk, "250000"), people.initial, people.final
    )
    steps = Transition.objects.filter(case=case).values_list("to_status", "actor", "acted_as")
    assert list(steps) == [
        ("draft", people.clerk.pk, "applicant"),
        ("initial_review", people.clerk.pk, "applicant"),
        ("final_review", people.initial.pk, "initial_reviewer"),
        ("approved", people.final.pk, "final_reviewer"),
    ]
