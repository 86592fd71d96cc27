"""Public notices: what is listed, masked, published by a second person, and when it lets money go."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from casework.models import CaseEvent
from casework.transitions import Refused
from notices.enums import Clearance, NoticeState
from notices.models import Notice, NoticeEntry, NoticePerson
from notices.selectors import award_clearance, awards_to_notice, cleared_awards, waiting_for_notice
from notices.services import publishing
from policy.models import WorkdayOverride
from tests import factories

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


def refused(code: str):
    return pytest.raises(Refused, check=lambda error: error.code == code)


def clearance(case) -> str:
    award = case.award
    return award_clearance([award.pk])[award.pk]


def long_ago() -> datetime:
    return timezone.now() - timedelta(days=40)


def test_a_notice_lists_what_waits_and_clears_it_after_its_term(approved, publish):
    assert [(row["year"], row["count"], str(row["amount"])) for row in waiting_for_notice()] == [
        (2015, 1, "50000.00")
    ]
    assert clearance(approved) == Clearance.NOT_NOTICED
    notice = publish(approved)
    assert not awards_to_notice("offshore", 2015).exists()
    assert clearance(approved) == Clearance.RUNNING and not cleared_awards().exists()
    assert notice.content_hash and notice.term_days == 5
    assert CaseEvent.objects.get(kind="notice_published").case == approved


def test_after_the_term_the_award_may_be_paid(approved, publish):
    publish(approved, now=long_ago())
    assert clearance(approved) == Clearance.CLEARED
    assert list(cleared_awards("offshore", 2015)) == [approved.award]
    assert not cleared_awards("training").exists()


@pytest.mark.parametrize(
    ("at", "starts", "ends"),
    [
        # Five working days over the National Day holidays of 2015, with the make-up Saturday of 10 October.
        (datetime(2015, 9, 29, 10, 0, tzinfo=SHANGHAI), date(2015, 9, 29), date(2015, 10, 11)),
        # Ten minutes to midnight in UTC is the next day in Nanchang.
        (datetime(2015, 6, 30, 16, 10, tzinfo=ZoneInfo("UTC")), date(2015, 7, 1), date(2015, 7, 8)),
        (datetime(2016, 2, 29, 23, 59, tzinfo=SHANGHAI), date(2016, 2, 29), date(2016, 3, 7)),
    ],
)
def test_the_term_is_counted_in_working_days_of_nanchang(approved, publish, at, starts, ends):
    if starts == date(2015, 9, 29):
        WorkdayOverride.objects.create(
            day="2015-10-11", is_workday=True, source="Test", changed_by=factories.UserFactory()
        )
    notice = publish(approved, now=at)
    assert (notice.starts_on, notice.ends_on) == (starts, ends)
    award = approved.award.pk
    with connection.cursor() as cursor:
        last = datetime(ends.year, ends.month, ends.day, 23, 59, 59, tzinfo=SHANGHAI)
        for moment, said in ((last, "running"), (last + timedelta(seconds=1), "cleared")):
            cursor.execute("SELECT notices_award_clearance(%s, %s)", [award, moment])
            assert cursor.fetchone()[0] == said


def test_people_stand_on_it_masked(school_case, publish):
    notice = publish(school_case)
    entry = notice.entries.get()
    people = list(entry.people.all())
    assert [person.name_masked for person in people] == ["张**", "李*"]
    assert all(person.identity_masked[6:14] == "*" * 8 for person in people)
    assert entry.amount_rmb == school_case.award.amount_rmb


@pytest.mark.parametrize(
    ("name", "identity", "constraint"),
    [
        ("张三丰", "360102********1234", "notice_person_name_masked"),
        ("张*", "360102199302151234", "notice_person_identity_masked"),
        ("张*", "36010219930215123X", "notice_person_identity_masked"),
        ("张*", "３６０１０２１９９３０２１５１２３４", "notice_person_identity_masked"),
        ("张*", "3601021993*****234", "notice_person_identity_masked"),
        ("张*", "6222021502001234567", "notice_person_identity_masked"),
        ("张*", "", "notice_person_identity_masked"),
    ],
)
def test_an_unmasked_person_cannot_be_stored(school_case, initial, name, identity, constraint):
    draft = publishing.make_notice(user=initial, programme="training", year=school_case.year)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        NoticePerson.objects.create(
            entry=draft.entries.get(), position=9, name_masked=name, identity_masked=identity, amount_rmb=1
        )
    assert draft.entries.get().people.count() == 2


@pytest.mark.parametrize(
    "remark",
    [
        "联系 13800138000",
        "身份证 360102199302151234",
        "账号 6222 0215 0200 1234 567",
        "３６０１０２１９９３０２１５１２３４",
        "360102 19930215 1234",
        "138 0013 8000",
    ],
)
def test_a_remark_with_a_long_number_is_refused_and_nothing_made(approved, initial, remark):
    with refused("unmasked"):
        publishing.make_notice(user=initial, programme="offshore", year=2015, remark=remark)
    assert not Notice.objects.exists() and not NoticeEntry.objects.exists()


def test_a_remark_with_dates_and_amounts_is_fine(approved, initial):
    remark = "公示期自2015-11-03 2015-11-10，金额1,500,000.00元，电话0791-8888"
    assert (
        publishing.make_notice(user=initial, programme="offshore", year=2015, remark=remark).remark == remark
    )


def test_who_made_it_does_not_publish_it(approved, second):
    draft = publishing.make_notice(user=second, programme="offshore", year=2015)
    with refused("four_eyes"):
        publishing.publish_notice(user=second, notice_id=draft.pk, version=draft.version)
    superuser = factories.official(is_superuser=True)
    own = publishing.withdraw_notice(user=second, notice_id=draft.pk, version=1, reason="again")
    assert own.state == NoticeState.WITHDRAWN
    draft = publishing.make_notice(user=superuser, programme="offshore", year=2015)
    with refused("four_eyes"):
        publishing.publish_notice(user=superuser, notice_id=draft.pk, version=draft.version)
    with pytest.raises(IntegrityError, match="notice_two_people"), transaction.atomic():
        Notice.objects.filter(pk=draft.pk).update(
            state="published",
            published_by=superuser,
            published_at=timezone.now(),
            starts_on=timezone.localdate(),
            ends_on=timezone.localdate() + timedelta(days=7),
            term_days=5,
            content_hash="0" * 64,
        )
    draft.refresh_from_db()
    assert draft.state == NoticeState.DRAFT


@pytest.mark.parametrize("role", ["finance", "policy_editor", "auditor"])
def test_other_roles_make_no_notice(approved, role):
    with refused("permission"):
        publishing.make_notice(user=factories.official(role), programme="offshore", year=2015)


def test_an_initial_reviewer_does_not_publish(approved, initial, final):
    draft = publishing.make_notice(user=final, programme="offshore", year=2015)
    with refused("permission"):
        publishing.publish_notice(user=initial, notice_id=draft.pk, version=draft.version)


def test_a_stale_page_publishes_nothing(approved, initial, final):
    draft = publishing.make_notice(user=initial, programme="offshore", year=2015)
    with refused("stale"):
        publishing.publish_notice(user=final, notice_id=draft.pk, version=draft.version + 1)
    publishing.publish_notice(user=final, notice_id=draft.pk, version=draft.version)
    with refused("stale"):
        publishing.publish_notice(user=final, notice_id=draft.pk, version=draft.version)


def test_an_award_stands_on_one_notice_at_a_time(approved, initial):
    publishing.make_notice(user=initial, programme="offshore", year=2015)
    with refused("empty"):
        publishing.make_notice(user=initial, programme="offshore", year=2015)
    with refused("listed"):
        publishing.make_notice(user=initial, programme="offshore", year=2015, award_ids=[approved.award.pk])
    other = Notice.objects.create(number="X", programme="offshore", year=2015, made_by=initial)
    entry = NoticeEntry(
        notice=other,
        award=approved.award,
        position=1,
        organisation_name="X",
        case_number=approved.number,
        amount_rmb=approved.award.amount_rmb,
    )
    with pytest.raises(IntegrityError, match="notice_entry_award_once"), transaction.atomic():
        entry.save()


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"ends_on": date(2015, 1, 1)}, "notice_published_is_final"),
        ({"remark": "other"}, "notice_published_is_final"),
        ({"state": "draft"}, "notice_published_is_final|notice_draft_is_unpublished"),
        ({"year": 2016}, "list_is_fixed|pgtrigger"),
    ],
)
def test_a_published_notice_never_changes(approved, publish, fields, error):
    notice = publish(approved)
    with pytest.raises((IntegrityError, Exception), match=f"{error}|Cannot update"), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(**fields)
    for change in (
        lambda: notice.entries.update(amount_rmb=1),
        lambda: notice.entries.update(live=False),
        lambda: notice.entries.all().delete(),
        lambda: NoticeEntry.objects.create(
            notice=notice,
            award=approved.award,
            position=2,
            organisation_name="X",
            case_number="X",
            amount_rmb=1,
        ),
    ):
        with pytest.raises(Exception, match="Cannot|notice_|protected"), transaction.atomic():
            change()
    assert clearance(approved) == Clearance.RUNNING


def test_an_entry_is_the_award_and_nothing_else(approved, initial):
    draft = Notice.objects.create(number="X", programme="offshore", year=2015, made_by=initial)
    for wrong in ({"amount_rmb": 1}, {"case_number": "OS-2015-999999"}):
        fields = {"amount_rmb": approved.award.amount_rmb, "case_number": approved.number} | wrong
        with pytest.raises(IntegrityError, match="notice_entry_is_the_award"), transaction.atomic():
            NoticeEntry.objects.create(
                notice=draft, award=approved.award, position=1, organisation_name="X", **fields
            )


def test_a_running_notice_is_withdrawn_and_a_new_one_made(approved, publish, initial, second):
    notice = publish(approved)
    with refused("reason"):
        publishing.withdraw_notice(user=second, notice_id=notice.pk, version=notice.version, reason=" ")
    publishing.withdraw_notice(user=second, notice_id=notice.pk, version=notice.version, reason="金额有误")
    assert clearance(approved) == Clearance.NOT_NOTICED
    again = publishing.make_notice(user=initial, programme="offshore", year=2015)
    assert again.entries.count() == 1
    assert CaseEvent.objects.filter(case=approved, kind="notice_withdrawn").count() == 1


def test_a_notice_that_has_ended_is_not_withdrawn(approved, publish, second):
    notice = publish(approved, now=long_ago())
    with refused("permission"):
        publishing.withdraw_notice(user=second, notice_id=notice.pk, version=notice.version, reason="late")
    with pytest.raises(IntegrityError, match="notice_has_ended"), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(
            state="withdrawn", withdrawn_by=second, withdrawn_at=timezone.now(), withdrawal_reason="late"
        )
    assert clearance(approved) == Clearance.CLEARED


def test_a_member_of_a_listed_organisation_does_not_publish_it(approved, enterprise, initial, second):
    from accounts.models import Membership

    draft = publishing.make_notice(user=initial, programme="offshore", year=2015)
    Membership.objects.create(user=second, organisation=enterprise, role="reader")
    with refused("permission"):
        publishing.publish_notice(user=second, notice_id=draft.pk, version=draft.version)


def test_an_award_of_nothing_needs_no_notice(enterprise, clerk, initial, final):
    factories.approve(factories.filed_offshore(enterprise, clerk, "150000"), initial, final)
    assert not list(waiting_for_notice())
