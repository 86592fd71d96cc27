"""Numbers of a person and of an account, typed wherever the portal takes them: they are found nowhere in clear.

`python -m drills.canary [20]` types N of each into forms, addresses and searches of a portal of its own, breaks
requests in every way that ends on a page of an error, and then reads its logs, its broker, its database, its mails, the
answers' headers and those pages.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from drills.clerk import Clerk
from drills.scene import portal_and_clerk
from drills.shape import Outcome, main
from drills.web import Visitor
from nanchang_portal import embedded
from tests.portal import Portal, wait_until


def numbers(turn: int) -> tuple[str, str, str]:
    """An identity number, an account number and a mobile number that nobody has."""
    from accounts.identifiers import resident_check_digit

    body = f"36010219{60 + turn // 1000 % 40}0228{turn % 1000:03d}"
    identity = body + resident_check_digit(body)
    return identity, f"360077{turn:013d}", f"199{turn:08d}"


def type_everywhere(portal: Portal, people: dict, turn: int, outcome: Outcome) -> list[str]:
    """Types one set of numbers wherever one may; returns it."""
    identity, account, _mobile = secrets = numbers(turn)
    teacher, clerk = Visitor(portal.url, people["teacher"]), Visitor(portal.url, people["clerk"])
    person = {
        "name": f"Canary {turn}", "identity": identity, "education": "bachelor", "school": "A school",
        "institution": str(people["institution"]), "identity_kind": "resident", "consent_on": "2015-03-01",
    }  # fmt: skip
    saved = teacher.fill("/training/trainees/new", "identity", **person)
    if saved.status_code != 302:
        outcome.lost.append(f"trainee {turn} was not registered: {saved.status_code}")
    teacher.fill("/training/trainees/new", "identity", **person)
    teacher.fill("/training/trainees/new", "identity", **person | {"identity": identity[:-1] + "?"})
    holder = {"holder_name": people["holder"], "number": account, "bank_name": "A bank", "branch": "A branch"}
    path = f"/payments/cases/{people['case']}/account?payee=own"
    entered = clerk.fill(path, "number", **holder, cnaps="102421000018")
    if entered.status_code != 302 and turn == 0:
        outcome.lost.append(f"the account was not kept: {entered.status_code}")
    outcome.tried["forms filled in"] += 4
    for visitor in (teacher, clerk, Visitor(portal.url)):
        for secret in secrets:
            for address in (
                f"/training/trainees?q={secret}", f"/organisations?q={secret}", f"/{secret}/nowhere",
                f"/cases/{secret}", f"/letters/{secret}/", f"/admin/casework/case/?q={secret}",
                f"/api/v1/estimate/offshore?year={secret}",
            ):  # fmt: skip
                visitor.get(
                    address,
                    headers={"Referer": f"{portal.url}/?q={secret}", "User-Agent": f"canary {secret}"},
                )
                outcome.tried["addresses asked for"] += 1
            visitor.post("/training/trainees/new", data={"identity": secret})  # without a token
            visitor.post("/accounts/login/", data={"login": secret, "password": secret})
            outcome.tried["requests that were refused"] += 2
    for answer in teacher.seen + clerk.seen:
        if answer.request.method != "POST":
            continue  # a visitor's own address comes back in links; what came in a form's body never does
        where = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
        page = answer.text if answer.status_code in (400, 403, 404, 429, 500, 503) else ""
        outcome.leaked += [
            f"{answer.status_code} of {answer.request.method} {answer.request.path_url.replace(secret, '…')} says it"
            for secret in secrets
            if secret in where or secret in page
        ]
    return list(secrets)


def without_database(portal: Portal, people: dict, secrets: list[str], outcome: Outcome) -> None:
    """The page that says so, while somebody types."""
    teacher = Visitor(portal.url, people["teacher"])
    with portal.without("postgresql"):
        for secret in secrets:
            answer = teacher.post("/training/trainees/new", data={"identity": secret})
            outcome.tried["requests without a database"] += 1
            if answer.status_code != 503:
                outcome.lost.append(f"without a database {answer.status_code} instead of 503")
            if secret in answer.text:
                outcome.leaked.append("the page of 503 says it")


def places(portal: Portal) -> Iterator[tuple[str, bytes]]:
    """Everything that the portal keeps, as somebody would read it who has its files and its database, and no keys."""
    portal.broker().bgrewriteaof()
    for path in sorted(portal.data_dir.rglob("*")):
        if path.is_file() and "pg" not in path.relative_to(portal.data_dir).parts[:1]:
            yield str(path.relative_to(portal.data_dir)), path.read_bytes()
    yield "what the launcher printed", portal.output.read_bytes()
    for number in (0, 1):
        client = portal.broker()
        client.connection_pool.connection_kwargs["db"] = number
        for key in client.keys("*"):
            yield f"key {key!r} of Valkey {number}", key + (client.dump(key) or b"")
    dump = [embedded.client_program("pg_dump"), "--host", portal.data_dir / "pg", "--username", embedded.NAME]
    yield (
        "the database's dump",
        subprocess.run([*map(str, dump), "--inserts", embedded.NAME], capture_output=True, check=True).stdout,
    )
    for path in Path(portal.data_dir, "pg").rglob("*.log"):
        yield f"log of the database {path.name}", path.read_bytes()


def look(portal: Portal, secrets: list[str], known: str, outcome: Outcome) -> None:
    """Reads every place; `known` is a word that must be found, or nothing was read."""
    pattern = re.compile(b"|".join(re.escape(secret.encode()) for secret in secrets))
    found_known = False
    for name, content in places(portal):
        outcome.tried["places read"] += 1
        found_known = found_known or known.encode() in content
        outcome.leaked += [f"{found.decode()[:6]}… in {name}" for found in set(pattern.findall(content))]
    if not found_known:
        outcome.lost.append("what must be there was not found either: nothing was read")


def sing(portal: Portal, clerk: Clerk, turns: int) -> Outcome:
    outcome = Outcome("canary")
    people, secrets = clerk.do("school"), []
    for turn in range(turns):
        secrets += type_everywhere(portal, people, turn, outcome)
    without_database(portal, people, secrets[:3], outcome)
    wait_until(portal.answers, 60, "the portal's answer")
    look(portal, secrets, people["username"], outcome)
    return outcome


def drill(turns: int) -> Outcome:
    with portal_and_clerk() as (portal, clerk):
        return sing(portal, clerk, turns)


if __name__ == "__main__":
    sys.exit(main(__doc__, drill, 20))
