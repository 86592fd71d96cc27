"""Public notices: made by one official, published by another, never changed, withdrawn with a reason."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit import services as audit
from audit.services import sha256
from casework.clock import day_of
from casework.models import Award, Case, CaseEvent
from casework.transitions import Refused
from notices.enums import NoticeState
from notices.models import Notice, NoticeEntry, NoticePerson
from notices.numbers import next_number
from notices.people import people_of
from notices.permissions import may_make_notice, may_publish, may_withdraw_notice
from notices.selectors import awards_to_notice
from policy.practice import practice
from policy.workdays import working_days

_SENTENCES = {
    "notice_entry_award_once": (
        "listed",
        lambda: _("Somebody else has just put one of these awards on a notice. Load the page again."),
    ),
    "notice_remark_unmasked": (
        "unmasked",
        lambda: _(
            "The remark holds a long number. A public notice shows no identity, account or phone number."
        ),
    ),
    "notice_reason_unmasked": (
        "unmasked",
        lambda: _(
            "The reason holds a long number. A public notice shows no identity, account or phone number."
        ),
    ),
    "notice_entry_unmasked": (
        "unmasked",
        lambda: _("The name of an organisation holds a long number; a public notice shows none."),
    ),
    "notice_person_": (
        "unmasked",
        lambda: _(
            "A person of this list is not masked. A public notice shows neither whole names nor numbers."
        ),
    ),
    "notice_two_people": ("four_eyes", lambda: _("You made this notice; somebody else must publish it.")),
}


def _named(error: IntegrityError) -> Exception:
    text = str(error)
    for name, (code, sentence) in _SENTENCES.items():
        if name in text:
            return Refused(code, sentence())
    return error


def make_notice(
    *, user: User, programme: str, year: int, remark: str = "", award_ids: list[int] | None = None
) -> Notice:
    """Draw up a draft from the approved awards on no notice yet (all, or the chosen ones). Raises Refused."""
    answer = may_make_notice(user)
    if not answer:
        raise Refused("permission", answer.reason)
    try:
        with transaction.atomic():
            return _make(user, programme, year, remark.strip(), award_ids)
    except IntegrityError as error:
        raise _named(error) from error


def _make(user: User, programme: str, year: int, remark: str, award_ids: list[int] | None) -> Notice:
    wanted = awards_to_notice(programme, year)
    if award_ids is not None:
        wanted = wanted.filter(pk__in=award_ids)
    cases = wanted.order_by("case_id").values_list("case_id", flat=True)
    list(Case.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=list(cases)).order_by("pk"))
    awards = list(wanted)
    if award_ids is not None and len(awards) != len(set(award_ids)):
        raise Refused(
            "listed", _("Somebody else has just put one of these awards on a notice. Load the page again.")
        )
    if not awards:
        raise Refused("empty", _("No approved award of this programme and year waits for a notice."))
    notice = Notice.objects.create(
        number=next_number("notice"), programme=programme, year=year, remark=remark, made_by=user
    )
    for position, award in enumerate(awards, start=1):
        _enter(notice, position, award)
    audit.record(
        actor=user,
        action="notice.made",
        obj=notice,
        data={"number": notice.number, "awards": [award.pk for award in awards]},
    )
    return notice


def _enter(notice: Notice, position: int, award: Award) -> None:
    case = award.case
    entry = NoticeEntry.objects.create(
        notice=notice,
        award=award,
        position=position,
        organisation_name=case.organisation.name,
        case_number=case.number,
        amount_rmb=award.amount_rmb,
    )
    NoticePerson.objects.bulk_create(
        NoticePerson(
            entry=entry,
            position=number,
            name_masked=person.name,
            identity_masked=person.identity,
            amount_rmb=person.amount_rmb,
        )
        for number, person in enumerate(people_of(award, notice.programme), start=1)
    )


def content_of(notice: Notice) -> list:
    """The list as it is hashed: number, organisation, case, RMB and the people of each entry."""
    return [
        [
            entry.position,
            entry.organisation_name,
            entry.case_number,
            str(entry.amount_rmb),
            [
                [person.name_masked, person.identity_masked, str(person.amount_rmb)]
                for person in entry.people.all()
            ],
        ]
        for entry in notice.entries.prefetch_related("people").order_by("position")
    ]


def _locked(notice_id: int, version: int) -> Notice:
    notice = Notice.objects.select_for_update(of=("self",)).get(pk=notice_id)
    if notice.version != version:
        raise Refused("stale", _("Somebody else has changed this notice meanwhile. Look at it again."))
    return notice


def publish_notice(*, user: User, notice_id: int, version: int, now: datetime | None = None) -> Notice:
    """Publish a draft: its term begins, its applicants hear of it. Raises Refused.

    `now` is given only where a history is loaded.
    """
    try:
        with transaction.atomic():
            return _publish(user, notice_id, version, now or timezone.now())
    except IntegrityError as error:
        raise _named(error) from error


def _publish(user: User, notice_id: int, version: int, now: datetime) -> Notice:
    # Cases before the notice: the portal's lock order.
    cases = list(
        Case.objects.select_for_update(of=("self",), no_key=True)
        .filter(award__notice_entries__notice_id=notice_id, award__notice_entries__live=True)
        .order_by("pk")
    )
    notice = _locked(notice_id, version)
    answer = may_publish(user, notice)
    if not answer:
        raise Refused("four_eyes" if notice.made_by_id == user.pk else "permission", answer.reason)
    if notice.entries.filter(live=False).exists():
        raise Refused(
            "reversed",
            _("A case of this list was reopened meanwhile. Withdraw the draft and make a new one."),
        )
    today = day_of(now)
    notice.term_days = practice("notice_days", today)
    notice.starts_on, notice.ends_on = today, working_days().after(today, notice.term_days)
    notice.published_by, notice.published_at = user, now
    notice.state, notice.content_hash = NoticeState.PUBLISHED, sha256(content_of(notice))
    notice.version += 1
    notice.save()
    audit.record(
        actor=user,
        action="notice.published",
        obj=notice,
        data={
            "number": notice.number,
            "starts_on": notice.starts_on,
            "ends_on": notice.ends_on,
            "hash": notice.content_hash,
        },
    )
    for case in cases:
        _tell(case, "published", notice, now)
    return notice


def _tell(case: Case, what: str, notice: Notice, now: datetime) -> None:
    """Write the event that messaging reads."""
    CaseEvent.objects.create(
        case=case,
        kind=f"notice_{what}",
        key=f"notice:{notice.pk}",
        at=now,
        data={"notice": notice.number, "ends_on": notice.ends_on.isoformat()},
    )


def end_entries(award: Award) -> None:
    """A reversed award is on no notice any more; its line stays readable, marked."""
    NoticeEntry.objects.filter(award=award, live=True).update(live=False)


@transaction.atomic
def withdraw_notice(*, user: User, notice_id: int, version: int, reason: str) -> Notice:
    """Take a draft or a running notice back; its awards wait for a new one. Raises Refused."""
    notice = _locked(notice_id, version)
    answer = may_withdraw_notice(user, notice)
    if not answer:
        raise Refused("permission", answer.reason)
    if not reason.strip():
        raise Refused("reason", _("Write the reason: everybody will read it."))
    was_published = notice.published_at is not None
    notice.state, notice.withdrawn_by, notice.withdrawn_at = NoticeState.WITHDRAWN, user, timezone.now()
    notice.withdrawal_reason = reason.strip()
    notice.version += 1
    cases = list(Case.objects.filter(award__notice_entries__in=notice.entries.filter(live=True)))
    try:
        with transaction.atomic():
            notice.save()
    except IntegrityError as error:
        raise _named(error) from error
    audit.record(
        actor=user,
        action="notice.withdrawn",
        obj=notice,
        data={"number": notice.number, "reason": reason.strip()},
    )
    if was_published:
        for case in cases:
            _tell(case, "withdrawn", notice, notice.withdrawn_at)
    return notice
