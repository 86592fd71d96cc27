"""Calculate a whole city anew: ask for it, bring the inputs into columns, cut into parts, do a part.

A part is one transaction on its locked row: a process that dies leaves it waiting, a second delivery finds it done.
Its one audit record carries the hash of every row that it wrote.
"""

import logging
from datetime import timedelta
from time import monotonic

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.enums import OfficialRole
from accounts.models import User
from accounts.permissions import has_role
from audit import services as audit
from casework import columns, failpoints
from casework.models import Assessment, Case
from casework.transitions import Refused
from policy.selectors import frozen, published_versions, thawed
from recomputations.models import Part, Recomputation
from recomputations.programmes import Judged, bulk_of

log = logging.getLogger(__name__)

#: Assessments that are brought into columns in one transaction, and how long a task goes on doing so.
FREEZE_AT_ONCE = 200
FREEZE_SECONDS = 30
# A row younger than this is probably in the broker already.
RESEND_AFTER = timedelta(seconds=60)
ROLES = (OfficialRole.POLICY_EDITOR, OfficialRole.AUDITOR)
#: Cases cut into parts of at most so many rows (a larger claim is a part of its own).
PLAN = """
INSERT INTO recomputations_part (recomputation_id, number, first_case, last_case, digest, run_after)
SELECT %(recomputation)s, row_number() OVER (ORDER BY min(id)), min(id), max(id), '', now() + %(later)s
FROM (
    SELECT c.id, (sum(f.rows) OVER (ORDER BY c.id) - f.rows) / %(size)s AS part
    FROM casework_case c JOIN recomputations_frozen f ON f.assessment_id = c.current_assessment_id
    WHERE c.programme = %(programme)s AND (%(year)s::int IS NULL OR c.year = %(year)s)
) AS counted GROUP BY part RETURNING id
"""


def may_recompute(user: User) -> bool:
    return has_role(user, *ROLES)


@transaction.atomic
def start(
    *, programme: str, year: int | None, user: User | None, part_rows: int = columns.PART
) -> Recomputation:
    """Ask for it; workers do it. `user` None is the portal itself. Raises Refused."""
    if user is not None and not may_recompute(user):
        raise Refused("permission", _("Policy editors and auditors may have the whole city calculated anew."))
    recomputation = Recomputation.objects.create(
        programme=programme,
        year=year,
        terms=[frozen(version) for version in published_versions(programme)],
        part_rows=part_rows,
        asked_by=user,
    )
    audit.record(
        actor=user or "schedule",
        action="recomputation.started",
        obj=recomputation,
        data={"programme": programme, "year": year, "terms": audit.sha256(recomputation.terms)},
    )
    transaction.on_commit(lambda: _send("plan", [recomputation.pk]))
    return recomputation


def _send(task: str, ids: list[int]) -> None:
    """Tell the workers. A broker that is down costs nothing but the wait for the sweeper."""
    from kombu.exceptions import OperationalError

    from recomputations import tasks

    try:
        for pk in ids:
            getattr(tasks, task).delay(pk)
    except (OperationalError, OSError) as error:
        log.warning("broker unreachable, %s of %s rows wait for the sweeper: %s", task, len(ids), error)


def freeze(recomputation_id: int, *, after: int = 0, seconds: float = FREEZE_SECONDS) -> int | None:
    """Bring into columns what is not yet, case by case; the last case when time is over, None when all are there."""
    recomputation = Recomputation.objects.get(pk=recomputation_id)
    if recomputation.planned_at is not None:
        return None
    until = monotonic() + seconds
    while monotonic() < until:
        last = freeze_batch(recomputation.programme, after=after)
        if last is None:
            return None
        after = last
    return after


@transaction.atomic
def freeze_batch(programme: str, *, after: int = 0, size: int = FREEZE_AT_ONCE) -> int | None:
    """The next cases beyond `after` whose current assessment is not in columns; None when there is none left."""
    cases = (
        Case.objects.filter(programme=programme, pk__gt=after, current_assessment__isnull=False)
        .filter(current_assessment__frozen__isnull=True)
        .order_by("pk")
        .values_list("pk", "current_assessment")[:size]
    )
    if not (found := dict(cases)):
        return None
    bulk = bulk_of(programme)
    loaded = Assessment.objects.filter(pk__in=found.values()).select_related("submission")
    assessments = list(loaded.defer("result").order_by("pk"))
    counts = dict(zip([a.pk for a in assessments], bulk.rows_of(assessments), strict=True))
    # Another worker may be doing the same: who writes the mark writes the columns.
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO recomputations_frozen (assessment_id, rows) SELECT * FROM unnest(%s::bigint[], %s::int[])"
            " ON CONFLICT DO NOTHING RETURNING assessment_id",
            [list(counts), list(counts.values())],
        )
        mine = {pk for (pk,) in cursor.fetchall()}
    bulk.freeze([assessment for assessment in assessments if assessment.pk in mine])
    return max(found)


def plan(recomputation_id: int) -> None:
    """Cut into parts, once, and send them."""
    with transaction.atomic():
        recomputation = Recomputation.objects.select_for_update(of=("self",)).get(pk=recomputation_id)
        if recomputation.planned_at is not None:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                PLAN,
                {
                    "recomputation": recomputation_id,
                    "programme": recomputation.programme,
                    "year": recomputation.year,
                    "size": recomputation.part_rows,
                    "later": RESEND_AFTER,
                },
            )
            ids = [pk for (pk,) in cursor.fetchall()]
        recomputation.planned_at = timezone.now()
        recomputation.save(update_fields=["planned_at"])
        transaction.on_commit(lambda: _send("work", ids))


def work(part_id: int) -> None:
    """Calculate one part; nothing when it is done already, or somebody else is at it."""
    with transaction.atomic():
        part = (
            Part.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("recomputation")
            .filter(pk=part_id, done_at__isnull=True)
            .first()
        )
        if part is None:
            return
        failpoints.pass_by("part_claimed")
        run = part.recomputation
        bulk = bulk_of(run.programme)
        judged = bulk.judge(part, [thawed(run.programme, one) for one in run.terms])
        part.digest = columns.write(bulk.kept.table, ("part_id", *bulk.kept.columns), judged.piece)
        failpoints.pass_by("part_written")
        _finish(part, judged)
    failpoints.pass_by("part_committed")


def _finish(part: Part, judged: Judged) -> None:
    part.rows, part.amount_rmb, part.done_at = judged.rows, judged.amount_rmb, timezone.now()
    part.save(update_fields=["digest", "rows", "amount_rmb", "done_at"])
    audit.record(
        actor="worker",
        action="recomputation.part",
        obj=part.recomputation,
        data={
            "part": part.number,
            "cases": [part.first_case, part.last_case],
            "rows": judged.rows,
            "amount_rmb": judged.amount_rmb,
            "digest": part.digest,
        },
    )


@transaction.atomic
def take_waiting(*, limit: int) -> list[int]:
    """Ids of parts whose message may have been lost; each is taken again only after RESEND_AFTER."""
    now = timezone.now()
    waiting = (
        Part.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(done_at__isnull=True, run_after__lte=now)
        .order_by("run_after", "pk")
    )
    ids = [part.pk for part in waiting[:limit]]
    Part.objects.filter(pk__in=ids).update(run_after=now + RESEND_AFTER)
    return ids


def take_unplanned() -> list[int]:
    """Recomputations that were asked for a while ago and are not cut into parts; to plan twice does no harm."""
    before = timezone.now() - RESEND_AFTER
    waiting = Recomputation.objects.filter(planned_at__isnull=True, asked_at__lt=before)
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:10])
