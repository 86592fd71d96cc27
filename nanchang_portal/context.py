"""What every page knows: the person's places, how they like to read, whether the data is fictional."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from accounts.enums import OfficialRole, OrganisationKind
from accounts.permissions import has_role, is_official
from accounts.selectors import organisations_of
from messaging.selectors import unread_count
from reports.public.search_engines import OF_NOTICES, languages

#: Elder mode includes the larger text, larger targets, and leaves out what is not needed.
DISPLAY_COOKIES = {"contrast": ("normal", "high"), "text": ("normal", "large"), "mode": ("normal", "elder")}


def display_of(request) -> dict[str, str]:
    """Contrast, text size and mode as the reader chose them, each from a cookie."""
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
            "identity_provider": bool(settings.SOCIALACCOUNT_PROVIDERS),
            **_for_search_engines(request),
        }
    }


def _for_search_engines(request) -> dict:
    """`canonical` and `alternates` [(language, address)] of a public page; nothing for pages of signed-in people."""
    match = getattr(request, "resolver_match", None)
    if match is None or not (match.view_name in ("home", *OF_NOTICES) or match.namespace == "public"):
        return {"indexed": False}
    here = settings.PORTAL_URL + request.path
    alternates = [(language, here + suffix) for language, suffix in languages()]
    return {
        "indexed": True,
        "canonical": here + ("" if get_language() == settings.LANGUAGE_CODE else f"?lang={get_language()}"),
        "alternates": alternates,
    }


def inbox(request) -> dict:
    """How many messages the signed-in person has not read: one query, on every page."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"inbox_url": reverse("messaging:inbox"), "inbox_count": unread_count(user)}


def _navigation(request, organisations, official: bool) -> list[dict]:
    if not request.user.is_authenticated:
        entries = [
            (_("Check your case"), reverse("public:check_offshore")),
            (_("For enterprises"), reverse("public:guide", args=["enterprises"])),
            (_("For institutions"), reverse("public:guide", args=["institutions"])),
            (_("For students"), reverse("public:guide", args=["students"])),
            (_("Public notices"), reverse("notices:notices")),
            (_("Awards"), reverse("public:awards")),
            (_("Statistics"), reverse("public:statistics")),
            (pgettext("list of organisations", "Register"), reverse("public:organisations")),
            (_("Questions"), reverse("public:questions")),
        ]
        return [{"label": label, "url": url, "active": request.path == url} for label, url in entries]
    if official and request.path.startswith("/admin/"):
        entries = [
            (_("Review queue"), reverse("admin:casework_case_changelist")),
            (_("Overview"), reverse("admin:overview")),
            (_("Public notices"), reverse("admin:notices_notice_changelist")),
            (_("Statistics"), reverse("admin:statistics")),
            (_("Payments"), reverse("admin:payments_batch_changelist")),
            (_("Delegations"), reverse("admin:casework_delegation_changelist")),
            (_("Registers"), reverse("admin:registers")),
        ]
        if has_role(request.user, OfficialRole.AUDITOR):
            entries.append((_("Operation"), reverse("admin:operations")))
        return [{"label": label, "url": url, "active": request.path == url} for label, url in entries]
    kinds = {organisation.kind for organisation in organisations}
    entries = [(_("My claims"), reverse("dashboard"))]
    if OrganisationKind.ENTERPRISE in kinds:
        entries.append((_("Contracts"), reverse("offshore:contracts")))
        entries.append((pgettext("of an enterprise", "Returns"), reverse("offshore:returns")))
    if OrganisationKind.INSTITUTION in kinds:
        entries += [
            (_("Classes"), reverse("training:classes")),
            (_("Trainees"), reverse("training:trainees")),
        ]
    if organisations:
        entries.append((_("Payee accounts"), reverse("payments:accounts")))
        entries.append((_("Organisation"), reverse("organisations")))
    if official:
        entries.append((_("Officials' desk"), reverse("admin:index")))
    return [{"label": label, "url": url, "active": request.path == url} for label, url in entries]
