"""The enterprises' returns of several years, so that the statistics show something. All of it is fictional.

Each enterprise has its lines of the base year; from there on every line moves by its own factor, so the whole neither
follows the path exactly nor falls from it.
"""

from decimal import Decimal

from accounts.models import Organisation, User
from applications.returns import services
from nanchang_portal.sample import reporters
from nanchang_portal.sample.organisations import OWNERS
from nanchang_portal.sample.tables import table
from policy.rules.money import round_fen

BASE_YEAR, LAST_YEAR = 2015, 2025

# `growth` is the yearly factor in per cent, `from` the first year of a line.
LINES = table(
    """
    enterprise | sector                 | type | country | base         | growth | from
    yuntu      | software               | ito  | US      | 2,900,000.00 | 112    | 2015
    yuntu      | software               | ito  | DE      | 420,000.00   | 118    | 2016
    yuntu      | information_technology | ito  | JP      | 380,000.00   | 115    | 2015
    yuntu      | information_technology | ito  | HK      | 350,000.00   | 121    | 2018
    yuntu      | information_technology | ito  | CN      | 1,450,000.00 | 131    | 2015
    ganjiang   | finance                | bpo  | US      | 260,000.00   | 115    | 2015
    ganjiang   | finance                | bpo  | CN      | 900,000.00   | 128    | 2015
    ganjiang   | information_technology | ito  | JP      | 130,000.00   | 117    | 2015
    tengwang   | animation_games        | kpo  | US      | 2,500,000.00 | 106    | 2015
    tengwang   | cultural_creation      | kpo  | JP      | 300,000.00   | 119    | 2015
    tengwang   | cultural_creation      | kpo  | CN      | 380,000.00   | 133    | 2015
    qingyun    | software               | ito  | GB      | 330,000.00   | 117    | 2015
    qingyun    | software               | ito  | CN      | 520,000.00   | 127    | 2015
    qingyun    | information_technology | bpo  | HK      | 210,000.00   | 123    | 2015
    qingyun    | finance                | bpo  | CN      | 300,000.00   | 141    | 2015
    aixi       | call_centres           | bpo  | GB      | 140,000.00   | 114    | 2015
    aixi       | finance                | bpo  | HK      | 180,000.00   | 118    | 2015
    aixi       | call_centres           | bpo  | CN      | 1,100,000.00 | 122    | 2015
    xianghu    | biomedicine            | kpo  | CH      | 850,000.00   | 113    | 2015
    xianghu    | cultural_creation      | kpo  | CN      | 240,000.00   | 126    | 2015
    xianghu    | software               | ito  | HK      | 160,000.00   | 116    | 2015
    meiling    | cultural_creation      | kpo  | FR      | 250,000.00   | 124    | 2018
    meiling    | software               | ito  | US      | 150,000.00   | 122    | 2018
    meiling    | cultural_creation      | kpo  | CN      | 310,000.00   | 135    | 2018
    yaohu      | software               | ito  | US      | 210,000.00   | 130    | 2021
    yaohu      | finance                | bpo  | JP      | 180,000.00   | 129    | 2021
    yaohu      | information_technology | ito  | CN      | 640,000.00   | 127    | 2021
    """
)

# People at the end of the first year, their yearly factor, the share of graduates hired in a year (per cent), the area.
HEADS = table(
    """
    enterprise | people | growth | graduates | park
    yuntu      | 160    | 113    | 14        | high_tech
    ganjiang   | 55     | 118    | 12        |
    tengwang   | 120    | 107    | 15        | high_tech
    qingyun    | 48     | 117    | 10        | economic
    aixi       | 96     | 115    | 9         | high_tech
    xianghu    | 40     | 115    | 12        | xiaolan
    meiling    | 34     | 121    | 16        | economic
    yaohu      | 42     | 124    | 18        | economic
    """
)

#: (enterprise, year): what became of a return; every other one was accepted.
OTHERWISE = {
    ("meiling", 2025): "filed",
    ("qingyun", 2025): "asked_back",
    ("ganjiang", 2025): "missing",
    ("xianghu", 2024): "missing",
    ("xianghu", 2025): "draft",
}
QUESTION = "请核对2025年金融领域在岸业务额，较上年变动较大。"


def create(users: dict[str, User], organisations: dict[str, Organisation]) -> None:
    """Every return, as the clerks would have handed them in, and those of the enterprises that only report."""
    heads = {row["enterprise"]: row for row in HEADS}
    for key, head in heads.items():
        own = [row for row in LINES if row["enterprise"] == key]
        first = min(int(row["from"]) for row in own)
        for year in range(first, LAST_YEAR + 1):
            path = OTHERWISE.get((key, year), "accepted")
            if path != "missing":
                _return(
                    users[OWNERS[key]], users["initial"], organisations[key], year, first, head, own, path
                )
    reporters.create(users["agency"], users["initial"], organisations, range(BASE_YEAR, LAST_YEAR + 1))


def _return(clerk, official, enterprise, year, first, head, own, path) -> None:
    found = services.start_return(user=clerk, organisation=enterprise, year=year, month=0)
    people = int(int(head["people"]) * (int(head["growth"]) / 100) ** (year - first))
    lines = [
        services.Line(row["sector"], row["type"], row["country"], _usd(row, year))
        for row in own
        if int(row["from"]) <= year
    ]
    services.save_return(
        user=clerk,
        return_id=found.pk,
        head={
            "headcount": people,
            "graduates_hired": people * int(head["graduates"]) // 100,
            "park": head["park"],
            "note": "示例数据，纯属虚构。",
        },
        lines=lines,
    )
    if path == "draft":
        return
    services.file_return(user=clerk, return_id=found.pk)
    if path == "accepted":
        services.accept_return(user=official, return_id=found.pk)
    if path == "asked_back":
        services.ask_back(user=official, return_id=found.pk, question=QUESTION)


def _usd(row, year: int) -> Decimal:
    factor = (Decimal(row["growth"]) / 100) ** (year - int(row["from"]))
    return round_fen(row.money("base") * factor)
