"""Talent, people, awards and payments of the statistics, recomputed from the raw rows by other SQL."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from reports.statistics.report import report
from tests import factories
from tests.payments.conftest import office_people

pytestmark = pytest.mark.django_db
#: What happened in the year, a row for each training that it happened to.
HAPPENED = """
    SELECT 'trained' AS measure, id AS enrolment_id FROM training_enrolment WHERE extract(year FROM ends_on) = %(year)s
    UNION ALL
    SELECT 'certified', enrolment_id FROM training_certificate WHERE extract(year FROM issued_on) = %(year)s
    UNION ALL
    SELECT CASE WHEN employer.division LIKE '3601%%' THEN 'hired_local' ELSE 'hired_elsewhere' END, enrolment_id
    FROM training_labourcontract signed JOIN training_employer employer ON employer.id = signed.employer_id
    WHERE extract(year FROM signed_on) = %(year)s
"""
KEYS = {
    "talent": "'all'",
    "school": "trainee.school",
    "school_kind": "CASE trainee.education WHEN 'secondary' THEN 'secondary' ELSE 'university' END",
    "class_type": "CASE WHEN taught.customised_for = '' THEN 'general' ELSE 'customised' END",
}
AWARDED = """
    SELECT notice.programme, count(*), sum(entry.amount_rmb),
        coalesce(sum((SELECT sum(paid.amount_rmb) FROM payments_payment paid
            JOIN casework_awardline line ON line.id = paid.award_line_id
            WHERE line.award_id = entry.award_id AND paid.state = 'paid')), 0)
    FROM notices_noticeentry entry JOIN notices_notice notice ON notice.id = entry.notice_id
    WHERE notice.state = 'published' AND notice.year = %(year)s GROUP BY 1
"""


def rows(sql: str, year: int) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"year": year})
        return cursor.fetchall()


def counted(table: str, year: int) -> Counter:
    return Counter(
        {
            (code, measure): count
            for code, measure, count in rows(
                f"""SELECT {KEYS[table]}, happened.measure, count(*) FROM ({HAPPENED}) happened
                JOIN training_enrolment enrolment ON enrolment.id = happened.enrolment_id
                JOIN training_trainee trainee ON trainee.id = enrolment.trainee_id
                JOIN training_trainingclass taught ON taught.id = enrolment.training_class_id GROUP BY 1, 2""",
                year,
            )
        }
    )


def test_every_figure_of_talent_is_what_other_sql_counts():
    here, away = factories.EmployerFactory(), factories.EmployerFactory(division="440305")
    for number in range(14):
        ordered = "Firm" if number % 3 == 0 else ""
        ends = date(2016, 6, 1) if number % 4 else date(2015, 6, 1)
        taught = factories.TrainingClassFactory(customised_for=ordered, ends_on=ends)
        factories.hired_trainee(
            taught,
            employer=away if number % 5 == 0 else here,
            school=f"School {number % 3}",
            education="secondary" if number % 7 == 0 else "bachelor",
            certified=number % 2 == 0,
            contract={"signed_on": date(2016, 7, 1) if number % 6 else date(2015, 7, 1)},
        )
    seen = set()
    for year in (2015, 2016):
        found = report(year, finer=True)
        for table in KEYS:
            shown = Counter(
                {
                    (row.code, measure): value
                    for row in found[table].rows
                    for measure, value in row.values.items()
                    if value
                }
            )
            assert shown == counted(table, year), (table, year)
            seen |= set(shown)
    # The world has something of everything, so that the comparison means something.
    assert {measure for _code, measure in seen} == {"trained", "certified", "hired_local", "hired_elsewhere"}
    assert {"secondary", "university", "customised", "general"} <= {code for code, _measure in seen}


def test_people_behind_the_business_are_what_other_sql_sums_up():
    for number in range(1, 5):
        enterprise = factories.OrganisationFactory()
        clerk = factories.clerk_of(enterprise)
        factories.accepted_return(
            enterprise, clerk, ("US", "1000"), headcount=10 * number, graduates_hired=number
        )
        factories.filed_return(enterprise, clerk, ("US", "1000"), headcount=7, graduates_hired=7, year=2016)
    factories.return_draft(enterprise, clerk, ("US", "1"), headcount=999, year=2017)
    people = {row.code: row.values["people"] for row in report(2015)["people"].rows}
    sums = rows(
        "SELECT sum(headcount), sum(graduates_hired) FROM applications_businessreturn"
        " WHERE state = 'accepted' AND month = 0 AND year = %(year)s",
        2015,
    )
    assert sums == [(people["headcount"], people["graduates"])] == [(100, 10)]


def test_awards_payments_and_the_subsidy_per_hire_are_what_other_sql_sums_up():
    office = office_people()
    offshore = factories.approve(
        factories.filed_offshore(office.enterprise, office.clerk, "250000"), office.initial, office.final
    )
    taught = factories.TrainingClassFactory(institution=office.institution)
    hired = [factories.hired_trainee(taught) for _number in range(2)]
    hired.append(factories.hired_trainee(taught, employer=factories.EmployerFactory(division="440305")))
    training = factories.approve(
        factories.filed_training(office.institution, office.teacher, *hired), office.initial, office.final
    )
    factories.payee_account(offshore, "own", office.clerk, office.owner, office.finance)
    # Before its notice an award is nobody's business.
    assert all(row.values["awards"] == 0 for row in report(2015, finer=True)["money"].rows)
    for case in (offshore, training):
        factories.clear_for_payment(case)
    factories.paid(offshore)
    shown = set()
    for year in {offshore.year, training.year}:
        found = {
            (row.code, row.values["awards"], row.values["awarded_rmb"], row.values["paid_rmb"])
            for row in report(year)["money"].rows
            if row.values["awards"]
        }
        assert found == set(rows(AWARDED, year))
        shown |= found
    assert shown == {
        ("offshore", 1, Decimal("50000.00"), Decimal("50000.00")),
        ("training", 1, Decimal("8500.00"), Decimal("0.00")),
    }
    ((per_hire,),) = rows(
        """SELECT round(sum(line.amount_rmb) / count(DISTINCT nullif(line.person_key, '')), 2)
        FROM casework_awardline line JOIN notices_noticeentry entry ON entry.award_id = line.award_id
        JOIN notices_notice notice ON notice.id = entry.notice_id
        WHERE notice.programme = 'training' AND notice.year = %(year)s""",
        training.year,
    )
    assert (
        report(training.year)["per_hire"].value("training", "rmb_per_hire") == per_hire == Decimal("2833.33")
    )
