"""Take a file in, put another in its place, take it out."""

from typing import IO

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.permissions import may_file_for
from audit import services as audit
from casework.permissions import may_edit
from casework.reopening import OpenFiles
from casework.services.calculation import lock_case
from casework.transitions import Refused
from documents import storage
from documents.gate.entry import MEGABYTE, Passed, examine
from documents.gate.refusals import FileRefused
from documents.models import Document
from documents.services.scans import nudge
from documents.subjects import Subject
from policy.checklists import Item


def accept(
    *, user: User, subject: Subject, item: Item, name: str, file: IO[bytes], replaces: int | None = None
) -> Document:
    """Examine a file and keep it in quarantine; a scan follows. The same file once more is the one that is there.

    `replaces` is the id of the version in use that this one follows. Raises FileRefused (the file) or Refused
    (permission, a closed claim, no room, somebody else's change).
    """
    _check_permission(user, subject)
    data = file.read(item.max_mb * MEGABYTE + 1)
    if len(data) > item.max_mb * MEGABYTE:
        size = getattr(file, "size", None) or len(data)
        raise FileRefused("too_large", size=f"{size / MEGABYTE:.1f}", limit=item.max_mb)
    passed = examine(name=name, data=data, kinds=item.kinds, max_mb=item.max_mb)
    return keep(user=user, subject=subject, item=item, passed=passed, data=data, replaces=replaces)


def keep(
    *, user: User, subject: Subject, item: Item, passed: Passed, data: bytes, replaces: int | None = None
) -> Document:
    """Store what the gate let through, in quarantine. Raises Refused."""
    key = storage.keep(data)
    try:
        with transaction.atomic():
            document = _record(user, subject, item, passed, key, replaces)
    except BaseException:
        storage.drop(key)
        raise
    if document.storage_key != key:
        storage.drop(key)
    return document


def _record(
    user: User, subject: Subject, item: Item, passed: Passed, key: str, replaces: int | None
) -> Document:
    _lock(user, subject)
    _check_marked(subject, item.code, replaces)
    in_use = Document.objects.current().filter(
        subject_kind=subject.kind, subject_id=subject.id, item=item.code, organisation=subject.organisation
    )
    same = in_use.filter(sha256=passed.sha256).exclude(state="refused").first()
    if same:
        return same
    earlier = None
    if replaces is not None:
        earlier = in_use.filter(pk=replaces).first()
        if earlier is None:
            raise Refused(
                "stale", _("Somebody replaced or removed this file meanwhile. Look at what is there now.")
            )
        _retire(earlier)
    elif in_use.count() >= item.max_files:
        raise Refused(
            "full", _("There is no room for another file here. Replace one, or put the pages into one PDF.")
        )
    document = Document.objects.create(
        organisation=subject.organisation,
        programme=subject.programme,
        subject_kind=subject.kind,
        subject_id=subject.id,
        item=item.code,
        name=passed.name,
        media_type=passed.media_type,
        size=passed.size,
        sha256=passed.sha256,
        pages=min(passed.facts.get("pages", 1), 10_000),
        storage_key=key,
        uploaded_by=user,
        **({"series": earlier.series, "version": earlier.version + 1} if earlier else {}),
    )
    record(
        document,
        actor=user,
        action="document.replaced" if earlier else "document.uploaded",
        subject=subject,
        data={"sha256": document.sha256, "size": document.size, "version": document.version},
    )
    transaction.on_commit(lambda: nudge(document.pk))
    return document


@transaction.atomic
def remove(*, user: User, subject: Subject, document: Document) -> None:
    """Take a file out of the checklist. What was filed stays with the case it was filed with. Raises Refused."""
    _check_permission(user, subject)
    _lock(user, subject)
    _check_marked(subject, document.item, document.pk)
    found = Document.objects.select_for_update(of=("self",)).get(pk=document.pk)
    if not found.is_current:
        raise Refused(
            "stale", _("Somebody replaced or removed this file meanwhile. Look at what is there now.")
        )
    _retire(found)
    record(found, actor=user, action="document.removed", subject=subject, data={"sha256": found.sha256})


def _retire(document: Document) -> None:
    """Out of use. Its bytes go too, unless a case was filed with them."""
    document.is_current = False
    document.save(update_fields=["is_current"])
    if not document.filings.exists():
        transaction.on_commit(lambda: storage.drop(document.storage_key))


def _check_permission(user: User, subject: Subject) -> None:
    answer = may_edit(user, subject.case) if subject.case else may_file_for(user, subject.organisation)
    if not answer:
        raise Refused("permission", answer.reason)


def _lock(user: User, subject: Subject) -> None:
    """Organisation, then case: nobody files while a file comes or goes."""
    if subject.case is None:
        Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=subject.organisation.pk)
        return
    answer = may_edit(user, lock_case(subject.case.pk))
    if not answer:
        raise Refused("permission", answer.reason)


def _check_marked(subject: Subject, item: str, file_id: int | None) -> None:
    """On a returned claim, files come and go only where an official asked for it."""
    if subject.case and not OpenFiles(subject.case).may_change(
        subject=subject.ref, item=item, file_id=file_id
    ):
        raise Refused("closed", _("The bureau did not ask for another file here: it stays as you filed it."))


def record(document: Document, *, actor, action: str, subject: Subject | None = None, data: dict) -> None:
    """Write to the case's chain where the file belongs to one, else to the organisation's."""
    if subject is not None and subject.case is not None:
        stream = f"casework.case:{subject.case.pk}"
    else:
        stream = f"accounts.organisation:{document.organisation_id}"
    about = {
        "document": document.pk,
        "subject": f"{document.subject_kind}-{document.subject_id}",
        "item": document.item,
    }
    audit.record(actor=actor, action=action, obj=document, data=about | data, stream=stream)
