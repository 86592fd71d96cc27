from django.contrib.admin import AdminSite
from django.utils.translation import gettext_lazy as _

from accounts.permissions import is_official


class PortalAdminSite(AdminSite):
    """The officials' desk."""

    site_header = _("Officials' desk")
    site_title = _("Officials' desk")
    index_title = _("Work")
    enable_nav_sidebar = False

    def has_permission(self, request) -> bool:
        return is_official(request.user)
