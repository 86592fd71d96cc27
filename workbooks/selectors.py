"""From which row of which workbook a record came."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from accounts.models import User
from workbooks.models import ImportJob, SourceRow
from workbooks.sheets import Words, workbook_of

#: The newest rows of one record that a page shows.
SHOWN = 5


@dataclass(frozen=True)
class Source:
    """One row of an uploaded file that added or changed a record."""

    job: ImportJob
    sheet: Words | str
    row: int
    effect: str


def sources_of(label: str, ids: Collection[int], user: User) -> dict[int, list[Source]]:
    """The rows behind records of a model ("applications.contract"), the newest first; one query for many records.

    Only rows of imports that the person may open.
    """
    rows = SourceRow.objects.filter(
        model=label, object_id__in=ids, job__in=ImportJob.objects.visible_to(user)
    ).select_related("job")
    found: dict[int, list[Source]] = defaultdict(list)
    for row in rows.order_by("-id"):
        if len(found[row.object_id]) < SHOWN:
            found[row.object_id].append(Source(row.job, _name(row), row.row, row.get_effect_display()))
    return dict(found)


def _name(row: SourceRow) -> Words | str:
    workbook = workbook_of(row.job.kind)
    return (
        next((s.name for s in workbook.sheets if s.code == row.sheet), row.sheet) if workbook else row.sheet
    )
