"""A step that was sent before the second factor was asked for again: it waits in the session, and goes on after it.

It goes on by being sent again from a page of its own, so every check of an ordinary request stands before it. Each
waits under a token of its own: the code that is typed in one tab sets off what that tab sent, and nothing else.
"""

import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from cryptography.fernet import InvalidToken
from django.http import HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from accounts import crypto

KEY = "waiting_steps"
MOST = 5
SECONDS = 3600


@dataclass(frozen=True)
class Step:
    """Where to send what was sent, the page it came from, and whether a file came along: files do not wait."""

    path: str
    back: str
    fields: list[tuple[str, str]]
    had_file: bool


def suspend(request, way: str) -> HttpResponseRedirect:
    """To the page `way`, which asks for the factor; what was posted waits, encrypted: a password may be in it."""
    posted = request.POST.copy()
    posted.pop("csrfmiddlewaretoken", None)
    token, waiting = secrets.token_urlsafe(16), _waiting(request)
    waiting[token] = {
        "person": request.user.pk,
        "at": int(time.time()),
        "path": request.get_full_path(),
        "back": _came_from(request),
        "posted": crypto.encrypt(posted.urlencode()).decode(),
        "had_file": bool(request.FILES),
    }
    request.session[KEY] = dict(list(waiting.items())[-MOST:])
    back = f"{reverse('waiting_step')}?{urlencode({'step': token})}"
    return redirect(f"{reverse(way)}?{urlencode({'next': back})}")


def take(request, token: str) -> Step | None:
    """What waits under `token` for this person in this session, once; None when nothing does, or its key is gone."""
    waiting = _waiting(request)
    found = waiting.pop(token, None)
    if found is None:
        return None
    request.session[KEY] = waiting
    try:
        posted = QueryDict(crypto.decrypt(found["posted"].encode()))
    except InvalidToken:
        return None
    fields = [(name, value) for name, values in posted.lists() for value in values]
    return Step(found["path"], found["back"], fields, found["had_file"])


def _waiting(request) -> dict[str, dict]:
    since = time.time() - SECONDS
    return {
        token: step
        for token, step in request.session.get(KEY, {}).items()
        if step["person"] == request.user.pk and step["at"] > since
    }


def _came_from(request) -> str:
    """The portal's own page from which it was sent; "" when the browser does not say."""
    page = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(page)
    return parts._replace(scheme="", netloc="").geturl()
