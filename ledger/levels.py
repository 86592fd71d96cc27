"""The city and its districts and counties in words (GB/T 2260, former ones included: claims of 2015 name them)."""

from django.utils.translation import gettext_lazy as _

from accounts.identifiers import division_name

CITY = "360100"
LEVELS = {
    CITY: _("Nanchang City"),
    "360102": _("Donghu District"),
    "360103": _("Xihu District"),
    "360104": _("Qingyunpu District"),
    "360105": _("Wanli District"),
    "360111": _("Qingshanhu District"),
    "360112": _("Xinjian District"),
    "360113": _("Honggutan District"),
    "360121": _("Nanchang County"),
    "360122": _("Xinjian County"),
    "360123": _("Anyi County"),
    "360124": _("Jinxian County"),
}


def level_name(division: str) -> str:
    """Whose share of a fund; empty for no division."""
    if not division:
        return ""
    return str(LEVELS.get(division) or division_name(division))
