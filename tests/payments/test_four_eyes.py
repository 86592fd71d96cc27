"""Four eyes: what one person did in a case keeps them from its later steps: page, action, service, SQL.

The person here is a superuser with every official role: no role, only another person, opens the next step.
"""

from dataclasses import dataclass

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.enums import OfficialRole
from accounts.models import Membership, User
from casework.enums import Outcome, Stage
from casework.models import Award, Case, LineDecision, Reopening, Review
from casework.services import decisions, filing, second_look
from casework.standing import standing_of
from casework.transitions import Refused
from ledger.models import Entry
from payments.models import Batch
from payments.services import batches, releases
from tests import factories
from tests.clients import Client
from tests.payments.conftest import draft_of

REVIEW = (
    "INSERT INTO casework_review (case_id, assessment_id, assessment_hash, stage, outcome, reason, reviewer_id,"
    " submitter_id) SELECT id, current_assessment_id, 'x', '{stage}', 'pass', '', %(person)s, {filer}"
    " FROM casework_case WHERE id = %(case)s"
)
REVIEWER = "UPDATE casework_case SET {stage}_reviewer_id = %(person)s WHERE id = %(case)s"
#: Somebody else's name instead of a review.
APPROVED = (
    "UPDATE casework_case SET status = 'approved', decided_at = now(), final_reviewer_id = %(other)s"
    " WHERE id = %(case)s"
)
FILER = "UPDATE casework_case SET submitted_by_id = %(other)s WHERE id = %(case)s"
RELEASE = (
    "UPDATE payments_batch SET state = 'released', released_by_id = %(person)s, released_at = now()"
    " WHERE id = %(batch)s"
)


def review(stage: str, filer: str = "submitted_by_id") -> str:
    return REVIEW.format(stage=stage, filer=filer)


@dataclass(frozen=True)
class Pair:
    """What a person did, what they try next, what they read, and what the database answers to SQL."""

    first: str
    then: str
    says: str
    sql: tuple[tuple[str, str], ...]


PAIRS = [
    Pair(
        "filed",
        "initial",
        "You filed this claim",
        (
            (review("initial"), "review_not_by_submitter"),
            (review("initial", "%(other)s"), "review_names_who_filed"),
            (REVIEWER.format(stage="initial"), "case_four_eyes"),
            (FILER, "case_filer_is_fixed"),
        ),
    ),
    Pair(
        "filed",
        "final",
        "You filed this claim",
        (
            (review("final"), "review_not_by_submitter"),
            (review("final", "%(other)s"), "review_names_who_filed"),
            (REVIEWER.format(stage="final"), "case_four_eyes"),
            (FILER, "case_filer_is_fixed"),
        ),
    ),
    Pair(
        "initial",
        "final",
        "the final review needs another person",
        (
            (review("final"), "review_by_two_authorities"),
            (REVIEWER.format(stage="final"), "case_four_eyes"),
            (APPROVED, "case_approval_needs_two_reviews"),
        ),
    ),
    # The case names who filed last; the submissions name who filed before that.
    *(
        Pair("filed before", then, "You filed this claim", ((review(then), "review_not_by_submitter"),))
        for then in ("initial", "final")
    ),
    *(
        Pair(first, "release", says, ((RELEASE, name),))
        for first, says, name in (
            ("filed", "You filed, reviewed or act for case", "batch_releaser_took_no_part"),
            ("initial", "You filed, reviewed or act for case", "batch_releaser_took_no_part"),
            ("final", "You filed, reviewed or act for case", "batch_releaser_took_no_part"),
            ("filed before", "You filed, reviewed or act for case", "batch_releaser_took_no_part"),
            ("reviewed before", "You filed, reviewed or act for case", "batch_releaser_took_no_part"),
            ("made", "You made or submitted this batch", "batch_four_eyes"),
            ("submitted", "You made or submitted this batch", "batch_four_eyes"),
        )
    ),
]


@dataclass
class Scene:
    """The person, and the case or batch whose next step waits."""

    person: User
    other: User
    client: Client
    case: Case
    batch: Batch | None = None

    def state(self) -> list:
        case = Case.objects.filter(pk=self.case.pk).values_list(
            "status", "version", "submitted_by", "initial_reviewer", "final_reviewer", "assigned_to"
        )
        kept = [model.objects.count() for model in (Review, Award, Entry)]
        batches_ = Batch.objects.order_by("pk").values_list("pk", "state", "version", "released_by")
        return [*case, *kept, *batches_]


def staged(office, pair: Pair) -> Scene:
    """The case as far as the step before the one that is tried."""
    person = factories.official(*OfficialRole, is_superuser=True)
    by = {pair.first: person}
    filer = person if pair.first in ("filed", "filed before") else office.clerk
    if filer is person:
        member = Membership.objects.create(user=person, organisation=office.enterprise, role="clerk")
    case = factories.filed_offshore(office.enterprise, filer, "250000")
    if filer is person:
        member.delete()  # what they did binds them, not only what they are
    if pair.first.endswith(" before"):
        returns = person if pair.first == "reviewed before" else office.initial
        factories.decide(case, returns, Stage.INITIAL, Outcome.RETURN, "Correct the note.")
        filing.submit(case_id=case.pk, user=office.owner)
        case = factories.calculate(case)
    client = Client()
    client.force_login(person)
    client.cookies["language"] = "en"
    scene = Scene(person, office.owner, client, case)
    if pair.then != "initial":
        factories.decide(case, by.get("initial", office.initial), Stage.INITIAL)
    if pair.then == "release":
        factories.decide(case, by.get("final", office.final), Stage.FINAL)
        factories.payee_account(case, "own", office.clerk, office.owner, office.finance)
        factories.clear_for_payment(case)
        batch = draft_of(by.get("made", office.finance), case)
        scene.batch = batches.submit_batch(
            user=by.get("submitted", office.finance2), batch_id=batch.pk, expected_version=batch.version
        )
    return scene


def text_of(response) -> str:
    return " ".join(strip_tags(response.content.decode()).split())


def at_the_page(scene: Scene, pair: Pair) -> None:
    """The page says why instead of offering the button; its form, sent all the same, is refused."""
    if scene.batch:
        shown = scene.client.get(reverse("admin:payments_batch_change", args=[scene.batch.pk]))
        verb = reverse("admin:payments_batch_release", args=[scene.batch.pk])
        assert f'action="{verb}"' not in shown.content.decode()
        sent = scene.client.post(verb, {"version": scene.batch.version})
    else:
        shown = scene.client.get(reverse("admin:casework_case_change", args=[scene.case.pk]))
        assert 'name="outcome"' not in shown.content.decode()
        form = {"stage": pair.then, "outcome": "pass", "assessment_hash": scene.case.current_assessment.hash}
        sent = scene.client.post(reverse("admin:casework_case_decide", args=[scene.case.pk]), form)
    assert pair.says in text_of(shown)
    assert sent.status_code == 409 and pair.says in text_of(sent)


def at_the_action(scene: Scene, pair: Pair) -> None:
    """The list's action leaves it out and says why; a batch has no such action, so one that is sent does nothing."""
    if scene.batch:
        form = {"action": "release_selected", "index": "0", "_selected_action": [scene.batch.pk]}
        sent = scene.client.post(reverse("admin:payments_batch_changelist"), form)
        assert sent.status_code in (200, 302, 403) and "release_selected" not in sent.content.decode()
        return
    form = {"action": "pass_selected", "index": "0", "_selected_action": [scene.case.pk]}
    shown = scene.client.post(reverse("admin:casework_case_changelist") + "?queue=all", form)
    assert not shown.context["going"] and pair.says in shown.context["staying"][0].why_not
    forged = f"{scene.case.pk}:{pair.then}:{scene.case.current_assessment.hash}"
    sent = scene.client.post(reverse("admin:casework_case_pass"), {"case": [forged]}, follow=True)
    assert any(pair.says in str(message) for message in sent.context["messages"])


def at_the_service(scene: Scene, pair: Pair) -> None:
    with pytest.raises(Refused) as caught:
        if scene.batch:
            releases.release_batch(
                user=scene.person, batch_id=scene.batch.pk, expected_version=scene.batch.version
            )
        else:
            decisions.decide(
                case_id=scene.case.pk,
                user=scene.person,
                stage=Stage(pair.then),
                outcome=Outcome.PASS,
                assessment_hash=scene.case.current_assessment.hash,
            )
    assert pair.says in caught.value.message


def in_sql(scene: Scene, pair: Pair) -> None:
    values = {
        "person": scene.person.pk,
        "other": scene.other.pk,
        "case": scene.case.pk,
        "batch": scene.batch and scene.batch.pk,
    }
    for statement, constraint in pair.sql:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement, values)


LEVELS = (at_the_page, at_the_action, at_the_service, in_sql)


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair.first}-{pair.then}")
def test_one_person_takes_no_second_step(office, pair):
    scene = staged(office, pair)
    before = scene.state()
    for level in LEVELS:
        level(scene, pair)
        assert scene.state() == before, level.__name__


def test_who_filed_an_earlier_version_decides_no_line_and_confirms_no_reopening(office):
    """Nor does the queue offer them the case."""
    pair = next(pair for pair in PAIRS if (pair.first, pair.then) == ("filed before", "initial"))
    scene = staged(office, pair)
    assert not Case.objects.filter(standing_of(scene.person).waits(), pk=scene.case.pk).exists()
    submission = scene.case.submissions.last()
    with pytest.raises(IntegrityError, match="line_decision_not_by_submitter"), transaction.atomic():
        LineDecision.objects.create(
            case=scene.case, submission=submission, key="receipt:1", verdict="refuse", by=scene.person
        )
    factories.decide(scene.case, office.initial, Stage.INITIAL)
    case = factories.decide(scene.case, office.final, Stage.FINAL)
    proposal = second_look.propose(
        case_id=case.pk, user=office.initial, cause="error", reason="A number.", version=case.version
    )
    case.refresh_from_db()
    before = scene.state()
    with pytest.raises(Refused) as caught:
        second_look.confirm(reopening_id=proposal.pk, user=scene.person, version=case.version)
    assert caught.value.code == "four_eyes" and "You filed this claim" in caught.value.message
    with pytest.raises(IntegrityError, match="reopening_not_by_who_decided"), transaction.atomic():
        Reopening.objects.filter(pk=proposal.pk).update(state="confirmed", confirmed_by=scene.person)
    assert scene.state() == before
