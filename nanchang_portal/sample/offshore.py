"""Write the enterprises' contracts and claims."""

from accounts.models import Organisation, User
from applications import contract_services, follow_ups, services
from applications.models import Contract
from casework.enums import Stage
from casework.models import Case
from nanchang_portal.sample import papers
from nanchang_portal.sample.claims import CLAIMS, REASONS, RECEIPTS
from nanchang_portal.sample.contracts import CONTRACTS, FOLLOW_UPS, WORKBOOK, WORKBOOK_NAME, WORKBOOK_OF
from nanchang_portal.sample.journeys import walk
from nanchang_portal.sample.organisations import OWNERS
from nanchang_portal.sample.tables import Row
from workbooks.services import files, jobs, workers
from workbooks.sheets import workbook_of

REASON = {row["claim"]: row["reason"] for row in REASONS}
# A receipt that was filed without its declaration number, which is why the claim came back.
UNDECLARED = ("yt18", "2018-10-19")


def create(users: dict[str, User], organisations: dict[str, Organisation]) -> dict[str, Case]:
    """Every offshore claim by key."""
    owners = {key: users[login] for key, login in OWNERS.items()}
    contracts = {
        row["key"]: _contract(row, owners[row["enterprise"]], organisations[row["enterprise"]])
        for row in CONTRACTS
    }
    _take_over(owners, organisations, contracts)
    _import(owners[WORKBOOK_OF], organisations[WORKBOOK_OF])
    created = {}
    for number, row in enumerate(CLAIMS):
        officials = {
            Stage.INITIAL: users["initial"],
            Stage.FINAL: users["final2" if number % 3 == 2 else "final"],
        }
        clerk = owners[row["enterprise"]]
        case = _draft(row, clerk, organisations[row["enterprise"]], contracts)
        created[row["key"]] = walk(
            case,
            row["path"],
            clerk=clerk,
            officials=officials,
            file=lambda case, clerk=clerk: services.give_undertaking_and_submit(
                case_id=case.pk, user=clerk, name=clerk.display_name
            ),
            reason=REASON.get(row["key"], ""),
        )
    return created


def _contract(row: Row, clerk: User, enterprise: Organisation) -> Contract:
    data = {
        "registration_number": f"示例登记-{row.day('signed'):%Y}-{row['key']}",
        "contract_number": row["key"],
        "name": row["name"],
        "client_name": row["client"],
        "client_country": row["country"],
        "is_related_party": row.flag("related"),
        "service_type": row["type"],
        "sector": row["sector"],
        "currency": row["currency"],
        "value": row.money("value"),
        "signed_on": row.day("signed"),
        "starts_on": row.day("signed"),
        "ends_on": row.day("ends"),
    }
    return contract_services.save_contract(user=clerk, organisation=enterprise, data=data)


def _take_over(
    owners: dict[str, User], organisations: dict[str, Organisation], contracts: dict[str, Contract]
) -> None:
    """The contracts that follow earlier ones, each enterprise's in one step."""
    wanted: dict[str, list[follow_ups.FollowUp]] = {}
    key_of = {row["key"]: row["enterprise"] for row in CONTRACTS}
    for row in FOLLOW_UPS:
        own = {
            "contract_number": row["key"],
            "registration_number": f"示例登记-{row.day('signed'):%Y}-{row['key']}",
            "signed_on": row.day("signed"),
            "starts_on": row.day("signed"),
            "ends_on": row.day("ends"),
        }
        earlier = follow_ups.FollowUp(contracts[row["follows"]].pk, own)
        wanted.setdefault(key_of[row["follows"]], []).append(earlier)
    for key, found in wanted.items():
        follow_ups.take_over(user=owners[key], organisation=organisations[key], follow_ups=found)


def _import(clerk: User, enterprise: Organisation) -> None:
    """Contracts from a workbook, as a clerk brings them in and a worker takes them over."""
    job = jobs.upload(
        user=clerk,
        workbook=workbook_of("offshore"),
        organisation=enterprise,
        case=None,
        name=WORKBOOK_NAME,
        chunks=[WORKBOOK.encode()],
    )
    try:
        workers.work(job.pk)
        jobs.confirm(user=clerk, job_id=job.pk)
        workers.work(job.pk)
    finally:
        files.forget(job)


def _draft(row: Row, clerk: User, enterprise: Organisation, contracts: dict[str, Contract]) -> Case:
    case = services.start_claim(user=clerk, organisation=enterprise, year=int(row["year"]))
    receipts = [receipt for receipt in RECEIPTS if receipt["claim"] == row["key"]]
    lines = [_line(receipt, number, contracts) for number, receipt in enumerate(receipts, start=1)]
    case = services.save_claim(
        case_id=case.pk, user=clerk, expected_version=case.version, note=row["note"], lines=lines
    )
    papers.attach(case, row["key"], clerk)
    if row["path"] == "typed":
        services.keep_typed(
            case_id=case.pk, user=clerk, expected_version=case.version, typed=_half_typed(case)
        )
    return case


def _half_typed(case: Case) -> dict[str, str]:
    """The claim's form as somebody left it: what is saved, and a further receipt begun."""
    rows = [
        {
            "id": receipt.pk,
            "contract": receipt.contract_id,
            "received_on": receipt.received_on,
            "currency": receipt.currency,
            "amount": receipt.amount,
            "bank_reference": receipt.bank_reference,
            "declaration_number": receipt.declaration_number,
        }
        for receipt in case.offshore_claim.receipts.all()
    ]
    begun = {"contract": rows[-1]["contract"], "received_on": "2024-09-", "currency": "USD", "amount": "98,7"}
    typed = {"note": "第三季度收汇凭证待银行寄回", "receipts-TOTAL_FORMS": str(len(rows) + 1)}
    for number, row in enumerate([*rows, begun]):
        typed |= {f"receipts-{number}-{name}": str(value) for name, value in row.items()}
    return typed


def _line(receipt: Row, number: int, contracts: dict[str, Contract]) -> services.ReceiptLine:
    claim = receipt["claim"]
    return services.ReceiptLine(
        id=None,
        contract_id=contracts[receipt["contract"]].pk,
        received_on=receipt.day("received"),
        currency=receipt["currency"],
        amount=receipt.money("amount"),
        bank_reference=f"SAMPLE-{claim.upper()}-{number:02d}",
        declaration_number=""
        if (claim, receipt["received"]) == UNDECLARED
        else f"SAMPLE-DECL-{claim.upper()}-{number:02d}",
    )
