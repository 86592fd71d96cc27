"""Papers of some of the sample's claims, sent through the gate like anybody's."""

import io

from accounts.models import User
from casework.models import Case
from documents.services import scans, uploads
from documents.subjects import find, subjects_of
from nanchang_portal.sample import paper
from policy.checklists import Item, items_of

#: Claims with all of their papers, and with half of them.
COMPLETE = {"yt15", "gj15", "jp17"}
HALF = {"yt24", "qd15"}


def attach(case: Case, key: str, user: User) -> None:
    """The papers of a draft; of every second record only where the claim shows what missing papers look like."""
    if key not in COMPLETE | HALF:
        return
    for number, subject in enumerate(subjects_of(case, user)):
        if key in HALF and number % 2:
            continue
        for item in items_of(subject.programme, subject.kind):
            _upload(user, subject.ref, item)


def _upload(user: User, ref: str, item: Item) -> None:
    subject = find(user, ref)
    is_picture = item.code in ("business_licence", "identity_proof")
    name = f"示例_{item.zh}.{'png' if is_picture else 'pdf'}"
    seed = sum(ref.encode()) % 40
    data = (
        paper.png(420, 260, (200 + seed, 228, 240))
        if is_picture
        else paper.pdf(item.en, [f"Record: {ref}", "This paper is fictional."])
    )
    document = uploads.accept(user=user, subject=subject, item=item, name=name, file=io.BytesIO(data))
    scans.scan(document.pk)
    document.refresh_from_db()
    if not document.is_clean:
        # A scanner is required here and does not answer: the sample goes without this paper.
        uploads.remove(user=user, subject=subject, document=document)
