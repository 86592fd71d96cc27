"""The contract between the shared casework and a programme's room, and the registry of programmes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from django.db.models import QuerySet

from casework.diff import Layout
from casework.enums import Payee
from casework.models import Award, Case


@dataclass(frozen=True)
class Problem:
    """Something that blocks submission: what, and where to mend it (a URL with an anchor)."""

    code: str
    message: str
    url: str = ""


@dataclass(frozen=True)
class Flag:
    """Something an official should look at before deciding; never a refusal by itself.

    `evidence` names what it is about, `url` leads there; `line` is the key of the row, if it is about one.
    """

    code: str
    message: str
    evidence: str = ""
    url: str = ""
    line: str = ""


@dataclass(frozen=True)
class DecidableLine:
    """One row of a snapshot that an official may accept, reduce or refuse.

    `amount` is what was filed, in `unit`; None where a row counts or does not. `reduction` says what a reduction is:
    "amount" (to a smaller one), a sentence (the one reduction that there is), or "" (none).
    """

    key: str
    label: str
    amount: Decimal | None = None
    unit: str = ""
    reduction: str = ""
    #: What the row's files belong to (see documents.subjects).
    subjects: tuple[str, ...] = ()


AMOUNT = "amount"


@dataclass(frozen=True)
class PayeeLine:
    """One payee's part of an assessed amount. `person_key` makes it once per person."""

    payee: Payee
    reference: str
    amount_rmb: Decimal
    person_key: str = ""


@dataclass(frozen=True)
class AssessedResult:
    """What a programme's rules say: RMB, who gets it, why, and the steps (JSON of policy.rules.trace)."""

    policy_key: str
    amount_rmb: Decimal
    lines: tuple[PayeeLine, ...]
    reasons: tuple[dict[str, Any], ...]
    steps: tuple[dict[str, Any], ...]
    details: Mapping[str, Any] = field(default_factory=dict)
    boundary: bool = False
    #: Equality alone decides somewhere, one way or the other; for comparing versions, not kept.
    on_limit: bool = False


@dataclass(frozen=True)
class Facets:
    """By what a city's figures are split: the main sector, and how large a claim is (offshore USD, or trainees)."""

    sector: str
    size: Decimal


@dataclass(frozen=True)
class Replayed:
    """One claim's result in a replay: RMB, how many of its payees qualify, whether equality alone decides anywhere."""

    policy_key: str
    amount_rmb: Decimal
    qualifying: int
    on_limit: bool


class Programme(Protocol):
    code: str
    prefix: str
    evidence_template: str
    #: What of a snapshot the applicant wrote: where remarks can be pinned, and what a comparison shows.
    layout: Layout

    def mend_url(self, case: Case, path: str) -> str:
        """Where the applicant corrects what is marked at a place (see casework.diff)."""

    def edit_url(self, case: Case) -> str: ...

    def problems(self, case: Case) -> Sequence[Problem]:
        """What still blocks submission."""

    def snapshot(self, case: Case) -> dict[str, Any]:
        """The inputs to freeze at submission, JSON-ready; also writes what freezes with them (exchange rates)."""

    def basis(self, case: Case, snapshot: Mapping[str, Any]) -> dict[str, Any]:
        """What was granted before and bears on this case, JSON-ready. Called with the organisation locked."""

    def references(self, snapshot: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """The bank references of a snapshot, each with the key of its row."""

    def lines(self, snapshot: Mapping[str, Any]) -> Sequence[DecidableLine]:
        """What an official may accept, reduce or refuse one by one."""

    def accepted(
        self, snapshot: Mapping[str, Any], verdicts: Mapping[str, Mapping[str, Any]]
    ) -> Mapping[str, Any]:
        """The snapshot as the rules are to see it after the decisions on its lines (casework.lines.for_rules)."""

    def assess(
        self, snapshot: Mapping[str, Any], basis: Mapping[str, Any], terms: Sequence[Any] | None = None
    ) -> AssessedResult:
        """Apply `terms` (policy.selectors), or the published ones; pure but for reading those."""

    def bonds(self, snapshot: Mapping[str, Any]) -> Sequence[str]:
        """What ties claims together: those with a bond in common bear on each other and are replayed in one piece."""

    def facets(self, snapshots: Sequence[Mapping[str, Any]]) -> Sequence[Facets]:
        """The facets of many claims at once."""

    def replay(
        self, claims: Sequence[tuple[Mapping[str, Any], Sequence[str]]], terms: Sequence[Any]
    ) -> Sequence[Replayed]:
        """Assess tied claims in their order under `terms`, each after what the earlier ones got in this replay.

        Each claim is its accepted snapshot and the persons in it who were subsidised outside of the replay.
        """

    def flags(self, case: Case, snapshot: Mapping[str, Any]) -> Sequence[Flag]:
        """Automatic checks for the official."""

    def affected_by(self, case: Case) -> QuerySet[Case]:
        """Open cases whose basis changes when this one is decided."""

    def grant(self, award: Award, result: AssessedResult, user) -> None:
        """Post a new award to the ledger inside the approving transaction. Raises ledger.services.LimitExceeded."""

    def release(self, case: Case) -> None:
        """Free what the case held (receipts, trainees) when it is withdrawn or rejected."""

    def resume(self, case: Case) -> None:
        """Hold again what `release` freed, when a rejected case is reopened. May raise IntegrityError."""

    def evidence(self, case: Case, snapshot: Mapping[str, Any]) -> dict[str, Any]:
        """Context of `evidence_template`."""


_registry: dict[str, Programme] = {}


def register(programme: Programme) -> None:
    _registry[programme.code] = programme


def programme_of(case: Case) -> Programme:
    return _registry[case.programme]


def programme(code: str) -> Programme:
    return _registry[code]


def prefixes() -> list[str]:
    """What the case numbers of the programmes begin with."""
    return [found.prefix for found in _registry.values()]
