"""Payments on the officials' desk (`payments.desk`)."""

from django.contrib import admin

from payments.desk.account_admin import PayeeAccountAdmin
from payments.desk.batch_admin import BatchAdmin
from payments.desk.payment_admin import PaymentAdmin
from payments.models import Batch, PayeeAccount, Payment

admin.site.register(Batch, BatchAdmin)
admin.site.register(Payment, PaymentAdmin)
admin.site.register(PayeeAccount, PayeeAccountAdmin)
