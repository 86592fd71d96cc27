"""A security key (WebAuthn) in Chromium: its virtual authenticator signs as a key on the desk would."""

from collections.abc import Iterator

import pytest

from nanchang_portal.sample.people import PASSWORD
from tests.e2e.conftest import Person


@pytest.fixture
def at_localhost(browser, browser_context_args, portal) -> Iterator[Person]:
    """A browser with a key plugged in; the key belongs to a name, so the portal is visited by one."""
    here = {"base_url": portal.url.replace("127.0.0.1", "localhost")}
    context = browser.new_context(**browser_context_args | here)
    someone = Person(context.new_page())
    devtools = someone.page.context.new_cdp_session(someone.page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield someone
    context.close()


def test_a_security_key_is_added_and_opens_the_desk(at_localhost):
    someone, page = at_localhost, at_localhost.page
    someone.sign_in("auditor")
    page.goto("/accounts/2fa/webauthn/add/")
    if "reauthenticate" in page.url:  # the factor shown at the sign-in is not yet a password typed again
        someone.show_second_factor() if "/2fa/" in page.url else someone.fill(password=PASSWORD).press()
    someone.fill(name="钥匙")
    with page.expect_navigation():
        page.locator("#mfa_webauthn_add").click()
    assert "/accounts/2fa/" in page.url and "/add/" not in page.url, someone.text
    page.goto("/accounts/2fa/webauthn/")
    with page.expect_navigation():
        page.locator("a[href*='/remove/']").click()
    assert "“钥匙”" in page.locator("main").inner_text()
    page.context.clear_cookies(name="sessionid")
    page.goto("/accounts/login/")
    someone.fill(login="auditor", password=PASSWORD).press()
    with page.expect_navigation():
        page.locator("#mfa_webauthn_authenticate").click()
    assert "/admin/" in page.url, someone.text
