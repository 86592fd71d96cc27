"""Tells the database for whom a request reads (accounts/scope.py), and takes it back when the answer is out."""

from accounts import scope
from accounts.permissions import is_official

#: What everybody may read is chosen from everybody's rows: these views are the list of who reads so.
PUBLIC_NAMESPACES = {"public", "api"}
PUBLIC_VIEWS = {
    "home",
    "notices:notices",
    "notices:notice",
    "notices:notice_pdf",
    "notices:object",
    "notices:answer",
    "notices:letters",
    "notices:letter",
}


class RowScopeMiddleware:
    """Officials and public pages read everybody's rows, a person those of their organisations, all others none."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        scope.leave()  # an answer before may have been streamed to somebody who went away
        try:
            response = self.get_response(request)
        except BaseException:
            scope.leave()
            raise
        if response.streaming:
            response._resource_closers.append(scope.leave)
        else:
            scope.leave()
        return response

    def process_view(self, request, view, args, kwargs):
        match = request.resolver_match
        if match.namespace in PUBLIC_NAMESPACES or match.view_name in PUBLIC_VIEWS:
            scope.enter(scope.everything())
        elif request.user.is_authenticated:
            if is_official(request.user):
                scope.enter(scope.everything())
            else:
                scope.enter(scope.of(request.user))
