"""The file that the treasury and the bank read: one form as XLSX and as CSV, in Chinese, accounts as text.

The last four columns are the bank's to fill; its answer is the same file (`payments.bank_results`). Every cell with
somebody's words is inert: no program takes it for a formula.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import xlsxwriter

from casework.enums import Payee
from casework.inert import inert
from payments.models import Batch, Payment

NUMBER, AMOUNT, ACCOUNT = "付款编号", "金额（元）", "账号"
OUTCOME, DAY, REFERENCE, FAILURE = "结果", "日期", "流水号", "失败原因"
HEADS = (
    "序号", NUMBER, "收款人", "户名", ACCOUNT, "开户银行", "开户网点", "联行号", AMOUNT, "用途",
    OUTCOME, DAY, REFERENCE, FAILURE,
)  # fmt: skip
TOTAL = "合计"
_PURPOSE = {
    Payee.ENTERPRISE: "服务外包业务补贴",
    Payee.TRAINEE: "服务外包培训补贴（个人）",
    Payee.INSTITUTION: "服务外包培训补贴（机构）",
}
_WIDTHS = (6, 20, 28, 28, 26, 20, 28, 16, 16, 26, 8, 12, 24, 24)


@dataclass(frozen=True)
class Line:
    """One payment as the file shows it, its account in full."""

    number: str
    payee_name: str
    holder_name: str
    account: str
    bank_name: str
    branch: str
    cnaps: str
    amount_rmb: Decimal
    purpose: str

    def __repr__(self) -> str:
        return f"Line({self.number})"  # never the account into a log

    def cells(self, position: int) -> list[str]:
        """Texts in the order of HEADS, the bank's four left empty."""
        words = (self.payee_name, self.holder_name, self.account, self.bank_name, self.branch, self.cnaps)
        return [str(position), self.number, *words, f"{self.amount_rmb:.2f}", self.purpose, "", "", "", ""]


def line_of(payment: Payment) -> Line:
    return Line(
        number=payment.number,
        payee_name=payment.payee_name,
        holder_name=payment.holder_name,
        account=payment.reveal_account(),
        bank_name=payment.bank_name,
        branch=payment.branch,
        cnaps=payment.cnaps,
        amount_rmb=payment.to_bank_rmb,
        purpose=_purpose(payment),
    )


def _purpose(payment: Payment) -> str:
    """What it is paid for; a set-off is said openly: due, kept, for which orders."""
    text = _PURPOSE[Payee(payment.payee)]
    if not payment.set_off_rmb:
        return text
    kept = "、".join(f"{part.order.number} {part.amount_rmb:.2f}元" for part in payment.set_offs.all())
    return f"{text}（应付{payment.amount_rmb:.2f}元，抵扣追回：{kept}）"


def _front(batch: Batch, lines: Sequence[Line]) -> list[list[str]]:
    """What stands above the heads: which batch, how many, how much, and the hash of its payments."""
    return [
        ["南昌市服务外包专项资金拨付明细"],
        ["批次号", batch.number, "项目", str(batch.programme), "笔数", str(len(lines))],
        ["合计金额（元）", f"{_total(lines):.2f}", "明细校验值", batch.lines_hash],
    ]


def _foot(lines: Sequence[Line]) -> list[str]:
    row = [""] * len(HEADS)
    row[0], row[1], row[HEADS.index(AMOUNT)] = TOTAL, str(len(lines)), f"{_total(lines):.2f}"
    return row


def _total(lines: Sequence[Line]) -> Decimal:
    """What the bank pays; less than the batch's total where something is set off."""
    return sum((line.amount_rmb for line in lines), Decimal("0.00"))


def csv_bytes(batch: Batch, lines: Sequence[Line]) -> bytes:
    """UTF-8 with its mark, CRLF, every cell quoted."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows: Iterable[list[str]] = (
        *_front(batch, lines),
        list(HEADS),
        *(line.cells(position) for position, line in enumerate(lines, start=1)),
        _foot(lines),
    )
    writer.writerows([inert(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def xlsx_bytes(batch: Batch, lines: Sequence[Line]) -> bytes:
    """One sheet; amounts are numbers, everything else is text."""
    target = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"title": batch.number, "author": "", "comments": ""})
        text = book.add_format({"num_format": "@"})
        money = book.add_format({"num_format": "#,##0.00"})
        head = book.add_format({"bold": True, "bg_color": "#E8EFF7", "border": 1, "num_format": "@"})
        page = book.add_worksheet("拨付明细")
        for column, width in enumerate(_WIDTHS):
            page.set_column(column, column, width, text)
        number = 0
        for row in _front(batch, lines):
            page.write_row(number, 0, row, text)
            number += 1
        page.write_row(number, 0, HEADS, head)
        page.freeze_panes(number + 1, 2)
        place = HEADS.index(AMOUNT)
        for position, line in enumerate(lines, start=1):
            number += 1
            for column, cell in enumerate(line.cells(position)):
                if column != place:
                    page.write_string(number, column, inert(cell), text)
            page.write_number(number, place, line.amount_rmb, money)
        for column, cell in enumerate(_foot(lines)):
            if column != place:
                page.write_string(number + 1, column, cell, text)
        page.write_number(number + 1, place, _total(lines), money)
    return target.getvalue()
