"""Trainees: the list with its lights, one person, the forms. An identity number only ever travels in a POST body."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import may_file_for
from casework.transitions import Refused
from training.models import Enrolment, Trainee
from training.permissions import may_erase
from training.selectors import trainees_of, with_evidence, writable_institutions
from training.services.classes import enrol
from training.services.trainees import AlreadyRegistered, change_trainee, register_trainee
from training.web.common import crumb, light_sheet, refusal, roster
from training.web.fields import add_errors
from training.web.forms import EnrolInForm, NewTraineeForm, TraineeFilter, TraineeForm
from training.web.trainee_rows import page_of_trainees


@login_required
@require_GET
def trainees(request):
    """A person's trainees with the light of each enrolment."""
    form = TraineeFilter(request.GET)
    chosen = form.cleaned_data if form.is_valid() else {"q": "", "show": ""}
    found = trainees_of(request.user, name=chosen["q"])
    page, rows = page_of_trainees(request, found, chosen["show"])
    context = {
        "filter": form,
        "filtered": any(chosen.values()),
        "page_obj": page,
        "rows": rows,
        "may_write": writable_institutions(request.user).exists(),
    }
    return render(request, "training/trainees.html", context)


@login_required
@require_GET
def trainee(request, pk: int):
    """One person: data (the number masked), enrolments and what the rules say of each."""
    found = _visible(request, pk)
    rows = roster(list(with_evidence(Enrolment.objects.filter(trainee=found))))
    for row in rows:
        row["sheet"] = light_sheet(row["light"], with_steps=True)
    context = {
        "trainee": found,
        "enrolment_ids": [row["enrolment"].pk for row in rows],
        "rows": rows,
        "enrol_form": EnrolInForm(trainee=found),
        "may_write": may_file_for(request.user, found.institution),
        "may_erase": may_erase(request.user, found),
        "crumbs": [crumb(_("Trainees"), "training:trainees")],
    }
    return render(request, "training/trainee.html", context)


@sensitive_post_parameters("identity")
@login_required
@require_http_methods(["GET", "POST"])
def trainee_new(request):
    """Register a person, and enrol them at once when a class is chosen."""
    form = NewTraineeForm(
        request.POST or None, user=request.user, initial={"training_class": request.GET.get("class")}
    )
    if not form.institutions:
        messages.error(request, _("Only the clerks and owners of a training institution register trainees."))
        return redirect("training:trainees")
    if request.method == "POST" and form.is_valid():
        form.instance.institution = form.institution
        if saved := _registered(request, form):
            messages.success(request, _("%(trainee)s is registered.") % {"trainee": saved})
            return redirect(form.cleaned_data["training_class"] or saved)
    crumbs = [crumb(_("Trainees"), "training:trainees")]
    return render(request, "training/trainee_form.html", {"form": form, "crumbs": crumbs})


@sensitive_post_parameters("identity")
@login_required
@require_http_methods(["GET", "POST"])
def trainee_edit(request, pk: int):
    """Change a person's data; claims that were filed keep what they froze."""
    found = _visible(request, pk)
    if answer := refusal(request, found.institution, found.get_absolute_url()):
        return answer
    title = str(found)
    form = TraineeForm(
        request.POST if request.method == "POST" else None, instance=found, initial={"version": found.version}
    )
    if request.method == "POST" and form.is_valid() and (saved := _changed(request, form)):
        messages.success(request, _("Saved."))
        return redirect(saved)
    crumbs = [crumb(_("Trainees"), "training:trainees"), crumb(title, "training:trainee", pk)]
    return render(
        request, "training/trainee_form.html", {"form": form, "trainee_title": title, "crumbs": crumbs}
    )


@login_required
@require_POST
def trainee_enrol(request, pk: int):
    """Enrol one person in one more class."""
    found = _visible(request, pk)
    if answer := refusal(request, found.institution, found.get_absolute_url()):
        return answer
    form = EnrolInForm(request.POST, trainee=found)
    if form.is_valid():
        try:
            (created,) = enrol(
                user=request.user, training_class=form.cleaned_data["training_class"], trainees=[found]
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, _("Enrolled. Check the days of training below."))
            return redirect(created)
    else:
        messages.error(request, _("Choose a class of yours in which this trainee is not enrolled yet."))
    return redirect(found)


def _visible(request, pk: int) -> Trainee:
    return get_object_or_404(Trainee.objects.visible_to(request.user).select_related("institution"), pk=pk)


def _registered(request, form: NewTraineeForm) -> Trainee | None:
    data = form.cleaned_data
    try:
        return register_trainee(
            user=request.user,
            trainee=form.instance,
            identity=data["identity"],
            training_class=data["training_class"],
        )
    except (AlreadyRegistered, ValidationError, Refused) as refused:
        _explain(form, refused)
    return None


def _changed(request, form: TraineeForm) -> Trainee | None:
    data = form.cleaned_data
    try:
        return change_trainee(
            user=request.user,
            trainee=form.instance,
            identity=data["identity"],
            expected_version=data["version"] or 0,
        )
    except (AlreadyRegistered, ValidationError, Refused) as refused:
        _explain(form, refused)
    return None


def _explain(form: TraineeForm, refused: AlreadyRegistered | ValidationError | Refused) -> None:
    if isinstance(refused, AlreadyRegistered):
        form.point_to(refused.trainee)
    elif isinstance(refused, ValidationError):
        add_errors(form, refused)
    elif refused.code == "stale":
        row = Trainee.objects.get(pk=form.instance.pk)
        form.mark_stale(refused.message, row, model_to_dict(row, fields=form.Meta.fields))
    else:
        form.add_error(None, refused.message)
