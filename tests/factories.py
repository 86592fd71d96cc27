"""Objects for tests, made the way the portal makes them wherever a service exists."""

import hashlib
import io
from datetime import date, timedelta
from decimal import Decimal

import factory
from django.contrib.auth.models import Group
from django.utils import timezone
from stdnum.cn import uscc

from accounts.enums import AccreditationKind, MembershipRole, OfficialRole, OrganisationKind
from accounts.identifiers import resident_check_digit
from accounts.models import Accreditation, Membership, Organisation, User
from applications.models import BusinessReturn, Contract, OffshoreClaim, Receipt
from applications.returns import services as returns
from casework.enums import GroundCode, Outcome, Stage
from casework.grounds import clauses_of
from casework.models import Case
from casework.services import calculation, decisions, filing
from documents.enums import State
from documents.models import Document
from documents.selectors import sections
from documents.services import scans, uploads
from documents.subjects import find as find_subject
from documents.subjects import subjects_of
from ledger import changes
from ledger.enums import ChangeKind
from ledger.models import FundChange
from nanchang_portal.sample import paper
from notices.services import publishing
from payments.models import PayeeAccount, Payment
from payments.payees import payee_of
from payments.services import accounts as payee_accounts
from payments.services import batches, releases, results
from policy.checklists import items_of
from policy.enums import ProgrammeCode
from training.claim_models import ClaimLine, TrainingClaim
from training.models import Certificate, Employer, Enrolment, LabourContract, Trainee, TrainingClass

PASSWORD = "a-Long-enough-pass-1"


def credit_code(number: int, division: str = "360102") -> str:
    """A Unified Social Credit Code with a right check digit."""
    body = f"91{division}{number:09d}"
    return body + uscc.calc_check_digit(body)


def identity_number(number: int, born: str = "19930215", division: str = "360102") -> str:
    """A resident identity number with a right check digit."""
    body = f"{division}{born}{number:03d}"
    return body + resident_check_digit(body)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.test")
    display_name = factory.LazyAttribute(lambda user: user.username.title())

    @factory.post_generation
    def password(self, create, extracted, **kwargs):
        self.set_password(extracted or PASSWORD)
        self.save()


def official(*roles: OfficialRole, **fields) -> User:
    """A member of staff with official roles; no role makes a plain member of staff."""
    user = UserFactory(is_staff=True, **fields)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


class OrganisationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Organisation

    kind = OrganisationKind.ENTERPRISE
    name = factory.Sequence(lambda n: f"Enterprise {n}")
    credit_code = factory.Sequence(lambda n: credit_code(100000 + n))
    division = "360102"
    contact_name = "Contact"
    contact_phone = "0791-0000000"

    class Params:
        institution = factory.Trait(
            kind=OrganisationKind.INSTITUTION,
            name=factory.Sequence(lambda n: f"Institution {n}"),
            credit_code=factory.Sequence(lambda n: credit_code(500000 + n)),
        )


def clerk_of(organisation: Organisation, role: MembershipRole = MembershipRole.CLERK, **fields) -> User:
    user = UserFactory(**fields)
    Membership.objects.create(user=user, organisation=organisation, role=role)
    return user


def recognise(
    organisation: Organisation, start: date = date(2013, 1, 1), end: date | None = None
) -> Accreditation:
    """A recognition for an enterprise, a designation for an institution."""
    kind = (
        AccreditationKind.RECOGNITION
        if organisation.kind == OrganisationKind.ENTERPRISE
        else AccreditationKind.DESIGNATION
    )
    return Accreditation.objects.create(
        kind=kind,
        organisation=organisation,
        document_number=f"DOC-{organisation.pk}-{start}",
        valid_from=start,
        valid_to=end,
    )


class ContractFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Contract

    organisation = factory.SubFactory(OrganisationFactory)
    registration_number = factory.Sequence(lambda n: f"REG-{n}")
    contract_number = factory.Sequence(lambda n: f"C-{n}")
    name = "Software development"
    client_name = "Overseas Client Inc."
    client_country = "US"
    service_type = "ito"
    sector = "software"
    value = Decimal("5000000.00")
    signed_on = date(2013, 6, 1)
    starts_on = date(2013, 6, 1)


class ReceiptFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Receipt

    received_on = date(2015, 5, 20)
    currency = "USD"
    amount = Decimal("250000.00")
    bank_reference = factory.Sequence(lambda n: f"BANK-{n}")


def supply(case: Case) -> Case:
    """The required papers that a case does not have yet, as if sent and checked; the gate has tests of its own."""
    user = case.created_by
    missing = [
        line for section in sections(subjects_of(case)) for line in section.lines if line.state == "missing"
    ]
    for line in missing:
        if not line.is_required:
            continue
        data = line.anchor.encode()
        document = Document.objects.create(
            organisation=case.organisation,
            programme=case.programme,
            subject_kind=line.subject.kind,
            subject_id=line.subject.id,
            item=line.item.code,
            name=f"{line.item.code}.pdf",
            media_type="application/pdf",
            size=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            storage_key=f"supplied/{line.anchor}",
            uploaded_by=user,
        )
        document.state, document.scanner, document.scanned_at = State.CLEAN, "none", timezone.now()
        document.save()
    return case


def offshore_draft(
    organisation: Organisation, user: User, *amounts: str, year: int = 2015, papers: bool = True
) -> Case:
    """A draft claim that can be filed: undertaking given, one USD receipt for each amount, the required papers."""
    case = filing.start_case(
        user=user, organisation=organisation, programme_code=ProgrammeCode.OFFSHORE, year=year
    )
    claim = OffshoreClaim.objects.create(case=case, undertaking_by="Somebody", undertaking_at=timezone.now())
    contract = organisation.contracts.first() or ContractFactory(organisation=organisation)
    for amount in amounts:
        ReceiptFactory(claim=claim, contract=contract, amount=Decimal(amount), received_on=date(year, 5, 20))
    return supply(case) if papers else case


def upload(
    user: User, kind: str, pk: int, item: str, *, data: bytes | None = None, name: str = "paper.pdf"
) -> Document:
    """A file under an item of a checklist, through the gate, out of quarantine."""
    subject = find_subject(user, f"{kind}-{pk}")
    listed = {listed.code: listed for listed in items_of(subject.programme, subject.kind)}
    document = uploads.accept(
        user=user,
        subject=subject,
        item=listed[item],
        name=name,
        file=io.BytesIO(data or paper.pdf(f"{kind} {pk}")),
    )
    scans.scan(document.pk)
    document.refresh_from_db()
    return document


def calculate(case: Case) -> Case:
    """Do the waiting calculations of a case as a worker would."""
    for run_id in case.runs.filter(state="queued").values_list("pk", flat=True):
        calculation.run_calculation(run_id)
    case.refresh_from_db()
    return case


def filed_offshore(organisation: Organisation, user: User, *amounts: str, year: int = 2015) -> Case:
    """A filed and calculated offshore claim."""
    case = offshore_draft(organisation, user, *amounts, year=year)
    filing.submit(case_id=case.pk, user=user)
    return calculate(case)


def ground(case: Case) -> decisions.GroundDraft:
    """A ground for rejecting the case: the first clause of its policy."""
    return decisions.GroundDraft(GroundCode.NOT_ELIGIBLE, clauses_of(case)[0].clause)


def decide(case: Case, user: User, stage: Stage, outcome: Outcome = Outcome.PASS, reason: str = "") -> Case:
    """One official's conclusion on the case as it stands."""
    case.refresh_from_db()
    decisions.decide(
        case_id=case.pk,
        user=user,
        stage=stage,
        outcome=outcome,
        assessment_hash=case.current_assessment.hash,
        reason=reason,
        ground=ground(case) if outcome == Outcome.REJECT else None,
    )
    case.refresh_from_db()
    return case


def approve(case: Case, initial: User, final: User) -> Case:
    decide(case, initial, Stage.INITIAL)
    return decide(case, final, Stage.FINAL)


def return_draft(
    organisation: Organisation,
    user: User,
    *business: tuple[str, str],
    year: int = 2015,
    month: int = 0,
    **fields,
) -> BusinessReturn:
    """A return that can be filed: (country, USD) for each line, software and ITO unless a line says more."""
    head = {"headcount": 50, "graduates_hired": 5, "park": "", "note": "Fictional"} | fields
    found = returns.start_return(user=user, organisation=organisation, year=year, month=month)
    lines = []
    for country, usd, *more in business:
        sector, service_type = (*more, *("software", "ito")[len(more) :])
        lines.append(returns.Line(sector, service_type, country, Decimal(usd)))
    return returns.save_return(user=user, return_id=found.pk, head=head, lines=lines)


def filed_return(organisation: Organisation, user: User, *business: tuple, **fields) -> BusinessReturn:
    found = return_draft(organisation, user, *business, **fields)
    return returns.file_return(user=user, return_id=found.pk)


def accepted_return(
    organisation: Organisation, user: User, *business: tuple, by: User | None = None, **fields
) -> BusinessReturn:
    found = filed_return(organisation, user, *business, **fields)
    return returns.accept_return(user=by or official(OfficialRole.INITIAL_REVIEWER), return_id=found.pk)


class EmployerFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Employer

    credit_code = factory.Sequence(lambda n: credit_code(700000 + n))
    name = factory.Sequence(lambda n: f"Employer {n}")
    division = "360102"


class TrainingClassFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TrainingClass

    institution = factory.SubFactory(OrganisationFactory, institution=True)
    code = factory.Sequence(lambda n: f"K-{n}")
    name = "Java for outsourcing"
    sector = "software"
    starts_on = date(2015, 3, 1)
    ends_on = date(2015, 6, 1)


class TraineeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Trainee

    institution = factory.SubFactory(OrganisationFactory, institution=True)
    name = factory.Sequence(lambda n: f"Trainee {n}")
    education = "bachelor"
    school = "Example University"
    consent_on = date(2015, 3, 1)

    class Params:
        number = factory.Sequence(lambda n: identity_number(n % 1000, born=f"19{90 + n // 1000 % 10}0215"))

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        number = kwargs.pop("identity")
        trainee = model_class(*args, **kwargs)
        trainee.set_identity(number)
        trainee.save()
        return trainee

    identity = factory.SelfAttribute("number")


def hired_trainee(training_class: TrainingClass, *, employer: Employer | None = None, **fields) -> Enrolment:
    """A trainee of the class with certificate and labour contract; passes every rule as of version 2013."""
    contract = {"signed_on": date(2015, 7, 1), "starts_on": date(2015, 7, 1), "ends_on": date(2016, 7, 1)}
    contract |= fields.pop("contract", {})
    certified = fields.pop("certified", True)
    trainee = fields.pop("trainee", None) or TraineeFactory(institution=training_class.institution, **fields)
    enrolment = Enrolment.objects.create(
        training_class=training_class,
        trainee=trainee,
        starts_on=training_class.starts_on,
        ends_on=training_class.ends_on,
    )
    if certified:
        Certificate.objects.create(
            enrolment=enrolment,
            institution=training_class.institution,
            number=f"CERT-{enrolment.pk}",
            issued_on=date(2015, 6, 20),
        )
    LabourContract.objects.create(enrolment=enrolment, employer=employer or EmployerFactory(), **contract)
    return enrolment


def training_draft(
    organisation: Organisation, user: User, *enrolments: Enrolment, year: int = 2016, papers: bool = True
) -> Case:
    """A draft training claim over the enrolments that can be filed."""
    case = filing.start_case(
        user=user, organisation=organisation, programme_code=ProgrammeCode.TRAINING, year=year
    )
    claim = TrainingClaim.objects.create(case=case, undertaking_by="Somebody", undertaking_at=timezone.now())
    ClaimLine.objects.bulk_create(ClaimLine(claim=claim, enrolment=enrolment) for enrolment in enrolments)
    return supply(case) if papers else case


def filed_training(organisation: Organisation, user: User, *enrolments: Enrolment) -> Case:
    case = training_draft(organisation, user, *enrolments)
    filing.submit(case_id=case.pk, user=user)
    return calculate(case)


def fund_change(proposer: User, confirmer: User, **fields) -> FundChange:
    """A budget (or a share) of the offshore fund of 2015 that one official proposed and another confirmed."""
    given = {
        "kind": ChangeKind.BUDGET,
        "programme": ProgrammeCode.OFFSHORE,
        "year": 2015,
        "document": "Finance 2015-1",
        "reason": "Budget of the year",
    }
    change = changes.propose(user=proposer, **given | fields)
    return changes.confirm(change_id=change.pk, user=confirmer)


#: Account numbers that no bank gives out: nineteen digits without a bank's prefix.
_accounts = iter(range(1, 10**6))


def account_data(holder: str, **fields) -> payee_accounts.AccountData:
    """An account as somebody types it."""
    usual = {
        "number": f"3600{next(_accounts):015d}",
        "bank_name": "Example Bank",
        "branch": "Nanchang Branch",
        "cnaps": "102421000018",
    }
    return payee_accounts.AccountData(holder_name=holder, **(usual | fields))


def payee_account(
    case: Case, reference: str, entered_by: User, confirmed_by: User, verified_by: User, **fields
) -> PayeeAccount:
    """A verified account of a payee of the case."""
    case.refresh_from_db()
    holder = payee_of(case, reference).name
    account = payee_accounts.enter_account(
        user=entered_by, case=case, reference=reference, data=account_data(holder, **fields)
    )
    payee_accounts.confirm_account(user=confirmed_by, account_id=account.pk)
    return payee_accounts.verify_account(user=verified_by, account_id=account.pk)


def clear_for_payment(*cases: Case) -> None:
    """What stands between approved awards and their payment: money of the fund, a notice whose term has ended."""
    makers = official(OfficialRole.INITIAL_REVIEWER), official(OfficialRole.FINAL_REVIEWER)
    treasurers = official(OfficialRole.FINANCE), official(OfficialRole.FINANCE)
    for programme, year in {(case.programme, case.year) for case in cases}:
        fund_change(*treasurers, programme=programme, year=year, amount_rmb=Decimal("10000000.00"))
        draft = publishing.make_notice(user=makers[0], programme=programme, year=year)
        publishing.publish_notice(
            user=makers[1],
            notice_id=draft.pk,
            version=draft.version,
            now=timezone.now() - timedelta(days=40),
        )


def paid(case: Case) -> Payment:
    """The bank paid the first line of an award whose payee has a verified account; its notice has ended."""
    from tests.payments.conftest import answer_of

    line = case.award.lines.select_related("award__case__organisation").order_by("pk").first()
    people = official(OfficialRole.FINANCE), official(OfficialRole.RELEASER)
    (prospect,) = batches.prospects([line])
    made = batches.make_batch(
        user=people[0], programme=case.programme, chosen={line.pk: prospect.account.pk}
    ).batch
    made = batches.submit_batch(user=people[0], batch_id=made.pk, expected_version=made.version)
    made = releases.release_batch(user=people[1], batch_id=made.pk, expected_version=made.version)
    releases.mark_sent(user=people[0], batch_id=made.pk, sent_on=timezone.localdate())
    made.refresh_from_db()
    results.import_results(user=people[0], batch_id=made.pk, name="bank.csv", content=answer_of(made))
    return made.payments.get()
