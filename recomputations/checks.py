"""What reconciliation compares here: kept rows with the hashes that vouch for them, columns with the inputs."""

from collections.abc import Iterator

from django.db import connection
from django.utils.translation import gettext_lazy as _

from audit.models import Record
from casework import columns
from casework.models import Assessment
from ledger.reconciling import Check
from recomputations.models import Part
from recomputations.programmes import registered

AT_ONCE = 200


def rows() -> Iterator[tuple[str, str, str]]:
    """Each done part: its rows as they stand, its own hash, and the hash in the audit chain are one."""
    for bulk in registered():
        told = {}
        records = Record.objects.filter(
            action="recomputation.part", stream__key__startswith="recomputations.recomputation:"
        )
        for run, data in records.values_list("object_id", "data").iterator(chunk_size=2000):
            told[int(run), data["part"]] = data["digest"]
        done = Part.objects.filter(recomputation__programme=bulk.code, done_at__isnull=False)
        for part in done.select_related("recomputation").order_by("recomputation", "number").iterator():
            now = digest_of(bulk.kept, part)
            expected = told.get((part.recomputation_id, part.number), "-")
            if not now == part.digest == expected:
                yield str(part), expected, now if now != expected else part.digest


def digest_of(kept, part: Part) -> str:
    """The hash of a part's rows as they stand now."""
    names = ", ".join(("part_id", *kept.columns))
    return columns.digest(
        f"SELECT {names} FROM {kept.table} WHERE part_id = %s ORDER BY {kept.key}",  # noqa: S608
        [part.pk],
    )


def strays() -> Iterator[tuple[str, str, str]]:
    """Rows that belong to no finished part."""
    for bulk in registered():
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT part_id, count(*) FROM {bulk.kept.table} k WHERE NOT EXISTS ("  # noqa: S608
                "SELECT 1 FROM recomputations_part p WHERE p.id = k.part_id AND p.done_at IS NOT NULL) GROUP BY 1"
            )
            for part, count in cursor.fetchall():
                yield f"{bulk.kept.table} {part}", "0", str(count)


def inputs() -> Iterator[tuple[str, str, str]]:
    """The columns against the frozen submissions that they were written from, by the code that wrote them."""
    for bulk in registered():
        after = 0
        while found := list(
            Assessment.objects.filter(pk__gt=after, frozen__isnull=False, case__programme=bulk.code)
            .select_related("submission", "frozen")
            .defer("result")
            .order_by("pk")[:AT_ONCE]
        ):
            after = found[-1].pk
            for assessment, count in zip(found, bulk.rows_of(found), strict=True):
                if count != assessment.frozen.rows:
                    yield f"assessment {assessment.pk}", str(count), str(assessment.frozen.rows)
            yield from bulk.differs(found)


CHECKS = (
    Check("recomputations.rows", _("Recomputed rows against their hashes"), rows),
    Check("recomputations.strays", _("Recomputed rows without a part"), strays),
    Check("recomputations.inputs", _("Inputs in columns against the frozen submissions"), inputs),
)
