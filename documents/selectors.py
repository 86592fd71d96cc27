"""Checklists with what is there and what is missing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from casework.corrections import RemarkView, Task
from casework.models import Case
from casework.programmes import Problem
from casework.reopening import OpenFiles, sentence
from casework.templatetags.portal import in_language
from documents.enums import State
from documents.gate.names import accepted_endings, accepted_words
from documents.models import Document, FiledDocument
from documents.subjects import Subject, papers_url, subjects_of
from policy import checklists
from policy.checklists import Item

LISTED = 20
#: Records on one page of a claim's papers.
PAGE_SIZE = 20


@dataclass
class Line:
    """One item of one subject's checklist with the files in use."""

    item: Item
    subject: Subject
    documents: list[Document] = field(default_factory=list)
    error: str = ""
    #: What an official wrote about the file that was filed here.
    remarks: list[RemarkView] = field(default_factory=list)

    @property
    def state(self) -> str:
        """missing, refused, waiting or there; the worst of its files counts."""
        states = {document.state for document in self.documents}
        if not states:
            return "missing"
        if State.REFUSED in states:
            return "refused"
        return "waiting" if State.QUARANTINED in states else "there"

    @property
    def need(self) -> str:
        """A paper of something that is not recorded is not required."""
        return checklists.OPTIONAL if self.item.code in self.subject.lacks else self.item.need

    @property
    def is_required(self) -> bool:
        return self.need == checklists.REQUIRED

    @property
    def anchor(self) -> str:
        return f"paper-{self.subject.ref}-{self.item.code}"

    @property
    def url(self) -> str:
        return f"{papers_url(self.subject)}#{self.anchor}"

    @property
    def has_room(self) -> bool:
        return len(self.documents) < self.item.max_files

    @property
    def accepted(self) -> str:
        return accepted_words(self.item.kinds)

    @property
    def accept(self) -> str:
        """For the browser's file dialog."""
        return ",".join(accepted_endings(self.item.kinds))


@dataclass
class Section:
    """A subject and its checklist."""

    subject: Subject
    lines: list[Line]

    @property
    def waiting(self) -> bool:
        return any(line.state == "waiting" for line in self.lines)

    @property
    def ready(self) -> bool:
        return all(line.state == "there" for line in self.lines)


def sections(subjects: Sequence[Subject]) -> list[Section]:
    """Their checklists with the files in use, by one query whatever their number."""
    found: dict[tuple[str, int, str], list[Document]] = defaultdict(list)
    for document in _current(subjects):
        found[document.subject_kind, document.subject_id, document.item].append(document)
    listed = []
    for subject in subjects:
        lines = [
            Line(item, subject, found.get((subject.kind, subject.id, item.code), []))
            for item in checklists.items_of(subject.programme, subject.kind)
        ]
        if lines:
            listed.append(Section(subject, lines))
    return listed


def _current(subjects: Iterable[Subject]) -> Iterable[Document]:
    ids: dict[str, list[int]] = defaultdict(list)
    organisations = set()
    for subject in subjects:
        ids[subject.kind].append(subject.id)
        organisations.add(subject.organisation.pk)
    if not ids:
        return []
    where = Q()
    for kind, numbers in ids.items():
        where |= Q(subject_kind=kind, subject_id__in=numbers)
    return Document.objects.current().filter(where, organisation__in=organisations).order_by("id")


def place_url(case: Case, path: str) -> str:
    """Where the applicant finds the paper that a remark is about; `path` is `documents/7` or `documents/+`."""
    url, name = reverse("documents:case", args=[case.number]), path.removeprefix("documents/")
    document = Document.objects.filter(pk=name).first() if name.isdecimal() else None
    if document is None:
        return url
    ref = f"{document.subject_kind}-{document.subject_id}"
    listed = [s.ref for s in subjects_of(case) if checklists.items_of(s.programme, s.kind)]
    page = listed.index(ref) // PAGE_SIZE + 1 if ref in listed else 1
    return f"{url}?page={page}#paper-{ref}-{document.item}"


def pin_remarks(listed: Sequence[Section], task: Task) -> None:
    """Put each remark on a filed file at the line of its paper, where it can be replaced."""
    about = {}
    for view in task.remarks:
        name = view.remark.path.removeprefix("documents/")
        if name != view.remark.path and name.isdecimal():
            about[int(name)] = view
    if not about:
        return
    lines = {
        (line.subject.kind, line.subject.id, line.item.code): line
        for section in listed
        for line in section.lines
    }
    for document in Document.objects.filter(pk__in=about):
        line = lines.get((document.subject_kind, document.subject_id, document.item))
        if line:
            line.remarks.append(about[document.pk])


@dataclass(frozen=True)
class Summary:
    """How many papers of a case are there, waiting, refused and missing."""

    papers: int
    there: int
    waiting: int
    refused: int
    missing: int
    required_missing: int


def summary(case: Case) -> Summary:
    lines = [line for section in sections(subjects_of(case)) for line in section.lines]
    states = [line.state for line in lines]
    return Summary(
        papers=len(lines),
        there=states.count("there"),
        waiting=states.count("waiting"),
        refused=states.count("refused"),
        missing=states.count("missing"),
        required_missing=sum(line.state == "missing" and line.is_required for line in lines),
    )


def problems_of(case: Case) -> list[Problem]:
    """What the papers leave to do before the claim can be filed; called by both programmes."""
    found, subjects, open_files = [], subjects_of(case), OpenFiles(case)
    for section in sections(subjects):
        for line in section.lines:
            words = {"record": section.subject.label, "paper": in_language(line.item.label)}
            if line.state == "missing" and line.is_required:
                if not open_files.may_change(subject=section.subject.ref, item=line.item.code):
                    continue  # filed without it, and the bureau does not ask for it now
                message = _("%(record)s: the paper “%(paper)s” is missing. Upload it.") % words
                found.append(Problem("document_missing", message, line.url))
            elif line.state == "waiting":
                message = _("%(record)s: “%(paper)s” is still being checked. Wait a moment.") % words
                found.append(Problem("document_waiting", message, line.url))
            elif line.state == "refused":
                message = _("%(record)s: “%(paper)s” was refused. Replace or remove the file.") % words
                found.append(Problem("document_refused", message, line.url))
    if not open_files.everything:
        found += [
            Problem("closed", sentence(change), reverse("documents:case", args=[case.number]))
            for change in open_files.unasked(frozen(case, subjects), {subject.ref for subject in subjects})
        ]
    if len(found) <= LISTED:
        return found
    rest = len(found) - LISTED
    message = ngettext("And %(count)d more paper.", "And %(count)d more papers.", rest) % {"count": rest}
    more = Problem("document_more", message, reverse("documents:case", args=[case.number]))
    return [*found[:LISTED], more]


def frozen(case: Case, subjects: Sequence[Subject] | None = None) -> list[dict]:
    """The files in use of a case as its snapshot keeps them; only what the scanner let through."""
    return [
        {
            "id": document.pk,
            "subject": f"{document.subject_kind}-{document.subject_id}",
            "item": document.item,
            "name": document.name,
            "sha256": document.sha256,
            "size": document.size,
            "version": document.version,
        }
        for document in _current(subjects_of(case) if subjects is None else subjects)
        if document.is_clean
    ]


#: Pages of a file that are drawn beside the data; who wants more opens it.
MOST_BESIDE = 10


@dataclass(frozen=True)
class FiledFile:
    """A file of a submission as the case's page and the review page list it."""

    document: Document
    paper: str
    subject: str
    hash_holds: bool

    @property
    def pages(self) -> range:
        """The pages that are shown beside the data; the file has them all."""
        return range(1, min(self.document.pages, MOST_BESIDE) + 1)


def filed_files(case: Case, user: User) -> list[FiledFile]:
    """The files of the last submission that this person may see, with the hash of the snapshot compared."""
    submission = case.submissions.last()
    entries = submission.snapshot.get("documents", []) if submission else []
    if not entries:
        return []
    by_id = Document.objects.visible_to(user).in_bulk([entry["id"] for entry in entries])
    labels = {subject.ref: f"{subject.kind_label} {subject.label}" for subject in subjects_of(case)}
    found = []
    for entry in entries:
        document = by_id.get(entry["id"])
        if document is None:
            continue
        found.append(
            FiledFile(
                document,
                paper_label(document),
                labels.get(entry["subject"], ""),
                document.sha256 == entry["sha256"],
            )
        )
    return found


def paper_label(document: Document) -> str:
    items = checklists.items_of(document.programme, document.subject_kind)
    return next((in_language(item.label) for item in items if item.code == document.item), document.item)


def versions_of(document: Document) -> list[Document]:
    """Every version of a file, the newest first, each with `was_filed`."""
    filed = set(
        FiledDocument.objects.filter(document__series=document.series).values_list("document_id", flat=True)
    )
    found = list(
        Document.objects.filter(series=document.series).select_related("uploaded_by").order_by("-version")
    )
    for version in found:
        version.was_filed = version.pk in filed
    return found
