"""What a contract and a receipt must satisfy before they are kept, the same on the pages and in a workbook."""

from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

REFERENCE_USED = gettext_lazy(
    "This bank reference has been claimed already. A payment counts once: check the number on the slip."
)
UNKNOWN_CONTRACT = gettext_lazy("Choose one of the contracts that your enterprise has registered.")


def check_signed_on(day: date) -> None:
    if day > timezone.localdate():
        raise ValidationError(_("This day is in the future. Enter the day on which the contract was signed."))


def check_ends_on(starts_on: date | None, ends_on: date | None) -> None:
    if starts_on and ends_on and ends_on < starts_on:
        raise ValidationError(_("The contract cannot end before it starts."))


def check_day(day: date, year: int, now: datetime | None = None) -> None:
    """Raise ValidationError unless money received on `day` counts in the claim of `year`; days are Nanchang's."""
    if day > timezone.localdate(now):
        raise ValidationError(_("This day is in the future. Only money that has been received counts."))
    if day.year != year:
        raise ValidationError(
            _("This claim is for %(year)s. A receipt of %(other)s belongs into a claim for %(other)s.")
            % {"year": year, "other": day.year}
        )


def check_amount(amount: Decimal) -> None:
    if amount == 0:
        raise ValidationError(
            _("The amount cannot be zero. A refund is written with a minus, such as -1,000.00.")
        )
