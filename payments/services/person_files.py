"""One person, two institutions: open a file, propose which registration stands, decide by another person.

Rooms above say who registered whom (`register`); nobody but officials ever learns of the other side.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from audit import services as audit
from casework.transitions import Refused
from payments.after_permissions import may_settle_person
from payments.enums import PersonFileState
from payments.models import PersonFile, PersonSide


@dataclass(frozen=True)
class Registration:
    """Somebody registered a person. `name_masked` as public notices show names."""

    person_key: str
    name_masked: str
    organisation_id: int
    registered_at: datetime | None


#: Registrations of persons whom more than one organisation registered.
Finder = Callable[[], Iterable[Registration]]
_finders: list[Finder] = []


def register(finder: Finder) -> None:
    _finders.append(finder)


@transaction.atomic
def open_files() -> int:
    """Open a file for each person whom two organisations registered; how many are new. Running twice opens none twice.

    A third organisation joins an open file; a decided file stays as it is, and what it says holds for everybody else.
    """
    found: dict[str, list[Registration]] = {}
    for finder in _finders:
        for item in finder():
            found.setdefault(item.person_key, []).append(item)
    known = set(PersonFile.objects.filter(person_key__in=found).values_list("person_key", flat=True))
    new = [
        PersonFile(person_key=key, person_name=sides[0].name_masked)
        for key, sides in found.items()
        if key not in known
    ]
    PersonFile.objects.bulk_create(new, ignore_conflicts=True)
    files = PersonFile.objects.filter(person_key__in=found).exclude(state=PersonFileState.DECIDED)
    PersonSide.objects.bulk_create(
        [
            PersonSide(file=file, organisation_id=side.organisation_id, registered_at=side.registered_at)
            for file in files
            for side in found[file.person_key]
        ],
        ignore_conflicts=True,
    )
    for file in files.exclude(person_key__in=known):
        audit.record(actor="portal", action="person_file.opened", obj=file)
    return len(new)


@transaction.atomic
def propose_standing(*, user: User, file_id: int, stands: int | None, reason: str) -> PersonFile:
    """Propose which organisation's registration stands (its id), or with None that each stands. Raises Refused."""
    file = _locked(file_id)
    _allowed(user, file, PersonFileState.OPEN)
    if not reason.strip():
        raise Refused("reason", _("Write the reason."))
    if stands is not None and not file.sides.filter(organisation_id=stands).exists():
        raise Refused("side", _("This organisation did not register the person."))
    file.state, file.reason = PersonFileState.PROPOSED, reason.strip()
    file.stands = Organisation.objects.get(pk=stands) if stands is not None else None
    file.proposed_by, file.proposed_at = user, timezone.now()
    file.save()
    _note(user, "person_file.proposed", file)
    return file


@transaction.atomic
def decide_standing(*, user: User, file_id: int) -> PersonFile:
    """Another person agrees: the lines of the registration that stands may be paid again. Raises Refused."""
    file = _locked(file_id)
    _allowed(user, file, PersonFileState.PROPOSED)
    file.state, file.decided_by, file.decided_at = PersonFileState.DECIDED, user, timezone.now()
    file.save()
    _note(user, "person_file.decided", file)
    return file


@transaction.atomic
def reject_standing(*, user: User, file_id: int) -> PersonFile:
    """The proposal is given up, by another person or its proposer; the file is open again. Raises Refused."""
    file = _locked(file_id)
    if file.proposed_by_id != user.pk:
        _allowed(user, file, PersonFileState.PROPOSED)
    elif file.state != PersonFileState.PROPOSED:
        raise Refused("step", _("There is no proposal to give up."))
    file.state, file.stands, file.reason = PersonFileState.OPEN, None, ""
    file.proposed_by, file.proposed_at = None, None
    file.save()
    _note(user, "person_file.given_back", file)
    return file


def _allowed(user: User, file: PersonFile, state: PersonFileState) -> None:
    if not (answer := may_settle_person(user, file)):
        raise Refused("permission", answer.reason)
    if file.state != state:
        raise Refused("step", _("Somebody changed this file after your page was opened. Look at it again."))


def _locked(file_id: int) -> PersonFile:
    return PersonFile.objects.select_for_update(of=("self",)).select_related("stands").get(pk=file_id)


def _note(user: User, action: str, file: PersonFile) -> None:
    audit.record(actor=user, action=action, obj=file, data={"stands": file.stands_id, "reason": file.reason})
