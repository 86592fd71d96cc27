"""What the interface answers with. Amounts are strings with at least two decimals, days ISO 8601."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from ninja import Field, Schema
from pydantic import PlainSerializer

from policy.rules.money import plain

Amount = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str, when_used="always"),
    Field(json_schema_extra={"examples": ["50000.00"]}),
]


class Problem(Schema):
    """Why there is no answer: a stable code and one sentence."""

    code: str
    message: str


class Reason(Schema):
    code: str
    zh: str
    en: str
    numbers: dict[str, str]
    clause: str


class Step(Schema):
    """One line of the calculation with its numbers, result, clause and the words of the source."""

    code: str
    zh: str
    en: str
    numbers: dict[str, str]
    result: str
    clause: str
    quotation: str


class ClaimEstimate(Schema):
    usd: str
    award_rmb: str
    reasons: list[Reason]


class OffshoreEstimate(Schema):
    """What `manage.py estimate offshore` prints."""

    policy: str
    claims: list[ClaimEstimate]
    year_total_rmb: str
    steps: list[Step]


class TrainingEstimate(Schema):
    """What `manage.py estimate training` prints."""

    policy: str
    eligible: bool
    trainee_rmb: str
    institution_rmb: str
    reasons: list[Reason]
    steps: list[Step]


class Registered(Schema):
    """A recognition or designation. `valid_to` is null while it is open-ended."""

    id: int
    kind: str
    organisation: str
    credit_code: str
    division: str
    division_name: str
    document_number: str
    valid_from: date
    valid_to: date | None


class Registers(Schema):
    """One page; `next` is what to send as `before` for the next one, null on the last."""

    items: list[Registered]
    next: int | None


class Awarded(Schema):
    id: int
    case_number: str
    programme: str
    year: int
    organisation: str
    credit_code: str
    amount_rmb: Amount
    awarded_on: date
    notice: str
    notice_ends_on: date


class Awards(Schema):
    """One page; `next` is what to send as `before` for the next one, null on the last."""

    items: list[Awarded]
    next: int | None


class Noticed(Schema):
    """A published notice. `state` is running, ended or withdrawn; `content_hash` the SHA-256 of its list."""

    id: int
    number: str
    programme: str
    year: int
    state: str
    starts_on: date
    ends_on: date
    awards: int
    total_rmb: Amount
    content_hash: str
    withdrawal_reason: str


class Notices(Schema):
    """One page; `next` is what to send as `before` for the next one, null on the last."""

    items: list[Noticed]
    next: int | None


class Returns(Schema):
    """How many returns of the enterprises recognised in the year are in the figures, and how many are owed."""

    accepted: int
    owed: int


class Growth(Schema):
    """The path that the whole business should follow: so many per cent a year since the base year."""

    base_year: int
    percent: int


class YearOfPath(Schema):
    """USD. A figure is null where it is not public, the target where none holds."""

    year: int
    total: Amount | None
    offshore: Amount | None
    onshore: Amount | None
    target: Amount | None


class Measured(Schema):
    """One figure: an amount with two decimals or a whole number; null where it is suppressed."""

    measure: str
    value: str | None
    suppressed: bool


class StatisticsRow(Schema):
    code: str
    zh: str
    en: str
    figures: list[Measured]


class StatisticsTable(Schema):
    """`unit` is USD, RMB or people."""

    code: str
    unit: str
    rows: list[StatisticsRow]


class Statistics(Schema):
    """`years` are those that have statistics; figures of fewer than `smallest_count` contributors are suppressed.

    `year` is null while there are none.
    """

    year: int | None
    years: list[int]
    smallest_count: int
    returns: Returns | None
    growth: Growth
    path: list[YearOfPath]
    tables: list[StatisticsTable]


class VerifiedLetter(Schema):
    """What the portal says of a decision letter. `organisation` is masked; `amount_rmb` is null where none was granted.

    `genuine`: nothing of it was changed; `in_force`: the decision was not taken back since.
    """

    code: str
    number: str
    kind: str
    genuine: bool
    in_force: bool
    programme: str
    year: int
    case_number: str
    organisation: str
    decided_on: date
    amount_rmb: Amount | None


class OwnClaim(Schema):
    """A claim of the token's organisation. `amount_rmb` is null before it is calculated."""

    number: str
    programme: str
    year: int
    status: str
    submitted_at: str | None
    decided_at: str | None
    amount_rmb: Amount | None


class OwnClaims(Schema):
    items: list[OwnClaim]
    next: int | None


class OwnClaimInFull(OwnClaim):
    """With the calculation as the organisation sees it on its page."""

    policy: str | None
    reasons: list[Reason]
    steps: list[Step]
