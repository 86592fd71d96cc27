"""Where the bytes are: a directory, or S3 as moto serves it over HTTP."""

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from moto.server import ThreadedMotoServer

from documents import storage
from nanchang_portal.sample import paper
from nanchang_portal.settings.base import evidence_storage
from tests.access.world import client_of

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def s3_server():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3_server, settings, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    client = boto3.client("s3", endpoint_url=s3_server, region_name="us-east-1")
    client.create_bucket(Bucket="evidence")
    url = f"s3://evidence/portal?endpoint_url={s3_server}&region_name=us-east-1"
    settings.STORAGES = settings.STORAGES | {"evidence": evidence_storage(url, None)}

    def objects() -> dict[str, bytes]:
        found = client.list_objects_v2(Bucket="evidence").get("Contents", [])
        return {
            entry["Key"]: client.get_object(Bucket="evidence", Key=entry["Key"])["Body"].read()
            for entry in found
        }

    yield objects
    for key in objects():
        client.delete_object(Bucket="evidence", Key=key)
    client.delete_bucket(Bucket="evidence")


def test_a_file_in_s3_goes_the_whole_way(bucket, clerk, draft, send, django_capture_on_commit_callbacks):
    data = paper.pdf("in S3")
    document = send("claim", draft.pk, "audit_report", data=data)
    assert document.state == "clean"
    assert bucket() == {f"portal/{document.storage_key}": data}
    response = client_of(clerk).get(reverse("documents:download", args=[document.pk]))
    assert b"".join(response.streaming_content) == data
    with django_capture_on_commit_callbacks(execute=True):
        client_of(clerk).post(reverse("documents:remove", args=[document.pk]))
    assert bucket() == {}


def test_an_object_altered_in_s3_is_not_given_out(bucket, clerk, draft, send, s3_server):
    document = send("claim", draft.pk, "audit_report")
    client = boto3.client("s3", endpoint_url=s3_server, region_name="us-east-1")
    client.put_object(Bucket="evidence", Key=f"portal/{document.storage_key}", Body=paper.pdf("forged"))
    response = client_of(clerk).get(reverse("documents:download", args=[document.pk]))
    assert response.status_code == 409


def test_s3_that_does_not_answer_is_said(clerk, draft, send, settings, monkeypatch):
    document = send("claim", draft.pk, "audit_report")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    url = "s3://evidence?endpoint_url=http://127.0.0.1:9&region_name=us-east-1"
    settings.STORAGES = settings.STORAGES | {"evidence": evidence_storage(url, None)}
    response = client_of(clerk).get(reverse("documents:download", args=[document.pk]))
    assert response.status_code == 409 and "cannot be read now" in response.content.decode()


@pytest.mark.parametrize("url", ["http://bucket", "s3://", "evidence", "s3://bucket?access_key=secret"])
def test_a_wrong_place_is_named(url, tmp_path):
    with pytest.raises(ImproperlyConfigured, match="EVIDENCE_STORAGE_URL"):
        evidence_storage(url, tmp_path)


def test_keys_are_random():
    keys = {storage.keep(b"same") for _ in range(20)}
    assert len(keys) == 20 and all(len(key) == 43 for key in keys)
