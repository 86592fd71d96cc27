"""What changed between two filed states of a claim, by stable keys. Pure: two snapshots and their layout go in.

A place is a path: `note`, `lines/12` (the row with key 12), `lines/12/amount`, `lines/12/contract/name`, and `lines/+`
for adding and removing rows. Files are `documents/7`, and `documents/+` for adding one; a file is the same while its
content is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ADD = "+"
FILES = "documents"
Words = Callable[[Any], str]


def plain(value: Any) -> str:
    return "" if value is None else str(value)


@dataclass(frozen=True)
class Place:
    """One value of a snapshot: where (below its row), how it is called, how it reads.

    `group` names the part that an official marks and that reopens as one; by default the value itself.
    """

    path: str
    label: Any
    words: Words = plain
    group: str = ""

    @property
    def mark(self) -> str:
        return self.group or self.path


@dataclass(frozen=True)
class Layout:
    """What of a snapshot the applicant wrote; what the portal or the bureau derives is left out."""

    fields: tuple[Place, ...] = ()
    rows: str = ""
    key: str = ""
    rows_label: Any = ""
    row_label: Words = plain
    row_fields: tuple[Place, ...] = ()
    #: Names of the groups that several places form.
    groups: Mapping[str, Any] = field(default_factory=dict)
    #: What a row's files belong to, as (subject, place): who marks the place asks for its files too.
    subjects: Callable[[Mapping[str, Any]], Iterable[tuple[str, str]]] = lambda row: ()


@dataclass(frozen=True)
class Change:
    """One difference: `what` is "changed", "added" or "removed"; `mark` is the place that must be open for it.

    A file may also go with any mark `near` it: on its row, or on a value of the row.
    """

    path: str
    mark: str
    what: str
    row: str
    label: str
    before: str = ""
    after: str = ""
    near: tuple[str, ...] = ()


def value_at(data: Mapping[str, Any] | None, path: str) -> Any:
    """The value below a path of keys; None when a part is missing."""
    found: Any = data
    for part in path.split("/"):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def rows_of(snapshot: Mapping[str, Any], layout: Layout) -> dict[str, Mapping[str, Any]]:
    """The rows of a snapshot by their key, in order."""
    return {str(row[layout.key]): row for row in snapshot.get(layout.rows, ())} if layout.rows else {}


def facts_of(row: Mapping[str, Any], layout: Layout) -> list[list[tuple[Any, str]]]:
    """What was filed of a row as (word, value), in the page's order; what belongs together stands in one list."""
    found: dict[str, list[tuple[Any, str]]] = {}
    for place in layout.row_fields:
        if text := place.words(value_at(row, place.path)):
            found.setdefault(place.group, []).append((place.label, text))
    return list(found.values())


def diff(before: Mapping[str, Any], after: Mapping[str, Any], layout: Layout) -> list[Change]:
    """Every difference between two snapshots, in the order of the page: fields, then rows."""
    found = list(_fields(before, after, layout.fields, "", ""))
    old, new = rows_of(before, layout), rows_of(after, layout)
    for key, row in old.items():
        place, label = f"{layout.rows}/{key}", layout.row_label(row)
        if key in new:
            found += _fields(row, new[key], layout.row_fields, f"{place}/", label)
        else:
            found.append(Change(place, place, "removed", label, ""))
    for key, row in new.items():
        if key not in old:
            place = f"{layout.rows}/{key}"
            found.append(Change(place, f"{layout.rows}/{ADD}", "added", layout.row_label(row), ""))
    return found + list(_files(before, after, layout))


def files_of(snapshot: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(snapshot.get(FILES, ()))


def places_of_subjects(snapshot: Mapping[str, Any], layout: Layout) -> dict[str, list[str]]:
    """The places to which the files of each subject belong."""
    found: dict[str, list[str]] = {}
    for row in rows_of(snapshot, layout).values():
        for subject, place in layout.subjects(row):
            found.setdefault(subject, []).append(place)
    return found


def _files(before: Mapping[str, Any], after: Mapping[str, Any], layout: Layout) -> Iterator[Change]:
    """Files that came, went, or took each other's place."""
    near = places_of_subjects(before, layout)
    known, new_rows = rows_of(before, layout), rows_of(after, layout)
    for key, row in known.items():
        if key not in new_rows:
            for subject, _place in layout.subjects(row):
                # The papers of a row leave with it.
                near.setdefault(subject, []).append(f"{layout.rows}/{ADD}")
    for key, row in new_rows.items():
        for subject, place in layout.subjects(row):
            # The papers of a new row come with it.
            near.setdefault(subject, []).append(place if key in known else f"{layout.rows}/{ADD}")

    def content(file: Mapping[str, Any]) -> tuple:
        return file["subject"], file["item"], file["sha256"]

    old, new = files_of(before), files_of(after)
    kept = {content(file) for file in old} & {content(file) for file in new}
    came = [file for file in new if content(file) not in kept]
    for file in old:
        if content(file) in kept:
            continue
        place, places = f"{FILES}/{file['id']}", tuple(dict.fromkeys(near.get(file["subject"], ())))
        follower = next(
            (f for f in came if (f["subject"], f["item"]) == (file["subject"], file["item"])), None
        )
        if follower is None:
            yield Change(place, place, "removed", file["name"], "", near=places)
        else:
            came.remove(follower)
            yield Change(place, place, "changed", "", file["name"], file["name"], follower["name"], places)
    for file in came:
        places = tuple(dict.fromkeys(near.get(file["subject"], ())))
        yield Change(f"{FILES}/{file['id']}", f"{FILES}/{ADD}", "added", file["name"], "", near=places)


def _fields(
    before: Mapping[str, Any], after: Mapping[str, Any], places: tuple[Place, ...], prefix: str, row: str
) -> Iterator[Change]:
    for place in places:
        old, new = value_at(before, place.path), value_at(after, place.path)
        if (old or None) != (new or None):
            yield Change(
                prefix + place.path,
                prefix + place.mark,
                "changed",
                row,
                str(place.label),
                place.words(old),
                place.words(new),
            )
