"""What still blocks the submission of a draft, for every page that shows one."""

from collections.abc import Sequence

from django import template

from casework.enums import EDITABLE
from casework.models import Case
from casework.programmes import Problem, programme_of

register = template.Library()


@register.simple_tag
def completeness(case: Case) -> Sequence[Problem] | None:
    """The problems of a draft or a returned claim as it is saved; None for one that is filed.

    The undertaking is not among them: it is given on the last page, with the submission itself.
    """
    if case.status not in EDITABLE:
        return None
    return [problem for problem in programme_of(case).problems(case) if problem.code != "undertaking"]
