"""The enterprise's yearly claim: start it, write it, check it, submit it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from applications import services
from applications.history import Conflict, claim_changes
from applications.selectors import claim_lines, claim_years, enterprises_of, offshore_cases
from applications.web import typed as typed_rows
from applications.web.claim_forms import NewClaimForm, SubmitForm
from applications.web.claim_page import ClaimPage, steps
from applications.web.posted import typed_seen_in, version_in
from casework import corrections, presentation
from casework.enums import EDITABLE, IN_REVIEW, Status
from casework.forms import AnswersForm
from casework.models import Case
from casework.permissions import may_edit
from casework.programmes import programme_of
from casework.services.filing import Incomplete
from casework.transitions import Refused
from policy.enums import ProgrammeCode
from policy.practice import FRAUD_EXCLUSION_YEARS

RECENT = 10


def _case(request: HttpRequest, number: str) -> Case:
    """The claim of this number if the person may see it; 404 otherwise."""
    return get_object_or_404(offshore_cases(request.user), number=number)


@login_required
@require_http_methods(["GET", "POST"])
def claim_new(request):
    """Choose enterprise and year; opens the draft of that year, an old one or a new one."""
    form = NewClaimForm(request.POST or None, user=request.user, years=claim_years())
    if request.method == "POST" and form.is_valid():
        organisation, year = form.cleaned_data["organisation"], form.cleaned_data["year"]
        try:
            case = services.start_claim(user=request.user, organisation=organisation, year=year)
        except Refused as refusal:
            form.add_error("organisation", refusal.message)
        else:
            return redirect("offshore:claim", number=case.number)
    cases = (
        Case.objects.filter(organisation__in=enterprises_of(request.user), programme=ProgrammeCode.OFFSHORE)
        .exclude(status__in=(Status.WITHDRAWN, Status.LAPSED))
        .select_related("organisation")
        .order_by("-year", "-id")[:RECENT]
    )
    context = {
        "form": form,
        "enterprises": form.fields["organisation"].queryset,
        "rows": [{"case": case, "status": presentation.status_view(case)} for case in cases],
        "crumbs": _crumbs(),
    }
    return render(request, "applications/claim_new.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def claim(request, number: str):
    """The claim's form: what was typed last, else what is saved."""
    case = _case(request, number)
    answer = may_edit(request.user, case)
    if not answer:
        messages.info(request, answer.reason)
        return redirect(case)
    page = ClaimPage(case, request.user)
    if request.method == "POST":
        return _post(request, page)
    form, formset = page.present_forms()
    return _show(request, page, form, formset, version=case.version)


def _show(request: HttpRequest, page: ClaimPage, form, formset, **more) -> HttpResponse:
    return render(request, "applications/claim.html", page.context(form, formset, **more))


def _post(request: HttpRequest, page: ClaimPage) -> HttpResponse:
    """Save, or keep what was typed and show what is wrong with it. Buttons: save, next, add_row."""
    case, version = page.case, version_in(request.POST)
    who = {"case_id": case.pk, "user": request.user, "expected_version": version}
    seen = typed_seen_in(request.POST)
    form, formset = page.note_form(request.POST), page.formset(data=request.POST)
    try:
        if "add_row" in request.POST:
            typed = typed_rows.with_one_more_row(typed_rows.typed_from(request.POST))
            services.keep_typed(**who, typed=typed, typed_seen=seen)
            return redirect(reverse("offshore:claim", args=[case.number]) + "#new-row")
        if form.is_valid() & formset.is_valid() and _saved(formset, form, who, seen):
            messages.success(request, _("Saved."))
            return redirect(
                "offshore:submit" if "next" in request.POST else "offshore:claim", number=case.number
            )
        services.keep_typed(**who, typed=typed_rows.typed_from(request.POST), typed_seen=seen)
    except Refused as refusal:
        return _refused(request, case.number, refusal, version)
    page.claim.refresh_from_db()
    return _show(request, page, form, formset, version=version)


def _saved(formset, form, who: dict, seen) -> bool:
    """Save a valid form; False when a bank reference was claimed between its check and now."""
    try:
        services.save_claim(
            **who,
            note=form.cleaned_data["note"],
            lines=formset.lines(),
            removed=formset.removed_ids,
            typed_seen=seen,
        )
    except services.ReferencesUsed as used:
        formset.refuse_used(used.references)
        return False
    return True


def _refused(request: HttpRequest, number: str, refusal: Refused, version: int) -> HttpResponse:
    """Say what somebody else changed, and show what was typed beside it; saving again is then a choice."""
    case = _case(request, number)
    if refusal.code == "permission":
        messages.error(request, refusal.message)
        return redirect(case)
    page = ClaimPage(case, request.user)
    form, formset = page.typed_forms(typed_rows.typed_from(request.POST), merge=True)
    changes = claim_changes(case, version) if refusal.code == "stale" else []
    conflict = Conflict(refusal.message, changes, is_closed=refusal.code == "closed")
    return _show(request, page, form, formset, version=case.version, conflict=conflict)


@login_required
@require_POST
def autosave(request, number: str):
    """Keep what is typed, valid or not; answers with the save state and the estimate (see static/js/portal.js)."""
    page = ClaimPage(_case(request, number), request.user)
    context = {"case": page.case, "claim": page.claim}
    try:
        context["kept_at"] = services.keep_typed(
            case_id=page.case.pk,
            user=request.user,
            expected_version=version_in(request.POST),
            typed=typed_rows.typed_from(request.POST),
            typed_seen=typed_seen_in(request.POST),
        )
    except Refused as refusal:
        return render(
            request, "applications/_autosave.html", context | {"save_error": refusal.message}, status=409
        )
    context["typed_seen"] = context["kept_at"].isoformat()
    context["formset"] = page.formset(data=request.POST)
    context["estimate"] = page.annotate(context["formset"])
    return render(request, "applications/_autosave.html", context)


@login_required
@require_POST
def discard(request, number: str):
    """Go back to what is saved, without what was typed after it."""
    case = _case(request, number)
    try:
        services.drop_typed(case_id=case.pk, user=request.user, expected_version=version_in(request.POST))
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, _("What was typed is dropped; this is what is saved."))
    return redirect("offshore:claim", number=number)


@login_required
@require_http_methods(["GET", "POST"])
def submit(request, number: str):
    """Check what will be filed, give the undertaking, submit."""
    case = _case(request, number)
    if case.status not in EDITABLE:
        return _filed_before(request, case)
    answer = may_edit(request.user, case)
    if not answer:
        messages.error(request, answer.reason)
        return redirect(case)
    form = SubmitForm(request.POST or None, initial={"name": request.user.display_name})
    task = corrections.task_of(case)
    answers = AnswersForm(request.POST or None, remarks=task.remarks)
    conflict, problems = None, None
    if request.method == "POST" and form.is_valid() & answers.is_valid():
        try:
            services.give_undertaking_and_submit(
                case_id=case.pk,
                user=request.user,
                name=form.cleaned_data["name"],
                expected_version=version_in(request.POST),
                answers=answers.answers(),
            )
        except Incomplete as incomplete:
            problems = incomplete.problems
        except Refused as refusal:
            case = _case(request, number)
            if case.status not in EDITABLE:
                return _filed_before(request, case)
            conflict = Conflict(refusal.message, claim_changes(case, version_in(request.POST)))
        else:
            messages.success(
                request, _("Received. Your case number is %(number)s.") % {"number": case.number}
            )
            return redirect(case)
    context = _submit_context(case, form, problems, conflict)
    return render(request, "applications/submit.html", context | {"answers": answers, "task": task})


def _filed_before(request: HttpRequest, case: Case) -> HttpResponse:
    """A second press of the button, or a page from yesterday."""
    if case.status in IN_REVIEW:
        messages.info(
            request, _("%(number)s was received already; nothing was sent twice.") % {"number": case.number}
        )
    else:
        messages.info(request, _("%(number)s cannot be submitted any more.") % {"number": case.number})
    return redirect(case)


def _submit_context(case: Case, form: SubmitForm, problems, conflict: Conflict | None) -> dict:
    page = ClaimPage(case)
    filed = claim_lines(page.claim)
    formset = page.formset(rows=typed_rows.rows_of_receipts(page.shown))
    if problems is None:
        problems = programme_of(case).problems(case)
    return {
        "case": case,
        "claim": page.claim,
        "form": form,
        "lines": filed.lines,
        "usd": filed.usd,
        "note": page.claim.note,
        "estimate": page.annotate(formset),
        # The undertaking is asked for on this page, it is not missing elsewhere.
        "problems": [problem for problem in problems if problem.code != "undertaking"],
        "conflict": conflict,
        "version": case.version,
        "exclusion_years": FRAUD_EXCLUSION_YEARS,
        "steps": steps("check", case),
        "crumbs": _crumbs(),
    }


def _crumbs() -> list[dict]:
    return [{"label": _("My claims"), "url": reverse("dashboard")}]
