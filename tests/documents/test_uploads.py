"""Uploading, replacing, removing: by the pages, within the rights, with versions kept once they were filed."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.enums import MembershipRole, OfficialRole
from casework.enums import Outcome, Stage
from casework.services import filing
from casework.services.filing import Incomplete
from casework.transitions import Refused
from documents import storage
from documents.models import Document, FiledDocument
from documents.services import uploads
from documents.subjects import find
from documents.upload_handlers import CEILING
from nanchang_portal.sample import paper
from policy import checklists
from tests import factories
from tests.access.world import client_of
from tests.documents import hostile

pytestmark = pytest.mark.django_db


def papers(kind, pk) -> str:
    return reverse("documents:papers", args=[f"{kind}-{pk}"])


def post(user, kind, pk, item, data, name="receipt.pdf", *, script=False, **more):
    headers = {"X-Requested-With": "XMLHttpRequest"} if script else {}
    return client_of(user).post(
        papers(kind, pk), {"item": item, "file": SimpleUploadedFile(name, data), **more}, headers=headers
    )


def test_a_plain_upload(clerk, receipt):
    response = post(clerk, "receipt", receipt.pk, "bank_receipt", paper.pdf("x"), "回单 1.pdf")
    assert response.status_code == 302
    assert response.url == papers("receipt", receipt.pk) + f"#paper-receipt-{receipt.pk}-bank_receipt"
    document = Document.objects.get()
    assert (document.name, document.state, document.version) == ("回单 1.pdf", "quarantined", 1)
    assert "回单 1.pdf" in client_of(clerk).get(papers("receipt", receipt.pk)).content.decode()


def test_an_upload_by_the_script_answers_with_the_section(clerk, receipt):
    response = post(clerk, "receipt", receipt.pk, "bank_receipt", paper.pdf("x"), script=True)
    page = response.content.decode()
    assert response.status_code == 200
    assert f'id="papers-receipt-{receipt.pk}"' in page and "<html" not in page
    assert "Being checked" in page and "hx-get" in page


@pytest.mark.parametrize("script", [False, True])
def test_a_refused_file_leaves_nothing_and_says_why(clerk, receipt, evidence_directory, script):
    data = hostile.pdf(catalog=b"/OpenAction " + hostile.SCRIPT)
    response = post(clerk, "receipt", receipt.pk, "bank_receipt", data, script=script)
    assert response.status_code == 422
    page = response.content.decode()
    assert "“receipt.pdf” was not accepted. The PDF contains a program (JavaScript)." in page
    assert not Document.objects.exists()
    assert not [path for path in evidence_directory.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("item", "words"),
    [("nothing", "Load it again"), ("", "Load it again"), ("bank\0receipt", "Load it again")],
)
def test_an_item_that_is_not_on_the_list(clerk, receipt, item, words):
    response = post(clerk, "receipt", receipt.pk, item, paper.pdf("x"))
    assert (response.status_code, words in response.content.decode()) == (422, True)
    assert not Document.objects.exists()


def test_no_file_is_said_at_the_item(clerk, receipt):
    response = client_of(clerk).post(papers("receipt", receipt.pk), {"item": "bank_receipt"})
    assert response.status_code == 422 and "Choose a file first." in response.content.decode()


def test_a_file_above_every_limit_fills_no_disk(clerk, receipt, settings, monkeypatch):
    monkeypatch.setattr("documents.upload_handlers.CEILING", 21 * 1024 * 1024)
    kept = []
    real = uploads.examine
    monkeypatch.setattr(uploads, "examine", lambda **given: kept.append(given) or real(**given))
    written: list[int] = []
    write = TemporaryFileUploadHandler.receive_data_chunk
    monkeypatch.setattr(
        TemporaryFileUploadHandler,
        "receive_data_chunk",
        lambda self, chunk, start: written.append(len(chunk)) or write(self, chunk, start),
    )
    data = b"%PDF-1.7\n" + bytes(22 * 1024 * 1024)
    response = post(clerk, "receipt", receipt.pk, "bank_receipt", data)
    assert "at most 20 MB are accepted" in response.content.decode() and not kept
    assert 0 < sum(written) <= 21 * 1024 * 1024, "what is above the ceiling reaches no disk"
    assert max(item.max_mb for item in checklists.load()) * 1024 * 1024 < CEILING


def test_the_name_never_reaches_the_storage(clerk, receipt, evidence_directory):
    post(clerk, "receipt", receipt.pk, "bank_receipt", paper.pdf("x"), "../../secret name.pdf")
    document = Document.objects.get()
    assert document.name == "secret name.pdf"
    (kept,) = [path for path in evidence_directory.rglob("*") if path.is_file()]
    assert str(kept.relative_to(evidence_directory)) == document.storage_key
    assert kept.stat().st_mode & 0o077 == 0 and kept.parent.stat().st_mode & 0o077 == 0
    assert "secret" not in document.storage_key


def test_the_same_file_twice_is_one(clerk, receipt, send):
    first, again = send("receipt", receipt.pk), send("receipt", receipt.pk)
    assert first == again and Document.objects.count() == 1


def test_there_is_room_for_so_many_files_only(draft, send):
    for number in range(3):
        send("claim", draft.pk, "audit_report", data=paper.pdf(f"page {number}"))
    with pytest.raises(Refused) as caught:
        send("claim", draft.pk, "audit_report", data=paper.pdf("page 4"))
    assert caught.value.code == "full"
    assert Document.objects.count() == 3


# Replace and remove


def test_replacing_before_filing_keeps_the_row_and_not_the_bytes(
    receipt, send, django_capture_on_commit_callbacks
):
    first = send("receipt", receipt.pk)
    with django_capture_on_commit_callbacks(execute=True):
        second = send("receipt", receipt.pk, data=paper.pdf("better"), replaces=first.pk)
    first.refresh_from_db()
    assert (second.series, second.version, second.is_current) == (first.series, 2, True)
    assert not first.is_current
    assert not storage.evidence().exists(first.storage_key) and storage.evidence().exists(second.storage_key)


def test_two_people_replacing_the_same_file(receipt, enterprise, send):
    first = send("receipt", receipt.pk)
    send("receipt", receipt.pk, data=paper.pdf("of one"), replaces=first.pk)
    other = factories.clerk_of(enterprise)
    with pytest.raises(Refused) as caught:
        send("receipt", receipt.pk, data=paper.pdf("of another"), replaces=first.pk, user=other)
    assert caught.value.code == "stale"
    assert Document.objects.current().count() == 1


def test_a_failed_upload_leaves_no_bytes(receipt, send, evidence_directory):
    with pytest.raises(Refused):
        send("receipt", receipt.pk, replaces=987654321)
    assert not [path for path in evidence_directory.rglob("*") if path.is_file()]


def test_removing(clerk, receipt, send):
    document = send("receipt", receipt.pk)
    response = client_of(clerk).post(reverse("documents:remove", args=[document.pk]))
    assert response.status_code == 302
    document.refresh_from_db()
    assert not document.is_current


def test_a_filed_version_is_kept_and_a_later_one_needs_a_return(draft, clerk, receipt, send):
    first = send("receipt", receipt.pk)
    filing.submit(case_id=factories.supply(draft).pk, user=clerk)
    case = factories.calculate(draft)
    with pytest.raises(Refused) as caught:
        send("receipt", receipt.pk, data=paper.pdf("later"), replaces=first.pk)
    assert caught.value.code == "permission"
    with pytest.raises(Refused):
        uploads.remove(user=clerk, subject=find(clerk, f"receipt-{receipt.pk}"), document=first)
    initial = factories.official(OfficialRole.INITIAL_REVIEWER)
    factories.decide(case, initial, Stage.INITIAL, Outcome.RETURN, "The receipt cannot be read.")
    second = send("receipt", receipt.pk, data=paper.pdf("readable"), replaces=first.pk)
    filing.submit(case_id=factories.supply(draft).pk, user=clerk)
    one, two = draft.submissions.order_by("number")
    slips = [
        [entry["id"] for entry in filed.snapshot["documents"] if entry["item"] == "bank_receipt"]
        for filed in (one, two)
    ]
    assert slips == [[first.pk], [second.pk]]
    assert storage.evidence().exists(first.storage_key)
    page = client_of(initial).get(reverse("documents:file", args=[second.pk])).content.decode()
    assert reverse("documents:file", args=[first.pk]) in page


def test_a_contracts_paper_may_change_after_filing_the_filed_one_stays(draft, clerk, receipt, send):
    first = send("contract", receipt.contract_id)
    filing.submit(case_id=factories.supply(draft).pk, user=clerk)
    second = send("contract", receipt.contract_id, data=paper.pdf("new"), replaces=first.pk)
    official = client_of(factories.official(OfficialRole.INITIAL_REVIEWER))
    assert official.get(reverse("documents:download", args=[first.pk])).status_code == 200
    assert official.get(reverse("documents:download", args=[second.pk])).status_code == 404


# The snapshot


def test_the_snapshot_holds_what_was_filed(draft, clerk, receipt, send):
    document = send("receipt", receipt.pk)
    contract = send("contract", receipt.contract_id)
    submission = filing.submit(case_id=factories.supply(draft).pk, user=clerk)
    entries = {entry["id"]: entry for entry in submission.snapshot["documents"]}
    undertaking = Document.objects.get(item="undertaking")
    assert set(entries) == {document.pk, contract.pk, undertaking.pk}
    assert entries[document.pk] == {
        "id": document.pk,
        "subject": f"receipt-{receipt.pk}",
        "item": "bank_receipt",
        "name": "receipt.pdf",
        "sha256": document.sha256,
        "size": document.size,
        "version": 1,
    }
    assert FiledDocument.objects.filter(case=draft).count() == 3


def test_a_training_claim_freezes_the_papers_of_its_people(db, send):
    institution = factories.OrganisationFactory(institution=True)
    factories.recognise(institution)
    teacher = factories.clerk_of(institution)
    training_class = factories.TrainingClassFactory(institution=institution)
    enrolment = factories.hired_trainee(training_class)
    case = factories.training_draft(institution, teacher, enrolment, papers=False)
    kept = [
        send("claim", case.pk, user=teacher),
        send("enrolment", enrolment.pk, "contract_pages", user=teacher),
        send("class", training_class.pk, user=teacher),
        send("trainee", enrolment.trainee_id, "consent", user=teacher),
        send("enrolment", enrolment.pk, "certificate_copy", user=teacher),
    ]
    submission = filing.submit(case_id=case.pk, user=teacher)
    assert {entry["id"] for entry in submission.snapshot["documents"]} == {document.pk for document in kept}


def test_a_file_in_quarantine_blocks_and_is_never_frozen(draft, clerk, receipt, send):
    document = send("receipt", receipt.pk, scan=False)
    with pytest.raises(Incomplete) as caught:
        filing.submit(case_id=factories.supply(draft).pk, user=clerk)
    (problem,) = caught.value.problems
    assert problem.code == "document_waiting" and problem.url.endswith("-bank_receipt")
    with pytest.raises(IntegrityError, match="filed_document_own_and_clean"), transaction.atomic():
        FiledDocument.objects.create(case=draft, document=document)
    assert not draft.submissions.exists()


def test_another_organisations_file_is_never_filed(draft, send):
    other = factories.OrganisationFactory()
    theirs = factories.offshore_draft(other, factories.clerk_of(other), "9")
    document = send("claim", draft.pk, "audit_report")
    with pytest.raises(IntegrityError, match="filed_document_own_and_clean"), transaction.atomic():
        FiledDocument.objects.create(case=theirs, document=document)


@pytest.mark.parametrize(
    "change",
    [{"sha256": "0" * 64}, {"storage_key": "elsewhere"}, {"name": "other.pdf"}, {"size": 1}, {"version": 7}],
)
def test_what_a_file_is_never_changes(draft, send, change):
    document = send("claim", draft.pk, "audit_report")
    with pytest.raises(Exception, match="content_is_final|update"), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(**change)
    with pytest.raises(Exception, match="no_delete|delete"), transaction.atomic():
        Document.objects.filter(pk=document.pk).delete()


# Who sees what


@pytest.fixture
def filed(draft, clerk, receipt, send):
    document = send("receipt", receipt.pk)
    filing.submit(case_id=factories.supply(draft).pk, user=clerk)
    return document


ADDRESSES = ("documents:file", "documents:download", "documents:page")


def statuses(user, document) -> list[int]:
    client = client_of(user)
    return [client.get(reverse(name, args=[document.pk])).status_code for name in ADDRESSES]


def test_the_organisations_people_read_also_without_the_right_to_file(enterprise, receipt, send):
    document = send("receipt", receipt.pk)
    reader = factories.clerk_of(enterprise, MembershipRole.READER)
    assert statuses(reader, document) == [200, 200, 200]
    response = post(reader, "receipt", receipt.pk, "bank_receipt", paper.pdf("y"))
    assert response.status_code == 422 and "read-only" in response.content.decode()
    assert client_of(reader).post(reverse("documents:remove", args=[document.pk])).status_code == 302
    assert Document.objects.current().get() == document
    page = client_of(reader).get(papers("receipt", receipt.pk)).content.decode()
    assert "data-upload" not in page and "read-only" in page


def test_officials_see_what_was_filed_and_nothing_before(draft, clerk, receipt, send):
    official = factories.official(OfficialRole.INITIAL_REVIEWER)
    document = send("receipt", receipt.pk)
    assert statuses(official, document) == [404, 404, 404]
    filing.submit(case_id=factories.supply(draft).pk, user=clerk)
    assert statuses(official, document) == [200, 200, 200]
    assert client_of(official).get(papers("receipt", receipt.pk)).status_code == 404
    assert client_of(official).post(reverse("documents:remove", args=[document.pk])).status_code == 404
    assert client_of(official).get(reverse("documents:case", args=[draft.number])).status_code == 404


@pytest.mark.usefixtures("views_alone")
def test_others_find_nothing(filed, draft, receipt):
    for person in (
        factories.UserFactory(),
        factories.clerk_of(factories.OrganisationFactory()),
        factories.clerk_of(factories.OrganisationFactory(institution=True)),
        factories.official(),
    ):
        assert statuses(person, filed) == [404, 404, 404]
        client = client_of(person)
        assert client.get(papers("receipt", receipt.pk)).status_code == 404
        assert post(person, "receipt", receipt.pk, "bank_receipt", paper.pdf("z")).status_code == 404
        assert client.post(reverse("documents:remove", args=[filed.pk])).status_code == 404
        assert client.get(reverse("documents:case", args=[draft.number])).status_code == 404
    assert Document.objects.count() == 3
    visitor = client_of(None)
    assert [visitor.get(reverse(name, args=[filed.pk])).status_code for name in ADDRESSES] == [302, 302, 302]


@pytest.mark.parametrize(
    "ref", ["receipt-987654321", "nothing-1", "receipt-0", "receipt-999999999999999999", "class-1", "claim-1"]
)
def test_records_that_are_not_there(clerk, ref):
    assert client_of(clerk).get(reverse("documents:papers", args=[ref])).status_code == 404


# Giving out


def test_a_download_is_sealed(clerk, receipt, send):
    document = send("receipt", receipt.pk, name="银行回单.pdf")
    response = client_of(clerk).get(reverse("documents:download", args=[document.pk]))
    assert b"".join(response.streaming_content) == paper.pdf(f"receipt {receipt.pk}")
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Content-Type"] == "application/pdf"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY" and "no-store" in response["Cache-Control"]


def test_previews(clerk, draft, send):
    client = client_of(clerk)
    document = send("claim", draft.pk, "audit_report")
    response = client.get(reverse("documents:page", args=[document.pk]))
    assert response["Content-Type"] == "image/png" and response.content.startswith(b"\x89PNG")
    assert "sandbox" in response["Content-Security-Policy"]
    for strange in ("0", "99", "x", "-1", "٣", "9" * 50):
        assert client.get(reverse("documents:page", args=[document.pk]), {"n": strange}).status_code == 200
    picture = send("claim", draft.pk, "business_licence", data=paper.png(30, 20), name="licence.png")
    response = client.get(reverse("documents:page", args=[picture.pk]))
    assert b"".join(response.streaming_content) == paper.png(30, 20)


def two_pages() -> bytes:
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R >>"
    drawn = [b"<< /Length 17 >>\nstream\n60 %d 40 40 re f\nendstream" % height for height in (100, 700)]
    return paper.from_objects(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
        page % 5,
        page % 6,
        *drawn,
    )


def test_every_page_of_a_pdf_is_shown(clerk, draft, send):
    client = client_of(clerk)
    document = send("claim", draft.pk, "audit_report", data=two_pages())
    assert document.pages == 2
    url = reverse("documents:page", args=[document.pk])
    pictures = [client.get(url, {"n": number}).content for number in (1, 2)]
    assert all(picture.startswith(b"\x89PNG") for picture in pictures) and pictures[0] != pictures[1]
    shown = client.get(document.get_absolute_url()).content.decode()
    assert f"{url}?n=1" in shown and "?n=2" in shown
    assert f"{url}?n=2" in client.get(document.get_absolute_url(), {"n": 2}).content.decode()


def test_a_pdf_that_cannot_be_drawn_can_still_be_downloaded(clerk, draft, send):
    data = hostile.pdf().replace(b"/MediaBox [0 0 595 842]", b"/MediaBox [0 0 000 000]")
    document = send("claim", draft.pk, "audit_report", data=data)
    client = client_of(clerk)
    response = client.get(reverse("documents:page", args=[document.pk]))
    assert response.status_code in (200, 409)
    assert client.get(reverse("documents:download", args=[document.pk])).status_code == 200


def test_nothing_is_given_out_before_the_scan(clerk, receipt, send):
    document = send("receipt", receipt.pk, scan=False)
    client = client_of(clerk)
    for name in ("documents:download", "documents:page"):
        response = client.get(reverse(name, args=[document.pk]))
        assert response.status_code == 409
        assert "is being checked for viruses" in response.content.decode()


def test_an_altered_file_is_not_given_out_and_is_recorded(clerk, receipt, send, evidence_directory):
    from audit.models import Record

    document = send("receipt", receipt.pk)
    (evidence_directory / document.storage_key).write_bytes(paper.pdf("forged"))
    response = client_of(clerk).get(reverse("documents:download", args=[document.pk]))
    assert response.status_code == 409
    assert "differs from the one that was sent" in response.content.decode()
    assert Record.objects.filter(action="document.altered", object_id=str(document.pk)).exists()


def test_a_lost_file_is_said(clerk, receipt, send, evidence_directory):
    document = send("receipt", receipt.pk)
    (evidence_directory / document.storage_key).unlink()
    response = client_of(clerk).get(reverse("documents:download", args=[document.pk]))
    assert response.status_code == 409 and "cannot be read now" in response.content.decode()


# The pages


def test_the_claims_list(clerk, draft, receipt, send, django_assert_max_num_queries):
    client = client_of(clerk)
    page = client.get(reverse("documents:case", args=[draft.number])).content.decode()
    assert "0 of 5 papers are there." in page and "3 required papers are missing" in page
    send("receipt", receipt.pk)
    page = client.get(reverse("documents:case", args=[draft.number]), {"missing": "1"}).content.decode()
    assert "1 of 5 papers are there." in page and f"papers-receipt-{receipt.pk}" not in page
    contract = receipt.contract
    with django_assert_max_num_queries(40) as few:
        client.get(reverse("documents:case", args=[draft.number]))
    for _ in range(15):
        factories.ReceiptFactory(claim=draft.offshore_claim, contract=contract)
    with django_assert_max_num_queries(40) as many:
        client.get(reverse("documents:case", args=[draft.number]))
    assert len(few) == len(many)


def test_the_way_back_leads_to_the_own_claim_only(clerk, draft, receipt):
    response = post(clerk, "receipt", receipt.pk, "bank_receipt", paper.pdf("x"), case=draft.number, page="1")
    assert response.url.startswith(reverse("documents:case", args=[draft.number]) + "?page=1#paper-")
    for strange in ("//evil.example", "OS-2015-999999", "\0"):
        response = post(clerk, "receipt", receipt.pk, "bank_receipt", paper.pdf(strange), case=strange)
        assert response.url.startswith(papers("receipt", receipt.pk))


def test_the_papers_stand_on_the_pages_of_claim_and_contract(clerk, draft, receipt, send):
    document = send("receipt", receipt.pk)
    client = client_of(clerk)
    page = client.get(reverse("offshore:submit", args=[draft.number])).content.decode()
    assert reverse("documents:case", args=[draft.number]) in page and "1 of 5 papers are there." in page
    page = client.get(reverse("offshore:contract", args=[receipt.contract_id])).content.decode()
    assert papers("contract", receipt.contract_id) in page
    filing.submit(case_id=factories.supply(draft).pk, user=clerk)
    factories.calculate(draft)
    page = client.get(draft.get_absolute_url()).content.decode()
    assert reverse("documents:file", args=[document.pk]) in page
    official = client_of(factories.official(OfficialRole.INITIAL_REVIEWER))
    page = official.get(reverse("admin:casework_case_change", args=[draft.pk])).content.decode()
    assert reverse("documents:file", args=[document.pk]) in page and document.sha256[:12] in page
