"""Load the whole sample, or nothing of it."""

from django.db import connection, transaction

from accounts.models import Organisation
from messaging.services import collect
from nanchang_portal.sample import (
    accounts,
    desk,
    funds,
    notices,
    offshore,
    organisations,
    payments,
    people,
    rates,
    returns,
    simulations,
    training,
)


def is_loaded() -> bool:
    return Organisation.objects.filter(is_sample=True).exists()


@transaction.atomic
def load() -> None:
    """Write the sample in one transaction: an interrupted load leaves nothing behind and can be started again."""
    users = people.create()
    found = organisations.create(users)
    rates.create(users)
    funds.create(users)
    claims = offshore.create(users, found)
    desk.create(users, claims)
    training.create(users, found)
    returns.create(users, found)
    simulations.create(users)
    notices.create(users)
    accounts.create(users)
    payments.create(users, claims)
    # The sample's history is in its people's inboxes; no mail tells of it.
    while collect(by_mail=False):
        pass
    # Every calculation is done by now: the messages that would announce them to the workers have nothing to say.
    connection.run_on_commit.clear()
