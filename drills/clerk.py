"""A process that files claims in a running portal as a web process does, told what to do line by line.

It starts once and outlives every outage: a drill that files a thousand claims does not start Django a thousand times.
`Clerk` is the drill's side of it, `python -m drills.clerk` the process.
"""

import json
import os
import random
import subprocess
import sys
import uuid
from contextlib import suppress

from nanchang_portal import embedded
from tests.portal import BASE, Portal

USD = "250000"
AMOUNT = "50000.00"


class Clerk:
    """`with Clerk(portal) as clerk: case_id = clerk.file()`."""

    def __init__(self, portal: Portal) -> None:
        places = embedded.urls(portal.data_dir)
        # Told where the engines are, so that it takes one that is down as it finds it.
        here = {"DATABASE_URL": places.database, "REDIS_URL": places.broker}
        env = portal.env | getattr(portal, "engines", here)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "drills.clerk"],
            cwd=BASE,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> "Clerk":
        return self

    def __exit__(self, *error) -> None:
        self.process.stdin.close()
        self.process.wait(30)

    def ask(self, what: str, **values) -> None:
        """Tells the process what to do and does not wait."""
        self.process.stdin.write(json.dumps({"what": what, **values}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict:
        """What came of the first thing asked that has no answer yet: {"done": …} or {"error": …}."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the clerk's process has ended")
        return json.loads(line)

    def do(self, what: str, **values) -> object:
        self.ask(what, **values)
        answer = self.answer()
        if "error" in answer:
            raise RuntimeError(f"{what}: {answer['error']}")
        return answer["done"]

    def draft(self) -> int:
        """A draft that can be filed, worth AMOUNT; its case."""
        return self.do("draft")

    def file(self) -> int:
        """A filed claim: it was acknowledged."""
        case_id = self.draft()
        self.do("submit", case_id=case_id)
        return case_id

    def send(self, case_ids: list[int], times: int) -> int:
        """The message of every case's calculation so many times, shuffled; returns how many were sent."""
        return self.do("send", case_ids=case_ids, times=times)


def _draft() -> int:
    from tests import factories

    code = factories.credit_code(uuid.uuid4().int % 10**9)
    enterprise = factories.OrganisationFactory(credit_code=code)
    clerk = factories.clerk_of(enterprise, username=f"drill-{uuid.uuid4().hex}")
    contract = factories.ContractFactory(organisation=enterprise)
    case = factories.offshore_draft(enterprise, clerk)
    factories.ReceiptFactory(
        claim=case.offshore_claim, contract=contract, amount=USD, bank_reference=uuid.uuid4().hex
    )
    return factories.supply(case).pk


def _submit(case_id: int) -> str:
    """Acknowledged now, or found to have been before: what a clerk does who presses the button once more."""
    from accounts.refusals import Refusal
    from casework.models import Case
    from casework.services import filing

    case = Case.objects.select_related("created_by").get(pk=case_id)
    try:
        filing.submit(case_id=case_id, user=case.created_by)
    except Refusal:
        if case.submissions.exists():
            return "was filed"
        raise
    return "filed"


def _session(user) -> str:
    """The cookie of somebody who has signed in, with a second factor where one is asked for."""
    from tests.clients import Client

    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def _crowd(clerks: int, officials: int) -> dict:
    """So many clerks, each with a draft to be filed, and so many officials; all signed in."""
    from accounts.enums import OfficialRole
    from casework.models import Case
    from tests import factories

    found = {"clerks": [], "officials": []}
    for _number in range(clerks):
        case = Case.objects.select_related("created_by").get(pk=_draft())
        found["clerks"].append({"session": _session(case.created_by), "case": case.number, "id": case.pk})
    roles = (OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER, OfficialRole.FINANCE)
    for number in range(officials):
        official = factories.official(
            roles[number % len(roles)], username=f"drill-official-{uuid.uuid4().hex}"
        )
        found["officials"].append({"session": _session(official), "id": official.pk})
    return found


def _school() -> dict:
    """An institution's owner and an enterprise's clerk whose claim is calculated; both signed in."""
    from accounts.enums import MembershipRole
    from casework.models import Case
    from casework.services import calculation
    from tests import factories

    school = factories.OrganisationFactory(
        institution=True, credit_code=factories.credit_code(uuid.uuid4().int % 10**9)
    )
    factories.recognise(school)
    owner = factories.clerk_of(school, MembershipRole.OWNER, username=f"drill-{uuid.uuid4().hex}")
    case = Case.objects.select_related("created_by").get(pk=_draft())
    _submit(case.pk)
    for run in case.runs.filter(state="queued"):
        calculation.run_calculation(run.pk)
    return {
        "teacher": _session(owner),
        "institution": school.pk,
        "clerk": _session(case.created_by),
        "case": case.number,
        "holder": case.organisation.name,
        "username": owner.username,
    }


def _send(case_ids: list[int], times: int) -> int:
    from casework.models import CalculationRun
    from casework.tasks import calculate

    runs = list(CalculationRun.objects.filter(case_id__in=case_ids).values_list("pk", flat=True)) * times
    random.shuffle(runs)
    for run in runs:
        calculate.delay(run)
    return len(runs)


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nanchang_portal.settings.dev")
    django.setup()
    from django.db import close_old_connections, connection

    verbs = {"draft": _draft, "submit": _submit, "send": _send, "crowd": _crowd, "school": _school}
    for line in sys.stdin:
        values = json.loads(line)
        close_old_connections()  # as at the start of each request: one that is dead is opened anew
        connection.health_check_done = False
        try:
            answer = {"done": verbs[values.pop("what")](**values)}
        except Exception as error:  # an engine that is away; the drill decides what that means
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
            with suppress(Exception):
                connection.close()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
