"""What the notices say of awards, and who may read what."""

from collections.abc import Iterable, Mapping

from django.db import connection
from django.db.models import CharField, Count, Exists, F, Func, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Now

from casework.enums import Status
from casework.models import Award, Case
from notices.enums import Clearance, NoticeState
from notices.models import Notice, NoticeEntry, NoticePerson


def award_clearance(award_ids: Iterable[int]) -> Mapping[int, Clearance]:
    """What the notice says of paying each award, now; one query.

    The database's function `notices_award_clearance(award_id, at)` decides, here and in triggers.
    """
    ids = list(award_ids)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, notices_award_clearance(id) FROM unnest(%s::bigint[]) AS id", [ids])
        return {award: Clearance(code) for award, code in cursor.fetchall()}


def cleared_awards(programme: str | None = None, year: int | None = None) -> QuerySet[Award]:
    """The awards whose notice has ended without an open or upheld objection; perhaps of one programme and year."""
    wanted = Q(notice_entries__live=True, notice_entries__notice__state=NoticeState.PUBLISHED)
    if programme is not None:
        wanted &= Q(case__programme=programme)
    if year is not None:
        wanted &= Q(case__year=year)
    said = Func(F("pk"), Now(), function="notices_award_clearance", output_field=CharField())
    return Award.objects.filter(wanted).annotate(clearance=said).filter(clearance=Clearance.CLEARED)


def awards_to_notice(programme: str, year: int) -> QuerySet[Award]:
    """Approved awards of more than nothing that stand on no notice yet, by case number."""
    listed = NoticeEntry.objects.filter(award=OuterRef("pk"), live=True)
    return (
        Award.objects.filter(
            ~Exists(listed),
            case__programme=programme,
            case__year=year,
            case__status=Status.APPROVED,
            reversed_at__isnull=True,
            amount_rmb__gt=0,
        )
        .select_related("case__organisation", "assessment__submission")
        .order_by("case__number")
    )


def waiting_for_notice() -> QuerySet[dict]:
    """Awards that wait for a notice, by programme and year: {programme, year, count, amount} (amount in RMB)."""
    listed = NoticeEntry.objects.filter(award=OuterRef("pk"), live=True)
    return (
        Award.objects.filter(
            ~Exists(listed), case__status=Status.APPROVED, reversed_at__isnull=True, amount_rmb__gt=0
        )
        .order_by("case__programme", "case__year")
        .values(programme=F("case__programme"), year=F("case__year"))
        .annotate(count=Count("pk"), amount=Sum("amount_rmb"))
    )


def published() -> QuerySet[Notice]:
    """What everybody may read: notices that were published, also those that were withdrawn afterwards."""
    return Notice.objects.filter(published_at__isnull=False).order_by("-starts_on", "-id")


#: The longest list that a page for paper shows at once.
MOST_PRINTED = 5000


def with_totals(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    """Each with `count` and `amount` (RMB) of its entries."""
    return notices.annotate(count=Count("entries"), amount=Sum("entries__amount_rmb"))


def totals_of(notice: Notice) -> dict:
    """{count, amount, people}: entries, their RMB, and the people below them."""
    people = NoticePerson.objects.filter(entry__notice=notice).count()
    return notice.entries.aggregate(count=Count("pk"), amount=Sum("amount_rmb")) | {"people": people}


def standing_of(case: Case) -> dict | None:
    """What an applicant reads about the notice of an approved case: {clearance, label, notice}; None without award."""
    award = case.award
    if award is None or not award.amount_rmb:
        return None
    said = award_clearance([award.pk])[award.pk]
    entry = award.notice_entries.filter(live=True).select_related("notice").first()
    public = entry.notice if entry and entry.notice.published_at else None
    return {"clearance": said, "label": said.label, "notice": public}
