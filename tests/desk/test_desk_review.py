"""The review page and its verbs: what it shows, who may decide, and that a refusal changes nothing."""

import html
import re
from datetime import date

import pytest
from django.urls import reverse

from accounts.models import Membership
from casework.enums import Outcome, RunState, Stage, Status
from casework.models import Award, Case, Review
from casework.services import filing
from ledger.models import Balance
from tests import factories


def page_url(case: Case) -> str:
    return reverse("admin:casework_case_change", args=[case.pk])


def decide_url(case: Case) -> str:
    return reverse("admin:casework_case_decide", args=[case.pk])


def shown(response) -> dict[str, str]:
    """The hidden fields of the decision form, as a browser would send them."""
    fields = {}
    for tag in re.findall(r'<input type="hidden"[^>]*>', response.content.decode()):
        fields[re.search(r'name="([^"]*)"', tag)[1]] = re.search(r'value="([^"]*)"', tag)[1]
    return {name: fields[name] for name in ("stage", "assessment_hash")}


def text_of(response) -> str:
    """The page as it reads: no tags, one space between words."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def decide(client, case: Case, outcome: Outcome = Outcome.PASS, reason: str = "", **overrides):
    """Open the page and press one of its buttons."""
    fields = shown(client.get(page_url(case))) | overrides
    if outcome == Outcome.REJECT:
        ground = factories.ground(case)
        fields = {"ground_code": ground.code, "ground_clause": ground.clause} | fields
    return client.post(decide_url(case), {**fields, "outcome": outcome, "reason": reason})


def test_two_officials_approve_through_the_page_and_the_golden_amount_is_paid(desk, as_user, case):
    initial, final = as_user(desk.initial), as_user(desk.final)
    assert "Pass initial review, on to final review" in text_of(initial.get(page_url(case)))
    response = decide(initial, case)
    assert response.status_code == 302
    assert "Approve, award 50,000.00 RMB" in text_of(final.get(page_url(case)))
    decide(final, case)
    case.refresh_from_db()
    assert (case.status, case.initial_reviewer, case.final_reviewer) == (
        Status.APPROVED,
        desk.initial,
        desk.final,
    )
    assert str(Award.objects.get(case=case).amount_rmb) == "50000.00"
    page = text_of(final.get(page_url(case)))
    for text in ("Approved", "50,000.00", desk.initial.display_name, desk.final.display_name):
        assert text in page


def test_a_training_claim_reads_and_passes_the_same_way(desk, as_user):
    institution = factories.OrganisationFactory(institution=True)
    factories.recognise(institution)
    training_class = factories.TrainingClassFactory(institution=institution)
    enrolment = factories.hired_trainee(training_class)
    case = factories.filed_training(institution, factories.clerk_of(institution), enrolment)
    decide(as_user(desk.initial), case)
    page = text_of(as_user(desk.final).get(page_url(case)))
    assert "Approve, award 3,500.00 RMB" in page
    assert enrolment.trainee.identity_masked in page
    assert "Allowance of" not in page


@pytest.mark.parametrize(
    ("outcome", "status"),
    [(Outcome.PROPOSE_REJECTION, Status.FINAL_REVIEW), (Outcome.RETURN, Status.RETURNED)],
)
def test_other_conclusions_of_the_initial_review(desk, as_user, case, outcome, status):
    decide(as_user(desk.initial), case, outcome, "The receipts of May are missing.")
    case.refresh_from_db()
    assert case.status == status
    assert "The receipts of May are missing." in text_of(as_user(desk.auditor).get(page_url(case)))


def test_the_final_reviewer_rejects_with_a_reason(desk, as_user, case):
    factories.decide(case, desk.initial, Stage.INITIAL)
    decide(as_user(desk.final), case, Outcome.REJECT, "Not an offshore service.")
    case.refresh_from_db()
    assert case.status == Status.REJECTED and not Award.objects.exists()


# Who may not


def post_pass(client, case: Case):
    case.refresh_from_db()
    fields = {"stage": "initial", "assessment_hash": case.current_assessment.hash, "outcome": "pass"}
    return client.post(decide_url(case), fields)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("auditor", "This step needs the role"),
        ("finance", "This step needs the role"),
        ("policy_editor", "This step needs the role"),
        ("final", "This step needs the role"),
    ],
)
def test_other_roles_read_everything_and_decide_nothing(desk, as_user, case, unchanged, name, says):
    client = as_user(getattr(desk, name))
    response = client.get(page_url(case))
    assert says in text_of(response) and 'name="outcome"' not in response.content.decode()
    with unchanged(case):
        response = post_pass(client, case)
    assert response.status_code == 409 and says in text_of(response)


def test_a_member_of_the_organisation_is_refused_with_the_reason(desk, as_user, case, unchanged):
    Membership.objects.create(user=desk.initial, organisation=desk.enterprise)
    client = as_user(desk.initial)
    assert "You are a member of this organisation" in text_of(client.get(page_url(case)))
    with unchanged(case):
        assert "You are a member of this organisation" in text_of(post_pass(client, case))


def test_the_official_who_filed_is_refused_with_the_reason(desk, as_user, unchanged):
    member = Membership.objects.create(user=desk.initial, organisation=desk.enterprise)
    case = factories.filed_offshore(desk.enterprise, desk.initial, "250000")
    member.delete()
    client = as_user(desk.initial)
    assert "You filed this claim" in text_of(client.get(page_url(case)))
    with unchanged(case):
        assert "You filed this claim" in text_of(post_pass(client, case))


def test_applicants_reach_no_verb_of_the_desk(desk, as_user, case, unchanged):
    client = as_user(desk.clerk)
    with unchanged(case):
        for url in (decide_url(case), reverse("admin:casework_case_recalculate", args=[case.pk])):
            assert client.post(url, {"outcome": "pass"}).status_code in (302, 403)
    assert case.runs.count() == 1


def test_verbs_answer_to_post_only(desk, as_user, case, unchanged):
    client = as_user(desk.initial)
    with unchanged(case):
        for name in ("decide", "recalculate"):
            assert client.get(reverse(f"admin:casework_case_{name}", args=[case.pk])).status_code == 405
        assert client.get(reverse("admin:casework_case_pass")).status_code == 405


# Refusals that keep what was typed


def test_a_stale_page_is_refused_and_shows_the_new_calculation(desk, as_user, case, unchanged):
    client = as_user(desk.initial)
    with unchanged(case):
        response = decide(client, case, Outcome.RETURN, "Typed with care", assessment_hash="0" * 64)
    assert response.status_code == 409
    assert "The calculation changed after you opened this page." in text_of(response)
    assert ">Typed with care</textarea>" in response.content.decode()
    case.refresh_from_db()
    assert shown(response)["assessment_hash"] == case.current_assessment.hash


def test_a_case_that_moved_on_is_refused(desk, as_user, case, unchanged):
    client = as_user(desk.both)
    fields = shown(client.get(page_url(case)))
    factories.decide(case, desk.initial, Stage.INITIAL)
    with unchanged(case):
        response = client.post(decide_url(case), {**fields, "outcome": "pass"})
    assert response.status_code == 409
    assert "it is now “Awaiting final review”" in text_of(response)


@pytest.mark.parametrize("outcome", [Outcome.RETURN, Outcome.PROPOSE_REJECTION])
@pytest.mark.parametrize("reason", ["", "   \n"])
def test_a_reason_is_required_for_all_but_a_pass(desk, as_user, case, unchanged, outcome, reason):
    with unchanged(case):
        response = decide(as_user(desk.initial), case, outcome, reason)
    page = response.content.decode()
    assert response.status_code == 409
    assert '<a href="#id_reason">Write the reason: the applicant will read it.</a>' in page
    assert 'aria-invalid="true"' in page


def test_an_endless_reason_is_refused_and_kept(desk, as_user, case, unchanged):
    with unchanged(case):
        response = decide(as_user(desk.initial), case, Outcome.RETURN, "long " * 500)
    assert response.status_code == 409
    assert "at most 2000 characters" in text_of(response) and "long long" in text_of(response)


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"stage": "third"}, 409), ({"stage": ""}, 409), ({"outcome": "bribe"}, 409), ({"reason": "\x00"}, 400)],
)
def test_what_no_page_of_ours_sends_changes_nothing(desk, as_user, case, unchanged, changed, status):
    client = as_user(desk.initial)
    fields = {**shown(client.get(page_url(case))), "outcome": "pass", **changed}
    with unchanged(case):
        assert client.post(decide_url(case), fields).status_code == status


def test_unknown_cases_are_not_found(desk, as_user):
    client = as_user(desk.initial)
    for url in ("/admin/casework/case/999999/change/", "/admin/casework/case/x/change/"):
        assert client.get(url).status_code == 404
    assert client.post("/admin/casework/case/999999/decide/").status_code == 404


# What the page shows


def test_the_page_shows_all_that_bears_on_the_decision(desk, as_user, case):
    earlier = factories.filed_offshore(desk.enterprise, desk.clerk, "300000")
    factories.approve(earlier, desk.both, desk.final)
    factories.calculate(case)
    factories.decide(case, desk.initial, Stage.INITIAL, reason="Checked against the bank.")
    page = text_of(as_user(desk.final).get(page_url(case)))
    submission = case.submissions.get()
    balance = Balance.objects.get(kind="allowance")
    for text in (
        desk.enterprise.name,
        desk.enterprise.credit_code,
        desk.clerk.display_name,
        "Checked against the bank.",
        desk.initial.display_name,
        earlier.number,
        f"{earlier.award.amount_rmb:,.2f}",
        submission.snapshot_hash,
        case.current_assessment.hash,
        f"{balance.limit_rmb:,.2f}",
        f"{balance.left_rmb:,.2f}",
        "Steps of the calculation",
        "The automatic checks found nothing.",
    ):
        assert text in page


def test_warnings_come_with_their_evidence(desk, as_user):
    organisation = factories.OrganisationFactory()
    contract = factories.ContractFactory(
        organisation=organisation, is_related_party=True, client_name="Sister Ltd", signed_on=date(2015, 6, 1)
    )
    case = factories.filed_offshore(organisation, factories.clerk_of(organisation), "200000")
    page = text_of(as_user(desk.initial).get(page_url(case)))
    for text in ("Related party", contract.client_name, "Received before the contract",
                 "Recognition incomplete", "Exactly at the boundary"):  # fmt: skip
        assert text in page


def test_a_void_review_is_marked(desk, as_user, case):
    factories.decide(case, desk.initial, Stage.INITIAL)
    other = factories.filed_offshore(desk.enterprise, desk.clerk, "300000")
    factories.approve(other, desk.both, desk.final)
    factories.calculate(case)
    assert case.status == Status.INITIAL_REVIEW
    assert "Void: the data or the calculation changed after it" in text_of(
        as_user(desk.initial).get(page_url(case))
    )


def test_the_page_costs_the_same_whatever_the_history(desk, as_user, case, django_assert_max_num_queries):
    for _ in range(3):
        factories.decide(case, desk.initial, Stage.INITIAL, Outcome.RETURN, "Again, please.")
        filing.submit(case_id=case.pk, user=desk.clerk)
        factories.calculate(case)
    for _ in range(5):
        factories.filed_offshore(desk.enterprise, desk.clerk, "10000")
    client = as_user(desk.initial)
    client.get(page_url(case))
    with django_assert_max_num_queries(38):
        assert client.get(page_url(case)).status_code == 200


# Calculations


def test_a_running_calculation_is_said_and_offers_no_decision(desk, as_user, unchanged):
    case = factories.offshore_draft(desk.enterprise, desk.clerk, "250000")
    filing.submit(case_id=case.pk, user=desk.clerk)
    client = as_user(desk.initial)
    response = client.get(page_url(case))
    assert "The calculation is running." in text_of(response)
    assert "You can decide when the calculation is done." in text_of(response)
    assert 'name="outcome"' not in response.content.decode()
    with unchanged(case):
        response = client.post(
            decide_url(case), {"stage": "initial", "assessment_hash": "0" * 64, "outcome": "pass"}
        )
    assert response.status_code == 409 and "not finished yet" in text_of(response)


def test_a_failed_calculation_is_started_again_by_a_reviewer(desk, as_user, case):
    case.runs.update(state=RunState.FAILED)
    client = as_user(desk.initial)
    assert "The calculation failed." in text_of(client.get(page_url(case)))
    response = client.post(reverse("admin:casework_case_recalculate", args=[case.pk]))
    assert (response.status_code, response.url) == (302, page_url(case))
    assert case.runs.filter(state=RunState.QUEUED, cause="request").count() == 1


@pytest.mark.parametrize("name", ["auditor", "finance", "policy_editor"])
def test_only_reviewers_start_a_calculation(desk, as_user, case, unchanged, name):
    client = as_user(getattr(desk, name))
    assert "Calculate again" not in text_of(client.get(page_url(case)))
    with unchanged(case):
        response = client.post(reverse("admin:casework_case_recalculate", args=[case.pk]))
    assert response.status_code == 409 and case.runs.count() == 1
    assert "Only reviewers can ask for a new calculation." in text_of(response)


def test_a_decided_case_is_not_calculated_again(desk, as_user, case, unchanged):
    factories.approve(case, desk.initial, desk.final)
    with unchanged(case):
        response = as_user(desk.both).post(reverse("admin:casework_case_recalculate", args=[case.pk]))
    assert response.status_code == 409 and case.runs.count() == 1


def test_the_way_back_keeps_the_queue_as_it_was(desk, as_user, case, queue_url):
    client = as_user(desk.initial)
    kept = "queue=all&year=2015"
    response = client.get(page_url(case), {"_changelist_filters": kept})
    fields = shown(response) | {"outcome": "pass", "_changelist_filters": kept}
    assert client.post(decide_url(case), fields).url == f"{queue_url}?{kept}"
    assert Review.objects.get().reviewer == desk.initial
