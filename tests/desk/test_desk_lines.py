"""Line by line: accept, reduce, refuse; the rules say what the rest comes to, and everybody reads why."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from casework.enums import Stage, Status
from casework.lines import cut_lines_of
from casework.models import Award, LineDecision
from casework.services import filing
from casework.services.decisions import decide
from casework.services.lines import LineDraft, LineRefused, decide_lines
from casework.transitions import Refused
from tests import factories


@pytest.fixture
def claim(desk):
    """Two receipts, 150,000 and 100,000 USD: 50,000.00 RMB."""
    return factories.filed_offshore(desk.enterprise, desk.clerk, "150000", "100000")


def keys(case) -> list[str]:
    return [str(line["receipt"]) for line in case.submissions.last().snapshot["lines"]]


def refuse(key: str) -> LineDraft:
    return LineDraft(key, "refuse", None, "no_evidence", "The slip is of another payer.")


def reduce(key: str, to: str) -> LineDraft:
    return LineDraft(key, "reduce", Decimal(to), "amount_differs", "The slip shows less.")


def record(case, user, *drafts, seen: int | None = None):
    case.refresh_from_db()
    latest = case.line_decisions.order_by("-pk").first()
    decide_lines(
        case_id=case.pk,
        user=user,
        submission_id=case.submissions.last().pk,
        seen=(latest.pk if latest else 0) if seen is None else seen,
        drafts=drafts,
    )
    return factories.calculate(case)


def test_the_amount_is_what_the_rules_say_of_what_was_accepted(desk, claim):
    first, second = keys(claim)
    record(claim, desk.initial, reduce(first, "120000.00"))
    assert str(claim.amount_rmb) == "44000.00"
    record(claim, desk.initial, refuse(second))
    assert str(claim.amount_rmb) == "0.00", "120,000 USD do not pass the threshold"
    record(claim, desk.initial, LineDraft(first), reduce(second, "60000"))
    assert str(claim.amount_rmb) == "42000.00"
    factories.approve(claim, desk.initial, desk.final)
    assert str(Award.objects.get(case=claim).amount_rmb) == "42000.00"
    (cut,) = cut_lines_of(claim)
    assert (cut.key, cut.verdict, cut.filed, cut.accepted) == (second, "reduce", 100000, 60000)


def test_a_trainee_is_refused_or_counts_as_employed_elsewhere(desk):
    institution = factories.OrganisationFactory(institution=True)
    factories.recognise(institution)
    training_class = factories.TrainingClassFactory(institution=institution)
    people = [factories.hired_trainee(training_class) for _ in range(3)]
    case = factories.filed_training(institution, factories.clerk_of(institution), *people)
    assert str(case.amount_rmb) == "10500.00"
    one, two, _three = (str(person.pk) for person in people)
    record(case, desk.initial, refuse(one), LineDraft(two, "reduce", None, "condition", "Works in Jiujiang."))
    assert str(case.amount_rmb) == "5000.00"


def test_a_change_of_lines_in_final_review_voids_the_initial_one(desk, claim):
    factories.decide(claim, desk.initial, Stage.INITIAL)
    record(claim, desk.final, refuse(keys(claim)[1]))
    assert (claim.status, claim.initial_reviewer, claim.assigned_to) == (Status.INITIAL_REVIEW, None, None)
    assert claim.reviews.get().void_at is not None
    # What returns to what it was is a new calculation all the same: it can be reviewed again.
    record(claim, desk.initial, LineDraft(keys(claim)[1]))
    assert str(claim.amount_rmb) == "50000.00"
    factories.approve(claim, desk.initial, desk.final)
    assert claim.status == Status.APPROVED


def test_nobody_decides_before_the_new_calculation_is_there(desk, claim):
    seen = claim.current_assessment.hash
    decide_lines(
        case_id=claim.pk,
        user=desk.initial,
        submission_id=claim.submissions.last().pk,
        seen=0,
        drafts=[refuse(keys(claim)[0])],
    )
    with pytest.raises(Refused) as refusal:
        decide(case_id=claim.pk, user=desk.initial, stage=Stage.INITIAL, outcome="pass", assessment_hash=seen)
    assert refusal.value.code == "calculating"
    factories.calculate(claim)
    with pytest.raises(Refused) as refusal:
        decide(case_id=claim.pk, user=desk.initial, stage=Stage.INITIAL, outcome="pass", assessment_hash=seen)
    assert refusal.value.code == "stale"


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (LineDraft("0", "refuse", None, "other", "x"), "line"),
        (LineDraft("", "half", None, "other", "x"), "line"),
        (LineDraft("", "refuse", None, "", "x"), "code"),
        (LineDraft("", "refuse", None, "other", "  "), "reason"),
        (LineDraft("", "reduce", None, "other", "x"), "accepted"),
        (LineDraft("", "reduce", Decimal("150000"), "other", "x"), "accepted"),
        (LineDraft("", "reduce", Decimal("-1"), "other", "x"), "accepted"),
    ],
)
def test_a_line_that_cannot_stand_changes_nothing(desk, claim, unchanged, draft, code):
    first, second = keys(claim)
    draft = LineDraft(
        draft.key or first, *(getattr(draft, n) for n in ("verdict", "accepted", "code", "reason"))
    )
    with unchanged(claim), pytest.raises(LineRefused) as refusal:
        record(claim, desk.initial, refuse(second), draft)
    assert (refusal.value.code, refusal.value.key) == (code, draft.key)
    assert not LineDecision.objects.exists()


def test_a_stale_page_a_colleagues_case_and_a_decided_one_are_refused(desk, claim, unchanged):
    first, second = keys(claim)
    record(claim, desk.initial, refuse(first))
    for user, seen, code in ((desk.initial, 0, "stale"), (desk.both, None, "four_eyes")):
        with unchanged(claim), pytest.raises(Refused) as refusal:
            record(claim, user, refuse(second), seen=seen)
        assert refusal.value.code == code
    record(claim, desk.initial, LineDraft(first))
    factories.approve(claim, desk.initial, desk.final)
    with unchanged(claim), pytest.raises(Refused):
        record(claim, desk.initial, refuse(first))


def test_the_database_holds_it_too(desk, claim):
    submission, first = claim.submissions.last(), keys(claim)[0]
    other = factories.filed_offshore(desk.enterprise, desk.clerk, "100", year=2014)
    row = {
        "case": claim,
        "submission": submission,
        "key": first,
        "verdict": "refuse",
        "code": "other",
        "reason": "x",
    }
    for wrong, name in (
        ({"by": desk.clerk}, "line_decision_not_by_submitter"),
        ({"by": desk.initial, "submission": other.submissions.last()}, "line_decision_in_review"),
        ({"by": desk.initial, "reason": ""}, "line_decision_has_reason"),
        ({"by": desk.initial, "accepted": 1}, "line_decision_refused_is_nothing"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            LineDecision.objects.create(**row | wrong)
    kept = LineDecision.objects.create(**row, by=desk.initial)
    with pytest.raises(Exception, match="append_only"), transaction.atomic():
        LineDecision.objects.filter(pk=kept.pk).update(verdict="accept", code="")
    filing.withdraw(case_id=claim.pk, user=desk.clerk)
    with pytest.raises(IntegrityError, match="line_decision_in_review"), transaction.atomic():
        LineDecision.objects.create(**row, by=desk.initial)


def url_of(case) -> str:
    return reverse("admin:casework_case_lines", args=[case.pk])


def posted(case, **fields) -> dict[str, str]:
    """The page's form with every line accepted, but for `fields` such as 0_verdict."""
    data = {"submission": case.submissions.last().pk, "seen": 0}
    for key in keys(case):
        data |= {f"line-{key}-verdict": "accept", f"line-{key}-code": "", f"line-{key}-reason": ""}
        data[f"line-{key}-accepted"] = ""
    for name, value in fields.items():
        place, _, field = name[1:].partition("_")
        data[f"line-{keys(case)[int(place)]}-{field}"] = value
    return data


def test_the_page_decides_without_javascript_and_everybody_reads_the_reason(desk, as_user, claim):
    client = as_user(desk.initial)
    page = client.get(url_of(claim)).content.decode()
    assert "Reduced" in page and "150,000.00" in page
    refused = posted(claim, _0_verdict="reduce", _0_code="other", _0_reason="Half of it.")
    response = client.post(url_of(claim), refused)
    assert response.status_code == 200 and 'value="Half of it."' in response.content.decode()
    assert not LineDecision.objects.exists()
    forgot = posted(claim, _0_code="other", _0_reason="Half of it.")
    response = client.post(url_of(claim), forgot)
    assert response.status_code == 200 and 'value="Half of it."' in response.content.decode()
    good = posted(
        claim, _0_verdict="reduce", _0_accepted="130000.50", _0_code="amount_differs", _0_reason="Half of it."
    )
    assert client.post(url_of(claim), good).status_code == 302
    response = client.post(url_of(claim), good)
    assert response.status_code == 409, "a second tab is refused"
    factories.calculate(claim)
    assert str(claim.amount_rmb) == "46000.10" and claim.assigned_to == desk.initial
    review = client.get(reverse("admin:casework_case_change", args=[claim.pk])).content.decode()
    applicant = as_user(desk.clerk).get(claim.get_absolute_url()).content.decode()
    for text in (review, applicant):
        assert "Half of it." in text and "130,000.50" in text and "The evidence shows another figure" in text
    assert "Provisional" in applicant and desk.initial.display_name not in applicant


def test_who_may_not_decide_sees_why_and_changes_nothing(desk, as_user, claim, unchanged):
    client = as_user(desk.auditor)
    assert "This step needs the role" in client.get(url_of(claim)).content.decode()
    with unchanged(claim):
        wanted = posted(claim, _0_verdict="refuse", _0_code="other", _0_reason="x")
        assert client.post(url_of(claim), wanted).status_code == 409
    assert not LineDecision.objects.exists()
