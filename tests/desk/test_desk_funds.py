"""A fund's page: every fen explained, who waits and who is next, and changes by two people."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from ledger.enums import ChangeKind
from ledger.models import Balance, Entry, Fund, FundChange
from tests import factories

PROPOSE = reverse("admin:ledger_fund_propose")


@pytest.fixture
def fund(desk) -> Fund:
    """100,000 RMB of the city for 2015, 60 % city share from now on, 30,000 of the district."""
    bring = {"proposer": desk.finance, "confirmer": desk.policy_editor}
    factories.fund_change(**bring, kind=ChangeKind.SHARE, city_percent=Decimal(60))
    factories.fund_change(**bring, amount_rmb=Decimal(100000))
    factories.fund_change(**bring, amount_rmb=Decimal(30000), division="360102")
    return Fund.objects.get(programme="offshore", year=2015)


def page_of(fund: Fund) -> str:
    return reverse("admin:ledger_fund_change", args=[fund.pk])


def decide_url(change: FundChange) -> str:
    return reverse("admin:ledger_fund_decide", args=[change.pk])


def approved(desk, *, usd: str = "250000"):
    organisation = factories.OrganisationFactory()
    factories.recognise(organisation)
    case = factories.filed_offshore(organisation, factories.clerk_of(organisation), usd)
    return factories.approve(case, desk.initial, desk.final)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def fields(**changed) -> dict:
    return {
        "kind": "budget",
        "programme": "offshore",
        "year": "2015",
        "division": "",
        "amount_rmb": "1,000.50",
        "city_percent": "",
        "document": "Finance 2015-2",
        "reason": "More",
    } | changed


def test_the_page_explains_every_fen(desk, as_user, fund):
    first, second = approved(desk), approved(desk)  # 50,000 each: 30,000 of the city, 20,000 of the district
    response = as_user(desk.auditor).get(page_of(fund), {"level": "360102"})
    levels = {level.division: level for level in response.context["levels"]}
    assert (levels["360100"].left_rmb, levels["360102"].left_rmb) == (Decimal(40000), Decimal(10000))
    assert (levels["360102"].waiting, levels["360102"].waiting_rmb) == (1, Decimal(20000))
    assert [(place.case, place.missing_rmb) for place in response.context["queue"]] == [
        (second, Decimal(10000))
    ]
    lines = response.context["books"].lines
    assert [(line.case, line.moves_rmb, line.left_rmb) for line in lines] == [
        (first, Decimal(-20000), Decimal(10000)),
        (None, Decimal(30000), Decimal(30000)),
    ]
    page = text_of(response)
    assert first.number in page and second.number in page
    assert "1 award waits" in page, page[:1500]


def test_it_warns_before_the_fund_is_short(desk, as_user, fund, case):
    client = as_user(desk.finance)
    assert client.get(page_of(fund)).context["warnings"] == []
    later = factories.OrganisationFactory(division="360102")
    factories.filed_offshore(
        later, factories.clerk_of(later), "250000"
    )  # with `case`: 40,000 of the district's 30,000
    response = client.get(page_of(fund))
    assert [advice.tone for advice in response.context["warnings"]] == ["warning"]
    assert "10,000.00" in response.context["warnings"][0].text


def test_older_entries_come_page_by_page_with_the_right_balance(desk, as_user, fund, monkeypatch):
    monkeypatch.setattr("casework.desk.funds.PAGE", 2)
    for _n in range(3):
        approved(desk, usd="210000")
    client, seen, before = as_user(desk.auditor), [], ""
    while True:
        books = client.get(page_of(fund), {"before": before}).context["books"]
        seen += books.lines
        if books.older is None:
            break
        before = books.older
    assert len(seen) == Entry.objects.filter(balance=fund).count() == 4
    assert seen[0].left_rmb == Balance.objects.get(pk=fund.pk).left_rmb
    assert [line.left_rmb - line.moves_rmb for line in seen] == [*(line.left_rmb for line in seen[1:]), 0]


def test_the_page_costs_the_same_however_much_is_in_the_fund(desk, as_user, fund, django_assert_num_queries):
    factories.fund_change(desk.finance, desk.policy_editor, amount_rmb=Decimal(-60000))
    approved(desk), approved(desk)  # one has its place, the other waits
    client = as_user(desk.auditor)
    client.get(page_of(fund))
    with CaptureQueriesContext(connection) as few:
        client.get(page_of(fund))
    for _n in range(4):
        approved(desk)
    with django_assert_num_queries(len(few)):
        client.get(page_of(fund))
    assert len(few) <= 20


def test_one_proposes_and_another_confirms(desk, as_user, fund):
    proposer, confirmer = as_user(desk.finance), as_user(desk.policy_editor)
    assert proposer.post(PROPOSE, fields()).status_code == 302
    change = FundChange.objects.latest("pk")
    assert (change.amount_rmb, change.state) == (Decimal("1000.50"), "proposed")
    before = Balance.objects.get(pk=fund.pk).limit_rmb
    refused = proposer.post(decide_url(change), {"confirm": "1"})
    assert refused.status_code == 409 and refused.context["refusal"].code == "role"
    assert Balance.objects.get(pk=fund.pk).limit_rmb == before
    assert confirmer.post(decide_url(change), {"confirm": "1"}).status_code == 302
    assert Balance.objects.get(pk=fund.pk).limit_rmb == before + Decimal("1000.50")
    # A page that was opened before: one effect, and a clear word.
    again = confirmer.post(decide_url(change), {"confirm": "1"})
    assert again.status_code == 409 and again.context["refusal"].code == "decided"
    assert Balance.objects.get(pk=fund.pk).limit_rmb == before + Decimal("1000.50")


def test_a_superuser_is_one_person_too(desk, as_user, fund):
    client = as_user(desk.superuser)
    client.post(PROPOSE, fields())
    change = FundChange.objects.latest("pk")
    assert client.post(decide_url(change), {"confirm": "1"}).status_code == 409
    change.refresh_from_db()
    assert change.state == "proposed"


def test_a_proposal_is_turned_down_with_a_word(desk, as_user, fund):
    as_user(desk.finance).post(PROPOSE, fields())
    change, client = FundChange.objects.latest("pk"), as_user(desk.policy_editor)
    assert client.post(decide_url(change), {"turn_down": "1", "note": " "}).context["refusal"].code == "why"
    client.post(decide_url(change), {"turn_down": "1", "note": "Not decided yet"})
    change.refresh_from_db()
    assert (change.state, change.decision_note) == ("turned_down", "Not decided yet")
    assert not Entry.objects.filter(change=change).exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount_rmb": ""}, "amount_rmb"),
        ({"amount_rmb": "1.005"}, "amount_rmb"),
        ({"amount_rmb": "many"}, "amount_rmb"),
        ({"kind": "share"}, "city_percent"),
        ({"kind": "share", "city_percent": "101"}, "city_percent"),
        ({"kind": "share", "city_percent": "50", "division": "360100"}, "division"),
        ({"year": "1999"}, "year"),
        ({"division": "440300"}, "division"),
        ({"document": ""}, "document"),
        ({"reason": ""}, "reason"),
    ],
)
def test_wrong_input_is_named_at_its_field_and_kept(desk, as_user, wrong, field):
    response = as_user(desk.finance).post(PROPOSE, fields(**wrong))
    assert field in response.context["form"].errors
    assert 'value="Finance 2015-2"' in response.content.decode() or field == "document"
    assert not FundChange.objects.exists()


@pytest.mark.parametrize("name", ["initial", "final", "auditor"])
def test_others_look_and_do_not_touch(desk, as_user, fund, name):
    client = as_user(getattr(desk, name))
    page = client.get(page_of(fund))
    assert page.status_code == 200 and PROPOSE not in page.content.decode()
    assert client.post(PROPOSE, fields()).status_code == 403
    change = FundChange.objects.create(
        kind="budget", programme="offshore", year=2015, division="360100", amount_rmb=1, document="x", reason="x",
        proposed_by=desk.finance,
    )  # fmt: skip
    assert client.post(decide_url(change), {"confirm": "1"}).status_code == 403
