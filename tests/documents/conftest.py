"""A storage of the test's own, and files to send."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from documents.services import scans, uploads
from documents.subjects import find
from nanchang_portal.sample import paper
from nanchang_portal.settings.base import evidence_storage
from policy import checklists
from tests import factories


@pytest.fixture(autouse=True)
def evidence_directory(settings, tmp_path) -> Path:
    """Where the evidence of this test is."""
    directory = tmp_path / "evidence"
    settings.STORAGES = settings.STORAGES | {"evidence": evidence_storage("", directory)}
    return directory


@pytest.fixture
def enterprise(db):
    return factories.OrganisationFactory()


@pytest.fixture
def clerk(enterprise):
    return factories.clerk_of(enterprise)


@pytest.fixture
def draft(enterprise, clerk):
    """A claim with one receipt under one contract, and no papers yet."""
    return factories.offshore_draft(enterprise, clerk, "250000", papers=False)


@pytest.fixture
def receipt(draft):
    return draft.offshore_claim.receipts.get()


@pytest.fixture
def send(clerk):
    """`send("receipt", 12)` uploads a good PDF as the clerk would, and returns the document, scanned unless told."""

    def send(kind, pk, item=None, *, data=None, name="receipt.pdf", user=None, replaces=None, scan=True):
        user = user or clerk
        subject = find(user, f"{kind}-{pk}")
        listed = checklists.items_of(subject.programme, subject.kind)
        chosen = next(i for i in listed if item in (None, i.code))
        data = paper.pdf(f"{kind} {pk}") if data is None else data
        document = uploads.accept(
            user=user,
            subject=subject,
            item=chosen,
            name=name,
            file=SimpleUploadedFile(name, data),
            replaces=replaces,
        )
        if scan:
            scans.scan(document.pk)
            document.refresh_from_db()
        return document

    return send
