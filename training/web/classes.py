"""Classes: the list, the roster of one, and the form."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.forms.models import model_to_dict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.permissions import may_file_for
from casework.transitions import Refused
from training.assessment import is_designated
from training.models import Enrolment, TrainingClass
from training.selectors import classes_of, designation_spans, with_evidence, writable_institutions
from training.services.classes import save_class
from training.web.common import crumb, page_of, refusal, roster
from training.web.fields import add_errors
from training.web.forms import ClassForm, NewClassForm


@login_required
@require_GET
def classes(request):
    """A person's classes, the newest first."""
    page = page_of(request, classes_of(request.user))
    spans = designation_spans(found.institution_id for found in page)
    rows = [
        {
            "class": found,
            "designated": is_designated(spans[found.institution_id], found.starts_on, found.ends_on),
        }
        for found in page
    ]
    may_write = writable_institutions(request.user).exists()
    return render(request, "training/classes.html", {"page_obj": page, "rows": rows, "may_write": may_write})


@login_required
@require_GET
def training_class(request, pk: int):
    """One class and its roster."""
    found = get_object_or_404(classes_of(request.user), pk=pk)
    page = page_of(request, with_evidence(Enrolment.objects.filter(training_class=found)))
    spans = designation_spans([found.institution_id])[found.institution_id]
    context = {
        "class": found,
        "designated": is_designated(spans, found.starts_on, found.ends_on),
        "page_obj": page,
        "rows": roster(list(page)),
        "may_write": may_file_for(request.user, found.institution),
        "crumbs": [crumb(_("Classes"), "training:classes")],
    }
    return render(request, "training/class.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def class_new(request):
    """Register a class."""
    form = NewClassForm(request.POST if request.method == "POST" else None, user=request.user)
    if not form.institutions:
        messages.error(request, _("Only the clerks and owners of a training institution register classes."))
        return redirect("training:classes")
    if request.method == "POST" and form.is_valid():
        form.instance.institution = form.institution
        if saved := _saved(request, form):
            messages.success(request, _("The class %(code)s is registered.") % {"code": saved.code})
            return redirect(saved)
    context = {"form": form, "crumbs": [crumb(_("Classes"), "training:classes")]}
    return render(request, "training/class_form.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def class_edit(request, pk: int):
    """Change a class. The days of those enrolled stay as they are."""
    found = get_object_or_404(
        TrainingClass.objects.visible_to(request.user).select_related("institution"), pk=pk
    )
    if answer := refusal(request, found.institution, found.get_absolute_url()):
        return answer
    title = str(found)
    form = ClassForm(
        request.POST if request.method == "POST" else None, instance=found, initial={"version": found.version}
    )
    if request.method == "POST" and form.is_valid() and (saved := _saved(request, form)):
        messages.success(request, _("Saved."))
        return redirect(saved)
    crumbs = [crumb(_("Classes"), "training:classes"), crumb(title, "training:class", pk)]
    return render(request, "training/class_form.html", {"form": form, "class_title": title, "crumbs": crumbs})


def _saved(request, form: ClassForm) -> TrainingClass | None:
    try:
        return save_class(
            user=request.user,
            training_class=form.instance,
            expected_version=form.cleaned_data["version"] or 0,
        )
    except ValidationError as error:
        add_errors(form, error)
    except Refused as refused:
        if refused.code == "stale":
            row = TrainingClass.objects.get(pk=form.instance.pk)
            form.mark_stale(refused.message, row, model_to_dict(row, fields=form.Meta.fields))
        else:
            form.add_error(None, refused.message)
    return None
