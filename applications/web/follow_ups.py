"""Several of last year's contracts taken over in one step."""

import re
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from accounts.models import Organisation
from applications import follow_ups as service
from applications.checks import check_ends_on, check_signed_on
from applications.models import Contract
from applications.selectors import enterprises_of
from applications.web.contract_forms import ContractForm
from casework.transitions import Refused

_TICK = re.compile(r"c([0-9]{1,18})-take")


class FollowUpForm(forms.ModelForm):
    """The numbers and days of one follow-up, read by the fields of the contract's page; unticked, nothing is asked."""

    take = forms.BooleanField(
        label=gettext_lazy("Take over"),
        required=False,
        widget=forms.CheckboxInput({"class": "form-check-input"}),
    )
    signed_on = ContractForm.base_fields["signed_on"]
    starts_on = ContractForm.base_fields["starts_on"]
    ends_on = ContractForm.base_fields["ends_on"]

    class Meta:
        model = Contract
        fields = ("take", "contract_number", "registration_number", "signed_on", "starts_on", "ends_on")

    def __init__(self, *args, earlier: Contract, **kwargs) -> None:
        super().__init__(*args, prefix=f"c{earlier.pk}", **kwargs)
        self.earlier = earlier
        for each in self.fields.values():
            each.help_text = ""

    @property
    def is_chosen(self) -> bool:
        return bool(
            self.fields["take"].widget.value_from_datadict(self.data, self.files, self.add_prefix("take"))
        )

    def full_clean(self) -> None:
        if self.is_bound and not self.is_chosen:
            self._errors, self.cleaned_data = forms.utils.ErrorDict(), {}
            return
        super().full_clean()

    def clean_contract_number(self) -> str:
        return self.cleaned_data["contract_number"].strip()

    def clean_signed_on(self):
        check_signed_on(self.cleaned_data["signed_on"])
        return self.cleaned_data["signed_on"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        try:
            check_ends_on(data.get("starts_on"), data.get("ends_on"))
        except ValidationError as error:
            self.add_error("ends_on", error)
        return data

    def _post_clean(self) -> None:
        """The instance is written by the service."""

    @property
    def follow_up(self) -> service.FollowUp:
        own = {name: value for name, value in self.cleaned_data.items() if name != "take"}
        return service.FollowUp(self.earlier.pk, own)


@dataclass
class Rows:
    """All follow-ups of a page, as the error summary reads a formset."""

    forms: list[FollowUpForm]
    is_bound: bool
    refusals: list[str] = field(default_factory=list)

    def non_form_errors(self) -> list[str]:
        return self.refusals


@login_required
@require_http_methods(["GET", "POST"])
def follow_ups(request):
    """The contracts of a year that nothing follows yet, each with the numbers and days of its follow-up."""
    enterprises = list(enterprises_of(request.user).order_by("name"))
    if not enterprises:
        messages.error(request, _("You act for no enterprise whose contracts you may register."))
        return redirect("offshore:contracts")
    organisation = _chosen(request, enterprises)
    years = _years(organisation)
    year = _year(request, years)
    found = list(service.to_follow(organisation, year)[: service.AT_ONCE + 1]) if year else []
    if request.method == "POST":
        found = [*_followed(request, organisation), *found]
    rows = [_form(request, contract) for contract in found[: service.AT_ONCE]]
    page = Rows(rows, request.method == "POST")
    if page.is_bound and _taken_over(request, organisation, page):
        return redirect("offshore:contracts")
    context = {
        "rows": rows,
        "formsets": [page],
        "has_more": len(found) > service.AT_ONCE,
        "year": year,
        "years": years,
        "organisation": organisation,
        "enterprises": enterprises,
        "crumbs": [{"label": _("Contracts"), "url": reverse("offshore:contracts")}],
    }
    return render(request, "applications/follow_ups.html", context)


def _chosen(request: HttpRequest, enterprises: list[Organisation]) -> Organisation:
    wanted = request.GET.get("organisation", "")
    return next((each for each in enterprises if str(each.pk) == wanted), enterprises[0])


def _years(organisation: Organisation) -> list[int]:
    days = Contract.objects.filter(organisation=organisation, followed_by__isnull=True)
    return [day.year for day in days.dates("signed_on", "year", order="DESC")]


def _year(request: HttpRequest, years: list[int]) -> int | None:
    """The year that was asked for; otherwise last year, or the newest before it that has contracts."""
    wanted = request.GET.get("year", "")
    if wanted in map(str, years):
        return int(wanted)
    last = timezone.localdate().year - 1
    return next((year for year in years if year <= last), years[0] if years else None)


def _followed(request: HttpRequest, organisation: Organisation) -> list[Contract]:
    """What was ticked and has been taken over since: a second click, another tab, a colleague."""
    ticked = [int(match[1]) for key in request.POST if (match := _TICK.fullmatch(key))]
    return list(Contract.objects.filter(organisation=organisation, pk__in=ticked, followed_by__isnull=False))


def _form(request: HttpRequest, contract: Contract) -> FollowUpForm:
    suggestion = service.suggested(contract) | {"take": request.GET.get("tick") == "all"}
    posted = request.POST if request.method == "POST" else None
    return FollowUpForm(posted, earlier=contract, initial=suggestion)


def _taken_over(request: HttpRequest, organisation: Organisation, page: Rows) -> bool:
    """Whether everything that was ticked is registered; what is wrong stands in the page's rows."""
    chosen = [form for form in page.forms if form.is_chosen]
    if not chosen:
        page.refusals.append(_("Tick at least one contract."))
    valid = [form.is_valid() for form in chosen]  # every one of them: each shows what is wrong with it
    if not chosen or not all(valid):
        return False
    try:
        new, before = service.take_over(
            user=request.user, organisation=organisation, follow_ups=[form.follow_up for form in chosen]
        )
    except Refused as refused:
        page.refusals.append(refused.message)
        return False
    except service.NumbersTaken as taken:
        for form in chosen:
            if form.earlier.pk in taken.earlier_ids:
                form.add_error(
                    "contract_number", _("You have registered a contract with this number already.")
                )
        return False
    if new:
        said = ngettext("%(count)d contract is taken over.", "%(count)d contracts are taken over.", len(new))
        messages.success(request, said % {"count": len(new)})
    if before:
        messages.info(
            request, _("These contracts had been taken over already; nothing was registered twice.")
        )
    return True
