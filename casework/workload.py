"""How the work is spread: who may work on a case, and how much each has in hand."""

from collections.abc import Collection
from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.db.models import Count, Q

from accounts.models import User
from casework.models import Case, Delegation
from casework.permissions import may_hold, stage_of
from casework.standing import ROLE, in_force, standings_of


@dataclass(frozen=True)
class Colleague:
    """A person who may work on a case, and how many they have in hand."""

    user: User
    load: int


def reviewers(stage: str | None = None) -> list[User]:
    """Who may review (at a step) by role or delegation, by name. Superusers step in, they are not asked."""
    roles = [ROLE[stage]] if stage else list(ROLE.values())
    by_role = Q(groups__in=Group.objects.filter(name__in=roles))
    covers = Delegation.objects.filter(in_force(), **({"stage": stage} if stage else {}))
    found = User.objects.filter(by_role | Q(pk__in=covers.values("deputy")), is_active=True, is_staff=True)
    return list(found.distinct().order_by("display_name", "username"))


def loads() -> dict[int, int]:
    """How many cases each person has in hand; one query."""
    rows = Case.objects.filter(assigned_to__isnull=False).values("assigned_to")
    return dict(rows.annotate(count=Count("pk")).values_list("assigned_to", "count"))


def colleagues(case: Case, but: Collection[int] = ()) -> list[Colleague]:
    """Who may work on this case now, those with the least in hand first."""
    stage = stage_of(case)
    if stage is None:
        return []
    count, people = loads(), [user for user in reviewers(stage) if user.pk not in but]
    found = [
        Colleague(standing.user, count.get(standing.user.pk, 0))
        for standing in standings_of(people)
        if may_hold(standing.user, case, standing)
    ]
    return sorted(found, key=lambda colleague: colleague.load)


def least_loaded(case: Case, but: Collection[int] = ()) -> User | None:
    return next((colleague.user for colleague in colleagues(case, but)), None)
