"""The rows of the list of trainees.

Whether somebody is eligible only the rules can say, so that filter reads everybody, in no more queries.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest

from training.enums import Eligibility
from training.models import Enrolment, Trainee
from training.selectors import Light, lights_of, with_evidence
from training.web.common import page_of
from training.web.forms import TraineeFilter

_SHOWN = {
    TraineeFilter.ELIGIBLE: {Eligibility.ELIGIBLE, Eligibility.GRANTED},
    TraineeFilter.NOT_ELIGIBLE: {Eligibility.NOT_ELIGIBLE, Eligibility.BOUNDARY, Eligibility.NO_POLICY},
    TraineeFilter.NO_CONTRACT: {Eligibility.NO_CONTRACT},
}


def page_of_trainees(
    request: HttpRequest, found: QuerySet[Trainee], show: str
) -> tuple[Page, list[dict[str, Any]]]:
    """One page of trainees, each with enrolments and lights; `show` keeps those with such an enrolment."""
    if not show:
        page = page_of(request, found)
        return page, _rows(page)
    page = page_of(
        request,
        [
            row
            for row in _rows(found)
            if any(_is_shown(light, show) for _enrolment, light in row["enrolments"])
        ],
    )
    return page, list(page)


def _is_shown(light: Light, show: str) -> bool:
    if show in _SHOWN:
        return light.state in _SHOWN[show]
    if show == TraineeFilter.ONE_DAY_SHORT:
        return any(reason.numbers.get("days_short") == "1" for reason in light.reasons)
    return any(reason.code in TraineeFilter.REASONS[show] for reason in light.reasons)


def _rows(found: Iterable[Trainee]) -> list[dict[str, Any]]:
    trainees = list(found)
    enrolments = list(
        with_evidence(Enrolment.objects.filter(trainee__in=[trainee.pk for trainee in trainees]))
    )
    lights = lights_of(enrolments)
    by_trainee = defaultdict(list)
    for enrolment in enrolments:
        by_trainee[enrolment.trainee_id].append((enrolment, lights[enrolment.pk]))
    return [{"trainee": trainee, "enrolments": by_trainee[trainee.pk]} for trainee in trainees]
