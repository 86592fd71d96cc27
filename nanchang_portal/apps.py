from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    """The composition root, an app for its management commands and templates."""

    name = "nanchang_portal"
    default = True


class PortalAdminConfig(AdminConfig):
    """Django's admin with the portal's own site: the officials' desk."""

    default_site = "nanchang_portal.admin_site.PortalAdminSite"
    default = False
