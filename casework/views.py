"""What applicants see of their cases, whatever the programme."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.enums import OrganisationKind
from accounts.selectors import own_organisations
from casework import corrections, presentation
from casework.enums import EDITABLE, IN_REVIEW, Status
from casework.forms import WithdrawForm
from casework.grounds import ground_of_rejection
from casework.lines import cut_lines, marked
from casework.models import Case, Submission
from casework.permissions import may_edit, may_withdraw
from casework.programmes import Programme, programme_of
from casework.services import filing
from casework.transitions import Refused

PAGE_SIZE = 20
SUBMISSION_NUMBERS = frozenset(str(number) for number in range(1, 1000))


class Pages(Paginator):
    """Whether there is a second page is seen by the first one: what fits on it is not counted beforehand."""

    def get_page(self, number: str | None) -> Page:
        if number:
            return super().get_page(number)
        rows = list(self.object_list[: self.per_page + 1])
        if len(rows) <= self.per_page:
            self.__dict__["count"] = len(rows)
        return self._get_page(rows[: self.per_page], 1, self)


def visible_case(request: HttpRequest, number: str) -> Case:
    """The case of this number if the person may see it; 404 otherwise, so that numbers tell nothing."""
    cases = Case.objects.visible_to(request.user).select_related(
        "organisation", "current_assessment", "changed_by", "submitted_by"
    )
    return get_object_or_404(cases, number=number)


@login_required
@require_GET
def dashboard(request):
    """The person's claims: what waits for them first, then the newest."""
    cases = (
        Case.objects.filter(organisation__memberships__user=request.user)
        .select_related("organisation")
        .annotate(waits_for_me=Q(status__in=EDITABLE))
        .order_by("-waits_for_me", "-changed_at", "-id")
    )
    page = Pages(cases, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "casework/dashboard.html",
        {
            "page": page,
            "rows": [{"case": case, "status": presentation.status_view(case)} for case in page],
            **_kinds_of(request.user),
        },
    )


def _kinds_of(user) -> dict:
    organisations = own_organisations(user)
    kinds = {organisation.kind for organisation in organisations}
    return {
        "organisations": organisations,
        "has_enterprise": OrganisationKind.ENTERPRISE in kinds,
        "has_institution": OrganisationKind.INSTITUTION in kinds,
    }


@login_required
@require_GET
def case(request, number: str):
    """One case: where it stands, the calculation sheet, what was filed, the history."""
    found = visible_case(request, number)
    submissions = list(found.submissions.select_related("submitted_by").order_by("number"))
    submission = submissions[-1] if submissions else None
    times = corrections.times(found)
    rules = programme_of(found)
    reason = (
        found.transitions.filter(to_status=found.status)
        .order_by("id")
        .values_list("reason", flat=True)
        .last()
    )
    return render(
        request,
        "casework/case.html",
        {
            "case": found,
            "status": presentation.status_view(found),
            "sheet": presentation.sheet(found.current_assessment, found.programme),
            "calculation": presentation.calculation_state(found),
            "events": presentation.timeline(found, for_official=False),
            "submission": submission,
            "evidence_template": rules.evidence_template,
            "return_reason": reason or "",
            "ground": ground_of_rejection(found) if found.status == Status.REJECTED else None,
            "times": times,
            "correction": corrections.last_correction(found, submissions),
            "correction_task": corrections.task(found, submission, times.deadline),
            "crumbs": [{"label": _("My claims"), "url": reverse("dashboard")}],
            "may_edit": may_edit(request.user, found),
            "may_withdraw": may_withdraw(request.user, found),
            "edit_url": rules.edit_url(found),
            **_evidence(found, submission, rules),
        },
    )


def _evidence(case: Case, submission: Submission | None, rules: Programme) -> dict:
    """What was filed, each line with what an official concluded about it."""
    if submission is None:
        return {}
    cut, filed = (
        cut_lines(case.current_assessment, submission.snapshot, rules),
        rules.evidence(case, submission.snapshot),
    )
    return {
        **filed,
        "lines": marked(filed["lines"], rules.layout.key, cut),
        "cut_lines": cut,
        "provisional": case.status in IN_REVIEW,
    }


@login_required
@require_GET
def submission(request, number: str):
    """A submission (`?number=1`) as it was filed, with the remarks that it got; the case itself when there is none."""
    found, wanted = visible_case(request, number), request.GET.get("number", "")
    submissions = found.submissions.select_related("submitted_by")
    filed = submissions.filter(number=int(wanted)).first() if wanted in SUBMISSION_NUMBERS else None
    if filed is None:
        return redirect(found)
    rules = programme_of(found)
    remarks = list(filed.remarks.order_by("id"))
    return render(
        request,
        "casework/submission.html",
        {
            "case": found,
            "submission": filed,
            "remarks": corrections.remark_views(found, remarks, filed.snapshot),
            "evidence_template": rules.evidence_template,
            "crumbs": [
                {"label": _("My claims"), "url": reverse("dashboard")},
                {"label": found.number, "url": found.get_absolute_url()},
            ],
            **rules.evidence(corrections.as_submitted(found, filed), filed.snapshot),
        },
    )


@login_required
@require_GET
def calculation(request, number: str):
    """The sheet alone, for the page that waits for a worker (htmx polls it)."""
    found = visible_case(request, number)
    return render(
        request,
        "casework/_calculation.html",
        {
            "case": found,
            "sheet": presentation.sheet(found.current_assessment, found.programme),
            "calculation": presentation.calculation_state(found),
        },
    )


@login_required
@require_http_methods(["GET", "POST"])
def withdraw(request, number: str):
    """Ask once, then take the claim back."""
    found = visible_case(request, number)
    answer = may_withdraw(request.user, found)
    if not answer:
        messages.error(request, answer.reason)
        return redirect(found)
    form = WithdrawForm(request.POST or None, initial={"version": found.version})
    if not form.is_valid():
        crumbs = [{"label": found.number, "url": found.get_absolute_url()}]
        return render(request, "casework/withdraw.html", {"case": found, "form": form, "crumbs": crumbs})
    try:
        filing.withdraw(
            case_id=found.pk,
            user=request.user,
            reason=form.cleaned_data["reason"],
            expected_version=form.cleaned_data["version"],
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("The claim %(number)s is withdrawn.") % {"number": found.number})
    return redirect(found)
