"""What of a returned claim is open again: only what an official marked; everything when nothing was marked."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from casework.diff import ADD, FILES, Change, Layout, diff, files_of, places_of_subjects, rows_of
from casework.enums import Status, TargetKind
from casework.models import Case, Remark
from casework.programmes import programme_of
from casework.transitions import Refused


@dataclass(frozen=True)
class Reopened:
    """The marked places of a case. `marks` None: the whole claim is open."""

    marks: frozenset[str] | None = None

    @property
    def everything(self) -> bool:
        return self.marks is None

    def allows(self, path: str) -> bool:
        """May the value at this place be changed? A mark opens its place and all below."""
        if self.marks is None:
            return True
        parts = path.split("/")
        return any("/".join(parts[:n]) in self.marks for n in range(1, len(parts) + 1))

    def allows_adding(self, rows: str) -> bool:
        return self.allows(f"{rows}/{ADD}")

    def allows_removing(self, row: str) -> bool:
        """A row goes when it was marked itself, or when rows may be added and removed."""
        return self.allows(row) or self.allows_adding(row.rpartition("/")[0])

    def touches(self, path: str) -> bool:
        """Is the place marked, or anything below it?"""
        return self.allows(path) or any(mark.startswith(f"{path}/") for mark in self.marks or ())

    def permits(self, change: Change) -> bool:
        if any(self.touches(place) for place in change.near):
            return True
        is_row = change.what == "removed" and not change.path.startswith(f"{FILES}/")
        return self.allows_removing(change.path) if is_row else self.allows(change.mark)


EVERYTHING = Reopened()


def open_remarks(case: Case) -> list[Remark]:
    """The remarks that the applicant is to answer now."""
    if case.status != Status.RETURNED:
        return []
    return list(case.remarks.filter(resolved_by__isnull=True).order_by("id"))


def reopened_by(remarks: Iterable[Remark]) -> Reopened:
    marks = frozenset(remark.path for remark in remarks)
    return Reopened(marks) if marks else EVERYTHING


def reopened(case: Case) -> Reopened:
    """What may be changed of an editable case; one query, none for a draft."""
    return reopened_by(open_remarks(case))


def outside(
    before: Mapping[str, Any], after: Mapping[str, Any], layout: Layout, open_: Reopened
) -> list[Change]:
    """The changes between two states that nobody asked for."""
    return [] if open_.everything else [c for c in diff(before, after, layout) if not open_.permits(c)]


def refusal(changes: Iterable[Change]) -> Refused:
    """What to raise when something changed that was not marked."""
    return Refused("closed", " ".join(sentence(change) for change in changes))


def sentence(change: Change) -> str:
    """Why one change is refused."""
    if change.what == "added":
        if change.path.startswith(f"{FILES}/"):
            return _("The file “%(file)s” cannot be added: the bureau did not ask for it.") % {
                "file": change.row
            }
        return _("“%(row)s” cannot be added: the bureau did not ask for further rows.") % {"row": change.row}
    if change.what == "removed":
        return _("“%(row)s” cannot be removed: the bureau did not mark it.") % {"row": change.row}
    where = f"{change.row}, {change.label}" if change.row else change.label
    return _(
        "“%(place)s” was not marked for correction: it stays “%(before)s” and cannot become “%(after)s”."
    ) % {"place": where, "before": change.before or "—", "after": change.after or "—"}


class OpenFiles:
    """Which files of a case may come, be replaced or go; a few queries once, none for a draft."""

    def __init__(self, case: Case) -> None:
        self.open = reopened(case)
        if self.everything:
            return
        self.snapshot, self.layout = case.submissions.last().snapshot, programme_of(case).layout
        self.filed = files_of(self.snapshot)
        self.places = places_of_subjects(self.snapshot, self.layout)

    @property
    def everything(self) -> bool:
        return self.open.everything or self.open.allows(f"{FILES}/{ADD}")

    def may_change(self, *, subject: str, item: str, file_id: int | None = None) -> bool:
        """May a file of this subject come (`file_id` None), be replaced or go?"""
        if self.everything:
            return True
        if file_id is not None and file_id not in {file["id"] for file in self.filed}:
            return True  # it was not filed yet: taking it back is no change
        new = [f"{self.layout.rows}/{ADD}"]
        near = new if self._is_new(subject) else self.places.get(subject, ())
        if any(self.open.touches(place) for place in near):
            return True
        return any(
            (file["subject"], file["item"]) == (subject, item) and self.open.allows(f"{FILES}/{file['id']}")
            for file in self.filed
        )

    def unasked(self, files: list[dict[str, Any]], subjects: Collection[str]) -> list[Change]:
        """What these files of these subjects change of the filed ones although nobody asked.

        Rows that came or went since, with their papers, are judged when the claim is filed.
        """
        if self.everything:
            return []
        old = [file for file in self.filed if file["subject"] in subjects]
        new = [file for file in files if not self._is_new(file["subject"])]
        return outside({**self.snapshot, FILES: old}, {**self.snapshot, FILES: new}, self.layout, self.open)

    def _is_new(self, subject: str) -> bool:
        """Of a row that the last submission did not have."""
        kinds = {name.partition("-")[0] for name in self.places}
        return subject not in self.places and subject.partition("-")[0] in kinds


# Where a remark can be pinned


@dataclass(frozen=True)
class Target:
    """A place that an official can choose. Fields of a row are named once, for every row (`fields_of_rows`)."""

    path: str
    kind: str
    label: str


def targets(snapshot: Mapping[str, Any], layout: Layout) -> list[Target]:
    """The rows and single fields of a frozen state, and adding and removing rows."""
    found = [
        Target(f"{layout.rows}/{key}", TargetKind.ROW, layout.row_label(row))
        for key, row in rows_of(snapshot, layout).items()
    ]
    if layout.rows:
        found.append(Target(f"{layout.rows}/{ADD}", TargetKind.ROWS, str(layout.rows_label)))
    found += [Target(place.mark, TargetKind.FIELD, str(place.label)) for place in layout.fields]
    found += [
        Target(f"{FILES}/{file['id']}", TargetKind.FILE, _("File %(name)s") % {"name": file["name"]})
        for file in files_of(snapshot)
    ]
    return [*found, Target(f"{FILES}/{ADD}", TargetKind.FILE, _("Adding files"))]


def fields_of_rows(layout: Layout) -> list[tuple[str, str]]:
    """What can be marked within a row, as (name, label)."""
    found: dict[str, str] = {}
    for place in layout.row_fields:
        found.setdefault(place.mark, str(layout.groups.get(place.mark, place.label)))
    return list(found.items())


def label_of(path: str, snapshot: Mapping[str, Any], layout: Layout) -> str:
    """What a place is called, in the reader's language."""
    for target in targets(snapshot, layout):
        if path == target.path:
            return target.label
        if target.kind == TargetKind.ROW and path.startswith(f"{target.path}/"):
            name = path[len(target.path) + 1 :]
            return f"{target.label} · {dict(fields_of_rows(layout)).get(name, name)}"
    return path
