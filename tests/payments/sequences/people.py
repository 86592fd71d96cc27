"""Who acts in a random sequence: two applicants' kinds, every official, and the drawing of objects and amounts."""

import random
from collections import Counter
from decimal import Decimal

from accounts.enums import MembershipRole, OfficialRole
from ledger.levels import CITY
from tests import factories

OFFSHORE_YEARS = (2014, 2015)
#: Programme and year of every fund.
FUNDS = (("offshore", 2014), ("offshore", 2015), ("training", 2016))


class NothingThere(Exception):
    """No object for the action that was drawn."""


class People:
    """Applicants and officials; every action draws its own object."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.done: Counter[str] = Counter()
        self.enterprises = [
            factories.OrganisationFactory(division=code) for code in ("360102", "360103", "360100")
        ]
        self.schools = [factories.OrganisationFactory(institution=True) for _n in range(2)]
        for organisation in [*self.enterprises, *self.schools]:
            factories.recognise(organisation)
        self.clerks = {one.pk: factories.clerk_of(one) for one in [*self.enterprises, *self.schools]}
        self.owners = {
            one.pk: factories.clerk_of(one, MembershipRole.OWNER)
            for one in [*self.enterprises, *self.schools]
        }
        self.classes = {one.pk: factories.TrainingClassFactory(institution=one) for one in self.schools}
        self.employer = factories.EmployerFactory()
        self.releaser = factories.official(OfficialRole.RELEASER)
        self.initials = [factories.official(OfficialRole.INITIAL_REVIEWER) for _n in range(2)]
        self.initial = self.initials[0]
        self.finals = [factories.official(OfficialRole.FINAL_REVIEWER) for _n in range(3)]
        self.finance = [factories.official(OfficialRole.FINANCE) for _n in range(2)]
        for programme, year in FUNDS:
            for division, amount in ((CITY, 1_500_000), ("360102", 400_000), ("360103", 400_000)):
                factories.fund_change(
                    *self.finance,
                    programme=programme,
                    year=year,
                    division=division,
                    amount_rmb=self.amount(amount if programme == "offshore" else amount // 100),
                )

    def draw(self, rows):
        """One of the rows. Raises NothingThere."""
        if not (found := list(rows)):
            raise NothingThere
        return self.chance.choice(found)

    def amount(self, most: int) -> Decimal:
        return Decimal(self.chance.randint(1, most * 100)) / 100

    def likely(self, percent: int) -> bool:
        return self.chance.random() * 100 < percent
