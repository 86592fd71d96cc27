from django.urls import path

from applications.web import claims, contracts

app_name = "offshore"
urlpatterns = [
    path("contracts/", contracts.contracts, name="contracts"),
    path("contracts/new", contracts.contract_new, name="contract_new"),
    path("contracts/<int:pk>", contracts.contract, name="contract"),
    path("claims/new", claims.claim_new, name="claim_new"),
    path("claims/<str:number>", claims.claim, name="claim"),
    path("claims/<str:number>/autosave", claims.autosave, name="autosave"),
    path("claims/<str:number>/discard", claims.discard, name="discard"),
    path("claims/<str:number>/submit", claims.submit, name="submit"),
]
