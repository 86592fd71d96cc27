from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The composition root, an app for its management commands."""

    name = "nanchang_portal"
