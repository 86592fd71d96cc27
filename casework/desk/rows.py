"""The rows of the queue's table, as the admin's own list would draw them.

That list asks for each cell anew which column it is, where it leads and which filters go along: most of what the page
cost. Here a row is one format, and what looks alike (a status, an age, a set of warnings) is drawn once.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from casework import presentation
from casework.desk import flags, queue
from casework.enums import IN_REVIEW
from casework.models import Case
from casework.templatetags.portal import money
from policy.enums import ProgrammeCode

ROW = (
    '<tr>{}<th class="field-case_number"><a href="{}">{}</a></th>'
    '<td class="field-organisation_and_code"><span class="queue-name">{}</span>'
    '<span class="queue-code">{}</span></td>'
    '<td class="field-programme">{}</td><td class="field-year_plain">{}</td><td class="field-amount">{}</td>'
    '<td class="field-where">{}</td>'
    # Where a row is a card there is no head above the word.
    '<td class="field-hands"><span class="card-word">{}</span>{}</td>'
    '<td class="field-age_here">{}</td><td class="field-flagged">{}</td></tr>'
)
MARK = (
    f'<td class="action-checkbox"><input type="checkbox" name="{ACTION_CHECKBOX_NAME}" value="{{}}" '
    'class="action-select" aria-label="{}"></td>'
)


def drawn(cases: Iterable[Case], *, kept: str, markable: bool) -> SafeString:
    """The rows; each leads to its case with `kept`, the queue's filters. `cases` have their `age` (desk.changelist)."""
    language = get_language()
    desk = reverse("admin:casework_case_changelist")
    kept = f"?{kept}" if kept else ""
    programmes = {code: str(label) for code, label in ProgrammeCode.choices}
    waits, mark = _("waits for") + _(": "), _("Mark %(number)s")
    found = [
        format_html(
            ROW,
            format_html(MARK, case.pk, mark % {"number": case.number}) if markable else "",
            f"{desk}{case.pk}/change/{kept}",
            case.number,
            case.organisation.name,
            case.organisation.credit_code,
            programmes[case.programme],
            case.year,
            _amount(case),
            _status(case.status, language),
            waits,
            waits_for(case),
            _age(case.age),
            _flags(tuple(case.warnings), language),
        )
        for case in cases
    ]
    return SafeString("".join(found))


def waits_for(case: Case) -> str:
    """Whom a case waits for: in review the official who took it, before and after it an office or the applicant."""
    if case.status not in IN_REVIEW:
        return presentation.status_view(case, for_official=True).owner or "–"
    return str(case.assigned_to) if case.assigned_to_id else _("free")


def _amount(case: Case) -> SafeString:
    if case.amount_rmb is None:
        return format_html('<span class="queue-open">{}</span>', queue.calculation_word(case.last_run))
    return money(case.amount_rmb)


@lru_cache(maxsize=64)
def _status(status: str, language: str) -> SafeString:
    """Without the step and whom it waits for: the status says the one, a column of its own the other."""
    view = replace(presentation.status_view(Case(status=status)), owner="", next_step="")
    return render_to_string("_partials/status_chip.html", {"status": view})


@lru_cache(maxsize=1024)
def _age(age: queue.Age) -> SafeString:
    return render_to_string("admin/casework/case/_age.html", {"age": age})


@lru_cache(maxsize=1024)
def _flags(codes: tuple[str, ...], language: str) -> SafeString:
    return render_to_string("admin/casework/case/_flags.html", {"words": flags.words(codes)})
