"""What every page knows: the person's places, how they like to read, whether the data is fictional."""

from functools import cache

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from accounts.enums import OfficialRole, OrganisationKind
from accounts.permissions import has_role, is_official
from accounts.selectors import own_organisations
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
        organisations, official = own_organisations(user), is_official(user)
    return {
        "site": {
            "nav": _navigation(request, organisations, official) if user is not None else [],
            "display": display_of(request),
            "organisations": organisations,
            "is_official": official,
            "sample_data": settings.SAMPLE_DATA,
            "identity_provider": "APPS" in settings.SOCIALACCOUNT_PROVIDERS["openid_connect"],
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
    """The entries of the reader's kind, the one where they are marked."""
    kind = "visitor"
    if request.user.is_authenticated:
        at_the_desk = official and request.path.startswith("/admin/")
        kind = "desk" if at_the_desk else "official" if official else "member"
    kinds = frozenset(organisation.kind for organisation in organisations)
    auditor = kind == "desk" and has_role(request.user, OfficialRole.AUDITOR)
    entries = _entries(kind, kinds, auditor, get_language())
    return [{"label": label, "url": url, "active": request.path == url} for label, url in entries]


@cache
def _entries(kind: str, kinds: frozenset[str], auditor: bool, language: str | None) -> list[tuple[str, str]]:
    """Words and addresses of the navigation: the same for everybody of a kind, so a process asks for them once."""
    if kind == "visitor":
        return [
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
    if kind == "desk":
        entries = [
            (_("Review queue"), reverse("admin:casework_case_changelist")),
            (_("Overview"), reverse("admin:overview")),
            (_("Public notices"), reverse("admin:notices_notice_changelist")),
            (_("Statistics"), reverse("admin:statistics")),
            (_("Payments"), reverse("admin:payments_batch_changelist")),
            (_("Delegations"), reverse("admin:casework_delegation_changelist")),
            (_("Registers"), reverse("admin:registers")),
        ]
        if auditor:
            entries.append((_("Operation"), reverse("admin:operations")))
        return entries
    entries = [(_("My claims"), reverse("dashboard"))]
    if OrganisationKind.ENTERPRISE in kinds:
        entries.append((_("Contracts"), reverse("offshore:contracts")))
        entries.append((pgettext("of an enterprise", "Returns"), reverse("offshore:returns")))
    if OrganisationKind.INSTITUTION in kinds:
        entries += [
            (_("Classes"), reverse("training:classes")),
            (_("Trainees"), reverse("training:trainees")),
        ]
    if kinds:
        entries.append((_("Payee accounts"), reverse("payments:accounts")))
        entries.append((_("Organisation"), reverse("organisations")))
    if kind == "official":
        entries.append((_("Officials' desk"), reverse("admin:index")))
    return entries
