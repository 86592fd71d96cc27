"""In whose hands a case is; standing in; keeping away. Four eyes by person hold through all of it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.enums import OfficialRole
from audit.models import Record
from casework.enums import ReopeningCause, Stage, Status
from casework.models import Assignment, Case, Conflict, Delegation, Review, Transition
from casework.services import assignments, cover, second_look
from casework.transitions import Refused
from tests import factories


def refused(verb, **arguments) -> str:
    with pytest.raises(Refused) as refusal:
        verb(**arguments)
    return refusal.value.code


def take(case: Case, user, reason: str = "", seen=None) -> Case:
    return assignments.assign(case_id=case.pk, user=user, assignee=user, seen=seen, reason=reason)


def delegation(giver, deputy, approver, stage=Stage.FINAL, **days) -> Delegation:
    today = timezone.localdate()
    row = cover.delegate(
        user=giver,
        stage=stage,
        deputy=deputy,
        starts_on=today + timedelta(days=days.get("start", 0)),
        ends_on=today + timedelta(days=days.get("end", 5)),
        reason="Leave",
    )
    return cover.approve_delegation(delegation_id=row.pk, user=approver) if approver else row


# Hands


def test_who_takes_a_case_decides_it_and_others_take_over_with_a_reason(desk, case, unchanged):
    take(case, desk.initial)
    with unchanged(case):
        with pytest.raises(Refused) as refusal:
            factories.decide(case, desk.both, Stage.INITIAL)
        assert refusal.value.code == "four_eyes"
        assert refused(take, case=case, user=desk.both) == "stale"
        assert refused(take, case=case, user=desk.both, seen=desk.initial.pk) == "reason"
    take(case, desk.both, "She is ill.", desk.initial.pk)
    factories.decide(case, desk.both, Stage.INITIAL)
    assert case.assigned_to is None, "the next step lies free"
    assert [(row.assignee, row.reason) for row in case.assignments.all()] == [
        (desk.initial, ""),
        (desk.both, "She is ill."),
    ]
    assert Record.objects.filter(action="case.assigned").count() == 2


def test_the_next_case_is_the_oldest_free_one(desk):
    cases = [
        factories.filed_offshore(organisation, factories.clerk_of(organisation), "250000")
        for organisation in factories.OrganisationFactory.create_batch(3)
    ]
    for days, one in zip((3, 9, 5), cases, strict=True):
        Case.objects.filter(pk=one.pk).update(stage_since=timezone.now() - timedelta(days=days))
    taken = [assignments.take_next(user=desk.initial).pk, assignments.take_next(user=desk.both).pk]
    assert taken == [cases[1].pk, cases[2].pk]
    assert assignments.take_next(user=desk.auditor) is None


def test_a_case_is_handed_only_to_who_may_decide_it(desk, case):
    for assignee in (desk.final, desk.auditor, desk.clerk):
        code = refused(assignments.assign, case_id=case.pk, user=desk.initial, assignee=assignee, seen=None)
        assert code == "not_free"
    assert (
        refused(assignments.assign, case_id=case.pk, user=desk.auditor, assignee=desk.initial, seen=None)
        == "permission"
    )
    for wrong, name in ((desk.clerk, "case_not_assigned_to_submitter"),):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Case.objects.filter(pk=case.pk).update(assigned_to=wrong)
    with pytest.raises(IntegrityError, match="assignment_taken_over_with_reason"), transaction.atomic():
        Assignment.objects.create(
            case=case, stage="initial", before=desk.initial, assignee=desk.both, by=desk.both
        )


def test_the_page_takes_hands_over_and_puts_back(desk, as_user, case):
    client, url = as_user(desk.initial), reverse("admin:casework_case_assign", args=[case.pk])
    assert client.post(url, {"to": "me", "seen": ""}).status_code == 302
    assert client.post(url, {"to": "me", "seen": ""}).status_code == 409
    other = as_user(desk.both)
    response = other.post(url, {"to": "me", "seen": desk.initial.pk, "reason": ""})
    assert response.status_code == 409
    colleague = {"to": "colleague", "colleague": desk.both.pk, "seen": desk.initial.pk}
    assert client.post(url, colleague).status_code == 302
    case.refresh_from_db()
    assert case.assigned_to == desk.both
    assert other.post(url, {"to": "nobody", "seen": desk.both.pk}).status_code == 302
    assert client.post(reverse("admin:casework_case_next")).status_code == 302
    case.refresh_from_db()
    assert case.assigned_to == desk.initial
    assert as_user(desk.auditor).post(reverse("admin:casework_case_next")).status_code == 403


# Standing in


def test_a_deputy_acts_on_behalf_of_the_absent_reviewer(desk, as_user, case):
    row = delegation(desk.final, desk.initial, desk.both)
    factories.decide(case, desk.both, Stage.INITIAL)
    page = as_user(desk.initial).get(reverse("admin:casework_case_change", args=[case.pk])).content.decode()
    assert f"You act on behalf of {desk.final}" in page
    factories.decide(case, desk.initial, Stage.FINAL)
    review = Review.objects.get(case=case, stage=Stage.FINAL)
    assert (review.reviewer, review.delegation, case.final_reviewer) == (desk.initial, row, desk.initial)
    assert Transition.objects.get(case=case, to_status=Status.APPROVED).on_behalf_of == desk.final
    assert Record.objects.get(action="case.review.final").data["delegation"] == row.pk


def test_one_person_or_one_authority_never_takes_both_steps(desk, case, unchanged):
    row = delegation(desk.final, desk.initial, desk.both)
    factories.decide(case, desk.initial, Stage.INITIAL)
    with unchanged(case), pytest.raises(Refused) as refusal:
        factories.decide(case, desk.initial, Stage.FINAL)
    assert refusal.value.code == "four_eyes"
    # Nor by SQL's way around the service, nor when the absent one comes back after their deputy.
    with pytest.raises(IntegrityError, match="review_by_two_authorities"), transaction.atomic():
        _insert_final(case, desk.initial, row)
    second = factories.filed_offshore(desk.enterprise, desk.clerk, "250000", year=2014)
    deputy = factories.official(OfficialRole.AUDITOR)
    delegation(desk.both, deputy, desk.final, Stage.INITIAL)
    factories.decide(second, deputy, Stage.INITIAL)
    with unchanged(second), pytest.raises(Refused):
        factories.decide(second, desk.both, Stage.FINAL)
    with pytest.raises(IntegrityError, match="review_by_two_authorities"), transaction.atomic():
        _insert_final(second, desk.both, None)
    factories.decide(second, desk.final, Stage.FINAL)
    assert second.status == Status.APPROVED


def _insert_final(case, reviewer, row) -> Review:
    return Review.objects.create(
        case=case,
        assessment=case.current_assessment,
        assessment_hash="x",
        stage=Stage.FINAL,
        outcome="pass",
        reviewer=reviewer,
        submitter=case.submitted_by,
        delegation=row,
    )


@pytest.mark.parametrize("state", ["asked", "later", "over", "ended", "other_step"])
def test_a_delegation_that_is_not_in_force_gives_nothing(desk, case, unchanged, state):
    factories.decide(case, desk.both, Stage.INITIAL)
    stage = Stage.INITIAL if state == "other_step" else Stage.FINAL
    giver = desk.both if state == "other_step" else desk.final
    days = {"start": 2} if state == "later" else {}
    row = delegation(giver, desk.initial, None if state == "asked" else desk.superuser, stage, **days)
    if state == "ended":
        cover.end_delegation(delegation_id=row.pk, user=desk.final)
    with unchanged(case):
        if state == "over":
            with pytest.raises(Exception, match="only_approved_or_ended"), transaction.atomic():
                Delegation.objects.filter(pk=row.pk).update(ends_on=row.starts_on - timedelta(days=1))
            cover.end_delegation(delegation_id=row.pk, user=desk.initial)
        with pytest.raises(Refused) as refusal:
            factories.decide(case, desk.initial, Stage.FINAL)
        assert refusal.value.code == "four_eyes"
        with pytest.raises(IntegrityError, match="review_delegation_in_force"), transaction.atomic():
            _insert_final(case, desk.initial, row)


def test_a_third_person_approves_and_the_term_has_an_end(desk):
    today = timezone.localdate()
    row = delegation(desk.final, desk.initial, None)
    for user in (desk.final, desk.initial, desk.auditor):
        assert refused(cover.approve_delegation, delegation_id=row.pk, user=user) == "third_person"
    for user in (desk.final, desk.initial):
        with pytest.raises(IntegrityError, match="delegation_approved_by_a_third"), transaction.atomic():
            Delegation.objects.filter(pk=row.pk).update(approved_by=user, approved_at=timezone.now())
    ask = {"user": desk.final, "stage": Stage.FINAL, "deputy": desk.both, "reason": "x"}
    ask |= {"starts_on": today, "ends_on": today}
    for wrong, code in (
        ({"deputy": desk.final}, "deputy"),
        ({"deputy": desk.clerk}, "deputy"),
        ({"user": desk.initial}, "stage"),
        ({"ends_on": today - timedelta(days=1)}, "ends_on"),
        ({"ends_on": today + timedelta(days=400)}, "ends_on"),
        ({"reason": " "}, "reason"),
    ):
        assert refused(cover.delegate, **ask | wrong) == code


def test_delegations_through_the_pages(desk, as_user):
    today = timezone.localdate().isoformat()
    client = as_user(desk.final)
    form = {
        "stage": "final",
        "deputy": desk.initial.pk,
        "starts_on": today,
        "ends_on": "2001-01-01",
        "reason": "x",
    }
    new = reverse("admin:casework_delegation_new")
    response = client.post(new, form)
    assert response.status_code == 200 and not Delegation.objects.exists()
    assert client.post(new, form | {"ends_on": today}).status_code == 302
    row = Delegation.objects.get()
    approve = reverse("admin:casework_delegation_approve", args=[row.pk])
    client.post(approve)
    row.refresh_from_db()
    assert row.approved_at is None
    third = as_user(desk.both)
    assert "Approve" in third.get(reverse("admin:casework_delegation_changelist")).content.decode()
    third.post(approve)
    row.refresh_from_db()
    assert row.approved_by == desk.both
    client.post(reverse("admin:casework_delegation_end", args=[row.pk]))
    row.refresh_from_db()
    assert row.ended_by == desk.final
    assert as_user(desk.auditor).get(new).status_code == 403


# Keeping away


def conflict(case, user, about="case") -> Conflict:
    return cover.declare_conflict(case_id=case.pk, user=user, about=about, reason="Kin")


@pytest.mark.parametrize("about", ["case", "organisation"])
def test_who_declares_a_conflict_keeps_away_and_a_colleague_gets_the_case(desk, case, unchanged, about):
    take(case, desk.initial)
    conflict(case, desk.initial, about)
    case.refresh_from_db()
    assert case.assigned_to == desk.both, "the colleague with the fewest in hand"
    with unchanged(case):
        with pytest.raises(Refused) as refusal:
            factories.decide(case, desk.initial, Stage.INITIAL)
        assert refusal.value.code == "four_eyes"
        assert refused(take, case=case, user=desk.initial, reason="x", seen=desk.both.pk) == "not_free"
    with pytest.raises(IntegrityError, match="conflict_of_interest"), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(assigned_to=desk.initial)
    with pytest.raises(IntegrityError, match="conflict_of_interest"), transaction.atomic():
        Review.objects.create(
            case=case,
            assessment=case.current_assessment,
            assessment_hash="x",
            stage=Stage.INITIAL,
            outcome="pass",
            reviewer=desk.initial,
            submitter=case.submitted_by,
        )
    assert refused(conflict, case=case, user=desk.initial, about=about) == "same"
    other = factories.filed_offshore(desk.enterprise, desk.clerk, "250000", year=2014)
    if about == "organisation":
        assert refused(take, case=other, user=desk.initial) == "not_free"
    else:
        take(other, desk.initial)


def test_a_review_that_was_given_before_the_conflict_is_void(desk, case):
    factories.decide(case, desk.initial, Stage.INITIAL)
    conflict(case, desk.initial)
    case.refresh_from_db()
    assert (case.status, case.initial_reviewer) == (Status.INITIAL_REVIEW, None)
    factories.approve(case, desk.both, desk.final)
    assert case.status == Status.APPROVED


def test_a_conflict_binds_the_deputy_too_and_another_person_lifts_it(desk, case, unchanged):
    delegation(desk.final, desk.initial, desk.superuser)
    row = conflict(case, desk.final)
    factories.decide(case, desk.both, Stage.INITIAL)
    with unchanged(case), pytest.raises(Refused):
        factories.decide(case, desk.initial, Stage.FINAL)
    assert refused(cover.lift_conflict, conflict_id=row.pk, user=desk.final) == "another"
    with pytest.raises(IntegrityError, match="conflict_lifted_by_another"), transaction.atomic():
        Conflict.objects.filter(pk=row.pk).update(lifted_by=desk.final, lifted_at=timezone.now())
    cover.lift_conflict(conflict_id=row.pk, user=desk.both)
    factories.decide(case, desk.initial, Stage.FINAL)
    assert case.status == Status.APPROVED


def test_a_conflict_keeps_from_reopening_too(desk, case, unchanged):
    factories.approve(case, desk.initial, desk.final)
    conflict(case, desk.both)
    ask = {"case_id": case.pk, "cause": ReopeningCause.ERROR, "reason": "x", "version": case.version}
    assert refused(second_look.propose, user=desk.both, **ask) == "permission"
    second_look.propose(user=desk.initial, **ask)


def test_conflicts_through_the_pages_and_in_the_queue(desk, as_user, case, queue_url):
    client = as_user(desk.initial)
    url = reverse("admin:casework_case_conflict", args=[case.pk])
    assert client.post(url, {"about": "case", "reason": ""}).status_code == 409
    assert not Conflict.objects.exists()
    assert client.post(url, {"about": "case", "reason": "Kin"}).status_code == 302
    assert list(as_user(desk.initial).get(queue_url).context["cl"].result_list) == []
    row = Conflict.objects.get()
    lift = reverse("admin:casework_conflict_lift", args=[row.pk])
    client.post(lift)
    row.refresh_from_db()
    assert row.lifted_at is None
    as_user(desk.both).post(lift)
    row.refresh_from_db()
    assert row.lifted_by == desk.both
