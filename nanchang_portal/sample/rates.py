"""Exchange rates by quarter for the years of the sample's receipts, invented but near what they were."""

from datetime import date

from accounts.models import User
from applications.models import ExchangeRate
from applications.services import publish_rate
from nanchang_portal.sample.tables import table
from policy.rules.periods import ONE_DAY, add_months

SOURCE = "示例汇率（虚构）"
QUARTERS = ("first", "second", "third", "fourth")

# USD for one unit of the currency.
RATES = table(
    """
    year | currency | first    | second   | third    | fourth
    2015 | EUR      | 1.1006   | 1.1139   | 1.1195   | 1.1040
    2015 | JPY      | 0.008359 | 0.008235 | 0.008285 | 0.008161
    2015 | HKD      | 0.12902  | 0.12898  | 0.12900  | 0.12896
    2015 | GBP      | 1.5372   | 1.5311   | 1.5142   | 1.5295
    2016 | EUR      | 1.0980   | 1.1113   | 1.1169   | 1.1014
    2016 | JPY      | 0.009310 | 0.009172 | 0.009228 | 0.009090
    2016 | HKD      | 0.12886  | 0.12882  | 0.12884  | 0.12880
    2016 | GBP      | 1.3631   | 1.3577   | 1.3428   | 1.3564
    2017 | EUR      | 1.1207   | 1.1342   | 1.1399   | 1.1241
    2017 | JPY      | 0.009027 | 0.008893 | 0.008947 | 0.008813
    2017 | HKD      | 0.12835  | 0.12831  | 0.12833  | 0.12829
    2017 | GBP      | 1.2957   | 1.2906   | 1.2764   | 1.2893
    2018 | EUR      | 1.1716   | 1.1857   | 1.1916   | 1.1751
    2018 | JPY      | 0.009169 | 0.009033 | 0.009087 | 0.008951
    2018 | HKD      | 0.12762  | 0.12758  | 0.12760  | 0.12756
    2018 | GBP      | 1.3430   | 1.3377   | 1.3230   | 1.3363
    2019 | EUR      | 1.1105   | 1.1240   | 1.1296   | 1.1139
    2019 | JPY      | 0.009280 | 0.009142 | 0.009198 | 0.009060
    2019 | HKD      | 0.12766  | 0.12762  | 0.12764  | 0.12760
    2019 | GBP      | 1.2847   | 1.2796   | 1.2655   | 1.2783
    2020 | EUR      | 1.1331   | 1.1468   | 1.1525   | 1.1365
    2020 | JPY      | 0.009482 | 0.009342 | 0.009398 | 0.009258
    2020 | HKD      | 0.12896  | 0.12892  | 0.12894  | 0.12890
    2020 | GBP      | 1.2917   | 1.2866   | 1.2724   | 1.2853
    2021 | EUR      | 1.1732   | 1.1874   | 1.1933   | 1.1768
    2021 | JPY      | 0.009219 | 0.009083 | 0.009137 | 0.009001
    2021 | HKD      | 0.12869  | 0.12865  | 0.12867  | 0.12863
    2021 | GBP      | 1.3840   | 1.3785   | 1.3633   | 1.3771
    """
)


def create(users: dict[str, User]) -> None:
    """Publish the rates of every quarter."""
    for row in RATES:
        for number, quarter in enumerate(QUARTERS):
            first = date(int(row["year"]), 3 * number + 1, 1)
            publish_rate(
                user=users["policy"],
                rate=ExchangeRate(
                    currency=row["currency"],
                    valid_from=first,
                    valid_to=add_months(first, 3) - ONE_DAY,
                    usd_per_unit=row.money(quarter),
                    source=SOURCE,
                ),
            )
