"""What lists and pages read of payments."""

from django.utils.translation import gettext as _

from casework.models import Award
from payments.models import Payment


def keeps_award(award: Award) -> str:
    """Why an award cannot be reversed: its money is in a batch, with the bank or paid; "" when none of it is."""
    payment = Payment.objects.in_force().filter(award_line__award=award).order_by("id").first()
    if payment is None:
        return ""
    return _("Payment %(number)s of this award is “%(state)s”. The case cannot be reopened any more.") % {
        "number": payment.number,
        "state": payment.get_state_display(),
    }
