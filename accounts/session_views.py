"""Ending one of one's own sessions; the list itself is allauth's view (templates/usersessions)."""

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import services


@login_required
@require_POST
def end(request, pk: int):
    session = get_object_or_404(UserSession, pk=pk, user=request.user)
    if session.is_current():
        return redirect("account_logout")
    services.end_session(user=request.user, session=session)
    messages.success(request, _("That session was ended: whoever used it is signed out."))
    return redirect("usersessions_list")
