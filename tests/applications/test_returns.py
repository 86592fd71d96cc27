"""Returns: what is refused at which field, what is only asked about, who accepts, who is late."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation

from accounts.enums import MembershipRole, OfficialRole
from applications.models import BusinessLine, BusinessReturn
from applications.returns import services
from applications.returns.checks import findings_of
from applications.returns.selectors import owed_by, reporters
from audit.models import Record
from casework.transitions import Refused
from tests import factories
from tests.clients import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def enterprise():
    organisation = factories.OrganisationFactory()
    factories.recognise(organisation)
    return organisation


@pytest.fixture
def clerk(enterprise):
    return factories.clerk_of(enterprise)


@pytest.fixture
def official():
    return factories.official(OfficialRole.INITIAL_REVIEWER)


def browser(user) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["language"] = "en"
    return client


def codes(found) -> list[str]:
    return [finding.code for finding in findings_of(found)]


def typed(*lines: tuple[str, str, str, str], **head) -> dict[str, str]:
    """The form as a browser posts it: (sector, service, country, USD) for each line."""
    data = {"headcount": "50", "graduates_hired": "5", "park": "", "note": "", "version": "2"}
    data |= {"lines-TOTAL_FORMS": str(len(lines)), "lines-INITIAL_FORMS": "0"}
    for number, line in enumerate(lines):
        names = ("sector", "service_type", "client_country", "amount_usd")
        data |= {f"lines-{number}-{name}": value for name, value in zip(names, line, strict=True)}
    return data | head


# Keeping and filing


def test_a_clerk_reports_a_year_in_the_browser(enterprise, clerk):
    client = browser(clerk)
    page = client.get(reverse("offshore:returns")).content.decode()
    assert f"Year {timezone.localdate().year - 1}" in page and "Still to report" in page
    new = client.post(reverse("offshore:return_new"), {"organisation": enterprise.pk, "year": 2015})
    found = BusinessReturn.objects.get()
    assert new.url == found.get_absolute_url()
    lines = (("software", "ito", "US", "1,250,000.00"), ("finance", "bpo", "CN", "400,000"))
    saved = client.post(new.url, typed(*lines, version="1", park="high_tech"))
    assert saved.status_code == 302
    page = client.get(found.get_absolute_url()).content.decode()
    assert "1,250,000.00" in page and "1,650,000.00" in page
    client.post(reverse("offshore:return_file", args=[found.pk]), {"version": "2"})
    found.refresh_from_db()
    assert (found.state, found.filed_by, found.division) == ("filed", clerk, enterprise.division)
    assert (found.offshore_usd, found.onshore_usd) == (Decimal("1250000.00"), Decimal("400000.00"))
    shut = client.get(found.get_absolute_url()).content.decode()
    assert "This return is filed" in shut and 'name="headcount"' not in shut
    actions = Record.objects.filter(object_type="applications.businessreturn").values_list(
        "action", flat=True
    )
    assert set(actions) == {"offshore.return_started", "offshore.return_saved", "offshore.return_filed"}


@pytest.mark.parametrize(
    "changes, field, words",
    [
        ({"headcount": "-1"}, "headcount", "cannot be negative"),
        ({"headcount": "many"}, "headcount", "whole number"),
        ({"headcount": "99999999"}, "headcount", "cannot be right"),
        ({"graduates_hired": ""}, "graduates_hired", "0 when there is nobody"),
        ({"park": "moon"}, "park", "not one of the available choices"),
        ({"lines-0-amount_usd": "-5"}, "lines-0-amount_usd", "Business cannot be negative"),
        ({"lines-0-amount_usd": "0"}, "lines-0-amount_usd", "left out"),
        ({"lines-0-amount_usd": "abc"}, "lines-0-amount_usd", "Write the amount in digits"),
        ({"lines-0-sector": "mining"}, "lines-0-sector", "not one of the available choices"),
        ({"lines-0-client_country": "XX"}, "lines-0-client_country", "not one of the available choices"),
        ({"lines-1-sector": "software"}, "lines-1-sector", "Line 1 has the same"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_nothing_is_kept(enterprise, clerk, changes, field, words):
    found = factories.return_draft(enterprise, clerk, ("US", "100"))
    lines = (("software", "ito", "US", "10"), ("finance", "ito", "US", "20"))
    answer = browser(clerk).post(found.get_absolute_url(), typed(*lines) | changes)
    assert answer.status_code == 422
    shown = [*answer.context["formset"].forms, answer.context["form"]]
    errors = {form.add_prefix(name): str(said) for form in shown for name, said in form.errors.items()}
    assert words in errors[field]
    assert f"#id_{field}" in answer.content.decode()
    assert [str(line.amount_usd) for line in found.lines.all()] == ["100.00"]


@pytest.mark.parametrize(
    "year, month, words",
    [
        (1066, 0, "Returns begin with 2013"),
        (9999, 0, "has not begun"),
        (timezone.localdate().year, 0, "not over"),
    ],
)
def test_absurd_years_are_refused_with_the_reason(enterprise, clerk, year, month, words):
    with pytest.raises(ValidationError, match=words):
        services.start_return(user=clerk, organisation=enterprise, year=year, month=month)
    answer = browser(clerk).post(
        reverse("offshore:return_new"), {"organisation": enterprise.pk, "year": year, "month": month or ""}
    )
    assert words in answer.content.decode() and not BusinessReturn.objects.exists()


def test_a_new_return_of_a_year_begins_with_what_its_claims_say(enterprise, clerk):
    factories.filed_offshore(enterprise, clerk, "250000", "1000.55")
    found = services.start_return(user=clerk, organisation=enterprise, year=2015, month=0)
    assert [(line.client_country, str(line.amount_usd)) for line in found.lines.all()] == [
        ("US", "251000.55")
    ]
    again = services.start_return(user=clerk, organisation=enterprise, year=2015, month=0)
    assert again.pk == found.pk and again.lines.count() == 1


def test_two_people_do_not_overwrite_each_other(enterprise, clerk):
    found = factories.return_draft(enterprise, clerk, ("US", "100"))
    answer = browser(clerk).post(found.get_absolute_url(), typed(("software", "ito", "US", "7"), version="1"))
    assert answer.status_code == 409 and "changed this return" in answer.content.decode()
    assert found.lines.get().amount_usd == 100


# What is only asked about


def test_offshore_business_below_the_claims_is_asked_about(enterprise, clerk):
    factories.filed_offshore(enterprise, clerk, "250000")
    found = factories.return_draft(enterprise, clerk, ("JP", "249999.99"), ("CN", "900000"), note="")
    assert codes(found) == ["below_claimed", "country"]
    with pytest.raises(Refused) as refused:
        services.file_return(user=clerk, return_id=found.pk)
    assert refused.value.code == "unexplained"
    found = factories.return_draft(enterprise, clerk, ("US", "250000"), note="")
    assert codes(found) == []
    services.file_return(user=clerk, return_id=found.pk)


def test_jumps_drops_and_people_without_business_are_asked_about(enterprise, clerk):
    factories.accepted_return(enterprise, clerk, ("US", "100000"), year=2014)
    assert codes(factories.return_draft(enterprise, clerk, ("US", "300000"))) == []
    assert codes(factories.return_draft(enterprise, clerk, ("US", "300000.01"))) == ["jump"]
    assert codes(factories.return_draft(enterprise, clerk, ("US", "50000"))) == []
    assert codes(factories.return_draft(enterprise, clerk, ("US", "49999.99"))) == ["drop"]
    empty = factories.return_draft(enterprise, clerk, ("US", "90000"), headcount=0, graduates_hired=1)
    assert codes(empty) == ["nobody", "graduates"]
    assert codes(factories.return_draft(enterprise, clerk, headcount=3, year=2016)) == [
        "no_business",
        "graduates",
    ]
    rich = factories.return_draft(
        enterprise, clerk, ("US", "300000.01"), headcount=1, graduates_hired=0, year=2017
    )
    assert codes(rich) == ["per_head"]


def test_months_that_come_to_more_than_the_year_are_asked_about(enterprise, clerk):
    for month in (1, 2):
        factories.accepted_return(enterprise, clerk, ("US", "100"), month=month)
    assert codes(factories.return_draft(enterprise, clerk, ("US", "199.99"))) == ["months"]


# Accepting and asking back


def test_an_official_asks_back_and_accepts(enterprise, clerk, official):
    found = factories.filed_return(enterprise, clerk, ("US", "100000"))
    desk = browser(official)
    page = desk.get(reverse("admin:applications_businessreturn_change", args=[found.pk]))
    assert "100,000.00" in page.content.decode()
    desk.post(
        reverse("admin:applications_businessreturn_ask_back", args=[found.pk]), {"question": "Which client?"}
    )
    asked = browser(clerk).get(found.get_absolute_url()).content.decode()
    assert "Which client?" in asked and 'name="headcount"' in asked
    found.refresh_from_db()
    assert found.state == "returned"
    services.file_return(user=clerk, return_id=found.pk)
    desk.post(reverse("admin:applications_businessreturn_accept", args=[found.pk]))
    found.refresh_from_db()
    assert (found.state, found.decided_by) == ("accepted", official)


def test_who_may_not_accept_is_told_why_and_nothing_changes(enterprise, clerk, official):
    found = factories.filed_return(enterprise, clerk, ("US", "100000"))
    member = factories.official(OfficialRole.FINAL_REVIEWER)
    enterprise.memberships.create(user=member, role=MembershipRole.READER)
    for user in (member, factories.official(OfficialRole.FINANCE), clerk):
        with pytest.raises(Refused) as refused:
            services.accept_return(user=user, return_id=found.pk)
        assert refused.value.code == "permission"
    with pytest.raises(Refused):
        services.ask_back(user=official, return_id=found.pk, question="  ")
    found.refresh_from_db()
    assert found.state == "filed" and found.decided_by is None


def test_what_is_filed_does_not_change_in_the_database(enterprise, clerk, official):
    found = factories.accepted_return(enterprise, clerk, ("US", "100000"), by=official)
    line, draft = found.lines.get(), factories.return_draft(enterprise, clerk, ("US", "5"), year=2016)
    attempts = {
        "return_filed_is_fixed": [
            lambda: BusinessLine.objects.filter(pk=line.pk).update(amount_usd=1),
            lambda: BusinessLine.objects.filter(pk=line.pk).delete(),
            lambda: draft.lines.update(business_return=found),
            lambda: BusinessReturn.objects.filter(pk=found.pk).update(headcount=1),
            lambda: BusinessReturn.objects.filter(pk=draft.pk).update(year=2017),
        ],
        "return_steps": [lambda: BusinessReturn.objects.filter(pk=draft.pk).update(state="accepted")],
        "return_line_not_negative": [lambda: draft.lines.update(amount_usd=-1)],
        "return_accepted_by_another": [
            lambda: BusinessReturn.objects.filter(pk=found.pk).update(decided_by=clerk)
        ],
        "return_year": [lambda: BusinessReturn.objects.create(organisation=enterprise, year=1066)],
        "return_once": [lambda: BusinessReturn.objects.create(organisation=enterprise, year=2016)],
    }
    for name, tries in attempts.items():
        for attempt in tries:
            with pytest.raises(IntegrityError, match=name), transaction.atomic():
                attempt()


# Late and missing


def test_late_and_missing_reporters_are_listed(enterprise, clerk, official):
    silent = factories.OrganisationFactory(name="Silent Enterprise")
    factories.recognise(silent, date(2015, 6, 1), date(2015, 12, 31))
    gone = factories.OrganisationFactory(name="Gone Enterprise")
    factories.recognise(gone, date(2013, 1, 1), date(2014, 12, 31))
    factories.filed_return(enterprise, clerk, ("US", "100000"))
    listed = reporters(2015)
    assert [each.organisation for each in listed] == [silent, enterprise]
    assert [each.is_filed for each in listed] == [False, True]
    assert listed[1].due == date(2016, 3, 30) and listed[1].late > 3000
    page = browser(official).get(reverse("admin:applications_businessreturn_reporters"), {"year": 2015})
    text = page.content.decode()
    assert "Silent Enterprise" in text and "Not reported" in text and "Gone Enterprise" not in text
    assert "1 enterprise has not reported." in " ".join(text.split())


def test_the_lists_need_as_many_queries_for_ten_returns_as_for_one(
    enterprise, clerk, official, django_assert_num_queries, django_assert_max_num_queries
):
    own, desk = browser(clerk), browser(official)
    factories.filed_return(enterprise, clerk, ("US", "100000"))
    urls = (
        (own, reverse("offshore:returns")),
        (desk, reverse("admin:applications_businessreturn_changelist")),
    )
    counts = []
    for client, url in urls:
        with django_assert_max_num_queries(30) as few:
            client.get(url)
        counts.append(len(few))
    for year in range(2016, 2025):
        factories.filed_return(enterprise, clerk, ("US", "100000"), year=year)
    for (client, url), count in zip(urls, counts, strict=True):
        with django_assert_num_queries(count):
            client.get(url)


def test_a_year_that_is_owed_stays_until_it_is_filed(enterprise, clerk):
    year = timezone.localdate().year - 1
    assert year in [owed.year for owed in owed_by(clerk)]
    factories.return_draft(enterprise, clerk, ("US", "100"), year=year)
    assert year in [owed.year for owed in owed_by(clerk)]
    factories.filed_return(enterprise, clerk, ("US", "100"), year=year)
    assert year not in [owed.year for owed in owed_by(clerk)]
