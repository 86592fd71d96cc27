"""A filing deadline for locust: clerks who look, type, save and file; officials who work through their queue.

Started by `python -m bench.load`, which gives the people and the file for what was acknowledged by the environment.
Clerks act in the order of a person in a hurry: desk, form, autosave, save, check, submit, what became of it. Officials
read the queue and pass what they find there. Whatever the portal confirms is written down, one JSON object a line.
"""

import json
import os
import random
import re
import time
from itertools import count
from pathlib import Path

from locust import HttpUser, between, task

from drills.web import Forms

PEOPLE = json.loads(Path(os.environ["LOAD_PEOPLE"]).read_text())
ACKNOWLEDGED = Path(os.environ["LOAD_ACKNOWLEDGED"])
#: A person reads a page for some seconds; `LOAD_PAUSE` scales it.
PAUSE = float(os.environ.get("LOAD_PAUSE", "1"))
CASE = re.compile(r'href="/admin/casework/case/(\d+)/change/')


def acknowledge(**what: object) -> None:
    with ACKNOWLEDGED.open("a") as file:
        file.write(json.dumps(what) + "\n")


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
        """A page, which must be this page: to be led elsewhere is a failure."""
        with self.client.get(path, name=name, allow_redirects=False, catch_response=True) as answer:
            if answer.status_code != 200:
                answer.failure(f"{answer.status_code} {answer.headers.get('Location', '')}")
        return answer

    def send(
        self,
        path: str,
        name: str,
        page,
        field: str,
        values: dict[str, str],
        *,
        to: str = "",
        answers: tuple[int, ...],
    ):
        """Sends the page's form that has `field`, with `values` changed; a redirect is not followed.

        Anything but `answers` is a failure: a form that comes back with errors is none that was taken.
        """
        form, fields = Forms(page.text).with_field(field)
        with self.client.post(
            to or form.get("action") or path,
            data=fields | values,
            name=name,
            headers={"Referer": self.client.base_url + path},
            allow_redirects=False,
            catch_response=True,
        ) as answer:
            where = answer.headers.get("Location", "")
            if answer.status_code not in answers or where.startswith("/accounts/"):
                answer.failure(f"{answer.status_code} {where}")
            elif answer.status_code == 409:
                answer.success()
        return answer


class ClerkAtTheDeadline(Somebody):
    kind = "clerks"
    _next = count()
    fixed_count = len(PEOPLE["clerks"])
    filed = False
    #: Cases that were acknowledged; with LOAD_UNTIL_FILED the run ends when they are all.
    done: set[int] = set()

    def on_start(self) -> None:
        super().on_start()
        self.form = f"/offshore/claims/{self.me['case']}"
        self.look()
        self.work_on_the_draft()

    def note(self) -> str:
        """Later ones sort after earlier ones."""
        return f"{time.time():.6f}"

    @task(3)
    def look(self) -> None:
        self.page("/desk/", "desk")
        self.page(f"/cases/{self.me['case']}", "case")

    @task(3)
    def work_on_the_draft(self) -> None:
        if self.filed:
            self.page("/offshore/contracts/", "contracts")
            return
        page, note = self.page(self.form, "claim form"), self.note()
        values = {"note": note}
        answer = self.send(
            self.form,
            "autosave",
            page,
            "receipts-TOTAL_FORMS",
            values,
            to=f"{self.form}/autosave",
            answers=(200,),
        )
        if answer.status_code == 200:
            acknowledge(note=note, case=self.me["id"])

    @task(2)
    def file(self) -> None:
        if self.filed:
            self.page("/messages/", "inbox")
            return
        page, note = self.page(self.form, "claim form"), self.note()
        values = {"note": note, "next": "1"}
        answer = self.send(self.form, "save", page, "receipts-TOTAL_FORMS", values, answers=(302,))
        if answer.status_code != 302:
            return
        acknowledge(note=note, case=self.me["id"])
        path = f"{self.form}/submit"
        page = self.page(path, "check before filing")
        values = {"undertaking": "on", "name": "Somebody Else"}
        answer = self.send(path, "submit", page, "version", values, answers=(302,))
        if answer.status_code != 302:
            return
        acknowledge(filed=self.me["id"])
        self.filed = True
        self.done.add(self.me["id"])
        if os.environ.get("LOAD_UNTIL_FILED") and len(self.done) == len(PEOPLE["clerks"]):
            self.environment.runner.quit()


class OfficialAtTheDeadline(Somebody):
    kind = "officials"
    _next = count()
    fixed_count = len(PEOPLE["officials"])
    found: list[str] = []

    def on_start(self) -> None:
        super().on_start()
        self.queue()

    @task(4)
    def queue(self) -> None:
        self.found = CASE.findall(self.page("/admin/casework/case/", "review queue").text)

    @task(2)
    def overview(self) -> None:
        self.page("/admin/overview/", "overview of the desk")

    @task(4)
    def one_case(self) -> None:
        if not self.found:
            self.queue()
            return
        case = self.found.pop(random.randrange(len(self.found)))
        path = f"/admin/casework/case/{case}/change/"
        page = self.page(path, "case at the desk")
        if 'id="decision"' not in page.text:
            return
        # 409: a colleague was faster; the page says so, and nothing is written.
        answer = self.send(path, "pass", page, "assessment_hash", {"outcome": "pass"}, answers=(302, 409))
        if answer.status_code == 302:
            acknowledge(passed=int(case), by=self.me["id"])
