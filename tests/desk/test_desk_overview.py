"""The heads' page: its figures are those of the rows, whatever their number."""

from datetime import timedelta
from decimal import Decimal

from django.urls import reverse
from django.utils import timezone

from casework import overview
from casework.enums import Outcome, Stage, Status
from casework.models import Case
from casework.services import assignments
from policy.practice import practice
from policy.workdays import working_days
from tests import factories

PAGE = "admin:overview"


def claims(number: int) -> list[Case]:
    return [
        factories.filed_offshore(organisation, factories.clerk_of(organisation), "250000")
        for organisation in factories.OrganisationFactory.create_batch(number)
    ]


def test_the_figures_are_those_of_the_rows(desk):
    approved, returned, late, taken = claims(4)
    factories.approve(approved, desk.initial, desk.final)
    factories.decide(returned, desk.initial, Stage.INITIAL, Outcome.RETURN, "Again.")
    today = timezone.localdate()
    Case.objects.filter(pk=late.pk).update(
        stage_since=timezone.now() - timedelta(days=3 * practice("review_late_days", today) + 20)
    )
    assignments.assign(case_id=taken.pk, user=desk.both, assignee=desk.both, seen=None)
    by_status = overview.by_status()
    assert by_status[Status.APPROVED] == (1, Decimal("50000.00"))
    assert by_status[Status.INITIAL_REVIEW] == (2, Decimal("100000.00"))
    assert by_status[Status.REJECTED] == (0, Decimal("0.00"))
    calendar = working_days()
    assert overview.by_age(today, calendar)[Stage.INITIAL] == {"in_time": 1, "soon": 0, "late": 1}
    mondays = overview.weeks(today)
    assert len(mondays) == overview.WEEKS and mondays[-1] <= today
    week = {outcome: sum(counts) for outcome, counts in overview.decisions_by_week(mondays).items()}
    assert week == {Outcome.PASS: 1, Outcome.REJECT: 0, Outcome.RETURN: 1}
    assert [days for days in overview.office_days_by_week(mondays, calendar) if days is not None] == [0]
    assert [(row.who, row.count) for row in overview.in_hand()] == [(desk.both, 1)]


def test_the_page_says_its_findings_and_every_figure_stands_in_a_table(desk, as_user):
    factories.approve(claims(2)[0], desk.initial, desk.final)
    page = as_user(desk.auditor).get(reverse(PAGE)).content.decode()
    for text in (
        "1 case waits for the bureau",
        "No case is late",
        "1 conclusion this week",
        "Nobody has a case",
    ):
        assert text in page, text
    assert page.count("<table") >= page.count("chart-drawing") >= 3
    assert "<style" not in page and "style=" not in page


def test_what_a_room_above_registers_is_said(desk, as_user, monkeypatch):
    monkeypatch.setattr(overview, "_notices", [])
    overview.register(lambda: overview.Notice("Balances differ", "bad", "/admin/registers/"))
    overview.register(lambda: None)
    page = as_user(desk.final).get(reverse(PAGE)).content.decode()
    assert "Balances differ" in page and 'href="/admin/registers/"' in page


def test_the_page_costs_the_same_for_any_number_of_cases(desk, as_user, django_assert_max_num_queries):
    client = as_user(desk.final)
    client.get(reverse(PAGE))
    for rows in (claims(1), claims(6)):
        for case in rows:
            factories.approve(case, desk.initial, desk.final)
        with django_assert_max_num_queries(13):
            assert client.get(reverse(PAGE)).status_code == 200


def test_others_are_kept_out(desk, as_user):
    assert as_user(desk.clerk).get(reverse(PAGE)).status_code in (302, 403)
