"""The sample's money on its way: paid, failed, submitted; a payment looked at again and recovered in part.

Three batches over the awards whose notice has ended. The second one keeps what the first one's check ordered back.
"""

from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from casework.models import AwardLine, Case
from nanchang_portal.sample.bank import Outcomes, answered
from payments.gates import prospects
from payments.models import Batch, Payment
from payments.services import batches, recovery, releases, results, spot_checks
from policy.enums import ProgrammeCode

#: Of the 50,000.00 RMB paid for 2013.
ORDERED = Decimal("8000.00")


def create(users: dict[str, User], claims: dict[str, Case]) -> None:
    """`claims` are the offshore ones by their keys."""
    first = _with_the_bank(_submitted(users, claims["yt13b"]), users)
    _recovered(_answer(first, users).payments.get(), users)
    second = _with_the_bank(_submitted(users, claims["yt14a"], claims["yt14b"]), users)
    closed = second.payments.get(case=claims["yt14b"])
    _answer(second, users, {closed.number: ("失败", "", "账户已销户（虚构）")})
    spot_checks.draw_sample(user=users["initial"], programme=ProgrammeCode.OFFSHORE, year=2014)
    _submitted(users, claims["tw14"])


def _submitted(users: dict[str, User], *cases: Case) -> Batch:
    lines = AwardLine.objects.filter(award__case__in=cases).select_related("award__case__organisation")
    chosen = {found.line.pk: found.account.pk for found in prospects(list(lines.order_by("pk")))}
    batch = batches.make_batch(user=users["finance"], programme=ProgrammeCode.OFFSHORE, chosen=chosen).batch
    return batches.submit_batch(user=users["finance"], batch_id=batch.pk, expected_version=batch.version)


def _with_the_bank(batch: Batch, users: dict[str, User]) -> Batch:
    batch = releases.release_batch(user=users["release"], batch_id=batch.pk, expected_version=batch.version)
    return releases.mark_sent(user=users["finance"], batch_id=batch.pk, sent_on=timezone.localdate())


def _answer(batch: Batch, users: dict[str, User], outcomes: Outcomes | None = None) -> Batch:
    content = answered(batch.files.get(format="csv").content, outcomes)
    name = f"{batch.number}-result.csv"
    results.import_results(user=users["finance"], batch_id=batch.pk, name=name, content=content)
    return batch


def _recovered(payment: Payment, users: dict[str, User]) -> None:
    check = spot_checks.open_check(
        user=users["initial"], payment_number=payment.number, cause="audit", occasion="示例审计2026-3"
    )
    spot_checks.record_finding(
        user=users["initial"],
        check_id=check.pk,
        finding="irregular",
        evidence="示例银行对账单（虚构）",
        text="2013年一笔收汇于次月原路退回，申报时未扣减（虚构示例）。",
    )
    spot_checks.reply(user=users["enterprise"], check_id=check.pk, text="属我方疏漏，同意退回（虚构示例）。")
    spot_checks.conclude(
        user=users["final2"], check_id=check.pk, conclusion="recover", text="退回的收汇不计入执行额。"
    )
    order = recovery.propose_order(
        user=users["finance"],
        check_id=check.pk,
        amount_rmb=ORDERED,
        reason="退回的收汇不计入执行额，多拨部分追回。",
    )
    recovery.confirm_order(user=users["final2"], order_id=order.pk)
