"""The sample as it stands after loading: what it must show, and that nobody can take it for real."""

import re
from collections import Counter
from decimal import Decimal

import pytest
from django.contrib.auth import authenticate
from stdnum.cn import uscc

from accounts.enums import AccreditationKind, MembershipRole, OfficialRole, OrganisationKind
from accounts.identifiers import division_name, validate_credit_code, validate_resident_identity
from accounts.models import Accreditation, Membership, Organisation, User
from accounts.permissions import is_official, roles_of
from applications.models import Contract, ExchangeRate, OffshoreClaim, Receipt
from applications.web.typed import typed_from
from audit.models import Record
from audit.services import breaks
from casework.enums import RunState, Status
from casework.models import Award, CalculationRun, Case
from ledger.models import Balance
from ledger.reconciling import differences
from nanchang_portal.sample.codes import NOWHERE
from nanchang_portal.sample.people import MEMBERS, OFFICIALS, PASSWORD
from nanchang_portal.sample.rates import SOURCE
from payments.models import Batch, Payment, PersonFile, SpotCheck
from payments.owing import orders
from policy.enums import ProgrammeCode
from policy.models import PolicyVersion
from reports.statistics.report import report
from simulations import figures
from simulations.services.asking import REPLAYED
from tests.sample.conftest import picture, run
from tests.simulations.conftest import ask
from tests.simulations.conftest import work as simulated
from training.enums import IdentityKind
from training.models import Certificate, Employer, Enrolment, Trainee

pytestmark = [pytest.mark.usefixtures("sample"), pytest.mark.xdist_group("sample")]


def amounts(name: str, year: int) -> list[str]:
    cases = Case.objects.filter(
        organisation__name__contains=name, year=year, programme=ProgrammeCode.OFFSHORE
    )
    return [str(case.amount_rmb) for case in cases.order_by("pk")]


def results(trainee: str) -> list[dict]:
    """What the assessments of the present claims say of a person, by name."""
    found = []
    for enrolment in Enrolment.objects.filter(trainee__name=trainee, claim_lines__released=False).order_by(
        "pk"
    ):
        assessment = enrolment.claim_lines.get(released=False).claim.case.current_assessment
        found += [p for p in assessment.result["details"]["people"] if p["enrolment"] == enrolment.pk]
    return found


def codes(result: dict) -> list[str]:
    return [reason["code"] for reason in result["reasons"]]


def test_two_loads_write_the_same(sample):
    assert picture() == sample


def test_it_is_as_large_as_promised():
    kinds = Counter(Organisation.objects.filter(is_sample=True).values_list("kind", flat=True))
    assert kinds[OrganisationKind.ENTERPRISE] >= 8
    assert kinds[OrganisationKind.INSTITUTION] == 3
    assert len(set(Trainee.objects.values_list("identity_key", flat=True))) >= 60
    assert Certificate.objects.count() >= 60
    assert {employer.place for employer in Employer.objects.all()} == {"local", "elsewhere"}
    assert set(ExchangeRate.objects.values_list("currency", flat=True)) == {"EUR", "JPY", "HKD", "GBP"}
    assert set(ExchangeRate.objects.values_list("source", flat=True)) == {SOURCE}


@pytest.mark.parametrize("programme", ProgrammeCode.values)
def test_there_is_a_claim_in_every_status(programme):
    assert set(Case.objects.filter(programme=programme).values_list("status", flat=True)) == set(
        Status.values
    )


@pytest.mark.parametrize(
    ("enterprise", "year", "golden"),
    [
        ("云图", 2013, ["0.00", "50000.00"]),  # 150,000 then 100,000
        ("云图", 2014, ["480000.00", "20000.00"]),  # 2,400,000 then 300,000
        ("云图", 2015, ["500000.00"]),  # 2,700,000
        ("赣江", 2015, ["0.00"]),  # 200,000.00
        ("赣江", 2016, ["40000.00"]),  # 200,000.01
        ("赣江", 2017, ["50000.00"]),  # 250,000
        ("滕王", 2014, ["500000.00"]),  # 2,499,999.99
        ("滕王", 2015, ["500000.00"]),  # 2,500,000
        ("滕王", 2018, ["180000.00", "320000.00"]),  # the first was calculated again after the second's award
    ],
)
def test_the_golden_amounts_are_there(enterprise, year, golden):
    assert amounts(enterprise, year) == golden


def test_equality_with_the_threshold_is_flagged():
    case = Case.objects.get(organisation__name__contains="赣江", year=2015)
    assert case.status == Status.INITIAL_REVIEW
    assert "boundary" in case.warnings


def two_readings(programme: str) -> dict[tuple[str, int], Decimal]:
    """What “at least” gives each organisation's year more than “more than”, by a simulation of all years."""
    at_least = PolicyVersion.objects.get(programme=programme, code="2013-gte")
    simulation = simulated(ask(User.objects.get(username="policy"), at_least, years=(2013, 2026)))
    assert simulation.state == "done" and simulation.cases > 5
    rows = figures.applicants(simulation, 1)
    return {(row["name"], row["year"]): row["more"] for row in rows if row["more"]}


def test_the_two_readings_differ_exactly_in_the_years_at_the_threshold():
    filed = Counter()
    for case in Case.objects.filter(programme=ProgrammeCode.OFFSHORE, status__in=REPLAYED):
        usd = Decimal(case.current_assessment.submission.snapshot["usd"])
        filed[case.organisation.name, case.year] += usd
    equal = {key for key, usd in filed.items() if usd == 200_000}
    assert len(equal) > 1
    assert two_readings(ProgrammeCode.OFFSHORE) == dict.fromkeys(equal, Decimal("40000.00"))


def test_the_two_readings_differ_exactly_in_the_trainees_at_a_limit():
    more = Counter()
    equal = {"training.contract_equal", "training.period_equal"}
    for case in Case.objects.filter(programme=ProgrammeCode.TRAINING, status__in=REPLAYED):
        for person in case.current_assessment.result["details"]["people"]:
            if codes(person) and set(codes(person)) <= equal:
                more[case.organisation.name, case.year] += 1
    assert sum(more.values()) > 1
    found = two_readings(ProgrammeCode.TRAINING)
    assert found.keys() == more.keys()
    assert all(Decimal(1500) * more[key] <= rmb <= Decimal(3500) * more[key] for key, rmb in found.items())


def test_receipts_show_refunds_and_other_currencies():
    assert Receipt.objects.filter(amount__lt=0).count() >= 2
    assert {"USD", "EUR", "JPY", "HKD", "GBP"} <= set(Receipt.objects.values_list("currency", flat=True))


@pytest.mark.parametrize(
    ("trainee", "eligible", "reasons"),
    [
        ("徐文博", False, ["training.contract_equal"]),  # 2015-03-01..2016-02-29
        ("林雅婷", True, []),  # 2015-03-01..2016-03-01
        ("唐佳琪", True, []),  # open-ended
        ("傅诗涵", False, ["training.no_certificate"]),
        ("周雨晴", False, ["training.education"]),
        ("董浩然", False, ["training.period_equal"]),  # 2015-03-01..2015-05-31
        ("邓静怡", True, []),  # 2015-03-01..2015-06-01
        ("董天宇", None, []),  # rejected: the line is free again
    ],
)
def test_every_boundary_of_training_has_its_trainee(trainee, eligible, reasons):
    found = results(trainee)
    if eligible is None:
        assert not found
        return
    assert [(result["eligible"], codes(result)) for result in found] == [(eligible, reasons)]


def test_designations_that_do_not_cover_the_training():
    for name in ("洪城", "剑邑"):
        case = Case.objects.filter(
            organisation__name__contains=name, status__in=[Status.REJECTED, Status.WITHDRAWN]
        ).get()
        people = case.assessments.get().result["details"]["people"]
        assert all(codes(person) == ["training.not_designated"] for person in people)


def test_a_person_of_two_institutions_is_subsidised_once():
    first, second = results("马明哲")
    assert (first["eligible"], second["eligible"]) == (True, False)
    assert codes(second) == ["training.already_subsidised"]


def test_amounts_of_training_follow_the_place():
    pairs = {(r["trainee_rmb"], r["institution_rmb"]) for name in ("林雅婷", "梁海涛") for r in results(name)}
    assert pairs == {("2000.00", "1500.00"), ("1000.00", "500.00")}


def test_both_reviewers_have_cases_with_different_warnings():
    initial = Case.objects.filter(status=Status.INITIAL_REVIEW)
    final = Case.objects.filter(status=Status.FINAL_REVIEW)
    assert initial.count() >= 6
    assert final.count() >= 4
    seen = {warning for case in initial for warning in case.warnings}
    assert {
        "boundary",
        "recognition",
        "related_party",
        "before_contract",
        "two_institutions",
        "identity_kind",
        "late_contract",
    } <= seen
    assert {"boundary", "recognition", "identity_kind"} <= {
        warning for case in final for warning in case.warnings
    }


def test_recognitions_and_designations_have_their_gaps():
    lapsed = Accreditation.objects.filter(valid_to__isnull=False)
    assert {a.kind for a in lapsed} == set(AccreditationKind.values)
    assert Organisation.objects.filter(kind=OrganisationKind.ENTERPRISE, accreditations=None).exists()


def test_memberships_show_two_organisations_and_a_reader():
    assert Membership.objects.filter(user__username="group").count() == 2
    assert [m.role for m in Membership.objects.filter(user__username="reader")] == [MembershipRole.READER]
    assert Organisation.objects.filter(kind=OrganisationKind.ENTERPRISE, cases=None).exists()


def test_one_draft_keeps_what_was_typed_as_the_form_would():
    claim = OffshoreClaim.objects.exclude(typed=None).get()
    assert claim.case.status == Status.DRAFT
    assert typed_from(claim.typed) == claim.typed
    assert claim.typed["receipts-2-received_on"] == "2024-09-"


def test_every_code_and_number_has_its_check_digit_and_is_nobodys():
    for organisation in [*Organisation.objects.filter(is_sample=True), *Employer.objects.all()]:
        validate_credit_code(organisation.credit_code)
        assert uscc.is_valid(organisation.credit_code)
        assert organisation.credit_code[2:8] == organisation.division
        assert organisation.credit_code[8:13] == "00000"
        assert division_name(organisation.division) != organisation.division
        assert "示例" in organisation.name
        assert "虚构" in organisation.name
    for trainee in Trainee.objects.filter(identity_kind=IdentityKind.RESIDENT):
        number = trainee.reveal_identity()
        validate_resident_identity(number)
        assert number.startswith(NOWHERE)


def test_nothing_looks_like_a_bank_account_or_a_phone():
    for receipt in Receipt.objects.all():
        assert re.fullmatch(r"SAMPLE-[A-Z]{2}\d{2}[AB]?-\d{2}", receipt.bank_reference)
        assert re.fullmatch(r"(SAMPLE-DECL-[A-Z]{2}\d{2}[AB]?-\d{2})?", receipt.declaration_number)
    for contract in Contract.objects.all():
        assert "fictional" in contract.client_name or "虚构" in contract.client_name
    for organisation in Organisation.objects.filter(is_sample=True):
        assert re.fullmatch(r"0791-0000\d{4}", organisation.contact_phone)


def test_business_dates_stay_within_the_sample_years():
    days = [
        day for receipt in Receipt.objects.all() for day in (receipt.received_on, receipt.contract.signed_on)
    ]
    days += [day for enrolment in Enrolment.objects.all() for day in (enrolment.starts_on, enrolment.ends_on)]
    assert min(day.year for day in days) >= 2013
    assert max(day.year for day in days) <= 2026


def test_everything_is_calculated_and_posted():
    assert not CalculationRun.objects.exclude(state=RunState.DONE).exists()
    offshore = Award.objects.filter(case__programme=ProgrammeCode.OFFSHORE)
    assert sum(balance.granted_rmb for balance in Balance.objects.all()) == sum(
        a.amount_rmb for a in offshore
    )
    assert max(balance.granted_rmb for balance in Balance.objects.all()) == Decimal("500000.00")


def test_money_is_at_every_station():
    assert set(Batch.objects.values_list("state", flat=True)) == {"settled", "submitted"}
    assert Counter(Payment.objects.values_list("state", flat=True)) == {"paid": 2, "failed": 1, "in_batch": 1}
    order = orders().get()
    assert (order.amount_rmb, order.set_off_rmb, order.owed_rmb) == (8000, 8000, 0)
    assert SpotCheck.objects.filter(state="open", draw__isnull=False).count() == 1
    assert PersonFile.objects.exists()
    assert list(differences()) == []


def test_the_audit_chains_hold():
    assert list(breaks()) == []
    assert Record.objects.filter(object_type="casework.case").count() > Case.objects.count()


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (User, Organisation, Case, Record))


def test_a_second_load_changes_nothing(sample_allowed):
    before = counts()
    assert "already" in run("load_sample")
    assert run("load_sample", if_empty=True) == ""
    assert counts() == before


def test_every_login_listed_signs_in(sample_allowed, rf):
    lines = [line.split(maxsplit=2) for line in run("sample_logins", all=True).splitlines()]
    assert {login for login, _password, _does in lines} == {row["login"] for row in (*MEMBERS, *OFFICIALS)}
    for login, password, does in lines:
        user = authenticate(rf.post("/"), username=login, password=password)
        assert user is not None, login
        assert does


def test_the_short_list_is_short_and_names_the_main_roles(sample_allowed):
    lines = run("sample_logins").splitlines()
    assert len(lines) <= 14
    listed = {line.split()[0] for line in lines[:-1]}
    assert {"enterprise", "institution", "initial", "final", "final2", "admin"} <= listed
    assert all(PASSWORD in line for line in lines[:-1])


def test_officials_have_their_roles():
    for row in OFFICIALS:
        user = User.objects.get(username=row["login"])
        assert is_official(user)
        assert roles_of(user) == ({row["role"]} if row["role"] else set())
    assert {row["role"] for row in OFFICIALS if row["role"]} == set(OfficialRole.values)
    assert [user.username for user in User.objects.filter(is_superuser=True)] == ["admin"]
    assert not User.objects.filter(is_staff=True, memberships__isnull=False).exists()


def test_the_public_statistics_show_something():
    """Enough enterprises report that the sectors, services and districts of a complete year are not hidden."""
    found = report(2015)
    assert found.is_complete
    for table in ("market", "tier", "sector", "service", "district", "park"):
        values = [row.values["usd"] for row in found[table].rows]
        assert None not in values and sum(values) > 0, table
    newest = report(2025)
    assert not newest.is_complete and newest["market"].value("total", "usd") > 0
