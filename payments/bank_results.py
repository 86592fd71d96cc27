"""What the bank wrote into the treasury's file, checked as a whole against the batch: pure, no database.

The file is taken over when nothing is wrong with it, and otherwise not at all; each fault says row, column and what to
do. Heads are found within the first rows, columns may be moved or left out unless they are needed.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from payments import treasury
from payments.enums import PaymentState
from payments.numbers import is_payment_number
from payments.tables import Cell

PAID, FAILED, UNKNOWN = PaymentState.PAID, PaymentState.FAILED, PaymentState.UNKNOWN
_HEAD_WITHIN = 20
_WORDS = {
    "成功": PAID, "已付": PAID, "付款成功": PAID, "交易成功": PAID, "paid": PAID, "success": PAID,
    "失败": FAILED, "付款失败": FAILED, "交易失败": FAILED, "退汇": FAILED, "failed": FAILED,
    "不明": UNKNOWN, "未知": UNKNOWN, "处理中": UNKNOWN, "结果不明": UNKNOWN, "unknown": UNKNOWN,
}  # fmt: skip
_TOTALS = ("合计", "总计", "total")
#: What columns are called, after spaces and marks are taken away; the first name is the one that faults show.
_COLUMNS = {
    "number": (treasury.NUMBER, "付款号", "paymentnumber"),
    "amount": (treasury.AMOUNT, "金额", "金额元", "amount"),
    "account": (treasury.ACCOUNT, "账号后四位", "收款账号", "account"),
    "outcome": (treasury.OUTCOME, "处理结果", "outcome", "result"),
    "day": (treasury.DAY, "入账日期", "交易日期", "date"),
    "reference": (treasury.REFERENCE, "银行流水号", "交易流水号", "reference"),
    "failure": (treasury.FAILURE, "原因", "reason"),
}
_DAY = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")


@dataclass(frozen=True)
class Expected:
    """A payment of the batch as the bank was told of it; `tail` are the last four digits of its account."""

    number: str
    amount_rmb: Decimal
    tail: str
    state: str
    settled_on: date | None = None
    bank_reference: str = ""


@dataclass(frozen=True)
class Result:
    """One row that fits its payment."""

    row: int
    number: str
    outcome: PaymentState
    amount_rmb: Decimal
    settled_on: date | None
    bank_reference: str
    failure: str


@dataclass(frozen=True)
class Fault:
    """What is wrong in one place; `code` is stable, `row` 0 is the file as a whole."""

    code: str
    row: int
    column: str
    message: str


@dataclass
class Checked:
    """`fresh` are new outcomes, `same` what was taken over before; neither counts when there are faults."""

    fresh: list[Result]
    same: list[Result]
    faults: list[Fault]
    total_rmb: Decimal


def check(
    rows: Sequence[tuple[int, Sequence[Cell]]],
    expected: Mapping[str, Expected],
    *,
    elsewhere: Iterable[str] = (),
    sent_on: date,
    today: date,
) -> Checked:
    """Judge every row of a file against the batch. `elsewhere` are numbers of payments of other batches."""
    return _Check(expected, set(elsewhere), sent_on, today).run(rows)


def numbers_in(rows: Sequence[tuple[int, Sequence[Cell]]]) -> set[str]:
    """Every text of a file that is a payment's number."""
    found = {_text(cell) for _row, cells in rows for cell in cells}
    return {text for text in found if is_payment_number(text)}


def _text(cell: Cell) -> str:
    """A cell as narrow text; whole numbers without a point, a leading apostrophe is a spreadsheet's mark of text."""
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return unicodedata.normalize("NFKC", str(cell)).strip().removeprefix("'").strip()


def _plain(text: str) -> str:
    return re.sub(r"[\s()（）:：*_\-]", "", unicodedata.normalize("NFKC", text)).casefold()


def _amount(cell: Cell) -> Decimal | None:
    """RMB with at most two decimals; None for anything else."""
    try:
        found = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(_text(cell).replace(",", ""))
    except InvalidOperation:
        return None
    if not found.is_finite() or found != round(found, 2):
        return None
    return round(found, 2)


def _day(cell: Cell) -> date | None:
    if isinstance(cell, date):
        return cell
    found = _DAY.fullmatch(_text(cell))
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


class _Check:
    def __init__(
        self, expected: Mapping[str, Expected], elsewhere: set[str], sent_on: date, today: date
    ) -> None:
        self.expected, self.elsewhere = expected, elsewhere
        self.sent_on, self.today = sent_on, today
        self.places: dict[str, int] = {}
        self.faults: list[Fault] = []
        self.seen: dict[str, int] = {}
        self.read_rmb, self.read_count = Decimal("0.00"), 0
        self.fresh: list[Result] = []
        self.same: list[Result] = []

    def fault(self, code: str, row: int, column: str, message: str) -> None:
        self.faults.append(Fault(code, row, _COLUMNS[column][0] if column else "", message))

    def run(self, rows: Sequence[tuple[int, Sequence[Cell]]]) -> Checked:
        body = self._below_heads(rows)
        total_seen = False
        for row, cells in body:
            first = next((_text(cell) for cell in cells if cell != ""), "")
            if _plain(first) in _TOTALS:
                if total_seen:
                    self.fault("total_twice", row, "", _("The file has a second total row."))
                total_seen = True
                self._total(row, cells)
            elif total_seen:
                self.fault("after_total", row, "", _("Something stands below the total row. Delete it."))
            else:
                self._row(row, cells)
        if body is not None and not self.faults and not total_seen:
            message = _(
                "The total row at the end is missing, so the file may have been cut. Ask the bank for it."
            )
            self.fault("no_total", 0, "", message)
        if not self.seen and not self.faults:
            self.fault("no_rows", 0, "", _("There is no payment in this file."))
        return Checked(self.fresh, self.same, self.faults, self.read_rmb)

    def _below_heads(
        self, rows: Sequence[tuple[int, Sequence[Cell]]]
    ) -> Sequence[tuple[int, Sequence[Cell]]]:
        for index, (_row, cells) in enumerate(rows[:_HEAD_WITHIN]):
            heads = [_plain(_text(cell)) for cell in cells]
            found = {
                column: [place for place, head in enumerate(heads) if head in map(_plain, names)]
                for column, names in _COLUMNS.items()
            }
            if not (found["number"] and found["outcome"]):
                continue
            for column, places in found.items():
                if len(places) > 1:
                    self.fault("head_twice", _row, column, _("This column stands in the file twice."))
            missing = [_COLUMNS[column][0] for column, places in found.items() if not places]
            if missing:
                message = _("These columns are missing: %(names)s.") % {"names": "、".join(missing)}
                self.fault("head_missing", _row, "", message)
            self.places = {column: places[0] for column, places in found.items() if places}
            return [] if self.faults else rows[index + 1 :]
        message = _("The heads “%(number)s” and “%(outcome)s” are not in the first rows of this file.")
        self.fault("no_head", 0, "", message % {"number": treasury.NUMBER, "outcome": treasury.OUTCOME})
        return []

    def cell(self, cells: Sequence[Cell], column: str) -> Cell:
        place = self.places[column]
        return cells[place] if place < len(cells) else ""

    def _total(self, row: int, cells: Sequence[Cell]) -> None:
        total, count = _amount(self.cell(cells, "amount")), _text(self.cell(cells, "number"))
        if total != self.read_rmb:
            message = _("The total is %(said)s, but the rows add up to %(sum)s.")
            said = self.cell(cells, "amount") if total is None else total
            self.fault("total", row, "amount", message % {"said": said, "sum": self.read_rmb})
        if count.isdecimal() and int(count) != self.read_count:
            message = _("The total row counts %(said)s payments, but there are %(count)d rows.")
            self.fault("count", row, "number", message % {"said": count[:20], "count": self.read_count})

    def _row(self, row: int, cells: Sequence[Cell]) -> None:
        number, amount = _text(self.cell(cells, "number")), _amount(self.cell(cells, "amount"))
        self.read_count += 1
        self.read_rmb += amount or Decimal("0.00")
        payment = self._payment(row, number)
        if payment is None:
            return
        before = len(self.faults)
        if amount != payment.amount_rmb:
            message = _("The batch says %(expected)s for this payment.") % {"expected": payment.amount_rmb}
            self.fault("amount", row, "amount", message)
        digits = re.sub(r"\D", "", _text(self.cell(cells, "account")))
        if digits[-4:] != payment.tail:
            message = _("The account of this payment ends in %(tail)s.") % {"tail": payment.tail}
            self.fault("account", row, "account", message)
        result = self._result(row, cells, payment)
        if result is None or len(self.faults) > before:
            return
        self._sort(row, payment, result)

    def _payment(self, row: int, number: str) -> Expected | None:
        if number in self.seen:
            message = _("This payment stands in row %(row)d already.") % {"row": self.seen[number]}
            self.fault("double", row, "number", message)
            return None
        if number in self.expected:
            self.seen[number] = row
            return self.expected[number]
        if number in self.elsewhere:
            self.fault("other_batch", row, "number", _("This payment belongs to another batch."))
        elif is_payment_number(number):
            self.fault("unknown_number", row, "number", _("There is no payment with this number."))
        else:
            self.fault("number_form", row, "number", _("This is no payment number of the portal."))
        return None

    def _result(self, row: int, cells: Sequence[Cell], payment: Expected) -> Result | None:
        outcome = _WORDS.get(_text(self.cell(cells, "outcome")).casefold())
        day_cell, reference = self.cell(cells, "day"), _text(self.cell(cells, "reference"))
        failure = _text(self.cell(cells, "failure"))
        day = _day(day_cell) if day_cell != "" else None
        if outcome is None:
            message = _("Write %(paid)s (paid), %(failed)s (failed) or %(unknown)s (unknown).")
            words = {"paid": "成功", "failed": "失败", "unknown": "不明"}
            self.fault("outcome", row, "outcome", message % words)
            return None
        if day_cell != "" and day is None:
            self.fault("day_form", row, "day", _("This is no day. Write it like 2015-07-01."))
        elif day is not None and not self.sent_on <= day <= self.today:
            message = _("The day lies between %(start)s, when the batch went to the bank, and today.")
            self.fault("day", row, "day", message % {"start": self.sent_on})
        if outcome == PAID:
            if day_cell == "":
                self.fault("day_missing", row, "day", _("A paid payment needs its day."))
            if not reference:
                self.fault(
                    "reference_missing", row, "reference", _("A paid payment needs its bank reference.")
                )
        if outcome == FAILED and not failure:
            self.fault("failure_missing", row, "failure", _("A failed payment needs the bank's reason."))
        for column, text, most in (("reference", reference, 60), ("failure", failure, 200)):
            if len(text) > most:
                message = _("At most %(limit)d characters.") % {"limit": most}
                self.fault("too_long", row, column, message)
        return Result(row, payment.number, outcome, payment.amount_rmb, day, reference, failure)

    def _sort(self, row: int, payment: Expected, result: Result) -> None:
        if payment.state == PaymentState.SENT:
            self.fresh.append(result)
        elif payment.state == result.outcome and (
            payment.state != PAID
            or (payment.settled_on, payment.bank_reference) == (result.settled_on, result.bank_reference)
        ):
            self.same.append(result)
        elif payment.state == UNKNOWN:
            message = _(
                "The outcome of this payment is unknown. Record the bank's written answer at the payment; a second"
                " person confirms it."
            )
            self.fault("unknown_needs_answer", row, "outcome", message)
        else:
            message = _("Another outcome of this payment was taken over before: %(state)s.")
            self.fault("settled", row, "outcome", message % {"state": PaymentState(payment.state).label})
