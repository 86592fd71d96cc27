"""Simulations on the desk: asked on a form, watched, stopped, read, taken away; never without the word simulation."""

import io

import openpyxl
import pytest
from django.urls import reverse

from accounts.enums import OfficialRole
from policy import drafting
from simulations.enums import SimulationState
from simulations.models import Simulation
from simulations.services import freezing
from tests import factories
from tests.clients import Client
from tests.simulations.conftest import ask, version, work

BANNER = "no award, and no promise of one"


def client_of(user, language: str = "en") -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["language"] = language
    return client


def url(name: str, simulation=None) -> str:
    return reverse(f"admin:simulations_simulation_{name}", args=[simulation.pk] if simulation else [])


@pytest.fixture
def gte(db):
    return version("offshore", "2013-gte")


def test_from_the_draft_to_the_answer(city, editor, gte):
    client = client_of(editor)
    draft = client.get(reverse("admin:policy_policyversion_change", args=[gte.pk])).content.decode()
    assert f"{url('new')}?programme=offshore&amp;versions={gte.pk}" in draft
    form = client.get(url("new"), {"programme": "offshore", "versions": gte.pk})
    assert form.context["form"].initial["versions"] == [str(gte.pk)]
    question = {
        "question": "How much would “at least” cost?",
        "programme": "offshore",
        "versions": [gte.pk],
        "first_year": 2015,
        "last_year": 2015,
    }
    answer = client.post(url("new"), question)
    simulation = Simulation.objects.get()
    assert answer.url == url("change", simulation)
    busy = client.get(answer.url)
    assert busy.context["is_busy"] and url("progress", simulation) in busy.content.decode()
    assert "HX-Refresh" not in client.get(url("progress", simulation)).headers
    work(simulation)
    assert client.get(url("progress", simulation)).headers["HX-Refresh"] == "true"
    page = client.get(answer.url, {"show": "boundary"})
    text = page.content.decode()
    assert "Version 2013-gte would cost 40,000.00 RMB more than what is in force." in text
    assert BANNER in text
    assert {tab.change: tab.count for tab in page.context["result"].tabs} == {
        "gains": 1,
        "loses": 0,
        "newly": 1,
        "no_longer": 0,
        "boundary": 1,
    }
    assert [row["name"] for row in page.context["rows"]] == ["Equal"]
    assert {chart.key for chart in page.context["result"].charts} == {"fund", "sector", "district", "size"}
    for name in ("new", "changelist"):
        assert BANNER in client.get(url(name)).content.decode()


def test_several_drafts_are_compared_at_once(city, editor, gte):
    seeded = version("offshore", "2013")
    content = drafting.copied_content(
        seeded, code="cap", in_force_from=seeded.in_force_from, in_force_to=None
    )
    parameters = [
        type(one)(one.name, "400000" if one.name == "cap_rmb" else one.value, one.unit, one.clause, "")
        for one in content.parameters
    ]
    content = drafting.Content("cap", "降限", "Lower cap", content.in_force_from, None, parameters)
    cap = drafting.create_draft(user=editor, programme="offshore", content=content, source="2013")
    simulation = work(ask(editor, gte, cap))
    client = client_of(editor)
    page = client.get(url("change", simulation), {"version": "2", "show": "loses"})
    assert [row["name"] for row in page.context["rows"]] == ["Large"]
    assert "would cost 100,000.00 RMB less" in page.content.decode()
    # A draft that says something else by now is marked; an address with garbage shows the first comparison.
    assert not page.context["result"].stale
    content = drafting.copied_content(cap, code="cap", in_force_from=cap.in_force_from, in_force_to=None)
    drafting.save_draft(
        version_id=cap.pk,
        user=editor,
        revision=cap.revision,
        content=drafting.Content("cap", "再改", "Again", cap.in_force_from, None, content.parameters),
    )
    assert client.get(url("change", simulation), {"version": "2"}).context["result"].stale
    for wanted in ("9", "0", "x", "99999999999999999999"):
        assert (
            client.get(url("change", simulation), {"version": wanted, "page": "x"}).context["position"] == 1
        )


def test_a_wrong_question_comes_back_with_the_reason_at_its_field(city, editor, gte):
    training = version("training", "2013-gte")
    question = {
        "question": "Kept as typed",
        "programme": "offshore",
        "versions": [training.pk],
        "first_year": 2015,
        "last_year": 2014,
    }
    answer = client_of(editor).post(url("new"), question)
    assert answer.status_code == 422 and "Kept as typed" in answer.content.decode()
    assert "belongs to the other programme" in str(answer.context["form"].errors["versions"])
    answer = client_of(editor).post(url("new"), question | {"versions": [gte.pk]})
    assert "before the first one" in str(answer.context["form"].errors["last_year"])
    assert not Simulation.objects.exists()


def test_stopping_and_going_on(city, editor, gte):
    simulation = ask(editor, gte, chunk_cases=1)
    freezing.freeze(simulation.pk)
    client = client_of(editor)
    assert client.post(url("stop", simulation)).status_code == 302
    page = client.get(url("change", simulation))
    assert "Let it go on" in page.content.decode() and not page.context["is_busy"]
    assert client.post(url("stop", simulation)).status_code == 409
    assert client.get(url("workbook", simulation)).status_code == 404
    assert client.post(url("resume", simulation)).status_code == 302
    assert work(simulation).state == SimulationState.DONE
    assert client.post(url("resume", simulation)).status_code == 409


@pytest.mark.parametrize("role", [OfficialRole.AUDITOR, OfficialRole.FINAL_REVIEWER])
def test_other_officials_read_and_start_nothing(city, editor, gte, role):
    simulation = work(ask(editor, gte))
    client = client_of(factories.official(role))
    assert client.get(url("change", simulation)).status_code == 200
    assert client.get(url("workbook", simulation)).status_code == 200
    assert client.get(url("new")).status_code == 403
    for step in ("stop", "resume"):
        assert client.post(url(step, simulation)).status_code == 403
    assert Simulation.objects.count() == 1


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_workbook_says_what_it_is_and_runs_nothing(city, editor, gte, language):
    city.equal.organisation.name = '=HYPERLINK("http://example.test","x")'
    city.equal.organisation.save()
    simulation = work(ask(editor, gte))
    answer = client_of(editor, language).get(url("workbook", simulation))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
    assert len(book.sheetnames) == 7
    for sheet in book:
        assert ("SIMULATION" if language == "en" else "试算") in sheet["A1"].value
        assert all(cell.data_type != "f" and not cell.hyperlink for row in sheet for cell in row)
    cases = book.worksheets[-1]
    rows = list(cases.iter_rows(min_row=3, values_only=True))
    assert len(rows) == 6
    assert sum(row[-2] for row in rows) == 640_000
    assert sorted(row[-1] for row in rows) == [0, 0, 0, 0, 0, 40_000]
    assert [row[1] for row in rows if row[-1]] == ['=HYPERLINK("http://example.test","x")']


def test_the_result_costs_the_same_number_of_queries_at_any_size(
    city, editor, gte, django_assert_max_num_queries
):
    simulation = work(ask(editor, gte))
    client = client_of(editor)
    client.get(url("change", simulation))
    with django_assert_max_num_queries(30):
        client.get(url("change", simulation))
