"""Remarks pinned to places, only the marked reopened, answers, the term and its end."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import translation

from applications import services as offshore
from applications.models import Receipt
from audit.models import Record
from casework.enums import Outcome, Stage, Status
from casework.models import Case, CaseEvent, Remark, Transition
from casework.services import deadlines, decisions, filing
from casework.services.decisions import RemarkDraft
from casework.transitions import Refused
from tests import factories
from training.claim_models import ClaimLine
from training.evidence import CertificateData, ContractData
from training.services import claims as training_claims
from training.services.enrolments import save_enrolment


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


def give_back(case: Case, official, *remarks: RemarkDraft, reason: str = "See the remarks") -> Case:
    case.refresh_from_db()
    decisions.decide(
        case_id=case.pk,
        user=official,
        stage=Stage.INITIAL,
        outcome=Outcome.RETURN,
        assessment_hash=case.current_assessment.hash,
        reason=reason,
        remarks=remarks,
    )
    case.refresh_from_db()
    return case


@pytest.fixture
def case(people) -> Case:
    return factories.filed_offshore(people.enterprise, people.clerk, "100000", "150000")


@pytest.fixture
def receipts(case) -> list[Receipt]:
    return list(case.offshore_claim.receipts.order_by("pk"))


def line(receipt: Receipt, **changed) -> offshore.ReceiptLine:
    data = {name: getattr(receipt, name) for name in offshore.RECEIPT_FIELDS} | changed
    return offshore.ReceiptLine(id=receipt.pk, **data)


def save(case: Case, clerk, *lines, note: str = "", removed=()) -> None:
    offshore.save_claim(
        case_id=case.pk, user=clerk, expected_version=None, note=note, lines=lines, removed=removed
    )


def state(case: Case) -> list:
    claim = case.offshore_claim
    claim.refresh_from_db()
    rows = claim.receipts.order_by("pk").values_list("pk", "amount", "bank_reference", "currency")
    return [claim.note, *rows]


# Pinning


def test_a_return_keeps_its_remarks_bound_to_what_was_seen(people, case, receipts):
    drafts = (
        RemarkDraft(f"lines/{receipts[0].pk}/amount", " The slip says 110,000. ", "differs"),
        RemarkDraft(f"lines/{receipts[1].pk}", "Which contract?"),
        RemarkDraft("lines/+", "A receipt is missing", "missing"),
        RemarkDraft("note", "Explain the refund"),
    )
    give_back(case, people.initial, *drafts)
    found = list(case.remarks.all())
    assert [(r.kind, r.path, r.text, r.code) for r in found] == [
        ("field", f"lines/{receipts[0].pk}/amount", "The slip says 110,000.", "differs"),
        ("row", f"lines/{receipts[1].pk}", "Which contract?", ""),
        ("rows", "lines/+", "A receipt is missing", "missing"),
        ("field", "note", "Explain the refund", ""),
    ]
    assert {r.submission.number for r in found} == {1} and {r.author for r in found} == {people.initial}
    assert {r.review.outcome for r in found} == {Outcome.RETURN}
    recorded = Record.objects.get(action="case.review.initial").data["remarks"]
    assert recorded[0]["path"] == drafts[0].path


@pytest.mark.parametrize(
    ("outcome", "draft", "message"),
    [
        (Outcome.RETURN, ("lines/0", "x", ""), "what it is about"),
        (Outcome.RETURN, ("lines/{pk}/usd", "x", ""), "what it is about"),
        (Outcome.RETURN, ("documents/1", "x", ""), "what it is about"),
        (Outcome.RETURN, ("", "x", ""), "what it is about"),
        (Outcome.RETURN, ("note", "x", "invented"), "what it is about"),
        (Outcome.RETURN, ("note", "  ", ""), "what is to be corrected"),
        (Outcome.PASS, ("note", "x", ""), "only with a return"),
    ],
)
def test_a_remark_needs_a_place_words_and_a_return(people, case, receipts, outcome, draft, message):
    path, text, code = draft
    with pytest.raises(Refused, match=message):
        decisions.decide(
            case_id=case.pk,
            user=people.initial,
            stage=Stage.INITIAL,
            outcome=outcome,
            assessment_hash=case.current_assessment.hash,
            reason="x",
            remarks=[RemarkDraft(path.format(pk=receipts[0].pk), text, code)],
        )
    case.refresh_from_db()
    assert case.status == Status.INITIAL_REVIEW and not Remark.objects.exists() and not case.reviews.exists()


def test_a_remark_is_never_rewritten_nor_deleted_and_answered_once(people, case):
    give_back(case, people.initial, RemarkDraft("note", "Explain"))
    remark = case.remarks.get()
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Remark.objects.update(text="Something else")
    with pytest.raises(IntegrityError, match="remark_answer_has_submission"), transaction.atomic():
        Remark.objects.update(answer="Too early")
    with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
        remark.delete()
    filing.submit(case_id=case.pk, user=people.clerk, answers={remark.pk: " Because. "})
    remark.refresh_from_db()
    assert (remark.answer, remark.resolved_by.number) == ("Because.", 2)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Remark.objects.update(answer="Otherwise")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE casework_remark CASCADE")


# Only what was marked reopens: receipts


def test_a_marked_field_reopens_alone(people, case, receipts):
    first, second = receipts
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}/amount", "Wrong"))
    before = state(case)
    for attempt in (
        lambda: save(case, people.clerk, line(first, bank_reference="OTHER")),
        lambda: save(case, people.clerk, line(second, amount=Decimal("1"))),
        lambda: save(case, people.clerk, note="Anything"),
        lambda: save(case, people.clerk, removed=[first.pk]),
        lambda: save(case, people.clerk, line(first, amount=Decimal("2"), currency="EUR")),
        lambda: save(
            case,
            people.clerk,
            offshore.ReceiptLine(None, first.contract_id, date(2015, 6, 1), "USD", Decimal("9"), "NEW-1"),
        ),
    ):
        with pytest.raises(Refused) as caught:
            attempt()
        assert caught.value.code == "closed" and (
            "mark" in caught.value.message or "further" in caught.value.message
        )
        assert state(case) == before
    save(case, people.clerk, line(first, amount=Decimal("110000")), line(second))
    filing.submit(case_id=case.pk, user=people.clerk)
    assert case.submissions.last().snapshot["usd"] == "260000.00"


def test_a_marked_row_reopens_with_all_its_fields_and_may_go(people, case, receipts):
    first, second = receipts
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}", "Check this receipt"))
    save(case, people.clerk, line(first, amount=Decimal("7"), bank_reference="OTHER"))
    save(case, people.clerk, removed=[first.pk])
    with pytest.raises(Refused, match="cannot be removed"):
        save(case, people.clerk, removed=[second.pk])


def test_rows_can_be_added_where_that_was_asked_for(people, case, receipts):
    give_back(case, people.initial, RemarkDraft("lines/+", "One is missing"))
    new = offshore.ReceiptLine(None, receipts[0].contract_id, date(2015, 6, 1), "USD", Decimal("9"), "NEW-1")
    save(case, people.clerk, new)
    with pytest.raises(Refused, match="was not marked"):
        save(case, people.clerk, line(receipts[0], amount=Decimal("9")))
    assert case.offshore_claim.receipts.count() == 3


def test_without_remarks_the_whole_claim_is_open(people, case, receipts):
    give_back(case, people.initial, reason="Check everything")
    save(case, people.clerk, line(receipts[0], amount=Decimal("1")), note="New", removed=[receipts[1].pk])
    filing.submit(case_id=case.pk, user=people.clerk)


def test_a_way_around_the_form_is_found_when_filing(people, case, receipts):
    give_back(case, people.initial, RemarkDraft("note", "Explain"))
    Receipt.objects.filter(pk=receipts[0].pk).update(amount=Decimal("199999"))
    contract = receipts[0].contract
    contract.client_name = "Somebody else"
    contract.save()
    with pytest.raises(filing.Incomplete) as caught:
        filing.submit(case_id=case.pk, user=people.clerk)
    text = str(caught.value)
    assert "100,000.00" in text and "199,999.00" in text and "Somebody else" in text
    case.refresh_from_db()
    assert case.status == Status.RETURNED and case.submissions.count() == 1
    assert not case.remarks.exclude(resolved_by=None).exists()


def test_a_second_return_opens_only_its_own_marks(people, case, receipts):
    give_back(case, people.initial, RemarkDraft(f"lines/{receipts[0].pk}/amount", "Wrong"))
    filing.submit(case_id=case.pk, user=people.clerk)
    factories.calculate(case)
    # The same official may not review the same calculation twice; it is the same amount.
    give_back(case, people.initial, RemarkDraft("note", "Explain"))
    with pytest.raises(Refused, match="was not marked"):
        save(case, people.clerk, line(receipts[0], amount=Decimal("1")))
    save(case, people.clerk, note="Explained")


# Only what was marked reopens: trainees


@pytest.fixture
def school(db):
    institution = factories.OrganisationFactory(institution=True)
    factories.recognise(institution)
    clerk = factories.clerk_of(institution)
    training_class = factories.TrainingClassFactory(institution=institution)
    enrolments = [factories.hired_trainee(training_class) for _ in range(3)]
    case = factories.filed_training(institution, clerk, *enrolments[:2])
    return clerk, case, enrolments


def keep(clerk, enrolment, *, ends_on=date(2016, 7, 1), number=None) -> None:
    contract = enrolment.labour_contract
    save_enrolment(
        user=clerk,
        enrolment=enrolment,
        starts_on=enrolment.starts_on,
        ends_on=enrolment.ends_on,
        certificate=CertificateData(number or enrolment.certificate.number, enrolment.certificate.issued_on),
        contract=ContractData(
            employer_code=contract.employer.credit_code,
            signed_on=contract.signed_on,
            starts_on=contract.starts_on,
            ends_on=ends_on,
            position=contract.position,
        ),
    )


def test_a_marked_part_of_a_trainee_reopens_alone(people, school):
    clerk, case, (first, second, free) = school
    give_back(case, people.initial, RemarkDraft(f"lines/{first.pk}/contract", "Two days short"))
    with pytest.raises(Refused, match="was not marked"):
        keep(clerk, first, number="CERT-OTHER")
    with pytest.raises(Refused, match="was not marked"):
        keep(clerk, second, ends_on=date(2017, 7, 1))
    for wanted in ([first.pk], [first.pk, second.pk, free.pk]):
        with pytest.raises(Refused, match="other trainees"):
            training_claims.choose_trainees(user=clerk, case_id=case.pk, enrolment_ids=wanted)
    with pytest.raises(Refused, match="explanation"):
        training_claims.give_undertaking_and_submit(
            user=clerk, case_id=case.pk, signed_by="Somebody", note="Anything"
        )
    keep(clerk, free, number="CERT-FREE")  # no part of the claim
    keep(clerk, first, ends_on=date(2016, 7, 3))
    remark = case.remarks.get()
    training_claims.give_undertaking_and_submit(
        user=clerk, case_id=case.pk, signed_by="Somebody", answers={remark.pk: "Corrected"}
    )
    remark.refresh_from_db()
    assert remark.answer == "Corrected"
    line = case.submissions.last().snapshot["lines"][0]
    assert line["contract"]["ends_on"] == "2016-07-03"


def test_a_marked_trainee_may_be_left_out_and_others_added_when_asked(people, school):
    clerk, case, (first, second, free) = school
    give_back(
        case, people.initial, RemarkDraft(f"lines/{first.pk}", "Not yours?"), RemarkDraft("lines/+", "Add")
    )
    training_claims.choose_trainees(user=clerk, case_id=case.pk, enrolment_ids=[second.pk, free.pk])
    assert set(case.training_claim.lines.values_list("enrolment", flat=True)) == {second.pk, free.pk}


# The term

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = datetime(2024, 9, 27, 10, tzinfo=SHANGHAI)  # five working days later: Thursday 10 October


@pytest.fixture
def returned(people, case, receipts) -> Case:
    """Returned on a Friday before National Day of 2024."""
    give_back(case, people.initial, RemarkDraft("note", "Explain"))
    Case.objects.filter(pk=case.pk).update(stage_since=FRIDAY)
    case.refresh_from_db()
    return case


def watch(*moment) -> dict:
    return deadlines.watch_corrections(now=datetime(*moment, tzinfo=SHANGHAI))


def test_the_applicant_is_reminded_once_before_the_term(returned):
    assert watch(2024, 9, 30, 12) == {"reminded": [], "lapsed": []}
    assert watch(2024, 10, 8, 0, 1) == {"reminded": [returned.number], "lapsed": []}
    assert watch(2024, 10, 9, 12) == {"reminded": [], "lapsed": []}
    event = CaseEvent.objects.get()
    assert (event.case, event.kind) == (returned, "correction_due_soon")
    assert event.data == {"deadline": "2024-10-10", "left": 2}
    assert Record.objects.filter(action="case.reminded").count() == 1
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        CaseEvent.objects.update(kind="correction_lapsed")


def test_a_claim_that_is_not_corrected_lapses_and_frees_what_it_held(people, returned):
    assert watch(2024, 10, 10, 23, 59)["lapsed"] == []
    assert watch(2024, 10, 11, 0, 0) == {"reminded": [], "lapsed": [returned.number]}
    assert watch(2024, 10, 11, 0, 1) == {"reminded": [], "lapsed": []}
    returned.refresh_from_db()
    assert returned.status == Status.LAPSED
    step = Transition.objects.filter(case=returned).last()
    assert (step.actor, step.acted_as) == (None, "system") and "not corrected in its term" in step.reason
    assert set(returned.offshore_claim.receipts.values_list("released", flat=True)) == {True}
    assert CaseEvent.objects.filter(kind="correction_lapsed").count() == 1
    assert Record.objects.filter(action="case.lapsed").count() == 1
    # Filed anew, with the same payments.
    again = offshore.start_claim(user=people.clerk, organisation=people.enterprise, year=returned.year)
    assert again.pk != returned.pk and again.status == Status.DRAFT
    reference = returned.offshore_claim.receipts.first()
    save(again, people.clerk, offshore.ReceiptLine(
        None, reference.contract_id, reference.received_on, "USD", reference.amount, reference.bank_reference
    ))  # fmt: skip


def test_trainees_of_a_lapsed_claim_are_free(people, school):
    _clerk, case, _enrolments = school
    give_back(case, people.initial, RemarkDraft("note", "Explain"))
    Case.objects.filter(pk=case.pk).update(stage_since=FRIDAY)
    watch(2024, 10, 11, 0, 0)
    assert set(ClaimLine.objects.filter(claim__case=case).values_list("released", flat=True)) == {True}


def test_after_the_term_nothing_is_filed_whether_the_portal_closed_it_or_not(people, returned):
    with pytest.raises(Refused) as caught:
        filing.submit(case_id=returned.pk, user=people.clerk)
    assert caught.value.code == "lapsed" and "2024" in caught.value.message
    assert returned.submissions.count() == 1


def test_a_holiday_that_the_bureau_enters_moves_the_term(returned):
    from accounts.enums import OfficialRole
    from policy.models import WorkdayOverride
    from policy.services import set_workday

    editor = factories.official(OfficialRole.POLICY_EDITOR)
    set_workday(user=editor, row=WorkdayOverride(day=date(2024, 10, 10), source="Flood"))
    assert watch(2024, 10, 11, 12)["lapsed"] == []
    assert watch(2024, 10, 12, 0)["lapsed"] == [returned.number]


def test_what_is_corrected_meanwhile_neither_lapses_nor_is_reminded(people, case):
    give_back(case, people.initial, RemarkDraft("note", "Explain"))
    filing.submit(case_id=case.pk, user=people.clerk)
    Case.objects.filter(pk=case.pk).update(stage_since=FRIDAY)
    assert watch(2024, 12, 1) == {"reminded": [], "lapsed": []}


def test_a_lapsed_claim_stays_lapsed(returned):
    Case.objects.filter(pk=returned.pk).update(status=Status.LAPSED)
    for target in (Status.INITIAL_REVIEW, Status.RETURNED, Status.WITHDRAWN):
        with pytest.raises(IntegrityError, match="case_status_edge"), transaction.atomic():
            Case.objects.filter(pk=returned.pk).update(status=target)
