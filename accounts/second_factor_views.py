"""The page that leads an official to the second factor, or to setting one up; the one from which a step goes on."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from accounts import second_factor, waiting_steps


@login_required
@require_safe
def gate(request):
    """Shows what to set up, factor or recovery codes; sends on who has a factor, and back who has shown it."""
    back = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = reverse("dashboard")
    if not second_factor.is_missing(request):
        if way := second_factor.way_to_codes(request):
            return render(request, "accounts/recovery_codes.html", {"way": way})
        return redirect(back)
    if way := second_factor.way_to_show(request.user):
        return redirect(f"{reverse(way)}?{urlencode({'next': back})}")
    return render(request, "accounts/second_factor.html")


@login_required
@require_GET
def waiting(request):
    """The factor was shown: what was sent before goes on from here, by a click or, with a script, at once."""
    if second_factor.must_be_shown_again(request):
        way = second_factor.way_to_show(request.user) or "account_reauthenticate"
        return redirect(f"{reverse(way)}?{urlencode({'next': request.get_full_path()})}")
    step = waiting_steps.take(request, request.GET.get("step", ""))
    title = _("Your step goes on") if step else _("Nothing waits here")
    return render(request, "accounts/waiting_step.html", {"step": step, "title": title})
