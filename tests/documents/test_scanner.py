"""Quarantine: a real ClamAV daemon, its absence, and what a worker does twice."""

import socket
import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from audit.models import Record
from documents import storage, tasks
from documents.models import Document
from documents.scanning import Scanner, ScannerUnavailable
from documents.services import scans, serving
from nanchang_portal.sample import paper
from tests.documents import hostile

pytestmark = pytest.mark.django_db


def actions(document) -> list[str]:
    return list(
        Record.objects.filter(data__document=document.pk).order_by("id").values_list("action", flat=True)
    )


def test_a_clean_file_leaves_quarantine_by_the_scanners_word(clamd, draft, send):
    document = send("claim", draft.pk, "audit_report")
    assert document.state == "clean"
    assert document.scanner.startswith("ClamAV ") and document.scanned_at
    assert actions(document) == ["document.uploaded", "document.clean"]


def test_eicar_inside_a_pdf_is_refused_and_not_kept(clamd, draft, send):
    data = hostile.pdf(content=b"BT ET " + hostile.EICAR)
    document = send("claim", draft.pk, "audit_report", data=data)
    assert (document.state, document.refusal) == ("refused", "infected")
    assert document.signature.startswith("Test.Eicar")
    with translation.override("en"):
        assert "found “Test.Eicar" in serving.why_not(document)
    assert actions(document) == ["document.uploaded", "document.refused"]


def test_eicar_in_a_packed_stream_of_a_pdf_is_found_too(clamd, draft, send):
    data = hostile.pdf(hostile.packed(b"", hostile.EICAR + b"\n"))
    assert send("claim", draft.pk, "audit_report", data=data).state == "refused"


def test_the_bytes_of_an_infected_file_are_deleted(clamd, draft, send, django_capture_on_commit_callbacks):
    document = send(
        "claim", draft.pk, "audit_report", data=hostile.pdf(content=b"BT ET " + hostile.EICAR), scan=False
    )
    assert storage.evidence().exists(document.storage_key)
    with django_capture_on_commit_callbacks(execute=True):
        assert scans.scan(document.pk)
    assert not storage.evidence().exists(document.storage_key)


def test_the_scanner_itself_sees_eicar(clamd):
    assert (
        Scanner(clamd.url)
        .scan([hostile.EICAR[:30], b"", hostile.EICAR[30:]])
        .signature.startswith("Test.Eicar")
    )
    assert Scanner(clamd.url).scan([b"nothing"] * 3).signature == ""


def test_scanner_down_fails_closed_and_is_made_up_for(clamd, draft, send):
    clamd.stop()
    document = send("claim", draft.pk, "audit_report")
    assert (document.state, document.attempts) == ("quarantined", 1)
    assert document.scan_after > timezone.now()
    assert scans.scan(document.pk) is False
    document.refresh_from_db()
    with translation.override("en"):
        assert serving.why_not(document).startswith("The virus scanner does not answer.")
    clamd.start()
    assert scans.scan(document.pk) is True
    document.refresh_from_db()
    assert document.state == "clean"


def test_without_a_scanner_where_one_is_required_nothing_gets_through(settings, draft, send):
    settings.SCANNER_REQUIRED = True
    assert send("claim", draft.pk, "audit_report").state == "quarantined"


def test_a_machine_without_scanner_says_so(draft, send):
    document = send("claim", draft.pk, "audit_report")
    assert (document.state, document.scanner) == ("clean", "none")


@pytest.mark.parametrize(
    "answer", [b"", b"stream: OK", b"INSTREAM size limit exceeded. ERROR\0", b"stream: a ERROR\0"]
)
def test_only_a_clear_answer_counts(answer):
    """What is not plainly `OK` or `FOUND` is no verdict; also an answer that breaks off before its end."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        for reply in (b"ClamAV 1\0", answer):
            connection, _ = server.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(reply)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):
                    pass

    thread = threading.Thread(target=serve)
    thread.start()
    with pytest.raises(ScannerUnavailable):
        Scanner(f"tcp://127.0.0.1:{server.getsockname()[1]}").scan([b"data"])
    thread.join(10)
    server.close()


@pytest.mark.parametrize("url", ["http://clamav:3310", "clamav:3310", "unix://", "tcp://"])
def test_a_wrong_url_is_named(url):
    with pytest.raises(ImproperlyConfigured, match="CLAMD_URL must look like"):
        Scanner(url)


def test_a_second_delivery_changes_nothing(draft, send):
    document = send("claim", draft.pk, "audit_report")
    before = Document.objects.values().get(pk=document.pk)
    tasks.scan(document.pk)
    assert scans.scan(document.pk) is False
    assert Document.objects.values().get(pk=document.pk) == before
    assert actions(document).count("document.clean") == 1


def test_a_file_altered_in_quarantine_is_refused(draft, send, evidence_directory):
    document = send("claim", draft.pk, "audit_report", scan=False)
    (evidence_directory / document.storage_key).write_bytes(paper.pdf("another"))
    assert scans.scan(document.pk) is True
    document.refresh_from_db()
    assert (document.state, document.refusal) == ("refused", "altered")


def test_a_file_that_the_storage_lost_stays_in_quarantine(draft, send, evidence_directory):
    document = send("claim", draft.pk, "audit_report", scan=False)
    (evidence_directory / document.storage_key).unlink()
    assert scans.scan(document.pk) is False


def test_the_sweeper_finds_what_the_broker_lost(draft, send):
    document = send("claim", draft.pk, "audit_report", scan=False)
    assert scans.take_due(10) == []
    Document.objects.filter(pk=document.pk).update(scan_after=timezone.now() - timedelta(minutes=1))
    assert scans.take_due(10) == []  # too young: its message is probably on the way
    with transaction.atomic():
        scans.SWEEP_AFTER, kept = timedelta(0), scans.SWEEP_AFTER
        try:
            assert scans.take_due(10) == [document.pk]
        finally:
            scans.SWEEP_AFTER = kept
    assert scans.take_due(10) == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"state": "clean"}, "document_clean_was_scanned"),
        ({"state": "refused"}, "document_refused_has_reason"),
        ({"refusal": "infected"}, "document_refused_has_reason"),
    ],
)
def test_the_database_holds_the_states(draft, send, changes, name):
    document = send("claim", draft.pk, "audit_report", scan=False)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(**changes)


def test_nothing_goes_back_into_quarantine(draft, send):
    document = send("claim", draft.pk, "audit_report")
    with pytest.raises(IntegrityError, match="document_state_moves_forward"), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(state="quarantined")


def test_nothing_begins_outside_of_quarantine(draft, send):
    document = send("claim", draft.pk, "audit_report")
    document.pk, document.storage_key, document.version = None, "other", 2
    document.is_current = False
    with pytest.raises(IntegrityError, match="document_begins_in_quarantine"), transaction.atomic():
        document.save(force_insert=True)
