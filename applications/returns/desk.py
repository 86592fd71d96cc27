"""Returns on the officials' desk: accept, ask back, and who has not reported."""

from collections.abc import Iterator

from django import forms
from django.contrib import admin
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from applications.enums import ReturnState
from applications.models import BusinessReturn
from applications.returns import services
from applications.returns.checks import findings_of
from applications.returns.models import WHOLE_YEAR
from applications.returns.selectors import last_month, reporters, years_over
from applications.returns.views import chip
from casework.templatetags.portal import day, day_text, moment
from payments.desk.after.forms import RowForm
from payments.desk.after.pages import Fact, Step, StepAdmin, Table
from policy.practice import FIRST_YEAR


class QuestionForm(RowForm):
    question = forms.CharField(
        label=gettext_lazy("What the enterprise should look at"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The enterprise reads it and can change the return again."),
    )


class PeriodForm(forms.Form):
    """Which period's reporters are listed."""

    year = forms.TypedChoiceField(label=gettext_lazy("Year"), coerce=int, required=False, empty_value=None)
    month = forms.TypedChoiceField(
        label=gettext_lazy("Period"), coerce=int, required=False, empty_value=WHOLE_YEAR
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        this_year = timezone.localdate().year
        self.fields["year"].choices = [(y, str(y)) for y in range(this_year, FIRST_YEAR - 1, -1)]
        months = [(n, _("Month %(number)d") % {"number": n}) for n in range(1, 13)]
        self.fields["month"].choices = [("", _("The whole year")), *months]


@admin.register(BusinessReturn)
class BusinessReturnAdmin(StepAdmin):
    """What was filed; what is only being written is nobody's business but the enterprise's."""

    list_display = (
        "period_plain",
        "organisation",
        "where",
        "business",
        "headcount",
        "filed_on",
        "finding_count",
    )
    list_select_related = ("organisation",)
    list_filter = ("state", "year")
    search_fields = ("organisation__name", "organisation__credit_code")
    search_help_text = gettext_lazy("Name or credit code of the enterprise")
    ordering = ("-year", "-month", "organisation__name")
    list_per_page = 25
    chip_of = staticmethod(chip)
    beginnings = (
        ("applications_businessreturn_reporters", gettext_lazy("Who has reported, who is late or missing")),
    )
    steps = (
        Step(
            name="accept",
            title=gettext_lazy("Accept"),
            button=gettext_lazy("Accept this return, it counts in the statistics"),
            done=gettext_lazy("The return is accepted."),
            about=lambda found: found.state == ReturnState.FILED,
            may=services.may_look_at,
            act=lambda user, found, data: services.accept_return(user=user, return_id=found.pk),
        ),
        Step(
            name="ask_back",
            title=gettext_lazy("Ask back"),
            button=gettext_lazy("Give it back with this question"),
            done=gettext_lazy("The enterprise has the return again."),
            form=QuestionForm,
            about=lambda found: found.state in (ReturnState.FILED, ReturnState.ACCEPTED),
            may=services.may_look_at,
            act=lambda user, found, data: services.ask_back(
                user=user, return_id=found.pk, question=data["question"]
            ),
            tone="secondary",
        ),
    )

    def get_queryset(self, request):
        return super().get_queryset(request).filed().prefetch_related("lines")

    def found(self):
        return (
            BusinessReturn.objects.filed()
            .select_related("organisation", "filed_by", "decided_by")
            .prefetch_related("lines")
        )

    @admin.display(description=gettext_lazy("period"), ordering="year")
    def period_plain(self, found):
        return found.period

    @admin.display(description=gettext_lazy("business (USD)"))
    def business(self, found):
        """Both amounts under each other: side by side the list is wider than a small screen."""
        if not self._readable(found):
            return ""
        rows = ((_("Offshore"), found.offshore_usd), (_("Onshore"), found.onshore_usd))
        return format_html_join(
            mark_safe("<br>"),
            '{} <span class="money">{}</span>',
            ((word, f"{usd:,.2f}") for word, usd in rows),
        )

    @admin.display(description=gettext_lazy("filed"), ordering="filed_at")
    def filed_on(self, found):
        return day(found.filed_at)

    @staticmethod
    def _readable(found: BusinessReturn) -> bool:
        """A return that was asked back is being written again."""
        return found.state != ReturnState.RETURNED

    def facts(self, found) -> Iterator[Fact]:
        yield Fact(
            _("Enterprise"),
            found.organisation.name,
            reverse("admin:accounts_organisation_change", args=[found.organisation_id]),
        )
        yield Fact(_("Period"), found.period)
        yield Fact(_("Due"), day_text(found.due_on))
        yield Fact(_("First filed"), moment(found.first_filed_at))
        yield Fact(_("Filed"), format_html("{} · {}", moment(found.filed_at), found.filed_by))
        if found.decided_at:
            yield Fact(_("Looked at"), format_html("{} · {}", moment(found.decided_at), found.decided_by))
        yield Fact(_("What the bureau asks"), found.question)
        if not self._readable(found):
            yield Fact(_("Figures"), _("The enterprise is writing them again."))
            return
        yield Fact(_("Offshore (USD)"), f"{found.offshore_usd:,.2f}")
        yield Fact(_("Onshore (USD)"), f"{found.onshore_usd:,.2f}")
        yield Fact(_("Together (USD)"), f"{found.total_usd:,.2f}")
        yield Fact(_("People employed"), str(found.headcount))
        yield Fact(_("Graduates hired"), str(found.graduates_hired))
        yield Fact(_("Gathering area"), found.park_label or _("Outside of the gathering areas"))
        yield Fact(_("Explanation"), found.note)

    def tables(self, found, request) -> Iterator[Table]:
        if not self._readable(found):
            return
        findings = findings_of(found)
        if findings:
            yield Table(_("Not plausible"), [_("Check")], [[finding.text] for finding in findings])
        yield Table(
            _("Business of the period"),
            [_("Sector"), _("Kind of service"), _("Client's country or region"), _("Business in USD")],
            [
                [
                    line.get_sector_display(),
                    line.get_service_type_display(),
                    line.get_client_country_display(),
                    f"{line.amount_usd:,.2f}",
                ]
                for line in found.lines.all()
            ],
            amount=3,
        )

    def get_urls(self):
        view = self.admin_site.admin_view(self.reporters_view)
        return [
            path("reporters/", view, name="applications_businessreturn_reporters"),
            *super().get_urls(),
        ]

    def reporters_view(self, request):
        """The recognised enterprises of a period: missing, late, in time."""
        form = PeriodForm(request.GET or None)
        year, month = years_over()[0], WHOLE_YEAR
        if form.is_bound and form.is_valid():
            year = form.cleaned_data["year"] or year
            month = form.cleaned_data["month"] or WHOLE_YEAR
        if (year, month or 12) > last_month():
            form.add_error("year", _("This period is not over yet.")) if form.is_bound else None
            found = []
        else:
            found = reporters(year, month)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Who has reported"),
            "form": form if form.is_bound else PeriodForm(initial={"year": year}),
            "rows": [
                {"each": each, "status": chip(each.found) if each.found and each.is_filed else None}
                for each in found
            ],
            "missing": sum(not each.is_filed for each in found),
            "late": sum(each.is_filed and each.late > 0 for each in found),
            "list_url": reverse("admin:applications_businessreturn_changelist"),
            "list_title": self.opts.verbose_name_plural,
        }
        return TemplateResponse(request, "admin/applications/reporters.html", context)
