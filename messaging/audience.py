"""Who hears of what: the members by their roles, and officials sparingly."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from accounts.enums import MembershipRole, OfficialRole
from accounts.models import Handover, Membership, User
from casework.enums import CaseEventKind, Stage, Status
from casework.models import CaseEvent, Transition
from messaging.enums import Event
from messaging.models import Message
from payments.enums import PaymentEventKind
from payments.models import PaymentEvent

WRITERS = (MembershipRole.OWNER, MembershipRole.CLERK)
EVERYBODY = tuple(MembershipRole.values)


@dataclass(frozen=True)
class Notice:
    """One message to make: to whom, about what; `fields` name its source."""

    recipient_id: int
    event: Event
    stage: str = ""
    fields: dict = field(default_factory=dict)


#: What a step means to the organisation: the event and the roles that hear of it.
_STEPS = {
    Status.INITIAL_REVIEW: (Event.FILED, WRITERS),
    Status.FINAL_REVIEW: (Event.PROGRESS, WRITERS),
    Status.RETURNED: (Event.RETURNED, WRITERS),
    Status.APPROVED: (Event.DECIDED, EVERYBODY),
    Status.REJECTED: (Event.DECIDED, EVERYBODY),
    Status.WITHDRAWN: (Event.CLOSED, WRITERS),
    Status.LAPSED: (Event.CLOSED, WRITERS),
}
#: What the whole organisation hears of after a decision.
AFTER_DECISION = (
    CaseEventKind.NOTICE_PUBLISHED,
    CaseEventKind.NOTICE_WITHDRAWN,
    CaseEventKind.OBJECTION_RECEIVED,
    CaseEventKind.OBJECTION_ANSWERED,
    CaseEventKind.LETTER_MADE,
)
#: Which officials take the next step of an objection or appeal.
_NEXT_OF_OBJECTION = {
    CaseEventKind.OBJECTION_RECEIVED: (OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER),
    CaseEventKind.APPEAL_RECEIVED: (OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER),
    CaseEventKind.OBJECTION_EXAMINED: (OfficialRole.FINAL_REVIEWER,),
}
_REVIEWERS = {
    Status.INITIAL_REVIEW: (Stage.INITIAL, OfficialRole.INITIAL_REVIEWER),
    Status.FINAL_REVIEW: (Stage.FINAL, OfficialRole.FINAL_REVIEWER),
}


def of_transition(step: Transition) -> Iterable[Notice]:
    """The notices of one step of a case. Who took the step hears of it only as a receipt of filing."""
    target = Status(step.to_status)
    if target not in _STEPS:
        return
    event, roles = _STEPS[target]
    if step.from_status == Status.FINAL_REVIEW and target == Status.INITIAL_REVIEW:
        event = Event.PROGRESS
    if step.from_status in (Status.APPROVED, Status.REJECTED):
        event, roles = Event.DECIDED, EVERYBODY  # reopened: the decision is taken back
    source = {"transition_id": step.pk, "case_id": step.case_id}
    for user_id in _members(step.case.organisation_id, roles):
        if user_id != step.actor_id or event == Event.FILED:
            yield Notice(user_id, event, fields=source)
    if target in _REVIEWERS:
        stage, role = _REVIEWERS[target]
        for user_id in _reviewers(step, stage, role):
            yield Notice(user_id, Event.QUEUE, stage, source)


def of_case_event(happened: CaseEvent) -> Iterable[Notice]:
    """Reminders go to who can act on them; the end of a term is told by its transition."""
    if happened.kind == CaseEventKind.CORRECTION_DUE_SOON:
        source = {"case_event_id": happened.pk, "case_id": happened.case_id}
        for user_id in _members(happened.case.organisation_id, WRITERS):
            yield Notice(user_id, Event.REMINDER, fields=source)
    if happened.kind in AFTER_DECISION:
        source = {"case_event_id": happened.pk, "case_id": happened.case_id}
        for user_id in _members(happened.case.organisation_id, EVERYBODY):
            yield Notice(user_id, Event.AFTER, fields=source)
    if happened.kind in _NEXT_OF_OBJECTION:
        source = {"case_event_id": happened.pk, "case_id": happened.case_id}
        for user_id in _next_of_objection(happened):
            yield Notice(user_id, Event.DESK, fields=source)


_OF_MONEY = {PaymentEventKind.PAID: Event.PAID, PaymentEventKind.FAILED: Event.UNPAID}


def of_payment(happened: PaymentEvent) -> Iterable[Notice]:
    """Everybody reads that money came; who files reads what they have to do."""
    event = _OF_MONEY.get(PaymentEventKind(happened.kind), Event.RECHECK)
    source = {"payment_event_id": happened.pk, "case_id": happened.case_id}
    for user_id in _members(happened.case.organisation_id, EVERYBODY if event == Event.PAID else WRITERS):
        yield Notice(user_id, event, fields=source)


def of_handover(offer: Handover) -> Iterable[Notice]:
    if offer.closed_at is None:
        yield Notice(offer.offered_to_id, Event.ORGANISATION, fields={"handover_id": offer.pk})


def _members(organisation_id: int, roles: Iterable[str]) -> list[int]:
    found = Membership.objects.filter(organisation_id=organisation_id, role__in=roles, user__is_active=True)
    return list(found.order_by("user_id").values_list("user_id", flat=True))


def _next_of_objection(happened: CaseEvent) -> list[int]:
    """Who may examine or answer. Who decided the case answers nothing about it, nor does who examined."""
    found = User.objects.filter(
        groups__name__in=_NEXT_OF_OBJECTION[CaseEventKind(happened.kind)], is_staff=True, is_active=True
    ).exclude(memberships__organisation=happened.case.organisation_id)
    if happened.kind == CaseEventKind.OBJECTION_EXAMINED:
        decided = happened.case.reviews.filter(stage=Stage.FINAL)
        found = found.exclude(pk__in=decided.values("reviewer_id")).exclude(pk=happened.data["examined_by"])
    return list(found.order_by("pk").values_list("pk", flat=True).distinct())


def _reviewers(step: Transition, stage: Stage, role: OfficialRole) -> list[int]:
    """The reviewers of a stage who may take the case and have no unread word of that queue yet."""
    told = Message.objects.filter(event=Event.QUEUE, stage=stage, read_at__isnull=True)
    found = User.objects.filter(groups__name=role, is_staff=True, is_active=True).exclude(
        Q(pk__in=told.values("recipient_id")) | Q(memberships__organisation=step.case.organisation_id)
    )
    barred = {step.actor_id, step.case.submitted_by_id}
    return [pk for pk in found.order_by("pk").values_list("pk", flat=True) if pk not in barred]
