"""Enterprises that only report: enough of them that a public figure has several behind it. All of it is fictional.

Their returns are written in few statements, through the same states as everybody's; one audit record each says so.
"""

from collections.abc import Iterator
from decimal import Decimal

from django.utils import timezone

from accounts.models import Organisation, User
from applications.enums import ReturnState
from applications.models import BusinessLine, BusinessReturn
from audit import services as audit
from nanchang_portal.sample.tables import Row, table
from policy.rules.money import round_fen

# `business` of the first year: sector, kind of service, client's country, thousand USD; `growth` per cent a year.
REPORTERS = table(
    """
    key       | people | growth | park      | business
    ganpo     | 60     | 118    | high_tech | software ito US 600, software ito CN 800, information_technology ito JP 250
    fuhe      | 45     | 121    | high_tech | information_technology ito US 300, information_technology ito CN 500, finance bpo HK 150
    meihu     | 80     | 116    |           | call_centres bpo CN 600, call_centres bpo GB 200, finance bpo CN 300
    qinglan   | 50     | 123    | high_tech | animation_games kpo US 300, animation_games kpo CN 400, cultural_creation kpo JP 150
    bailu     | 36     | 119    |           | animation_games kpo JP 260, cultural_creation kpo CN 250, cultural_creation kpo US 120
    yaoling   | 40     | 131    | economic  | internet_plus ito CN 500, internet_plus ito US 150, software ito DE 180
    changbei  | 55     | 126    | economic  | internet_plus ito CN 350, logistics bpo CN 400, logistics bpo HK 150
    xiangyang | 42     | 117    | xiaolan   | biomedicine kpo CH 200, biomedicine kpo US 300, medical kpo CN 150
    taohua    | 38     | 122    | xiaolan   | biomedicine kpo US 250, medical kpo CN 200, medical kpo JP 80, logistics bpo DE 90
    jingshan  | 34     | 120    | xiaolan   | logistics bpo CN 300, wholesale_retail bpo CN 250, wholesale_retail bpo GB 60
    yangzi    | 30     | 124    |           | wholesale_retail bpo CN 300, internet_plus ito HK 120, call_centres bpo HK 100
    chaoyang  | 44     | 121    |           | medical kpo CN 150, finance bpo US 200, biomedicine kpo CH 120, wholesale_retail bpo CN 90
    """  # noqa: E501
)
NOTE = "示例数据，纯属虚构。"


def create(
    clerk: User, official: User, organisations: dict[str, Organisation], years: range
) -> list[BusinessReturn]:
    """An accepted return of every reporter and year."""
    written = BusinessReturn.objects.bulk_create(
        BusinessReturn(
            organisation=organisations[row["key"]],
            year=year,
            headcount=int(_grown(row, Decimal(row["people"]), year - years[0])),
            graduates_hired=int(_grown(row, Decimal(row["people"]), year - years[0])) // 8,
            park=row["park"],
            note=NOTE,
            changed_by=clerk,
        )
        for row in REPORTERS
        for year in years
    )
    growing = {organisations[row["key"]].pk: row for row in REPORTERS}
    BusinessLine.objects.bulk_create(
        line for found in written for line in _lines(found, growing[found.organisation_id], years[0])
    )
    now = timezone.now()
    mine = BusinessReturn.objects.filter(pk__in=[found.pk for found in written])
    for row in REPORTERS:
        organisation = organisations[row["key"]]
        mine.filter(organisation=organisation).update(
            state=ReturnState.FILED,
            filed_by=clerk,
            filed_at=now,
            first_filed_at=now,
            division=organisation.division,
        )
    mine.update(state=ReturnState.ACCEPTED, decided_by=official, decided_at=now)
    for found in written:
        audit.record(actor="sample", action="offshore.return_accepted", obj=found, data={"year": found.year})
    return written


def _grown(row: Row, value: Decimal, years: int) -> Decimal:
    return value * (Decimal(row["growth"]) / 100) ** years


def _lines(found: BusinessReturn, row: Row, first: int) -> Iterator[BusinessLine]:
    for line in row["business"].split(","):
        sector, service, country, thousands = line.split()
        yield BusinessLine(
            business_return=found,
            sector=sector,
            service_type=service,
            client_country=country,
            amount_usd=round_fen(_grown(row, Decimal(thousands) * 1000, found.year - first)),
        )
