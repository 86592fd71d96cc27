"""What bears on every case that an official looks at: roles, own or delegated, and what they must keep away from.

Read once for a page of cases; services read it anew, under their locks.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q, Value
from django.utils import timezone

from accounts.enums import OfficialRole
from accounts.models import Membership, User
from accounts.permissions import has_role, know_roles
from casework.enums import Stage, Status
from casework.models import Case, Conflict, Delegation, Review, Submission

ROLE = {Stage.INITIAL: OfficialRole.INITIAL_REVIEWER, Stage.FINAL: OfficialRole.FINAL_REVIEWER}
STATUS = {Stage.INITIAL: Status.INITIAL_REVIEW, Stage.FINAL: Status.FINAL_REVIEW}


def in_force(day: date | None = None) -> Q:
    """Delegations that are approved and hold on a day (today's in Nanchang)."""
    day = day or timezone.localdate()
    return Q(approved_at__isnull=False, ended_at__isnull=True, starts_on__lte=day, ends_on__gte=day)


@dataclass(frozen=True)
class Authority:
    """By what an official may take a step: their own role, or a colleague's by delegation."""

    stage: Stage
    delegation: Delegation | None = None

    def people(self, user: User) -> set[int]:
        """Who stands behind a step that is taken so."""
        return {user.pk} | ({self.delegation.giver_id} if self.delegation else set())


@dataclass(frozen=True)
class Standing:
    """One official's standing. `kept_from` names for each person the cases and organisations of declared conflicts."""

    user: User
    authorities: tuple[Authority, ...]
    members_of: frozenset[int]
    cases: Mapping[int, frozenset[int]] = field(default_factory=dict)
    organisations: Mapping[int, frozenset[int]] = field(default_factory=dict)
    #: Cases in review of which one of these people filed any version.
    filed: Mapping[int, frozenset[int]] = field(default_factory=dict)
    #: Cases whose initial review one of these people stands behind through a delegation.
    seen_by_proxy: Mapping[int, frozenset[int]] = field(default_factory=dict)

    def of(self, stage: Stage) -> list[Authority]:
        return [authority for authority in self.authorities if authority.stage == stage]

    def has_conflict(self, people: Iterable[int], case: Case) -> bool:
        return any(
            case.pk in self.cases.get(person, ())
            or case.organisation_id in self.organisations.get(person, ())
            for person in people
        )

    def waits(self) -> Q:
        """The cases that this official may decide now, whoever works on them: the query's side of `may_review`."""
        steps = Q(pk__in=[])
        for authority in self.authorities:
            people = authority.people(self.user)
            step = Q(status=STATUS[authority.stage]) & ~Q(submitted_by__in=people)
            if authority.stage is Stage.FINAL:
                step &= ~Q(initial_reviewer__in=people)
            for person in people:
                known = self.seen_by_proxy.get(person, ()) if authority.stage is Stage.FINAL else ()
                if kept := frozenset(self.cases.get(person, ())).union(self.filed.get(person, ()), known):
                    step &= ~Q(pk__in=kept)
                if organisations := self.organisations.get(person):
                    step &= ~Q(organisation__in=organisations)
            steps |= step
        return steps & ~Q(organisation__in=self.members_of) if self.members_of else steps


def standing_of(user: User) -> Standing:
    """Read an official's standing: four queries."""
    return standings_of([user])[0]


def standings_of(users: Sequence[User]) -> list[Standing]:
    """Read the standings of several officials in their order: five queries for any number."""
    delegations = defaultdict(list)
    rows = Delegation.objects.filter(in_force(), deputy__in=users).select_related("giver").order_by("id")
    for row in rows:
        delegations[row.deputy_id].append(row)
    givers = [row.giver for given in delegations.values() for row in given]
    know_roles([*users, *givers])
    people = {user.pk for user in [*users, *givers]}
    cases, organisations = _kept_from(people)
    filed, seen = _took_part(people)
    members = defaultdict(set)
    for user_id, organisation_id in Membership.objects.filter(user__in=users).values_list(
        "user_id", "organisation_id"
    ):
        members[user_id].add(organisation_id)
    return [
        Standing(
            user=user,
            authorities=tuple(_authorities(user, delegations[user.pk])),
            members_of=frozenset(members[user.pk]),
            cases=cases,
            organisations=organisations,
            filed=filed,
            seen_by_proxy=seen,
        )
        for user in users
    ]


def _authorities(user: User, delegations: Iterable[Delegation]) -> Iterator[Authority]:
    """Who has the role acts by it; a delegation matters only for a role that they lack, while its giver has it."""
    if not (user.is_active and user.is_staff):
        return
    own = [stage for stage in Stage if has_role(user, ROLE[stage])]
    yield from map(Authority, own)
    for row in delegations:
        stage = Stage(row.stage)
        if stage not in own and row.giver.is_active and has_role(row.giver, ROLE[stage]):
            yield Authority(stage, row)


Kept = Mapping[int, frozenset[int]]


def _frozen(found: Mapping[int, set[int]]) -> Kept:
    return {person: frozenset(ids) for person, ids in found.items()}


def _kept_from(people: Iterable[int]) -> tuple[Kept, Kept]:
    """The cases and the organisations of each person's declared conflicts."""
    cases, organisations = defaultdict(set), defaultdict(set)
    rows = Conflict.objects.filter(official__in=people, lifted_at__isnull=True)
    for person, case_id, organisation_id in rows.values_list("official_id", "case_id", "organisation_id"):
        if case_id:
            cases[person].add(case_id)
        else:
            organisations[person].add(organisation_id)
    return _frozen(cases), _frozen(organisations)


def _took_part(people: Iterable[int]) -> tuple[Kept, Kept]:
    """The cases in review that each person filed in any version, and those that a deputy looked at for them."""
    kinds = {"filed": defaultdict(set), "seen": defaultdict(set)}
    filed = Submission.objects.filter(submitted_by__in=people, case__status__in=STATUS.values())
    seen = Review.objects.filter(
        delegation__giver__in=people,
        stage=Stage.INITIAL,
        void_at__isnull=True,
        case__status=Status.FINAL_REVIEW,
    )
    rows = filed.values_list(Value("filed"), "submitted_by_id", "case_id").union(
        seen.values_list(Value("seen"), "delegation__giver_id", "case_id")
    )
    for kind, person, case_id in rows:
        kinds[kind][person].add(case_id)
    return _frozen(kinds["filed"]), _frozen(kinds["seen"])
