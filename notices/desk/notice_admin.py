"""Public notices on the desk: what waits, a draft, its publication by another person, its withdrawal."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from audit.admin_base import ReadOnlyAdmin
from casework.transitions import Refused
from notices import selectors
from notices.desk.forms import MakeForm, WithdrawNoticeForm
from notices.enums import NoticeState
from notices.models import Notice
from notices.permissions import may_enter, may_make_notice, may_publish, may_withdraw_notice
from notices.services import publishing
from policy.enums import ProgrammeCode


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    list_display = (
        "number",
        "programme",
        "year_plain",
        "state",
        "starts_on",
        "ends_on",
        "made_by",
        "published_by",
    )
    list_select_related = ("made_by", "published_by")
    list_filter = ("state", "programme")
    search_fields = ("number", "entries__organisation_name", "entries__case_number")
    search_help_text = gettext_lazy("Number, organisation or case number")
    change_list_template = "admin/notices/notices.html"

    @admin.display(description=gettext_lazy("year"), ordering="year")
    def year_plain(self, notice):
        return str(notice.year)

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"notices_notice_{name}")

        return [
            named("make", self.make_view, "make"),
            named("<int:pk>/publish", self.publish_view, "publish"),
            named("<int:pk>/withdraw", self.withdraw_view, "withdraw"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        waiting = [
            row | {"label": ProgrammeCode(row["programme"]).label} for row in selectors.waiting_for_notice()
        ]
        more = {"waiting": waiting, "may_make": may_make_notice(request.user)}
        return super().changelist_view(request, (extra_context or {}) | more)

    def _page(self, request, template: str, context: dict, status: int = 200) -> TemplateResponse:
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/notices/{template}.html", context, status=status)

    def make_view(self, request):
        """The awards of a programme and year that wait, all of them chosen; a draft is made of what stays chosen."""
        programme, year = request.GET.get("programme", ""), request.GET.get("year", "")
        if programme not in ProgrammeCode.values or not (
            year.isascii() and year.isdigit() and len(year) == 4
        ):
            raise Http404
        answer = may_make_notice(request.user)
        if not answer:
            raise PermissionDenied(answer.reason)
        awards = list(selectors.awards_to_notice(programme, int(year)))
        form = MakeForm(request.POST or None, initial={"programme": programme, "year": year})
        form.fields["awards"].choices = [(award.pk, award.case.number) for award in awards]
        refusal = None
        if form.is_valid():
            data = form.cleaned_data
            try:
                notice = publishing.make_notice(
                    user=request.user,
                    programme=programme,
                    year=int(year),
                    remark=data["remark"],
                    award_ids=data["awards"],
                )
            except Refused as error:
                refusal = error
            else:
                messages.success(
                    request,
                    _("Draft %(number)s is made. Another person looks at it and publishes it.")
                    % {"number": notice.number},
                )
                return redirect("admin:notices_notice_change", notice.pk)
        chosen = set(request.POST.getlist("awards")) if form.is_bound else {str(award.pk) for award in awards}
        return self._page(
            request,
            "make",
            {
                "title": _("New public notice"),
                "awards": [(award, str(award.pk) in chosen) for award in awards],
                "form": form,
                "refusal": refusal,
                "programme": ProgrammeCode(programme).label,
                "year": year,
            },
            409 if refusal else 200,
        )

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        if not (object_id.isascii() and object_id.isdecimal() and len(object_id) < 18):
            raise Http404
        return self._notice_page(request, self._notice(request, int(object_id)))

    def _notice(self, request, pk: int) -> Notice:
        if not self.has_view_permission(request):
            raise PermissionDenied
        notice = (
            Notice.objects.select_related("made_by", "published_by", "withdrawn_by").filter(pk=pk).first()
        )
        if notice is None:
            raise Http404
        return notice

    def _notice_page(self, request, notice: Notice, *, refusal=None, form=None) -> TemplateResponse:
        return self._page(
            request,
            "notice",
            {
                "title": notice.number,
                "notice": notice,
                "entries": notice.entries.select_related("award__case").prefetch_related(
                    "people", "objections"
                )[:1000],
                "totals": selectors.totals_of(notice),
                "may_enter": notice.state == NoticeState.PUBLISHED and bool(may_enter(request.user)),
                "publishable": may_publish(request.user, notice),
                "withdrawable": may_withdraw_notice(request.user, notice),
                "form": form or WithdrawNoticeForm(initial={"version": notice.version}),
                "refusal": refusal,
            },
            409 if refusal else 200,
        )

    @method_decorator(require_POST)
    def publish_view(self, request, pk: int):
        """Publish a draft that somebody else made."""
        notice = self._notice(request, pk)
        try:
            notice = publishing.publish_notice(
                user=request.user, notice_id=pk, version=_number(request.POST.get("version"))
            )
        except Refused as refusal:
            return self._notice_page(request, self._notice(request, pk), refusal=refusal)
        messages.success(
            request,
            _("%(number)s is published. Nothing of it is paid before the end of %(day)s.")
            % {"number": notice.number, "day": notice.ends_on},
        )
        return redirect("admin:notices_notice_change", pk)

    @method_decorator(require_POST)
    def withdraw_view(self, request, pk: int):
        """Take a draft or a running notice back."""
        notice = self._notice(request, pk)
        form = WithdrawNoticeForm(request.POST)
        if not form.is_valid():
            return self._notice_page(request, notice, form=form)
        try:
            publishing.withdraw_notice(user=request.user, notice_id=pk, **form.cleaned_data)
        except Refused as refusal:
            return self._notice_page(request, self._notice(request, pk), refusal=refusal, form=form)
        messages.success(request, _("%(number)s is withdrawn.") % {"number": notice.number})
        return redirect(reverse("admin:notices_notice_changelist"))


def _number(text: str | None) -> int:
    """A version as a form sends it; 0, which no row has, for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else 0
