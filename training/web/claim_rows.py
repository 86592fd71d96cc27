"""What the pages of a claim show: the rows to choose from, the estimate, and the parts that an autosave brings back."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from casework import corrections
from casework.diff import ADD
from casework.enums import Status
from casework.models import Case
from casework.presentation import training_sheet
from casework.reopening import reopened_by
from training.enums import Eligibility
from training.layout import LAYOUT
from training.selectors import claim_of, claimable, lights_of, preview
from training.web.claim_forms import ChooseForm, ClaimFilter
from training.web.common import crumb, page_of


def estimate_of(case: Case) -> dict[str, Any]:
    """The lines of a draft and their sheet, as the stored calculation will show them."""
    found = preview(case)
    sheet = training_sheet(found.amount_rmb, found.details, found.policy)
    return {
        "lines": found.lines,
        "details": found.details,
        "not_eligible": found.not_eligible,
        "sheet": sheet | {"title": _("Estimate"), "note": _("Estimate. The office decides.")},
    }


def steps_of(case: Case, current: int) -> list[dict[str, str]]:
    """The step bar: 1 choose, 2 check and submit, 3 the bureau's review."""
    labels = [_("Choose trainees"), _("Check and submit"), _("Review by the bureau")]
    urls = [reverse("training:claim", args=[case.number]), reverse("training:submit", args=[case.number]), ""]
    states = [
        "done" if number < current else "current" if number == current else "todo" for number in (1, 2, 3)
    ]
    return [
        {"label": label, "state": state, "url": url if state != "current" else ""}
        for label, state, url in zip(labels, states, urls, strict=True)
    ]


def return_reason_of(case: Case) -> str:
    """Why an official returned the claim, while it is being corrected."""
    if case.status != Status.RETURNED:
        return ""
    return (
        case.transitions.filter(to_status=Status.RETURNED)
        .order_by("-id")
        .values_list("reason", flat=True)
        .first()
    )


def parts_of(case: Case, error: ValidationError | None = None) -> dict[str, Any]:
    """Context of `training/_claim_parts.html`."""
    estimate = estimate_of(case)
    return {
        "case": case,
        "saved_at": case.changed_at if estimate["lines"] or case.version > 1 else None,
        "save_error": error.messages[0] if error else "",
        "sheet": estimate["sheet"],
        "not_eligible": estimate["not_eligible"],
        "chosen_count": len(estimate["lines"]),
    }


def claim_page(
    request: HttpRequest, case: Case, *, form: ChooseForm | None = None, error: ValidationError | None = None
) -> dict[str, Any]:
    """Context of `training/claim.html`; after a refusal the ticks are those that the person made."""
    enrolments = list(claimable(case))
    lights = lights_of(enrolments)
    stored = set(claim_of(case).lines.values_list("enrolment_id", flat=True))
    chosen = stored
    if form is not None and form.is_valid():
        chosen = stored - set(form.cleaned_data["shown"]) | set(form.cleaned_data["chosen"])
    rows = [
        {
            "enrolment": enrolment,
            "light": lights[enrolment.pk],
            "chosen": enrolment.pk in chosen,
            "stored": enrolment.pk in stored,
            "differs": enrolment.pk in chosen ^ stored,
        }
        for enrolment in enrolments
    ]
    classes = sorted(
        {(row["enrolment"].training_class_id, str(row["enrolment"].training_class)) for row in rows}
    )
    filters = ClaimFilter(request.GET, classes=classes)
    page = page_of(request, _filtered(rows, filters))
    task = corrections.task_of(case)
    open_ = reopened_by(view.remark for view in task.remarks)
    for row in page.object_list:
        place = f"{LAYOUT.rows}/{row['enrolment'].pk}"
        row["remarks"] = task.by_part(place)
        row["is_closed"] = not (
            open_.allows_removing(place) if row["stored"] else open_.allows_adding(LAYOUT.rows)
        )
    return {
        **parts_of(case),
        "page_obj": page,
        "rows": page.object_list,
        "filter": filters,
        "filtered": filters.is_valid() and any(filters.cleaned_data.values()),
        "steps": steps_of(case, 1),
        "return_reason": return_reason_of(case),
        "correction_task": task,
        "rows_remarks": task.at(f"{LAYOUT.rows}/{ADD}"),
        "may_add": open_.allows_adding(LAYOUT.rows),
        "any_enrolments": bool(enrolments),
        "eligible_count": sum(light.state == Eligibility.ELIGIBLE for light in lights.values()),
        "error": error.messages[0] if error else "",
        "crumbs": [
            crumb(_("My claims"), "dashboard"),
            {"label": case.number, "url": case.get_absolute_url()},
        ],
    }


def _filtered(rows: list[dict[str, Any]], filters: ClaimFilter) -> list[dict[str, Any]]:
    if not filters.is_valid():
        return rows
    data = filters.cleaned_data
    if data["show"] == ClaimFilter.CHOSEN:
        rows = [row for row in rows if row["chosen"]]
    elif data["show"] == ClaimFilter.ELIGIBLE:
        rows = [row for row in rows if row["light"].state == Eligibility.ELIGIBLE]
    elif data["show"] == ClaimFilter.OTHER:
        rows = [row for row in rows if row["light"].state != Eligibility.ELIGIBLE]
    if data["training_class"]:
        rows = [row for row in rows if row["enrolment"].training_class_id == data["training_class"]]
    if data["q"]:
        name = data["q"].casefold()
        rows = [row for row in rows if name in row["enrolment"].trainee.name.casefold()]
    return rows
