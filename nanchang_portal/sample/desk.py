"""The officials' own business: cases in hand, a line refused, a step delegated, a conflict declared, views kept."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from casework.enums import Stage
from casework.models import Case, SavedView
from casework.services import assignments, cover, lines
from nanchang_portal.sample.journeys import calculate
from nanchang_portal.sample.tables import table

IN_HAND = table(
    """
    claim | login
    xh16  | initial
    tw16  | final
    """
)
# Of a claim the line that an official did not accept as it was filed; `receipt` is its place in the claim.
CUTS = table(
    """
    claim | login   | receipt | verdict | code       | reason
    ml19  | initial | 1       | refuse  | other_year | 该笔收汇早于合同签订日，属签约前定金，不计入本年执行额。
    """
)
VIEWS = table(
    """
    login   | name           | shared | query
    initial | 有预警的离岸件 | yes    | queue=mine&programme=offshore&warning=any
    initial | 已临期         |        | queue=mine&age=late
    """
)


def create(users: dict[str, User], claims: dict[str, Case]) -> None:
    """`claims` are the offshore ones by their keys."""
    for row in IN_HAND:
        official = users[row["login"]]
        assignments.assign(case_id=claims[row["claim"]].pk, user=official, assignee=official, seen=None)
    for row in CUTS:
        _cut(claims[row["claim"]], users[row["login"]], row)
    calculate()
    for row in VIEWS:
        SavedView.objects.create(
            owner=users[row["login"]], name=row["name"], query=row["query"], is_shared=row.flag("shared")
        )
    today = timezone.localdate()
    cover.delegate(
        user=users["final2"],
        stage=Stage.FINAL,
        deputy=users["initial"],
        starts_on=today + timedelta(days=7),
        ends_on=today + timedelta(days=13),
        reason="示例：年休假",
    )
    cover.declare_conflict(
        case_id=claims["by17"].pk,
        user=users["final2"],
        about="organisation",
        reason="示例：近亲属在该企业任职",
    )


def _cut(case: Case, official: User, row) -> None:
    submission = case.submissions.last()
    key = str(submission.snapshot["lines"][int(row["receipt"]) - 1]["receipt"])
    lines.decide_lines(
        case_id=case.pk,
        user=official,
        submission_id=submission.pk,
        seen=0,
        drafts=[lines.LineDraft(key, row["verdict"], None, row["code"], row["reason"])],
    )
