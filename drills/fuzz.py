"""Forms and workbooks filled with what nobody should type: no 5xx, and at the end the ledger recomputes.

`python -m drills.fuzz [10000]` posts N of them to a database of its own: every form of tests/access with fields
replaced, dropped or repeated at random; every fifth is a workbook with wrong cells or broken bytes, uploaded, checked
and, where it is accepted, taken over. Nothing is undone: what got in stays, as it would.
"""

import io
import random
import sys
import zipfile
from datetime import date, timedelta

from drills.shape import Outcome, main, own_database

MADE_UP = ("id", "pk", "status", "organisation", "amount_rmb", "is_staff")
ALPHABET = "0123456789abcXYZ-+.,=@'\"<>{}%&?/\\ \t\n名额元，。－０\u202e\ufeff"


def _text(chance: random.Random) -> str:
    return "".join(chance.choice(ALPHABET) for _ in range(chance.choice((0, 1, 3, 8, 40, 400))))


def _value(chance: random.Random, hostile: list) -> object:
    return chance.choice(
        (lambda: chance.choice(hostile), lambda: _text(chance), lambda: str(chance.randint(-9, 10**6)))
    )()


def change(typed: dict, chance: random.Random, hostile: list) -> dict:
    """What a person would type, with some fields wrong, missing, twice, or made up."""
    data: dict = dict(typed)
    for _ in range(chance.randint(1, 4)):
        name = chance.choice(list(data) or ["x"])
        match chance.randint(0, 9):
            case 0:
                data.pop(name, None)
            case 1:
                data[name] = [_value(chance, hostile), _value(chance, hostile)]
            case 2:
                data[
                    chance.choice(
                        ("id", "pk", "status", "organisation", "amount_rmb", "is_staff", _text(chance)[:20])
                    )
                ] = _value(chance, hostile)
            case _:
                data[name] = _value(chance, hostile)
    return data


def broken(content: bytes, chance: random.Random) -> bytes:
    """A workbook with bytes flipped, cut off, or a part of it replaced."""
    match chance.randint(0, 3):
        case 0:
            damaged = bytearray(content)
            for _ in range(chance.randint(1, 30)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            return bytes(damaged)
        case 1:
            return content[: chance.randrange(len(content))]
        case _:
            target, source = io.BytesIO(), zipfile.ZipFile(io.BytesIO(content))
            victim = chance.choice(source.namelist())
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
                for name in source.namelist():
                    part = source.read(name)
                    if name == victim:
                        place = chance.randrange(len(part) + 1)
                        part = (
                            part[:place]
                            + _text(chance).encode("utf-8", "ignore")
                            + part[place + chance.randint(0, 9) :]
                        )
                    made.writestr(name, part)
            return target.getvalue()


def row(sample: dict, chance: random.Random, hostile: list) -> dict:
    found = dict(sample)
    for _ in range(chance.randint(0, 3)):
        name = chance.choice(list(found))
        wrong = (
            chance.uniform(-1e9, 1e9),
            date(2015, 1, 1) + timedelta(days=chance.randint(-9999, 99999)),
            True,
        )
        text = str(_value(chance, [value for value in hostile if isinstance(value, str)]))
        found[name] = chance.choice((*wrong, "".join(letter for letter in text if letter >= " ")[:30000]))
    return found


class Fuzz:
    """One world, its forms, and two desks that upload."""

    def __init__(self, seed: int, outcome: Outcome) -> None:
        from applications.services import start_claim
        from tests import factories
        from tests.access import test_wrong_input, world
        from tests.clients import Client
        from tests.workbooks.conftest import Desk

        self.chance, self.outcome = random.Random(seed), outcome
        self.hostile = list(test_wrong_input.HOSTILE.values())
        self.forms = list(test_wrong_input.forms(world.build()))
        self.clients = {}
        self.desks = []
        for kind, institution in (("offshore", False), ("training", True)):
            organisation = factories.OrganisationFactory(institution=institution)
            factories.recognise(organisation)
            clerk, client = factories.clerk_of(organisation), Client(raise_request_exception=False)
            client.force_login(clerk)
            case = None if institution else start_claim(user=clerk, organisation=organisation, year=2015)
            self.desks.append(Desk(kind, organisation, clerk, client, case))

    def client_of(self, user):
        from tests.clients import Client

        if user not in self.clients:
            self.clients[user] = Client(raise_request_exception=False)
            if user is not None:
                self.clients[user].force_login(user)
        return self.clients[user]

    def form(self) -> None:
        name, url, user, typed = self.chance.choice(self.forms)
        data = change(typed, self.chance, self.hostile)
        self.count("forms", name, self.client_of(user).post(url, data), data)

    def workbook(self) -> None:
        from tests.workbooks import conftest as books
        from workbooks.models import ImportJob
        from workbooks.services import workers

        desk = self.chance.choice(self.desks)
        samples = (
            {"contracts": [books.CONTRACT], "receipts": [books.RECEIPT]}
            if desk.kind == "offshore"
            else {"classes": [books.CLASS], "trainees": [books.trainee(self.chance.randint(1, 900))]}
        )
        rows = {
            sheet: [row(sample, self.chance, self.hostile) for sample in lines * self.chance.randint(1, 3)]
            for sheet, lines in samples.items()
        }
        content = books.xlsx(desk.kind, rows)
        if self.chance.random() < 0.5:
            content = broken(content, self.chance)
        answer = desk.post(content)
        self.count("workbooks", desk.kind, answer, {})
        if answer.status_code != 302:
            return
        job = ImportJob.objects.latest("pk")
        try:
            workers.work(job.pk)
            job.refresh_from_db()
            if job.is_ready:
                self.count(
                    "workbooks taken over", desk.kind, desk.client.post(f"/workbooks/{job.pk}/confirm"), {}
                )
                workers.work(job.pk)
                job.refresh_from_db()
        except Exception as error:  # a worker's 5xx
            self.outcome.leaked.append(f"workbook of {desk.kind}: {type(error).__name__}: {error}"[:300])
        if job.state in ("checking", "importing"):  # an error that is counted and tried again
            self.outcome.leaked.append(f"workbook of {desk.kind} of {len(content):,} bytes ended nowhere")
        if job.state == "failed" and not (job.refusal or {}).get("en"):
            self.outcome.leaked.append(f"workbook of {desk.kind} failed without a sentence")

    def count(self, kind: str, name: str, answer, data: dict) -> None:
        self.outcome.tried[kind] += 1
        if answer.status_code >= 500:
            self.outcome.leaked.append(f"{answer.status_code} of {name}: {data!r}"[:500])


def fuzz(number: int, seed: int = 1) -> Outcome:
    from audit.services import breaks
    from casework.models import CalculationRun
    from casework.services import calculation
    from ledger.reconciling import differences

    outcome = Outcome("fuzz")
    made = Fuzz(seed, outcome)
    known = {(found.check, found.subject) for found in differences()}
    for turn in range(number):
        made.workbook() if turn % 5 == 4 else made.form()
        for run in CalculationRun.objects.filter(state="queued").values_list("pk", flat=True):
            calculation.run_calculation(run)
    outcome.lost += [
        f"reconcile: {found}" for found in differences() if (found.check, found.subject) not in known
    ]
    outcome.lost += [f"audit: {found}" for found in breaks()]
    return outcome


def drill(number: int) -> Outcome:
    with own_database(broker=True):
        from django.conf import settings

        # A session's limits of sign-ins would answer for the forms behind them.
        settings.ACCOUNT_RATE_LIMITS = False
        return fuzz(number)


if __name__ == "__main__":
    sys.exit(main(__doc__, drill, 10_000))
