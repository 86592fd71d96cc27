"""A selection calculated again after a change of the rules: previewed, confirmed by a second person, explained."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import translation

from accounts.enums import OfficialRole
from audit.models import Record
from casework.desk import recalculation as page
from casework.enums import RecalculationState, RunCause, Stage, Status
from casework.models import Assessment, Award, CalculationRun, RecalculatedCase, Recalculation, Review
from casework.services import recalculation
from casework.transitions import Refused
from policy import drafting
from policy.models import PolicyVersion
from tests import factories
from tests.clients import Client

YEAR = 2016


@pytest.fixture
def people(db):
    official = factories.official
    return SimpleNamespace(
        initial=official(OfficialRole.INITIAL_REVIEWER),
        final=official(OfficialRole.FINAL_REVIEWER),
        editor=official(OfficialRole.POLICY_EDITOR),
        second=official(OfficialRole.POLICY_EDITOR),
    )


def filed(amount: str, name: str):
    organisation = factories.OrganisationFactory(name=name)
    factories.recognise(organisation)
    return factories.filed_offshore(organisation, factories.clerk_of(organisation), amount, year=YEAR)


@pytest.fixture
def cases(people):
    """Two cases past their initial review, one before it, one decided."""
    found = SimpleNamespace(
        plain=filed("250000", "Plain"),
        large=filed("2700000", "Large"),
        equal=filed("200000", "Equal"),
        approved=factories.approve(filed("2600000", "Approved"), people.initial, people.final),
    )
    for case in (found.plain, found.large):
        factories.decide(case, people.initial, Stage.INITIAL)
    return found


@pytest.fixture
def new_rules(cases, people):
    """From 2016 on: at least the threshold, and a lower cap. Published by two people after the cases were filed."""
    seeded = PolicyVersion.objects.get(programme="offshore", code="2013")
    values = {"threshold_op": "gte", "cap_rmb": "400000.00"}
    copied = drafting.copied_content(seeded, code="2016", in_force_from=date(YEAR, 1, 1), in_force_to=None)
    parameters = [
        type(one)(one.name, values.get(one.name, one.value), one.unit, one.clause, one.quotation)
        for one in copied.parameters
    ]
    content = drafting.Content("2016", "新版", "New", copied.in_force_from, None, parameters)
    draft = drafting.create_draft(user=people.editor, programme="offshore", content=content, source="2013")
    draft = drafting.submit(version_id=draft.pk, user=people.editor, seen=drafting.content_hash(draft))
    return drafting.publish(version_id=draft.pk, user=people.second, seen=drafting.content_hash(draft))


@pytest.fixture
def previewed(new_rules, people) -> Recalculation:
    row = recalculation.propose(
        user=people.editor, programme="offshore", reason="Version 2016", year=YEAR, version_code="2013"
    )
    recalculation.work(row.pk)
    row.refresh_from_db()
    return row


def confirm(row: Recalculation, user) -> None:
    recalculation.decide(recalculation_id=row.pk, user=user, confirms=True)
    recalculation.work(row.pk)
    recalculation.work(row.pk)


def calculated(cases) -> None:
    for case in vars(cases).values():
        factories.calculate(case)


def test_the_preview_changes_nothing(cases, previewed):
    assert previewed.state == RecalculationState.PROPOSED
    found = {row.case.organisation.name: row for row in previewed.rows.select_related("case__organisation")}
    assert {name: (str(row.before.amount_rmb), str(row.preview_rmb)) for name, row in found.items()} == {
        "Plain": ("50000.00", "50000.00"),
        "Large": ("500000.00", "400000.00"),
        "Equal": ("0.00", "40000.00"),
        "Approved": ("500000.00", "400000.00"),
    }
    assert {name for name, row in found.items() if row.is_decided} == {"Approved"}
    assert [tab.count for tab in page.tabs(previewed)] == [2, 1, 1, 0, 0]
    assert page.voided(previewed) == 1
    assert not CalculationRun.objects.filter(cause=RunCause.RECALCULATION).exists()
    recalculation.work(previewed.pk)
    assert previewed.rows.count() == 4


def test_reviews_are_void_exactly_where_the_amount_moved(cases, people, previewed):
    reviewed = Review.objects.get(case=cases.plain)
    confirm(previewed, people.second)
    assert CalculationRun.objects.filter(cause=RunCause.RECALCULATION).count() == 3
    calculated(cases)
    # The amount stays: the review goes along to the new calculation, and the case is where it was.
    assert (cases.plain.status, cases.plain.amount_rmb) == (Status.FINAL_REVIEW, Decimal("50000.00"))
    assert cases.plain.current_assessment.policy_key == "2016"
    carried = Review.objects.get(case=cases.plain, assessment=cases.plain.current_assessment)
    assert (carried.carried_from, carried.reviewer, carried.at) == (reviewed, people.initial, reviewed.at)
    assert not Review.objects.filter(case=cases.plain, void_at__isnull=False).exists()
    # The amount moves: void, and back to the initial review.
    assert (cases.large.status, cases.large.amount_rmb) == (Status.INITIAL_REVIEW, Decimal("400000.00"))
    assert Review.objects.get(case=cases.large).void_at is not None
    assert (cases.equal.status, cases.equal.amount_rmb) == (Status.INITIAL_REVIEW, Decimal("40000.00"))
    # A decision stays a decision.
    assert (cases.approved.status, cases.approved.amount_rmb) == (Status.APPROVED, Decimal("500000.00"))
    assert Assessment.objects.filter(case=cases.approved).count() == 1
    # And what went along can be approved by somebody else than who reviewed it.
    with pytest.raises(Refused):
        factories.decide(cases.plain, people.initial, Stage.FINAL)
    factories.decide(cases.plain, people.final, Stage.FINAL)
    award = Award.objects.get(case=cases.plain)
    assert (award.amount_rmb, award.assessment.policy_key) == (Decimal("50000.00"), "2016")


def test_the_page_says_what_changed_and_why(cases, people, previewed):
    confirm(previewed, people.second)
    calculated(cases)
    client = Client()
    client.force_login(people.editor)
    client.cookies["language"] = "en"
    url = reverse("admin:casework_recalculation_change", args=[previewed.pk])
    shown = client.get(url, {"show": "moves"})
    lines = {line.row.case_id: line for line in shown.context["lines"]}
    large = lines[cases.large.pk]
    assert (large.before_rmb, large.after_rmb, large.review) == (
        Decimal("500000.00"),
        Decimal("400000.00"),
        "void",
    )
    assert [(why.what, why.before, why.now) for why in large.why] == [
        ("Policy version", "2013", "2016"),
        ("How the threshold is read", "more than", "at least"),
        ("Cap of an enterprise's year", "500,000.00", "400,000.00"),
    ]
    (same,) = client.get(url, {"show": "same"}).context["lines"]
    assert (same.row.case, same.review) == (cases.plain, "goes along")
    decided = client.get(url, {"show": "decided"}).content.decode()
    assert reverse("admin:casework_reopening_propose", args=[cases.approved.pk]) in decided
    assert not shown.context["is_busy"]
    review = client.get(reverse("admin:casework_case_change", args=[cases.plain.pk])).content.decode()
    assert "Calculated again since, with the same amounts" in review


def test_a_change_of_data_is_explained_too(people):
    """A second claim calculated before the first one's award: calculated again, it says what was granted meanwhile."""
    organisation = factories.OrganisationFactory(name="Split")
    factories.recognise(organisation)
    clerk = factories.clerk_of(organisation)
    first, second = (
        factories.filed_offshore(organisation, clerk, amount, year=YEAR) for amount in ("2400000", "300000")
    )
    assert second.amount_rmb == Decimal("60000.00")
    factories.approve(first, people.initial, people.final)
    row = recalculation.propose(
        user=people.final, programme="offshore", reason="Awards meanwhile", numbers=[second.number]
    )
    recalculation.work(row.pk)
    assert str(row.rows.get().preview_rmb) == "20000.00"
    confirm(row, people.editor)
    factories.calculate(second)
    (line,) = page.lines_of(row, page.rows_of(row, "moves"))
    assert (line.before_rmb, line.after_rmb) == (Decimal("60000.00"), Decimal("20000.00"))
    with translation.override("en"):
        (line,) = page.lines_of(row, page.rows_of(row, "moves"))
    assert ("Granted before in the year (RMB)", "0.00", "480000.00") in [
        (why.what, why.before, why.now) for why in line.why
    ]


def test_one_person_recalculates_nothing(cases, people, previewed):
    for how in ("service", "page"):
        if how == "service":
            with pytest.raises(Refused) as caught:
                recalculation.decide(recalculation_id=previewed.pk, user=people.editor, confirms=True)
            assert caught.value.code == "permission"
        else:
            client = Client()
            client.force_login(people.editor)
            url = reverse("admin:casework_recalculation_decide", args=[previewed.pk])
            assert client.post(url, {"confirm": "1"}).status_code == 409
    with pytest.raises(DatabaseError, match="recalculation_two_people"), transaction.atomic():
        Recalculation.objects.filter(pk=previewed.pk).update(
            state="confirmed", decided_by=people.editor, decided_at="2016-01-01T00:00Z"
        )
    run = CalculationRun.objects.first()
    with pytest.raises(DatabaseError, match="recalculated_once_confirmed"), transaction.atomic():
        RecalculatedCase.objects.filter(case=cases.plain).update(run=run)
    previewed.refresh_from_db()
    assert previewed.state == RecalculationState.PROPOSED


def test_turned_down_it_stays_without_effect(cases, people, previewed):
    with pytest.raises(Refused) as caught:
        recalculation.decide(recalculation_id=previewed.pk, user=people.second, confirms=False)
    assert caught.value.code == "note"
    recalculation.decide(recalculation_id=previewed.pk, user=people.second, confirms=False, note="Too early")
    recalculation.work(previewed.pk)
    with pytest.raises(Refused):
        recalculation.decide(recalculation_id=previewed.pk, user=people.second, confirms=True)
    with pytest.raises(DatabaseError, match="decided_once|Cannot update"), transaction.atomic():
        Recalculation.objects.filter(pk=previewed.pk).update(state="proposed")
    assert not CalculationRun.objects.filter(cause=RunCause.RECALCULATION).exists()


def test_a_review_is_carried_over_to_nothing_else(cases, people, previewed):
    """By plain SQL too: other amounts, another reviewer, or another case."""
    confirm(previewed, people.second)
    calculated(cases)
    (carried,) = Review.objects.filter(carried_from__isnull=False)
    row = Review.objects.filter(pk=carried.carried_from_id).values().get()
    for change in (
        {
            "assessment_id": cases.equal.current_assessment_id,
            "assessment_hash": cases.equal.current_assessment.hash,
        },
        {"reviewer_id": people.final.pk},
        {"stage": "final"},
        {"assessment_hash": "0" * 64},
    ):
        given = {**row, "assessment_id": carried.assessment_id, "assessment_hash": carried.assessment_hash}
        del given["id"]
        with pytest.raises(DatabaseError, match="review_carried_with_its_amounts"), transaction.atomic():
            Review.objects.create(**{**given, "carried_from_id": row["id"], **change})


def test_lost_messages_and_a_case_that_moved_on(cases, people, previewed, monkeypatch):
    monkeypatch.setattr(recalculation, "SWEEP_AFTER", timedelta(0))
    assert recalculation.take_due(10) == []
    recalculation.decide(recalculation_id=previewed.pk, user=people.second, confirms=True)
    assert recalculation.take_due(10) == [previewed.pk]
    assert recalculation.take_due(10) == []
    factories.decide(cases.plain, people.final, Stage.FINAL)
    recalculation.work(previewed.pk)
    assert RecalculatedCase.objects.get(case=cases.plain).moved_on
    calculated(cases)
    assert cases.plain.status == Status.APPROVED
    Recalculation.objects.update(run_after="2016-01-01T00:00Z")
    assert recalculation.take_due(10) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"numbers": ["OS-1999-000001"]}, "numbers"),
        ({"year": 2019}, "empty"),
        ({"version_code": "1999"}, "empty"),
        ({"programme": "training"}, "empty"),
        ({"reason": " "}, "reason"),
    ],
)
def test_a_selection_that_makes_no_sense_is_refused(cases, people, given, code):
    with pytest.raises(Refused) as caught:
        recalculation.propose(**{"user": people.editor, "programme": "offshore", "reason": "x", **given})
    assert caught.value.code == code
    assert not Recalculation.objects.exists()


def test_chosen_on_the_desk_by_number(cases, people, new_rules):
    client = Client()
    client.force_login(people.final)
    url = reverse("admin:casework_recalculation_new")
    given = {
        "reason": "Version 2016",
        "programme": "offshore",
        "numbers": f"{cases.equal.number}，{cases.large.number}",
    }
    answer = client.post(url, given)
    row = Recalculation.objects.get()
    assert answer.url == reverse("admin:casework_recalculation_change", args=[row.pk])
    assert client.get(answer.url).status_code == 200
    recalculation.work(row.pk)
    assert set(row.rows.values_list("case", flat=True)) == {cases.equal.pk, cases.large.pk}
    assert client.post(url, {**given, "numbers": "OS-1"}).status_code == 422
    client.force_login(people.initial)
    assert client.get(url).status_code == 403
    actions = Record.objects.filter(object_type="casework.recalculation").values_list("action", flat=True)
    assert list(actions) == ["recalculation.proposed"]
