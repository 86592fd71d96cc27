from allauth.account.adapter import DefaultAccountAdapter

from accounts.permissions import is_official


class AccountAdapter(DefaultAccountAdapter):
    """Officials land on their desk, everyone else on the dashboard."""

    def get_login_redirect_url(self, request) -> str:
        return "/admin/" if is_official(request.user) else super().get_login_redirect_url(request)
