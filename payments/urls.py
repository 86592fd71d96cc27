from django.urls import path

from casework import converters  # noqa: F401  (registers case_number)
from payments.web import accounts, after

app_name = "payments"
urlpatterns = [
    path("accounts", accounts.accounts, name="accounts"),
    path("accounts/<int:pk>", accounts.account, name="account"),
    path("accounts/<int:pk>/confirm", accounts.account_confirm, name="account_confirm"),
    path("accounts/<int:pk>/withdraw", accounts.account_withdraw, name="account_withdraw"),
    path("cases/<case_number:number>/accounts", accounts.case_accounts, name="case_accounts"),
    path("cases/<case_number:number>/account", accounts.account_new, name="account_new"),
    path("cases/<case_number:number>/after", after.after, name="after"),
    path("checks/<int:pk>/reply", after.check_reply, name="check_reply"),
]
