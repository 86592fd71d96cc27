"""Enrolments: several trainees into a class, and the page of one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.identifiers import normalise, validate_credit_code
from accounts.permissions import may_file_for
from casework import corrections
from casework.enums import EDITABLE
from casework.reopening import reopened_by
from casework.transitions import Refused
from training.layout import LAYOUT
from training.models import Enrolment, Trainee, TrainingClass
from training.selectors import (
    KnownEmployer,
    cases_holding,
    employer_by_code,
    lights_of,
    with_evidence,
    writable_institutions,
)
from training.services.classes import enrol as enrol_trainees
from training.services.enrolments import save_enrolment
from training.services.reopening import returned_case_of
from training.web.common import crumb, light_sheet, page_of, refusal
from training.web.enrolment_form import EnrolmentForm
from training.web.fields import add_errors
from training.web.forms import EnrolForm, NameFilter


@login_required
@require_http_methods(["GET", "POST"])
def enrol(request, pk: int):
    """Choose trainees of the institution who are not in this class yet."""
    found = get_object_or_404(
        TrainingClass.objects.visible_to(request.user).select_related("institution"), pk=pk
    )
    if answer := refusal(request, found.institution, found.get_absolute_url()):
        return answer
    form = EnrolForm(request.POST if request.method == "POST" else None, training_class=found)
    if request.method == "POST" and form.is_valid():
        try:
            created = enrol_trainees(
                user=request.user, training_class=found, trainees=list(form.cleaned_data["trainees"])
            )
        except ValidationError as error:
            add_errors(form, error)
        else:
            messages.success(request, _("Enrolled: %(count)d.") % {"count": len(created)})
            return redirect(found)
    name = NameFilter(request.GET)
    candidates = Trainee.objects.filter(institution=found.institution, erased_at__isnull=True).exclude(
        enrolments__training_class=found
    )
    if name.is_valid() and name.cleaned_data["q"]:
        candidates = candidates.filter(name__icontains=name.cleaned_data["q"])
    context = {
        "class": found,
        "form": form,
        "ticked": set(request.POST.getlist("trainees")),
        "filter": name,
        "page_obj": page_of(request, candidates.order_by("name", "id")),
        "crumbs": [crumb(_("Classes"), "training:classes"), crumb(found, "training:class", pk)],
    }
    return render(request, "training/enrol.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def enrolment(request, pk: int):
    """One enrolment: training days, certificate, labour contract, and what the rules say of it as it stands."""
    found = _visible(request, pk)
    may_write = may_file_for(request.user, found.trainee.institution)
    form = EnrolmentForm(
        request.POST if request.method == "POST" else None, initial=EnrolmentForm.initial_of(found)
    )
    returned, task = returned_case_of(found.pk), corrections.Task([])
    if returned:
        task = corrections.task_of(returned)
        form.close(reopened_by(view.remark for view in task.remarks), f"{LAYOUT.rows}/{found.pk}")
    if request.method == "POST":
        if answer := refusal(request, found.trainee.institution, found.get_absolute_url()):
            return answer
        if form.is_valid() and _saved(request, form, found):
            messages.success(request, _("Saved."))
            return redirect(found)
    case = cases_holding([found.pk]).get(found.pk)
    light = lights_of([found])[found.pk]
    context = {
        "enrolment": found,
        "form": form,
        "employer": _employer_of(form["employer_code"].value()),
        "light": light,
        "sheet": light_sheet(light, with_steps=False),
        "case": case,
        "is_frozen": case is not None and case.status not in EDITABLE,
        "may_write": may_write,
        "returned": returned,
        "remarks": task.by_part(f"{LAYOUT.rows}/{found.pk}"),
        "is_narrowed": bool(task.remarks),
        "crumbs": [
            crumb(_("Classes"), "training:classes"),
            crumb(found.training_class, "training:class", found.training_class_id),
        ],
    }
    return render(request, "training/enrolment.html", context)


@login_required
@require_GET
def employer(request):
    """What the portal knows of a credit code: the part of the enrolment's form that depends on it (htmx)."""
    if not writable_institutions(request.user).exists():
        return render(request, "training/_employer.html", {}, status=403)
    typed = {
        name: request.GET.get(name, "") for name in ("employer_code", "employer_name", "employer_division")
    }
    context = {"form": EnrolmentForm(initial=typed), "employer": _employer_of(typed["employer_code"])}
    return render(request, "training/_employer.html", context)


def _visible(request, pk: int) -> Enrolment:
    found = with_evidence(Enrolment.objects.visible_to(request.user)).select_related("trainee__institution")
    return get_object_or_404(found, pk=pk)


def _employer_of(typed: str | None) -> KnownEmployer | None:
    """The employer of what was typed as a credit code; None while that is no code."""
    code = normalise(typed or "")
    try:
        validate_credit_code(code)
    except ValidationError:
        return None
    return employer_by_code(code)


def _saved(request, form: EnrolmentForm, found: Enrolment) -> bool:
    data = form.cleaned_data
    try:
        save_enrolment(
            user=request.user,
            enrolment=found,
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            certificate=form.certificate(),
            contract=form.contract(),
            expected_version=data["version"] or 0,
        )
    except ValidationError as error:
        add_errors(form, error)
    except Refused as refused:
        if refused.code == "stale":
            present = _visible(request, found.pk)
            form.mark_stale(refused.message, present, EnrolmentForm.initial_of(present))
        else:
            form.add_error(None, refused.message)
    else:
        return True
    return False
