"""The review page's small verbs: who works on the case, and keeping away from it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from casework.desk import queue
from casework.services import assignments, cover
from casework.transitions import Refused


class HandsPages:
    """Part of CaseAdmin: take, hand over, put back; declare a conflict."""

    @method_decorator(require_POST)
    def assign_view(self, request, pk: int) -> HttpResponse:
        case = self._case(request, pk)
        to, seen = request.POST.get("to", ""), request.POST.get("seen", "")
        try:
            after = assignments.assign(
                case_id=case.pk,
                user=request.user,
                assignee=_chosen(request, to),
                seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 19 else None,
                reason=request.POST.get("reason", "")[:500],
            )
        except Refused as refusal:
            return self._review_page(
                request,
                self._case(request, pk),
                refusal=refusal,
                hands_reason=request.POST.get("reason", "")[:500],
            )
        told = (
            _("%(number)s is now with %(who)s.") % {"number": after.number, "who": after.assigned_to}
            if after.assigned_to
            else _("%(number)s lies free again.") % {"number": after.number}
        )
        messages.success(request, told)
        return redirect("admin:casework_case_change", case.pk)

    @method_decorator(require_POST)
    def next_view(self, request) -> HttpResponse:
        """Take the oldest free case that waits for the official."""
        if not queue.is_reviewer(request.user):
            raise PermissionDenied
        case = assignments.take_next(user=request.user)
        if case is None:
            messages.info(request, _("No free case waits for you."))
            return redirect("admin:casework_case_changelist")
        return redirect("admin:casework_case_change", case.pk)

    @method_decorator(require_POST)
    def conflict_view(self, request, pk: int) -> HttpResponse:
        case = self._case(request, pk)
        try:
            cover.declare_conflict(
                case_id=case.pk,
                user=request.user,
                about=request.POST.get("about", ""),
                reason=request.POST.get("reason", "")[:500],
            )
        except Refused as refusal:
            return self._review_page(request, self._case(request, pk), refusal=refusal)
        messages.success(
            request,
            _("%(number)s: your conflict of interest is recorded. Somebody else decides.")
            % {"number": case.number},
        )
        return redirect("admin:casework_case_changelist")


def _chosen(request, to: str) -> User | None:
    """Whom the form means. Raises Refused for what no page of ours sends."""
    if to == "me":
        return request.user
    if to == "nobody":
        return None
    pk = request.POST.get("colleague", "")
    colleague = None
    if to == "colleague" and pk.isascii() and pk.isdecimal() and len(pk) < 19:
        colleague = User.objects.filter(pk=int(pk), is_active=True, is_staff=True).first()
    if colleague is None:
        raise Refused("form", _("Choose a colleague."))
    return colleague
