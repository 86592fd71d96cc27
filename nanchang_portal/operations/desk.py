"""The administrators' page: whether every part is well, and what waits, runs and failed behind the pages."""

from collections.abc import Callable
from functools import wraps

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.enums import OfficialRole
from accounts.permissions import has_role
from accounts.refusals import Refusal
from nanchang_portal.operations import health, work


def may_look(user) -> bool:
    """Administrators and auditors."""
    return has_role(user, OfficialRole.AUDITOR)


def may_retry(user) -> bool:
    return user.is_active and user.is_superuser


def only(allowed: Callable) -> Callable:
    """Refuses who may not, before anything else is said."""

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not allowed(request.user):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


@only(may_look)
@require_GET
def operations(request):
    found = list(health.checks())
    kinds = [
        {"kind": kind, "oldest": health.duration(kind.oldest_seconds) if kind.oldest_seconds else ""}
        for kind in work.overview()
    ]
    context = {
        **admin.site.each_context(request),
        "title": _("Operation of the portal"),
        "checks": found,
        "unwell": [check for check in found if not check.ok],
        "kinds": kinds,
        "failures": work.failures(),
        "may_retry": may_retry(request.user),
    }
    return TemplateResponse(request, "admin/operations/index.html", context)


@only(may_retry)
@require_POST
def retry(request):
    """Put one failed row back; a second click finds that it has not failed any more."""
    code, pk = request.POST.get("kind", ""), request.POST.get("pk", "")
    if code not in work.BY_CODE or not pk.isdecimal() or len(pk) > 18:
        raise Http404
    try:
        work.retry(code=code, pk=int(pk), user=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    except LookupError as error:
        raise Http404 from error
    else:
        messages.success(request, _("Put back: a worker takes it in a moment."))
    return redirect("admin:operations")
