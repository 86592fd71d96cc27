"""Public notices as an Atom feed, for readers and for whoever watches them by program."""

from datetime import datetime, time

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from casework.templatetags.portal import day_text
from policy.enums import ProgrammeCode
from reports import selectors
from reports.limits import limited_page

NEWEST = 30


class _Notices(Feed):
    """The newest notices; a withdrawn one says so and why. Entries lead to the list of awards of the notice."""

    feed_type = Atom1Feed

    def title(self) -> str:
        return f"{_('Public notices')} · {_('Nanchang Service Outsourcing Subsidy Portal')}"

    def link(self) -> str:
        return settings.PORTAL_URL + reverse("public:awards")

    def feed_url(self) -> str:
        return settings.PORTAL_URL + reverse("public:feed")

    def feed_guid(self) -> str:
        return self.feed_url()

    def author_name(self) -> str:
        return _("Service outsourcing desk, Nanchang Municipal Bureau of Commerce")

    def items(self) -> list[selectors.Noticed]:
        today = timezone.localdate()
        return [selectors.noticed(row, today) for row in selectors.notices()[:NEWEST]]

    def item_title(self, item: selectors.Noticed) -> str:
        return _("%(programme)s %(year)d: public notice %(number)s") % {
            "programme": ProgrammeCode(item.programme).label,
            "year": item.year,
            "number": item.number,
        }

    def item_description(self, item: selectors.Noticed) -> str:
        if item.state == "withdrawn":
            return _("Withdrawn: %(reason)s") % {"reason": item.withdrawal_reason}
        return ngettext(
            "%(count)d award, %(total)s RMB together. Anyone may object until %(day)s.",
            "%(count)d awards, %(total)s RMB together. Anyone may object until %(day)s.",
            item.awards,
        ) % {"count": item.awards, "total": f"{item.total_rmb:,}", "day": day_text(item.ends_on)}

    def item_link(self, item: selectors.Noticed) -> str:
        return settings.PORTAL_URL + reverse("notices:notice", args=[item.number])

    def item_pubdate(self, item: selectors.Noticed) -> datetime:
        return timezone.make_aware(datetime.combine(item.starts_on, time(9)))

    def item_updateddate(self, item: selectors.Noticed) -> datetime:
        return item.changed_at


_feed = _Notices()


@require_safe
@limited_page
def notices(request: HttpRequest) -> HttpResponse:
    """The feed in the reader's language; may be kept for five minutes, for each language apart."""
    response = _feed(request)
    response["Cache-Control"] = "public, max-age=300"
    patch_vary_headers(response, ["Cookie"])
    return response
