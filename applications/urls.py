from django.urls import path

from applications.returns import views as returns
from applications.web import claims, contracts, follow_ups, years
from casework import converters  # noqa: F401  (registers case_number)

app_name = "offshore"
urlpatterns = [
    path("contracts/", contracts.contracts, name="contracts"),
    path("contracts/new", contracts.contract_new, name="contract_new"),
    path("contracts/follow-ups", follow_ups.follow_ups, name="follow_ups"),
    path("contracts/<int:pk>", contracts.contract, name="contract"),
    path("years/<int:pk>", years.year, name="year"),
    path("returns/", returns.returns, name="returns"),
    path("returns/new", returns.return_new, name="return_new"),
    path("returns/<int:pk>", returns.business_return, name="return"),
    path("returns/<int:pk>/file", returns.return_file, name="return_file"),
    path("claims/new", claims.claim_new, name="claim_new"),
    path("claims/<case_number:number>", claims.claim, name="claim"),
    path("claims/<case_number:number>/autosave", claims.autosave, name="autosave"),
    path("claims/<case_number:number>/discard", claims.discard, name="discard"),
    path("claims/<case_number:number>/submit", claims.submit, name="submit"),
]
