"""What every page knows: the person's places, how they like to read, whether the data is fictional."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.enums import OrganisationKind
from accounts.permissions import is_official
from accounts.selectors import organisations_of
from messaging.selectors import unread_count

DISPLAY_COOKIES = {"contrast": ("normal", "high"), "text": ("normal", "large")}


def display_of(request) -> dict[str, str]:
    """Contrast and text size as the reader chose them, from two cookies."""
    chosen = {}
    for name, values in DISPLAY_COOKIES.items():
        value = request.COOKIES.get(f"display_{name}", values[0])
        chosen[name] = value if value in values else values[0]
    return chosen


def site(request) -> dict:
    user = getattr(request, "user", None)
    if request.path.startswith("/admin/") or user is None:
        organisations, official = [], bool(user and user.is_staff)
    else:
        organisations, official = list(organisations_of(user)), is_official(user)
    return {
        "site": {
            "nav": _navigation(request, organisations, official) if user is not None else [],
            "display": display_of(request),
            "organisations": organisations,
            "is_official": official,
            "sample_data": settings.SAMPLE_DATA,
        }
    }


def inbox(request) -> dict:
    """How many messages the signed-in person has not read: one query, on pages that show it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or request.path.startswith("/admin/"):
        return {}
    return {"inbox_url": reverse("messaging:inbox"), "inbox_count": unread_count(user)}


def _navigation(request, organisations, official: bool) -> list[dict]:
    if not request.user.is_authenticated:
        return []
    if official and request.path.startswith("/admin/"):
        entries = [
            (_("Review queue"), reverse("admin:casework_case_changelist")),
            (_("Registers"), reverse("admin:registers")),
        ]
        return [{"label": label, "url": url, "active": request.path == url} for label, url in entries]
    kinds = {organisation.kind for organisation in organisations}
    entries = [(_("My claims"), reverse("dashboard"))]
    if OrganisationKind.ENTERPRISE in kinds:
        entries.append((_("Contracts"), reverse("offshore:contracts")))
    if OrganisationKind.INSTITUTION in kinds:
        entries += [
            (_("Classes"), reverse("training:classes")),
            (_("Trainees"), reverse("training:trainees")),
        ]
    if organisations:
        entries.append((_("Organisation"), reverse("organisations")))
    if official:
        entries.append((_("Officials' desk"), reverse("admin:index")))
    return [{"label": label, "url": url, "active": request.path == url} for label, url in entries]
