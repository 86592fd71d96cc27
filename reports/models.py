"""The rows of this room, by subject."""

from reports.api.models import ApiToken

__all__ = ["ApiToken"]
