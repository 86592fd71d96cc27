from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    """Django's admin with the portal's own site: the officials' desk."""

    default_site = "nanchang_portal.admin_site.PortalAdminSite"
