"""Objections and appeals: received by the portal or on paper, examined by one official, answered by another."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import crypto
from accounts.models import User
from audit import services as audit
from casework.clock import day_of
from casework.enums import CaseEventKind
from casework.models import Case, CaseEvent
from casework.services.calculation import lock_case
from casework.transitions import Refused
from notices.enums import Finding, ObjectionKind, ObjectionState
from notices.letters import signing
from notices.models import NoticeEntry, Objection
from notices.numbers import next_number
from notices.permissions import may_answer, may_appeal, may_enter, may_examine, may_state
from policy.practice import practice
from policy.workdays import working_days

#: More open objections to one entry than any honest notice has seen; beyond it the portal asks to write to the bureau.
MOST_OPEN = 20


@dataclass(frozen=True)
class Filed:
    """A received objection and the code by which its author, and nobody else, reads the answer."""

    objection: Objection
    code: str


def _code(token: UUID) -> str:
    """The code of a form: the same when the form comes twice, and not to be guessed from anything stored."""
    key = settings.BLIND_INDEX_KEYS[min(settings.BLIND_INDEX_KEYS)]
    digest = hmac.new(key, b"objection:" + token.bytes, hashlib.sha256).digest()
    return "".join(signing.ALPHABET[byte % 32] for byte in digest[: signing.CODE_LENGTH])


def object_to(
    *, entry_id: int, token: UUID, objector: str, contact: str, grounds: str, user: User | None = None
) -> Filed:
    """Receive an objection to an entry of a running notice; from now on the entry is not paid. Raises Refused.

    The same form (`token`) twice is one objection.
    """
    return _object(entry_id, token, (objector, contact, grounds), timezone.now(), filed_by=user)


def enter_paper(
    *,
    entry_id: int,
    token: UUID,
    objector: str,
    contact: str,
    grounds: str,
    paper_number: str,
    received_on: date,
    user: User,
) -> Filed:
    """Enter what came on paper by the last day of a notice, perhaps after it; as `object_to`. Raises Refused."""
    answer = may_enter(user)
    if not answer:
        raise Refused("permission", answer.reason)
    if received_on > timezone.localdate():
        raise Refused("received_on", _("The day on which it was received lies in the future."))
    if not paper_number.strip():
        raise Refused("paper_number", _("Give the number in the register of letters."))
    received = datetime.combine(received_on, time(12), tzinfo=timezone.get_current_timezone())
    return _object(
        entry_id,
        token,
        (objector, contact, grounds),
        min(received, timezone.now()),
        entered_by=user,
        paper_number=paper_number.strip(),
    )


def _object(
    entry_id: int, token: UUID, words: tuple[str, str, str], received_at: datetime, **how: User | str | None
) -> Filed:
    case_id = NoticeEntry.objects.values_list("award__case_id", flat=True).get(pk=entry_id)
    try:
        with transaction.atomic():
            case = lock_case(case_id)
            if known := Objection.objects.filter(token=token).first():
                return Filed(known, _code(token))
            entry = NoticeEntry.objects.select_related("notice").get(pk=entry_id)
            if not (entry.live and entry.notice.ran_on(day_of(received_at))):
                raise Refused("ended", _("The term of this notice has ended, or it was withdrawn."))
            if entry.objections.exclude(state=ObjectionState.ANSWERED).count() >= MOST_OPEN:
                raise Refused(
                    "many",
                    _("Many objections to this entry are being examined already. Write to the bureau."),
                )
            today = timezone.localdate()
            return _receive(
                case,
                kind=ObjectionKind.OBJECTION,
                entry=entry,
                token=token,
                words=words,
                received_at=received_at,
                hearing_until=working_days().after(today, practice("hearing_days", today)),
                **how,
            )
    except IntegrityError as error:
        if "objection_paper_once" in str(error):
            raise Refused(
                "paper_number",
                _("An objection with this number of the register of letters is entered already."),
            ) from error
        if "objection_within_the_notice" in str(error):
            raise Refused("ended", _("The term of this notice has ended, or it was withdrawn.")) from error
        raise


def appeal(*, case_id: int, token: UUID, contact: str, grounds: str, user: User) -> Filed:
    """Receive the applicant's appeal against a rejection, within its term. Raises Refused."""
    try:
        with transaction.atomic():
            case = lock_case(case_id)
            if known := Objection.objects.filter(token=token, filed_by=user).first():
                return Filed(known, _code(token))
            answer = may_appeal(user, case)
            if not answer:
                raise Refused("permission", answer.reason)
            return _receive(
                case,
                kind=ObjectionKind.APPEAL,
                entry=None,
                token=token,
                words=(case.organisation.name, contact, grounds),
                received_at=timezone.now(),
                filed_by=user,
                hearing_until=None,
            )
    except IntegrityError as error:
        if "objection_one_open_appeal" in str(error):
            raise Refused("open", _("An appeal of this case is being examined already.")) from error
        raise


def _receive(
    case: Case,
    *,
    kind: ObjectionKind,
    token: UUID,
    words: tuple[str, str, str],
    received_at: datetime,
    **fields,
) -> Filed:
    code, day = _code(token), day_of(received_at)
    objector, contact, grounds = (crypto.encrypt(text.strip()) for text in words)
    objection = Objection.objects.create(
        number=next_number("objection"),
        kind=kind,
        case=case,
        token=token,
        code_hash=crypto.blind_index(code, "objection"),
        objector_encrypted=objector,
        contact_encrypted=contact,
        grounds_encrypted=grounds,
        received_at=received_at,
        due_on=working_days().after(day, practice("objection_days", day)),
        **fields,
    )
    audit.record(
        actor=objection.entered_by or objection.filed_by or "visitor",
        action="objection.received",
        obj=objection,
        data={
            "number": objection.number,
            "kind": kind,
            "case": case.number,
            "received": day,
            "paper": objection.paper_number,
        },
    )
    _tell(
        case,
        CaseEventKind.APPEAL_RECEIVED if kind == ObjectionKind.APPEAL else CaseEventKind.OBJECTION_RECEIVED,
        objection,
    )
    return Filed(objection, code)


def find_by_code(typed: str) -> Objection | None:
    """The objection of a code as its author typed it."""
    code = signing.code_of(typed)
    return Objection.objects.filter(code_hash=crypto.blind_index(code, "objection")).first() if code else None


def _locked(objection_id: int, version: int) -> Objection:
    case_id = Objection.objects.values_list("case_id", flat=True).get(pk=objection_id)
    lock_case(case_id)
    objection = (
        Objection.objects.select_for_update(of=("self",))
        .select_related("case__organisation")
        .get(pk=objection_id)
    )
    if objection.version != version:
        raise Refused("stale", _("Somebody else has worked on this meanwhile. Look at it again."))
    return objection


@transaction.atomic
def state_view(*, objection_id: int, user: User, version: int, statement: str) -> Objection:
    """The organisation that an objection is about says its side, once. Raises Refused."""
    objection = _locked(objection_id, version)
    answer = may_state(user, objection)
    if not answer:
        raise Refused("permission", answer.reason)
    if not statement.strip():
        raise Refused("statement", _("Write what your organisation has to say."))
    objection.statement_encrypted = crypto.encrypt(statement.strip())
    objection.statement_by, objection.statement_at = user, timezone.now()
    objection.version += 1
    objection.save()
    audit.record(actor=user, action="objection.statement", obj=objection, data={"number": objection.number})
    return objection


def examine(*, objection_id: int, user: User, version: int, proposal: Finding, examination: str) -> Objection:
    """One official's examination and proposal; the organisation was heard, or its term has passed. Raises Refused."""
    return _step(objection_id, user, version, proposal, examination, final=False)


def answer(*, objection_id: int, user: User, version: int, finding: Finding, reason: str) -> Objection:
    """Another official's answer; upheld, wholly or in part, the case is to be reopened. Raises Refused."""
    return _step(objection_id, user, version, finding, reason, final=True)


def _step(objection_id: int, user: User, version: int, finding: str, words: str, *, final: bool) -> Objection:
    try:
        with transaction.atomic():
            objection = _locked(objection_id, version)
            allowed = may_answer(user, objection) if final else may_examine(user, objection)
            if not allowed:
                raise Refused("four_eyes", allowed.reason)
            if finding not in Finding.values:
                raise Refused("finding", _("Choose what you conclude."))
            if not words.strip():
                raise Refused("reason", _("Write the reason."))
            if final:
                _answer(objection, user, finding, words.strip())
            else:
                _examine(objection, user, finding, words.strip())
            return objection
    except IntegrityError as error:
        text = str(error)
        if any(
            name in text
            for name in (
                "objection_two_people",
                "objection_not_by_its_author",
                "objection_not_by_who_decided",
            )
        ):
            raise Refused(
                "four_eyes", _("Examination and answer need two people, none of whom decided the case.")
            ) from error
        raise


def _examine(objection: Objection, user: User, proposal: str, words: str) -> None:
    objection.state, objection.proposal, objection.examination = ObjectionState.EXAMINED, proposal, words
    objection.examined_by, objection.examined_at = user, timezone.now()
    _save(objection, user, "objection.examined", {"proposal": proposal})
    _tell(objection.case, CaseEventKind.OBJECTION_EXAMINED, objection)


def _answer(objection: Objection, user: User, finding: str, words: str) -> None:
    objection.state, objection.finding, objection.answer = ObjectionState.ANSWERED, finding, words
    objection.answered_by, objection.answered_at = user, timezone.now()
    _save(objection, user, "objection.answered", {"finding": finding})
    _tell(objection.case, CaseEventKind.OBJECTION_ANSWERED, objection)


def _save(objection: Objection, user: User, action: str, data: dict) -> None:
    objection.version += 1
    objection.save()
    audit.record(
        actor=user,
        action=action,
        obj=objection,
        data={"number": objection.number, "case": objection.case.number} | data,
    )


def _tell(case: Case, kind: CaseEventKind, objection: Objection) -> None:
    CaseEvent.objects.create(
        case=case,
        kind=kind,
        key=f"objection:{objection.pk}",
        data={
            "objection": objection.number,
            "finding": objection.finding,
            "due_on": objection.due_on.isoformat(),
            "examined_by": objection.examined_by_id,
            "heard_until": objection.hearing_until.isoformat() if objection.hearing_until else None,
        },
    )


def read(*, objection: Objection, user: User) -> dict[str, str]:
    """Who objects, how to reach them and their words, for an official who examines; the reading is recorded."""
    audit.record(actor=user, action="objection.read", obj=objection, data={"number": objection.number})
    return {"objector": objection.objector, "contact": objection.contact, "grounds": objection.grounds}
