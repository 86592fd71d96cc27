"""How often one address may ask what is public: counted in the cache, a minute at a time.

A cache that is down counts nothing and refuses nobody.
"""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.crypto import salted_hmac

WINDOW_SECONDS = 60


@dataclass(frozen=True)
class Usage:
    """What one address has left of its minute. `reset` is in seconds."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool


def count(request: HttpRequest, scope: str, limit: int) -> Usage:
    """Count one request of this address (behind the trusted proxies) and say what is left."""
    now = time.time()
    window, passed = divmod(int(now), WINDOW_SECONDS)
    # The address itself is nobody's business: a keyed hash of it counts as well.
    who = salted_hmac("reports.limits", _address(request)).hexdigest()[:24]
    key = f"limit:{scope}:{who}:{window}"
    try:
        cache.add(key, 0, 2 * WINDOW_SECONDS)
        used = cache.incr(key) or 0
    except ValueError:  # the cache is down or was emptied in between
        used = 0
    return Usage(limit, max(0, limit - used), WINDOW_SECONDS - passed, used > limit)


def _address(request: HttpRequest) -> str:
    """Whence a request comes; empty (one address for all of them) where the web server does not say."""
    try:
        return get_adapter().get_client_ip(request) or ""
    except PermissionDenied:
        return ""


def limited_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Refuse an address that leafs through the public pages faster than any reader: 429 and a sentence."""

    @functools.wraps(view)
    def limited(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        usage = count(request, "page", settings.PUBLIC_PAGES_PER_MINUTE)
        if usage.exceeded:
            response = render(request, "public/too_many.html", {"usage": usage}, status=429)
            response["Retry-After"] = str(usage.reset)
            return response
        return view(request, *args, **kwargs)

    return limited
