"""The interface for programs: the command's JSON, public lists, limits, caching, other origins."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from reports.api.description import operations
from tests import factories

pytestmark = pytest.mark.django_db
V1 = "/api/v1"
OFFSHORE = f"{V1}/estimate/offshore?year=2015&claims=150000,100000"
TRAINING = f"{V1}/estimate/training?training=2015-03-01:2015-06-01&contract=2015-07-01:2016-07-01&place=local"


def printed(*arguments: str) -> str:
    output = StringIO()
    call_command("estimate", *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize("source", ["--database", None])
@pytest.mark.parametrize(
    ("url", "arguments"),
    [
        (OFFSHORE, ("offshore", "--year=2015", "--claims=150000,100000")),
        (
            f"{V1}/estimate/offshore?year=2016&claims=-5000,2500000.005",
            ("offshore", "--year=2016", "--claims=-5000,2500000.005"),
        ),
        (
            TRAINING,
            (
                "training",
                "--training=2015-03-01:2015-06-01",
                "--contract=2015-07-01:2016-07-01",
                "--place=local",
            ),
        ),
        (
            f"{V1}/estimate/training?training=2015-03-01:2015-05-31&contract=2015-07-01:&place=elsewhere"
            "&education=secondary&certified=false&designated=false&already_subsidised=true&signed=2015-06-20",
            (
                *(
                    "training",
                    "--training=2015-03-01:2015-05-31",
                    "--contract=2015-07-01:",
                    "--place=elsewhere",
                ),
                *("--education=secondary", "--no-certificate", "--not-designated", "--already-subsidised"),
                "--signed=2015-06-20",
            ),
        ),
    ],
)
def test_an_estimate_is_what_the_command_prints_to_the_letter(client, url, arguments, source):
    response = client.get(url)
    assert response.status_code == 200
    assert response.content.decode() == printed(*arguments, *([source] if source else []))


@pytest.mark.parametrize(
    ("query", "status", "code", "says"),
    [
        ("year=15&claims=1", 422, "invalid", "four digits"),
        ("year=1999&claims=1", 404, "no_policy_version", "1999"),
        ("year=9999&claims=1", 200, None, None),
        ("year=2015&claims=1,,2", 422, "invalid", "Claim 2 is empty"),
        ("year=2015&claims=1,NaN", 422, "invalid", "Claim 2"),
        ("year=2015&claims=150,000.00", 422, "invalid", "thousands separators"),
        ("year=2015&claims=1, 2", 422, "invalid", "without blanks"),
        ("year=2015&claims=1e9", 422, "invalid", "Claim 1"),
        ("year=2015", 422, "invalid", "Claims"),
        ("year=2015&claims=1&claim=2", 422, "invalid", "no parameter here"),
        ("year=2015&year=2016&claims=1", 422, "invalid", "twice"),
    ],
)
def test_a_wrong_question_is_answered_by_one_sentence(client, query, status, code, says):
    response = client.get(f"{V1}/estimate/offshore?{query}")
    assert response.status_code == status
    if code:
        found = response.json()
        assert found["code"] == code and says in found["message"] and found["message"].endswith(".")
        assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "query",
    [
        "training=2015-03-01:2015-02-01&contract=2015-07-01:&place=local",
        "training=2015-02-30:2015-06-01&contract=2015-07-01:&place=local",
        "training=2015-03-01&contract=2015-07-01:&place=local",
        "training=2015-03-01:2015-06-01&contract=2015-07-01:&place=mars",
        "training=2015-03-01:2015-06-01&contract=2015-07-01:&place=local&certified=maybe",
    ],
)
def test_a_wrong_trainee_is_refused(client, query):
    response = client.get(f"{V1}/estimate/training?{query}")
    assert (response.status_code, response.json()["code"]) == (422, "invalid")


# Lists


def test_lists_are_paged_by_id_and_cost_one_query(client, notice, django_assert_num_queries):
    for number in range(3):
        factories.recognise(factories.OrganisationFactory(name=f"外包{number}"))
    seen, before = [], ""
    for _page in range(2):
        with django_assert_num_queries(1):
            found = client.get(f"{V1}/organisations?q=外包&limit=2{before}").json()
        seen += [row["organisation"] for row in found["items"]]
        before = f"&before={found['next']}"
    assert seen == ["外包2", "外包1", "外包0", "南昌示例外包公司"] and found["next"] is None
    with django_assert_num_queries(1):
        response = client.get(f"{V1}/awards?programme=offshore&year=2015")
    assert response.json()["items"][0]["amount_rmb"] == "50000.00"
    found = client.get(f"{V1}/notices").json()["items"][0]
    assert (found["number"], found["state"], found["awards"]) == (notice.number, "running", 1)
    assert found["total_rmb"] == "50000.00" and found["content_hash"] == notice.content_hash
    assert (
        "7777777" not in response.content.decode()
        and client.get(f"{V1}/awards?year=2014").json()["items"] == []
    )


# What every answer carries


def test_an_answer_may_be_kept_and_asked_for_by_its_fingerprint(client):
    first = client.get(OFFSHORE)
    assert first["Cache-Control"] == "public, max-age=60" and first["Access-Control-Allow-Origin"] == "*"
    assert "Cookie" not in first["Vary"] and not first.cookies
    again = client.get(OFFSHORE, headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304 and again.content == b"" and again["ETag"] == first["ETag"]
    other = client.get(OFFSHORE.replace("150000", "160000"), headers={"if-none-match": first["ETag"]})
    assert other.status_code == 200
    head = client.head(OFFSHORE)
    assert head.status_code == 200 and head["ETag"] == first["ETag"] and head.content == b""


def test_a_page_of_another_host_may_read_and_do_nothing_else(client):
    asked = client.options(
        OFFSHORE, headers={"origin": "https://example.test", "access-control-request-method": "GET"}
    )
    assert asked.status_code == 204 and asked["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "Access-Control-Allow-Credentials" not in asked and "Access-Control-Allow-Headers" not in asked
    for method in ("post", "put", "patch", "delete"):
        response = getattr(client, method)(OFFSHORE)
        assert (response.status_code, response.json()["code"]) == (405, "method")
        assert response["Allow"] == "GET, HEAD, OPTIONS"


def test_beyond_the_limit_stands_a_sentence_and_when_to_come_back(client, settings):
    settings.API_REQUESTS_PER_MINUTE = 2
    answers = [client.get(OFFSHORE) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[0]["RateLimit-Limit"] == "2" and 0 < int(answers[2]["Retry-After"]) <= 60
    assert answers[2].json()["code"] == "too_many" and answers[2]["Access-Control-Allow-Origin"] == "*"


def test_what_is_not_there_is_said_in_json(client):
    response = client.get(f"{V1}/nothing")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


# The description


def test_the_page_names_every_operation_and_its_examples_answer(client):
    page = client.get("/data")
    text = page.content.decode()
    assert [operation.id for operation in operations()] == [
        operation.id for operation in page.context["operations"]
    ]
    for operation in operations():
        assert operation.path in text
        if not operation.needs_token and "{" not in operation.path:
            assert client.get(operation.example).status_code == 200, operation.example
    description = client.get(f"{V1}/openapi.json").json()
    assert description["openapi"].startswith("3.") and description["info"]["version"] == "1"
    assert set(description["paths"]) == {operation.path for operation in operations()}
    assert json.dumps(description).count("operationId") == len(operations())
