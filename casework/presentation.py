"""How a case reads: its status, whose turn it is, its history and its calculation sheet, in the reader's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from casework.enums import IN_REVIEW, Actor, RunState, Status
from casework.models import Assessment, Case, Transition
from policy.enums import ProgrammeCode


@dataclass(frozen=True)
class StatusView:
    """A status as the chip shows it: word, tone and icon, the next step and who owes it."""

    code: str
    label: str
    tone: str
    icon: str
    next_step: str = ""
    owner: str = ""


_LOOK = {
    Status.DRAFT: ("neutral", "edit"),
    Status.INITIAL_REVIEW: ("info", "clock"),
    Status.FINAL_REVIEW: ("info", "clock"),
    Status.RETURNED: ("warn", "return"),
    Status.APPROVED: ("good", "check"),
    Status.REJECTED: ("bad", "cross"),
    Status.WITHDRAWN: ("neutral", "dot"),
    Status.LAPSED: ("bad", "clock"),
}
_NEXT = {
    Status.DRAFT: gettext_lazy("Complete and submit"),
    Status.INITIAL_REVIEW: gettext_lazy("Initial review"),
    Status.FINAL_REVIEW: gettext_lazy("Final review"),
    Status.RETURNED: gettext_lazy("Correct and submit again"),
    Status.APPROVED: gettext_lazy("Public notice, then payment"),
}
_APPLICANT, _BUREAU = gettext_lazy("Your organisation"), gettext_lazy("Municipal Commerce Bureau")
_APPLICANT_TO_OFFICIALS = pgettext_lazy("who a case waits for", "the applicant")
_OWNER = {
    Status.DRAFT: _APPLICANT,
    Status.INITIAL_REVIEW: _BUREAU,
    Status.FINAL_REVIEW: _BUREAU,
    Status.RETURNED: _APPLICANT,
    Status.APPROVED: _BUREAU,
}


def status_view(case: Case, *, for_official: bool = False) -> StatusView:
    status = Status(case.status)
    owner = _OWNER.get(status, "")
    if for_official and owner is _APPLICANT:
        owner = _APPLICANT_TO_OFFICIALS
    tone, icon = _LOOK[status]
    nothing_follows = status == Status.APPROVED and not case.amount_rmb
    return StatusView(
        code=status,
        label=str(status.label),
        tone=tone,
        icon=icon,
        next_step="" if nothing_follows else str(_NEXT.get(status, "")),
        owner="" if nothing_follows else str(owner),
    )


@dataclass(frozen=True)
class Event:
    """One line of a case's timeline."""

    at: datetime
    who: str
    what: str
    why: str
    tone: str


_WHAT = {
    ("", Status.DRAFT): gettext_lazy("Draft opened"),
    (Status.DRAFT, Status.INITIAL_REVIEW): gettext_lazy("Submitted"),
    (Status.RETURNED, Status.INITIAL_REVIEW): gettext_lazy("Corrected and submitted again"),
    (Status.FINAL_REVIEW, Status.INITIAL_REVIEW): gettext_lazy("Back to initial review"),
    (Status.INITIAL_REVIEW, Status.FINAL_REVIEW): gettext_lazy("Initial review finished"),
    (Status.APPROVED, Status.INITIAL_REVIEW): gettext_lazy("Reopened: the award is reversed, reviewed anew"),
    (Status.REJECTED, Status.INITIAL_REVIEW): gettext_lazy(
        "Reopened: the rejection is taken back, reviewed anew"
    ),
}


def timeline(case: Case, *, for_official: bool) -> list[Event]:
    """What happened to a case, oldest first. Applicants read an office instead of an official's name."""
    steps = case.transitions.select_related("actor", "on_behalf_of").order_by("id")
    return [_event(step, for_official=for_official) for step in steps]


def _event(step: Transition, *, for_official: bool) -> Event:
    if step.acted_as == Actor.SYSTEM or step.actor is None:
        who = _("The portal")
    elif for_official or step.acted_as == Actor.APPLICANT:
        who = f"{step.actor}"
        if step.on_behalf_of:
            who = _("%(who)s on behalf of %(whom)s") % {"who": who, "whom": step.on_behalf_of}
    else:
        who = f"{_BUREAU} · {step.get_acted_as_display()}"
    what = _WHAT.get((step.from_status, step.to_status)) or Status(step.to_status).label
    # The initial reviewer's remark is between officials; a return's and a rejection's reason is for the applicant.
    internal = step.to_status == Status.FINAL_REVIEW and not for_official
    why = "" if internal or not step.reason else _(step.reason)
    return Event(at=step.at, who=who, what=str(what), why=why, tone=_LOOK[Status(step.to_status)][0])


def sheet(assessment: Assessment | None, programme: str) -> dict[str, Any] | None:
    """Context of `_partials/sheet.html` for a stored assessment."""
    if assessment is None:
        return None
    if programme == ProgrammeCode.TRAINING:
        return training_sheet(assessment.amount_rmb, assessment.result["details"], assessment.policy_key)
    return offshore_sheet(assessment.amount_rmb, assessment.result, assessment.policy_key)


def offshore_sheet(amount_rmb: Decimal, result: Mapping[str, Any], policy: str) -> dict[str, Any]:
    """`result` holds `reasons`, `steps` (rules' JSON) and `details` with USD figures as strings."""
    details = result["details"]
    threshold, rate, cap = (Decimal(details[k]) for k in ("threshold_usd", "rate_rmb_per_usd", "cap_rmb"))
    total = Decimal(details["cumulative_usd"])
    return {
        "title": _("Calculation"),
        "amount": amount_rmb,
        "unit": _("RMB"),
        "policy": policy,
        "lines": [],
        "bar": {
            "value": total,
            "threshold": threshold,
            "op": details.get("threshold_op", "gt"),
            "cap": cap / rate,
            "cap_amount": cap,
            "unit": "USD",
        },
        "reasons": result["reasons"],
        "steps": result["steps"],
    }


def training_sheet(amount_rmb: Decimal, details: Mapping[str, Any], policy: str) -> dict[str, Any]:
    """`details` is what the training programme's assessment stores."""
    people = len(details["people"])
    return {
        "title": _("Calculation"),
        "amount": amount_rmb,
        "unit": _("RMB"),
        "policy": policy,
        "lines": [
            {"label": _("To the trainees"), "amount": Decimal(details["trainees_rmb"])},
            {"label": _("To the institution"), "amount": Decimal(details["institution_rmb"])},
        ],
        "reasons": [],
        "steps": [],
        "hint": ngettext(
            "%(eligible)d of %(people)d trainee is eligible.",
            "%(eligible)d of %(people)d trainees are eligible.",
            people,
        )
        % {"eligible": details["eligible"], "people": people}
        if people
        else "",
    }


def calculation_state(case: Case) -> str:
    """`none`, `waiting`, `failed` or `done`: what the page may say about the calculation."""
    run = case.runs.order_by("-id").first()
    if run is None:
        return "none"
    state = {RunState.QUEUED: "waiting", RunState.FAILED: "failed"}.get(RunState(run.state), "done")
    # The case may have been read just before its calculation was written: then the page asks once more.
    if state == "done" and case.status in IN_REVIEW and case.current_assessment_id is None:
        return "waiting"
    return state
