"""Papers of the sample's claims, sent through the gate and kept like anybody's.

Every claim that is filed has what the checklist requires; a few have everything. A paper of one kind reads the same for
every record, so the gate looks at it once.
"""

from functools import cache

from accounts.models import User
from casework.models import Case
from documents.gate.entry import Passed, examine
from documents.services import scans, uploads
from documents.subjects import Subject, subjects_of
from nanchang_portal.sample import paper
from policy.checklists import Item, items_of

#: Claims with all of their papers, and with half of them.
COMPLETE = {"yt15", "gj15", "jp17"}
HALF = {"yt24", "qd15"}


def attach(case: Case, key: str, user: User) -> None:
    """What a draft needs before it can be filed; for the claims above, whatever they show."""
    for number, subject in enumerate(subjects_of(case, user)):
        if key in HALF and number % 2:
            continue
        for item in items_of(subject.programme, subject.kind):
            if key in COMPLETE | HALF or (item.is_required and item.code not in subject.lacks):
                _keep(user, subject, item)


def _keep(user: User, subject: Subject, item: Item) -> None:
    passed, data = _paper(item)
    document = uploads.keep(user=user, subject=subject, item=item, passed=passed, data=data)
    scans.scan(document.pk)
    document.refresh_from_db()
    if not document.is_clean:
        # A scanner is required here and does not answer: the sample goes without this paper.
        uploads.remove(user=user, subject=subject, document=document)


@cache
def _paper(item: Item) -> tuple[Passed, bytes]:
    """A fictional paper of this kind, and what the gate says of it."""
    if item.code in ("business_licence", "identity_proof"):
        name, data = f"示例_{item.zh}.png", paper.png(420, 260, (200 + len(item.code), 228, 240))
    else:
        name, data = f"示例_{item.zh}.pdf", paper.pdf(item.en, ["This paper is fictional."])
    return examine(name=name, data=data, kinds=item.kinds, max_mb=item.max_mb), data
