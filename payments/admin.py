"""Payments on the officials' desk (`payments.desk`)."""

from django.contrib import admin

from payments.desk.account_admin import PayeeAccountAdmin
from payments.desk.after.checks_admin import SampleDrawAdmin, SpotCheckAdmin
from payments.desk.after.recovery_admin import DebarmentAdmin, PersonFileAdmin, RecoveryOrderAdmin
from payments.desk.batch_admin import BatchAdmin
from payments.desk.payment_admin import PaymentAdmin
from payments.models import (
    Batch,
    Debarment,
    PayeeAccount,
    Payment,
    PersonFile,
    RecoveryOrder,
    SampleDraw,
    SpotCheck,
)

admin.site.register(Batch, BatchAdmin)
admin.site.register(Payment, PaymentAdmin)
admin.site.register(PayeeAccount, PayeeAccountAdmin)
admin.site.register(SpotCheck, SpotCheckAdmin)
admin.site.register(SampleDraw, SampleDrawAdmin)
admin.site.register(RecoveryOrder, RecoveryOrderAdmin)
admin.site.register(Debarment, DebarmentAdmin)
admin.site.register(PersonFile, PersonFileAdmin)
