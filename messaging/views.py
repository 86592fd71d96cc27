"""The inbox, and what comes by mail."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from messaging import services
from messaging.forms import PreferencesForm
from messaging.models import Message
from messaging.selectors import inbox_of
from messaging.texts import line, path_of

PAGE_SIZE = 25


@login_required
@require_GET
def inbox(request):
    """A person's messages, the newest first; `show=unread` leaves out what was read."""
    found = inbox_of(request.user)
    only_unread = request.GET.get("show") == "unread"
    if only_unread:
        found = found.filter(read_at__isnull=True)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = [{"message": message, "line": line(message)} for message in page]
    return render(
        request, "messaging/inbox.html", {"page_obj": page, "rows": rows, "only_unread": only_unread}
    )


@login_required
@require_POST
def open_message(request, pk: int):
    """Mark a message as read and go where it leads."""
    message = get_object_or_404(inbox_of(request.user), pk=pk)
    services.mark_read(user=request.user, message=message)
    return redirect(path_of(message))


@login_required
@require_POST
def unread(request, pk: int):
    """Keep a message for later."""
    message = get_object_or_404(Message.objects.visible_to(request.user), pk=pk)
    services.mark_read(user=request.user, message=message, is_read=False)
    return redirect("messaging:inbox")


@login_required
@require_POST
def read_all(request):
    count = services.mark_all_read(user=request.user)
    messages.success(
        request,
        ngettext("%(count)d message is marked as read.", "%(count)d messages are marked as read.", count)
        % {"count": count},
    )
    return redirect("messaging:inbox")


@login_required
@require_http_methods(["GET", "POST"])
def preferences(request):
    """What comes by mail, how, and in which language."""
    form = PreferencesForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and form.is_valid():
        services.set_preferences(
            user=request.user, language=form.cleaned_data["language"], chosen=form.chosen
        )
        messages.success(request, _("Saved."))
        return redirect("messaging:preferences")
    crumbs = [{"label": _("Inbox"), "url": reverse("messaging:inbox")}]
    return render(request, "messaging/preferences.html", {"form": form, "crumbs": crumbs})
