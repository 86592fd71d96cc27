"""The claim: start it, choose the trainees, give the undertaking and file it."""

from collections.abc import Iterable, Mapping

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from casework import corrections
from casework.enums import EDITABLE
from casework.forms import AnswersForm, pin
from casework.models import Case
from casework.permissions import may_edit
from casework.programmes import programme_of
from casework.reopening import reopened_by
from casework.services.filing import Incomplete
from casework.transitions import Refused
from policy.enums import ProgrammeCode
from policy.practice import FRAUD_EXCLUSION_YEARS
from training.enums import Eligibility
from training.selectors import claim_of, claimable, lights_of
from training.services.claims import choose_trainees, give_undertaking_and_submit, start_claim
from training.web.claim_forms import ChooseForm, NewClaimForm, SubmitForm
from training.web.claim_rows import claim_page, estimate_of, parts_of, return_reason_of, steps_of
from training.web.common import crumb


@login_required
@require_http_methods(["GET", "POST"])
def claim_new(request):
    """Explain the claim, then open this year's draft: the one that there is, or a new one."""
    form = NewClaimForm(request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and form.institutions and form.is_valid():
        try:
            return redirect(
                "training:claim", start_claim(user=request.user, institution=form.institution).number
            )
        except Refused as refused:
            form.add_error(None, refused.message)
    context = {
        "form": form,
        "year": timezone.localdate().year,
        "crumbs": [crumb(_("My claims"), "dashboard")],
    }
    return render(request, "training/claim_new.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def claim(request, number: str):
    """Choose trainees. A browser with JavaScript saves each tick by itself and gets the new total back."""
    case = _case(request, number)
    if answer := _closed(request, case):
        return answer
    if request.method == "GET":
        return render(request, "training/claim.html", claim_page(request, case))
    form = ChooseForm(request.POST)
    by_itself = request.headers.get("X-Requested-With") == "XMLHttpRequest"
    error, status = _chosen(request.user, case, form), 200
    case = _case(request, number)
    if error:
        status = 409 if error.code == "stale" else 422
    elif not by_itself:
        return redirect(
            reverse("training:submit", args=[number]) if "next" in request.POST else request.get_full_path()
        )
    if by_itself:
        return render(request, "training/_claim_parts.html", parts_of(case, error), status=status)
    context = claim_page(request, case, form=form, error=error)
    return render(request, "training/claim.html", context)


@login_required
@require_POST
def choose_eligible(request, number: str):
    """Choose everybody whom the rules find eligible, beside those who are ticked already."""
    case = _case(request, number)
    if answer := _closed(request, case):
        return answer
    form = ChooseForm(request.POST)
    lights = lights_of(list(claimable(case)))
    eligible = [pk for pk, light in lights.items() if light.state == Eligibility.ELIGIBLE]
    error = _chosen(request.user, case, form, also=eligible)
    if error:
        context = claim_page(request, _case(request, number), form=form, error=error)
        return render(request, "training/claim.html", context)
    messages.success(request, _("Every eligible trainee is chosen: %(count)d.") % {"count": len(eligible)})
    return redirect("training:claim", number)


@login_required
@require_http_methods(["GET", "POST"])
def submit(request, number: str):
    """What will be filed, what it comes to, what is missing, and the undertaking."""
    case = _case(request, number)
    if answer := _closed(request, case):
        return answer
    claim = claim_of(case)
    data = request.POST if request.method == "POST" else None
    task = corrections.task_of(case)
    form = SubmitForm(data, initial={"version": case.version, "note": claim.note})
    if not reopened_by(view.remark for view in task.remarks).allows("note"):
        form.fields["note"].disabled = True
    pin(form, {"note": task.at("note")})
    answers = AnswersForm(data, remarks=task.remarks)
    problems = None
    if request.method == "POST" and form.is_valid() & answers.is_valid():
        try:
            return _file(request, case, form, answers.answers())
        except Incomplete as incomplete:
            problems = incomplete.problems
        except ValidationError as error:
            form.add_error(None, error)
        except Refused as refused:
            case = _case(request, number)
            if answer := _closed(request, case):
                return answer
            form.add_error(None, refused.message)
            form.data = form.data.copy()
            form.data["version"] = str(case.version)
    if problems is None:
        problems = [problem for problem in programme_of(case).problems(case) if problem.code != "undertaking"]
    context = {
        "case": case,
        "form": form,
        "answers": answers,
        "correction_task": task,
        "problems": problems,
        "exclusion_years": FRAUD_EXCLUSION_YEARS,
        "steps": steps_of(case, 2),
        "return_reason": return_reason_of(case),
        **estimate_of(case),
        "crumbs": [
            crumb(_("My claims"), "dashboard"),
            {"label": case.number, "url": case.get_absolute_url()},
        ],
    }
    return render(request, "training/submit.html", context)


def _case(request: HttpRequest, number: str) -> Case:
    cases = Case.objects.visible_to(request.user).filter(programme=ProgrammeCode.TRAINING)
    return get_object_or_404(cases.select_related("organisation", "changed_by"), number=number)


def _closed(request: HttpRequest, case: Case) -> HttpResponse | None:
    """The way to the case's own page when the person may not change the claim now; a second submit ends here too."""
    answer = may_edit(request.user, case)
    if answer:
        return None
    if case.status not in EDITABLE and request.method == "POST":
        messages.info(request, _("This claim has been filed already; nothing was sent twice."))
    else:
        messages.info(request, answer.reason)
    return redirect(case)


def _chosen(user, case: Case, form: ChooseForm, also: Iterable[int] = ()) -> ValidationError | None:
    """Keep the choice: the ticked rows instead of the shown ones, the rest as it was. Returns what was refused."""
    if not form.is_valid():
        return ValidationError(_("This page was not sent in full. Load it again."), code="form")
    before = set(claim_of(case).lines.values_list("enrolment_id", flat=True))
    wanted = before - set(form.cleaned_data["shown"]) | set(form.cleaned_data["chosen"]) | set(also)
    try:
        choose_trainees(
            user=user,
            case_id=case.pk,
            enrolment_ids=wanted,
            expected_version=form.cleaned_data["version"] or 0,
        )
    except ValidationError as error:
        return ValidationError(error.messages[0], code="not_claimable")
    except Refused as refused:
        return ValidationError(refused.message, code=refused.code)
    return None


def _file(request: HttpRequest, case: Case, form: SubmitForm, answers: Mapping[int, str]) -> HttpResponse:
    data = form.cleaned_data
    give_undertaking_and_submit(
        user=request.user,
        case_id=case.pk,
        signed_by=data["signed_by"],
        note=data["note"],
        expected_version=data["version"] or 0,
        answers=answers,
    )
    messages.success(
        request,
        _("The claim %(number)s is filed. It is being calculated; then the initial review follows.")
        % {"number": case.number},
    )
    return redirect(case)
