"""Organisations and their people; included without a namespace, so `reverse("organisation")` is enough."""

from django.urls import path

from accounts import member_views as members
from accounts import second_factor_views, session_views, views

urlpatterns = [
    path("accounts/sessions/<int:pk>/end", session_views.end, name="session_end"),
    path("accounts/second-factor", second_factor_views.gate, name="second_factor"),
    path("accounts/waiting-step", second_factor_views.waiting, name="waiting_step"),
    path("organisations/", views.organisations, name="organisations"),
    path("organisations/new", views.organisation_new, name="organisation_new"),
    path("organisations/<int:pk>", views.organisation, name="organisation"),
    path("organisations/<int:pk>/people", members.people, name="organisation_people"),
    path("organisations/<int:pk>/invite", members.invite, name="organisation_invite"),
    path("organisations/<int:pk>/leave", members.leave, name="organisation_leave"),
    path("organisations/<int:pk>/handover", members.offer, name="organisation_handover"),
    path("members/<int:pk>/role", members.change_role, name="member_role"),
    path("members/<int:pk>/remove", members.remove, name="member_remove"),
    path("handovers/<int:pk>/accept", members.accept_offer, name="handover_accept"),
    path("handovers/<int:pk>/close", members.close_offer, name="handover_close"),
    path("invitations/<int:pk>/withdraw", members.withdraw, name="invitation_withdraw"),
    path("invitations/open/<str:token>", members.invitation, name="invitation"),
]
