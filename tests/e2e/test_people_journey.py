"""Two people of one firm in real Chromium: an invitation by mail, an offer in the inbox; axe looks at every page."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.e2e.test_journeys import FIRST_PASSWORD, register
from tests.portal import wait_until


def check(someone) -> None:
    """axe finds nothing on the page as it is."""
    found = Axe().run(someone.page)
    assert found.violations_count == 0, f"{someone.page.url}\n{found.generate_report()}"


def link_in_mail(portal) -> str:
    """The newest invitation's path as the worker printed it: without a mail server, mails are printed."""

    def found() -> list[str]:
        return re.findall(r"/invitations/open/[\w:.-]+", portal.log("worker"))

    return wait_until(found, seconds=60, what="the invitation's mail")[-1]


def test_a_firm_invites_a_person_and_hands_over(person, portal, unique, new_credit_code):
    owner = register(person(), unique, new_credit_code, "enterprise")
    owner.go("/organisations/")
    owner.page.get_by_role("link", name="人员").first.click()
    check(owner)
    owner.fill(email="not an address").press("form[action$='/invite'] button")
    expect(owner.page.locator(".error-summary")).to_be_visible()
    check(owner)
    owner.fill(email=f"second-{unique}@example.test").press("form[action$='/invite'] button")
    assert f"second-{unique}@example.test" in owner.text

    # The invited person opens an account on the way, in English.
    second = person()
    second.go(link_in_mail(portal))
    second.press("header button[value=en]")
    check(second)
    second.page.get_by_role("link", name="Open an account").click()
    second.fill(
        display_name="Second",
        username=f"second-{unique}",
        email=f"second-{unique}@example.test",
        password1=FIRST_PASSWORD,
        password2=FIRST_PASSWORD,
    ).press()
    check(second)
    second.press()
    assert f"示例{unique}" in second.text

    owner.page.reload()
    owner.press("form[action$='/handover'] button")
    inbox = second.page.get_by_role("link", name=re.compile("Inbox"))
    for _n in range(60):
        if "1" in inbox.inner_text():
            break
        second.page.wait_for_timeout(500)
        second.page.reload()
    inbox.click()
    check(second)
    second.press("form[action$='/open'] button")
    second.press("form[action$='/accept'] button")
    assert "You are an owner" in second.text
    second.go("/messages/preferences")
    check(second)
    owner.page.reload()
    assert owner.page.locator("form[action$='/invite']").count() == 0
