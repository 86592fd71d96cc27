"""A filing deadline for locust: clerks who look, save and file; officials who work through their queue.

Started by `python -m bench.load`, which gives the people and the file for what was acknowledged by the environment.
Clerks act for ten minutes in the order of a person in a hurry: desk, form, autosave, check, submit, what became of it.
"""

import json
import os
from itertools import count
from pathlib import Path

from locust import HttpUser, between, task

from drills.web import Forms

PEOPLE = json.loads(Path(os.environ["LOAD_PEOPLE"]).read_text())
ACKNOWLEDGED = Path(os.environ["LOAD_ACKNOWLEDGED"])
#: A person reads a page for some seconds; `LOAD_PAUSE` scales it.
PAUSE = float(os.environ.get("LOAD_PAUSE", "1"))


class Somebody(HttpUser):
    abstract = True
    wait_time = between(2 * PAUSE, 8 * PAUSE)
    kind = ""
    _next = count()

    def on_start(self) -> None:
        people = PEOPLE[self.kind]
        self.me = people[next(type(self)._next) % len(people)]
        self.client.trust_env = False
        self.client.cookies.set("sessionid", self.me["session"])
        self.client.cookies.set("language", "zh-hans")

    def page(self, path: str, name: str):
        return self.client.get(path, name=name)

    def send(self, path: str, name: str, page, field: str, values: dict[str, str], to: str = ""):
        """Sends the page's form that has `field`, with `values` changed; a redirect is not followed."""
        form, fields = Forms(page.text).with_field(field)
        return self.client.post(
            to or form.get("action") or path,
            data=fields | values,
            name=name,
            headers={"Referer": self.client.base_url + path},
            allow_redirects=False,
        )


class ClerkAtTheDeadline(Somebody):
    kind = "clerks"
    _next = count()
    fixed_count = len(PEOPLE["clerks"])
    filed = False
    #: Cases that were acknowledged; with LOAD_UNTIL_FILED the run ends when they are all.
    done: set[int] = set()

    def on_start(self) -> None:
        super().on_start()
        self.look()
        self.work_on_the_draft()

    @task(3)
    def look(self) -> None:
        self.page("/desk/", "desk")
        self.page(f"/cases/{self.me['case']}", "case")

    @task(3)
    def work_on_the_draft(self) -> None:
        if self.filed:
            self.page("/offshore/contracts/", "contracts")
            return
        path = f"/offshore/claims/{self.me['case']}"
        page = self.page(path, "claim form")
        self.send(path, "autosave", page, "receipts-TOTAL_FORMS", {"note": "late"}, to=f"{path}/autosave")

    @task(2)
    def file(self) -> None:
        if self.filed:
            self.page("/messages/", "inbox")
            return
        path = f"/offshore/claims/{self.me['case']}/submit"
        page = self.page(path, "check before filing")
        answer = self.send(path, "submit", page, "version", {"undertaking": "on", "name": "Somebody Else"})
        if answer.status_code == 302:
            self.filed = True
            with open(ACKNOWLEDGED, "a") as acknowledged:
                acknowledged.write(f"{self.me['id']}\n")
            self.done.add(self.me["id"])
            if os.environ.get("LOAD_UNTIL_FILED") and len(self.done) == len(PEOPLE["clerks"]):
                self.environment.runner.quit()
        else:
            self.page(f"/cases/{self.me['case']}", "case")


class OfficialAtTheDeadline(Somebody):
    kind = "officials"
    _next = count()
    fixed_count = len(PEOPLE["officials"])

    def on_start(self) -> None:
        super().on_start()
        self.queue()

    @task(4)
    def queue(self) -> None:
        self.page("/admin/casework/case/", "review queue")

    @task(2)
    def overview(self) -> None:
        self.page("/admin/", "desk of officials")

    @task(3)
    def one_case(self) -> None:
        case = PEOPLE["clerks"][next(Somebody._next) % len(PEOPLE["clerks"])]
        with self.client.get(
            f"/admin/casework/case/{case['id']}/change/", name="case at the desk", catch_response=True,
            allow_redirects=False,
        ) as answer:  # fmt: skip
            # A draft is nobody's business but the clerk's: until it is filed there is no such page.
            if answer.status_code in (200, 302, 404):
                answer.success()
