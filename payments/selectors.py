"""What lists and pages read of payments."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from casework.enums import Status
from casework.models import Award, AwardLine
from notices.enums import LetterKind
from notices.models import Letter
from notices.selectors import cleared_awards
from payments.enums import AccountState, BatchState, PaymentState, ProposalState
from payments.gates import Prospect
from payments.models import Batch, Debarment, PayeeAccount, Payment, RecoveryOrder


def debarment_of(organisation: Organisation, day: date | None = None) -> Debarment | None:
    """The debarment in force on a day, today for none given."""
    day = day or timezone.localdate()
    found = organisation.debarments.filter(state=ProposalState.CONFIRMED, from_on__lte=day, until_on__gte=day)
    return found.order_by("-until_on").first()


def letters_of(orders: Sequence[RecoveryOrder]) -> dict[int, Letter]:
    """The letter of each recovery order in force, by the order's id."""
    found = Letter.objects.filter(
        kind=LetterKind.RECOVERY, source__in=[order.letter_source for order in orders]
    )
    by_source = {letter.source: letter for letter in found.defer("data")}
    return {order.pk: by_source[order.letter_source] for order in orders if order.letter_source in by_source}


def bars_filing(organisation: Organisation) -> str:
    """Why an organisation files nothing now; "" when it may."""
    found = debarment_of(organisation)
    if found is None:
        return ""
    return _("%(organisation)s is barred from subsidies until %(day)s and files nothing before then.") % {
        "organisation": organisation.name,
        "day": found.until_on,
    }


def keeps_award(award: Award) -> str:
    """Why an award cannot be reversed: its money is in a batch, with the bank or paid; "" when none of it is."""
    payment = Payment.objects.in_force().filter(award_line__award=award).order_by("id").first()
    if payment is None:
        return ""
    return _("Payment %(number)s of this award is “%(state)s”. The case cannot be reopened any more.") % {
        "number": payment.number,
        "state": payment.get_state_display(),
    }


def unpaid_lines(programme: str, *, search: str = "", noticed: bool = True) -> QuerySet[AwardLine]:
    """Award lines of a programme that no payment is on its way for, oldest award first.

    `noticed` keeps those whose public notice has ended. `search`: case number, organisation or credit code.
    """
    paid = Payment.objects.in_force().filter(award_line=OuterRef("pk"))
    found = AwardLine.objects.filter(
        ~Exists(paid),
        programme=programme,
        reversed_at__isnull=True,
        amount_rmb__gt=0,
        award__reversed_at__isnull=True,
        award__case__status=Status.APPROVED,
    )
    if noticed:
        found = found.filter(award__in=cleared_awards(programme).values("pk"))
    if search:
        found = found.filter(
            Q(award__case__number__icontains=search)
            | Q(award__case__organisation__name__icontains=search)
            | Q(award__case__organisation__credit_code__icontains=search)
        )
    return found.select_related("award__case__organisation").order_by("award_id", "id")


def total_of(prospects: Iterable[Prospect]) -> Decimal:
    """RMB of those that may go."""
    return sum((p.line.amount_rmb for p in prospects if not p.hindrances), Decimal("0.00"))


def waiting_for(user: User) -> dict[str, int]:
    """How much waits for an official of payments: accounts to look at, batches to release, unknown outcomes."""
    accounts = PayeeAccount.objects.aggregate(
        confirmed=Count("pk", filter=Q(state=AccountState.CONFIRMED)),
    )
    batches = (
        Batch.objects.filter(state=BatchState.SUBMITTED).exclude(made_by=user).exclude(submitted_by=user)
    )
    return {
        "accounts": accounts["confirmed"],
        "release": batches.count(),
        "unknown": Payment.objects.filter(state="unknown").count(),
    }


def by_state(batch: Batch) -> list[dict]:
    """Count and RMB of a batch's payments by state: {state, count, amount}."""
    return list(
        batch.payments.order_by("state").values("state").annotate(count=Count("pk"), amount=Sum("amount_rmb"))
    )


def set_off_of(batch: Batch) -> Decimal:
    """RMB of a batch that stay with the city for recovery orders."""
    living = batch.payments.exclude(state=PaymentState.CANCELLED)
    return living.aggregate(total=Sum("set_off_rmb"))["total"] or Decimal("0.00")


def same_number_elsewhere(account: PayeeAccount) -> QuerySet[PayeeAccount]:
    """Accounts in force or on their way of other payees with the same number: worth an official's look."""
    return (
        PayeeAccount.objects.filter(
            number_key=account.number_key, state__in=("entered", "confirmed", "verified")
        )
        .exclude(organisation_id=account.organisation_id, person_key=account.person_key)
        .select_related("organisation")
        .order_by("-id")
    )
