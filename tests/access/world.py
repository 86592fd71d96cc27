"""One world with every kind of row, two organisations of each kind, and a browserless client for every role."""

import uuid
from decimal import Decimal
from types import SimpleNamespace

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.utils import timezone

from accounts import appointments, lost_factor, members
from accounts.enums import MembershipRole, OfficialRole
from accounts.models import Membership, User
from applications.models import ExchangeRate
from audit.models import Seal
from casework.enums import CaseEventKind, Outcome, Stage
from casework.models import Case, CaseEvent, SavedView
from casework.services import calculation, cover, decisions, lines, recalculation, second_look
from ledger import changes
from ledger.enums import ChangeKind
from ledger.models import Balance, Entry
from ledger.reconciling import reconcile
from messaging.models import Message
from messaging.services import collect
from notices.models import Notice
from notices.services import letters, objections
from payments.models import Batch, Hold, PayeeAccount, PersonFile, PersonSide
from payments.services import accounts, batches, debarments, holds, recovery, spot_checks
from policy.models import PolicyVersion, WorkdayOverride
from recomputations.models import Recomputation
from reports.api.models import Scope
from reports.api.tokens import make_token
from simulations.services import asking, freezing, running
from tests import factories
from tests.clients import Client
from training.models import Employer
from workbooks.models import ImportJob, SourceRow

#: Words that only the members of one organisation, and officials, may ever read.
SECRETS = {
    "enterprise": (
        "Sealed client",
        "SEALED-REF",
        "Sealed note",
        "Sealed bank",
        "Sealed reason",
        "Sealed grounds",
    ),
    "institution": ("Sealed trainee", "SEALED-CLASS", "Sealed hint"),
}
#: Words that only the members may read: what is typed or drafted and not yet filed.
UNFILED = ("Typed but unsaved",)
#: Words that only officials may read: who objects.
FOR_OFFICIALS = ("Sealed objector", "Sealed contact", "Sealed register")
IDENTITY = factories.identity_number(431)
ACCOUNT = "3600987654321098765"


def build() -> SimpleNamespace:
    """Rows of an enterprise and of an institution, each with a draft and a filed claim; one approved case."""
    enterprise = factories.OrganisationFactory(name="Sealed Enterprise")
    institution = factories.OrganisationFactory(institution=True, name="Sealed Institution")
    for organisation in (enterprise, institution):
        factories.recognise(organisation)
    factories.OrganisationFactory(name="Other Enterprise")
    clerk, teacher = factories.clerk_of(enterprise), factories.clerk_of(institution)
    owner = factories.clerk_of(enterprise, MembershipRole.OWNER)
    member = Membership.objects.get(user=factories.clerk_of(enterprise))
    invitation = members.invite(
        user=owner, organisation=enterprise, email="sealed@example.test", role="clerk"
    )
    handover = members.offer_ownership(user=owner, member=member, stays_owner=True)
    contract = factories.ContractFactory(organisation=enterprise, client_name="Sealed client")
    initial = factories.official(OfficialRole.INITIAL_REVIEWER)
    final = factories.official(OfficialRole.FINAL_REVIEWER)
    approved = factories.approve(
        factories.filed_offshore(enterprise, clerk, "250000", year=2014), initial, final
    )
    filed = factories.filed_offshore(enterprise, clerk, "250000")
    returned = _returned(factories.filed_offshore(enterprise, clerk, "250000", year=2013), initial)
    draft = factories.offshore_draft(enterprise, clerk, year=2016)
    claim = draft.offshore_claim
    factories.ReceiptFactory(
        claim=claim, contract=contract, bank_reference="SEALED-REF", received_on="2016-05-20"
    )
    claim.note, claim.typed_by, claim.typed_at = "Sealed note", clerk, timezone.now()
    claim.typed = {"note": "Typed but unsaved", "receipts-TOTAL_FORMS": "0"}
    claim.save()
    training_class = factories.TrainingClassFactory(institution=institution, code="SEALED-CLASS")
    person = {"name": "Sealed trainee"}
    enrolment = factories.hired_trainee(training_class, identity=IDENTITY, **person)
    held = factories.hired_trainee(training_class, **person)
    training_filed = factories.filed_training(institution, teacher, held)
    training_draft = factories.training_draft(institution, teacher, enrolment)
    training_draft.training_claim.note = "Sealed hint"
    training_draft.training_claim.save()
    ExchangeRate.objects.create(
        currency="EUR", valid_from="2015-01-01", valid_to="2015-06-30", usd_per_unit="1.12", source="SAFE"
    )
    Recomputation.objects.create(programme="training", terms=[], part_rows=1, asked_by=final)
    WorkdayOverride.objects.create(day="2027-01-01", source="Sealed decree", changed_by=final)
    job = ImportJob.objects.create(
        organisation=enterprise,
        kind="offshore",
        uploaded_by=clerk,
        file_name="Sealed workbook.xlsx",
        file_size=1,
        file_format="xlsx",
        sha256="0" * 64,
        stored_as="0" * 32,
        state="checked",
        scanner="none",
        scanned_at=timezone.now(),
        summary={"contracts": {"added": 1, "changed": 0, "unchanged": 0}},
    )
    SourceRow.objects.create(
        job=job,
        sheet="contracts",
        row=2,
        model="applications.contract",
        object_id=contract.pk,
        effect="added",
    )
    business_return = factories.filed_return(
        enterprise, clerk, ("US", "250000"), year=2014, note="Sealed reason of a return"
    )
    letter = approved.letters.get()
    letters.draw(letter.pk)
    rejected = factories.filed_offshore(enterprise, clerk, "250000", year=2013)
    factories.decide(rejected, initial, Stage.INITIAL, Outcome.PROPOSE_REJECTION, "No.")
    factories.decide(rejected, final, Stage.FINAL, Outcome.REJECT, "No.")
    reopening = second_look.propose(
        case_id=rejected.pk, user=initial, cause="error", reason="Look again.", version=rejected.version
    )
    desk = _desk(filed, initial, final)
    proposal = changes.propose(
        user=factories.official(OfficialRole.FINANCE),
        kind=ChangeKind.BUDGET,
        programme="offshore",
        year=2015,
        amount_rmb=Decimal(1000),
        document="Sealed decree",
        reason="Sealed",
    )
    # Decided already: whoever may decide on changes has nothing left to change.
    changes.turn_down(
        change_id=proposal.pk,
        user=factories.official(OfficialRole.POLICY_EDITOR),
        note="Sealed note of finance",
    )
    reconcile()
    Seal.objects.create(
        number=1,
        at=timezone.now(),
        streams=1,
        records=1,
        root="0" * 64,
        key_name="1",
        hash="0" * 64,
        signature="x",
    )
    assert Balance.objects.exists() and Entry.objects.exists() and Employer.objects.exists()
    paid = factories.approve(factories.filed_offshore(enterprise, clerk, "250000", year=2013), initial, final)
    account, batch, hold = money(approved, filed, clerk, owner, initial)
    notice = Notice.objects.get()
    objection = objections.enter_paper(
        entry_id=notice.entries.get().pk,
        token=uuid.uuid4(),
        objector="Sealed objector",
        contact="Sealed contact",
        grounds="Sealed grounds",
        paper_number="Sealed register",
        received_on=notice.starts_on,
        user=initial,
    ).objection
    after = _after_payment(paid, clerk, initial, final)
    _simulate(factories.official(OfficialRole.POLICY_EDITOR))
    again = recalculation.propose(
        user=factories.official(OfficialRole.POLICY_EDITOR), programme="offshore", reason="Sealed decree"
    )
    recalculation.work(again.pk)
    collect()
    key = Authenticator.objects.create(
        user=clerk, type="webauthn", data={"name": "Sealed key", "credential": {}}
    )
    session = UserSession.objects.create(
        user=clerk, ip="192.0.2.1", session_key="s" * 32, user_agent="Sealed browser"
    )
    token, _text = make_token(user=owner, organisation=enterprise, name="Sealed ERP", scopes=Scope.values)
    return SimpleNamespace(
        token=token,
        session=session,
        key=key,
        document=factories.upload(clerk, "contract", contract.pk, "contract_copy", name="SEALED-REF.pdf"),
        desk=desk,
        enterprise=enterprise,
        member=member,
        message=Message.objects.get(handover=handover),
        invitation=invitation,
        handover=handover,
        institution=institution,
        contract=contract,
        job=job,
        approved=approved,
        account=account,
        batch=batch,
        hold=hold,
        notice=notice,
        objection=objection,
        letter=letter,
        business_return=business_return,
        reopening=reopening,
        returned=returned,
        after=after,
        check=after["hearing"],
        offshore=[draft, filed],
        training=[training_draft, training_filed],
        training_class=training_class,
        enrolment=enrolment,
        trainee=enrolment.trainee,
        owner=owner,
        clerk=clerk,
        teacher=teacher,
        initial=initial,
        final=final,
    )


def money(approved, filed, clerk, owner, initial) -> tuple[PayeeAccount, Batch, Hold]:
    """An account that waits for the second person, a draft batch with one payment, a hold."""
    officer = factories.official(OfficialRole.FINANCE)
    verified = factories.payee_account(approved, "own", clerk, owner, officer, bank_name="Sealed bank")
    factories.clear_for_payment(approved)
    line = approved.award.lines.get()
    made = batches.make_batch(user=officer, programme=approved.programme, chosen={line.pk: verified.pk})
    account = accounts.enter_account(
        user=clerk,
        case=approved,
        reference="own",
        data=factories.account_data(approved.organisation.name, bank_name="Sealed bank", number=ACCOUNT),
    )
    return account, made.batch, holds.place_hold(user=initial, case_id=filed.pk, reason="Sealed reason")


def _returned(case: Case, initial: User) -> Case:
    """A claim that an official returned with a remark on an amount, on the row, on the note and on a file."""
    row = f"lines/{case.offshore_claim.receipts.get().pk}"
    paper = case.submissions.get().snapshot["documents"][0]["id"]
    places = (f"{row}/amount", row, "note", f"documents/{paper}")
    decisions.decide(
        case_id=case.pk,
        user=initial,
        stage=Stage.INITIAL,
        outcome=Outcome.RETURN,
        assessment_hash=case.current_assessment.hash,
        reason="Sealed reason",
        remarks=[decisions.RemarkDraft(place, "Sealed remark") for place in places],
    )
    CaseEvent.objects.create(case=case, kind=CaseEventKind.CORRECTION_DUE_SOON, key="sealed")
    case.refresh_from_db()
    return case


def _after_payment(case, clerk, initial, final) -> dict:
    """A paid award: one check concluded, with an order and a debarment that were turned down, another being heard."""
    factories.clear_for_payment(case)
    payment = factories.paid(case)
    words = {"finding": "irregular", "evidence": "Sealed statement", "text": "Sealed finding"}
    first = spot_checks.open_check(
        user=initial, payment_number=payment.number, cause="report", occasion="Sealed letter"
    )
    spot_checks.record_finding(user=initial, check_id=first.pk, **words)
    spot_checks.reply(user=clerk, check_id=first.pk, text="Sealed reply")
    spot_checks.conclude(user=final, check_id=first.pk, conclusion="fraud", text="Sealed reasons")
    drawn = spot_checks.draw_sample(user=initial, programme=case.programme, year=case.year).checks.get()
    hearing = spot_checks.record_finding(user=initial, check_id=drawn.pk, **words)
    finance = factories.official(OfficialRole.FINANCE)
    given = {"check_id": first.pk, "reason": "Sealed reasons"}
    order = recovery.propose_order(user=finance, amount_rmb=Decimal(100), **given)
    recovery.turn_down_order(user=final, order_id=order.pk, note="Sealed note")
    debarment = debarments.propose_debarment(user=finance, **given)
    debarments.turn_down_debarment(user=final, debarment_id=debarment.pk, note="Sealed note")
    file = PersonFile.objects.create(person_key="1:sealed", person_name="Sealed*")
    PersonSide.objects.create(file=file, organisation=case.organisation)
    found = {"spotcheck": first, "hearing": hearing}
    return found | {"recoveryorder": order, "debarment": debarment, "personfile": file}


def _simulate(editor: User) -> None:
    """A finished simulation of the draft that reads the threshold as "at least"."""
    simulation = asking.ask(
        user=editor,
        programme="offshore",
        versions=[PolicyVersion.objects.get(programme="offshore", code="2013-gte")],
        first_year=2013,
        last_year=2016,
        question="Sealed question",
    )
    freezing.freeze(simulation.pk)
    for chunk in simulation.chunks.all():
        running.run_chunk(chunk.pk)


def _desk(filed, initial, final) -> dict:
    """Rows of the officials' own business, by the names of the URLs that lead to them."""
    second = factories.official(OfficialRole.INITIAL_REVIEWER)
    submission = filed.submissions.last()
    key = str(submission.snapshot["lines"][0]["receipt"])
    lines.decide_lines(
        case_id=filed.pk,
        user=initial,
        submission_id=submission.pk,
        seen=0,
        drafts=[lines.LineDraft(key, "refuse", None, "no_evidence", "Sealed reason")],
    )
    calculation.run_calculation(filed.runs.order_by("-pk").first().pk)
    today = timezone.localdate()
    delegation = cover.delegate(
        user=final, stage=Stage.FINAL, deputy=second, starts_on=today, ends_on=today, reason="Leave"
    )
    conflict = cover.declare_conflict(case_id=filed.pk, user=second, about="case", reason="Kin")
    view = SavedView.objects.create(owner=initial, name="Sealed view", query="queue=all")
    orphan = factories.OrganisationFactory(name="Orphaned Enterprise")
    appointment = appointments.propose(
        user=second, organisation=orphan, person=factories.UserFactory(), letter="L-1", reason="Owner left"
    )
    lost = factories.official(OfficialRole.AUDITOR)
    there = User.objects.filter(is_superuser=True)  # whom the application's own user could not make
    administrator = there.first() or factories.UserFactory(is_staff=True, is_superuser=True)
    reset = lost_factor.ask(user=administrator, person=lost, reason="Sealed reason")
    return {
        "admin:accounts_factorreset_new": second,
        "admin:accounts_factorreset_confirm": reset,
        "admin:accounts_factorreset_turn_down": reset,
        "admin:accounts_ownerappointment_new": orphan,
        "admin:accounts_ownerappointment_confirm": appointment,
        "admin:accounts_ownerappointment_turn_down": appointment,
        "admin:casework_delegation_approve": delegation,
        "admin:casework_delegation_end": delegation,
        "admin:casework_conflict_lift": conflict,
        "admin:casework_case_delete_view": view,
    }


ROLES = (
    "visitor",
    "nobody",
    "enterprise_clerk",
    "enterprise_reader",
    "other_enterprise",
    "institution_clerk",
    "institution_reader",
    "other_institution",
    "initial",
    "final",
    "finance",
    "policy",
    "auditor",
    "staff",
    "superuser",
)
OFFICIALS = ("initial", "final", "finance", "policy", "auditor", "superuser")
MEMBERS = {
    "enterprise": ("enterprise_clerk", "enterprise_reader"),
    "institution": ("institution_clerk", "institution_reader"),
}


def person(world, role: str):
    """A fresh person in a role; None is a visitor."""
    viewer, official = MembershipRole.READER, factories.official
    return {
        "visitor": lambda: None,
        "nobody": factories.UserFactory,
        "enterprise_clerk": lambda: factories.clerk_of(world.enterprise),
        "enterprise_reader": lambda: factories.clerk_of(world.enterprise, viewer),
        "other_enterprise": lambda: factories.clerk_of(factories.OrganisationFactory()),
        "institution_clerk": lambda: factories.clerk_of(world.institution),
        "institution_reader": lambda: factories.clerk_of(world.institution, viewer),
        "other_institution": lambda: factories.clerk_of(factories.OrganisationFactory(institution=True)),
        "initial": lambda: official(OfficialRole.INITIAL_REVIEWER),
        "final": lambda: official(OfficialRole.FINAL_REVIEWER),
        "finance": lambda: official(OfficialRole.FINANCE),
        "policy": lambda: official(OfficialRole.POLICY_EDITOR),
        "auditor": lambda: official(OfficialRole.AUDITOR),
        "staff": lambda: official(),
        "superuser": lambda: factories.UserFactory(is_staff=True, is_superuser=True),
    }[role]()


def client_of(user, kind: type[Client] = Client, **options) -> Client:
    client = kind(raise_request_exception=False, **options)
    client.cookies["language"] = "en"
    if user is not None:
        client.force_login(user)
    return client
