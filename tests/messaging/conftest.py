"""A firm with people in every role, officials, and a real mail server that can die and come back."""

import email
import socket
from email.message import Message as Parcel
from types import SimpleNamespace

import pytest
from aiosmtpd.controller import Controller

from accounts.enums import MembershipRole, OfficialRole
from tests import factories
from tests.casework.conftest import fresh_database  # noqa: F401
from tests.clients import Client


@pytest.fixture
def firm(db):
    organisation = factories.OrganisationFactory(name="Canary Firm")
    factories.recognise(organisation)
    role = MembershipRole
    return SimpleNamespace(
        organisation=organisation,
        owner=factories.clerk_of(organisation, role.OWNER, username="canary-owner", language="en"),
        clerk=factories.clerk_of(
            organisation, role.CLERK, username="canary-clerk", display_name="Canary Name"
        ),
        reader=factories.clerk_of(organisation, role.READER, username="canary-reader"),
        initial=factories.official(OfficialRole.INITIAL_REVIEWER, username="canary-initial"),
        final=factories.official(OfficialRole.FINAL_REVIEWER, username="canary-final"),
    )


def browser(user) -> Client:
    client = Client()
    client.cookies["language"] = "en"
    client.force_login(user)
    return client


class MailServer:
    """aiosmtpd on a port of its own; it keeps what it was given and refuses addresses of `nobody`."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.parcels: list[Parcel] = []
        self._running: Controller | None = None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.parcels.append(email.message_from_bytes(envelope.content))
        return "250 OK"

    def start(self) -> None:
        self._running = Controller(self, hostname="127.0.0.1", port=self.port)
        self._running.start()

    def stop(self) -> None:
        if self._running:
            self._running.stop()
            self._running = None


@pytest.fixture
def mail_server(settings):
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.PORTAL_URL = "https://portal.example.test"
    server.start()
    yield server
    server.stop()


def text_of(parcel: Parcel) -> str:
    """Everything that a mail says: subject, other headers and body, decoded."""
    subject = str(email.header.make_header(email.header.decode_header(parcel["Subject"])))
    return f"{subject}\n{parcel.as_string()}\n{parcel.get_payload(decode=True).decode()}"
