"""Deciding line by line: the page beside the review, and its form for each line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from casework.diff import facts_of, files_of, rows_of
from casework.enums import LineCode, LineVerdict, Stage
from casework.lines import latest
from casework.models import Case, LineDecision, Submission
from casework.permissions import may_review, stage_of
from casework.programmes import AMOUNT, DecidableLine, Flag, programme_of
from casework.services.lines import LineDraft, LineRefused, check_line, decide_lines
from casework.transitions import Refused

PAGE_SIZE = 50


class LineForm(forms.Form):
    """One line: what the official concludes about it."""

    verdict = forms.ChoiceField(label=gettext_lazy("Conclusion"), choices=LineVerdict.choices)
    accepted = forms.DecimalField(
        label=gettext_lazy("Accepted amount"),
        required=False,
        max_digits=16,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    code = forms.ChoiceField(
        label=gettext_lazy("Kind of reason"),
        required=False,
        choices=[("", gettext_lazy("Choose the kind of reason")), *LineCode.choices],
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason for the applicant"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args, line: DecidableLine, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.line = line
        if not line.reduction:
            self.fields["verdict"].choices = [
                choice for choice in LineVerdict.choices if choice[0] != LineVerdict.REDUCE
            ]
        if line.reduction != AMOUNT:
            del self.fields["accepted"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("verdict") == LineVerdict.ACCEPT and self._was_typed(data):
            self.add_error(
                "verdict",
                _("You wrote why the line counts less: choose the conclusion, or clear what you wrote."),
            )
        if not self.errors:
            try:
                check_line(self.draft(), self.line)
            except LineRefused as refusal:
                self.add_error(refusal.code if refusal.code in self.fields else None, refusal.message)
        return data

    def _was_typed(self, data: Mapping[str, Any]) -> bool:
        """Did the official write a reason or an amount that does not stand there from an earlier conclusion?"""
        names = [name for name in ("accepted", "code", "reason") if data.get(name)]
        return any(data[name] != self.initial.get(name) for name in names)

    def draft(self) -> LineDraft:
        data = self.cleaned_data
        verdict = data["verdict"]
        return LineDraft(
            key=self.line.key,
            verdict=verdict,
            accepted=data.get("accepted") if verdict == LineVerdict.REDUCE else None,
            code="" if verdict == LineVerdict.ACCEPT else data["code"],
            reason="" if verdict == LineVerdict.ACCEPT else data["reason"].strip(),
        )


@dataclass(frozen=True)
class LineRow:
    """A line on the page: what was filed, its form, who decided last, its papers, what the automatic checks say."""

    line: DecidableLine
    form: LineForm
    decision: LineDecision | None
    papers: Sequence[Mapping[str, Any]]
    flags: Sequence[Flag]
    facts: Sequence[Sequence[tuple[Any, str]]] = ()

    @property
    def reduces_to_amount(self) -> bool:
        return self.line.reduction == AMOUNT


def rows_of_page(
    submission: Submission, case: Case, page: Any, data: Mapping[str, str] | None = None
) -> list[LineRow]:
    """The page's lines with their forms, bound to `data` if the page came back."""
    known, files = latest(submission), files_of(submission.snapshot)
    rules, flags = programme_of(case), {}
    filed = rows_of(submission.snapshot, rules.layout)
    for flag in rules.flags(case, submission.snapshot):
        flags.setdefault(flag.line, []).append(flag)
    rows = []
    for line in page:
        decision = known.get(line.key)
        initial = {"verdict": LineVerdict.ACCEPT}
        if decision:
            initial = {name: getattr(decision, name) for name in ("verdict", "accepted", "code", "reason")}
        form = LineForm(data, prefix=f"line-{line.key}", line=line, initial=initial)
        papers = [file for file in files if file["subject"] in line.subjects]
        facts = facts_of(filed[line.key], rules.layout)
        rows.append(LineRow(line, form, decision, papers, flags.get(line.key, ()), facts))
    return rows


class LinesPage:
    """Part of CaseAdmin: the page that decides on single lines."""

    def lines_view(self, request, pk: int) -> HttpResponse:
        case = self._case(request, pk)
        if request.method == "POST":
            return self._decide_lines(request, case)
        return self._lines_page(request, case)

    def _lines_page(self, request, case: Case, *, rows=None, refusal: Refused | None = None) -> HttpResponse:
        submission = case.submissions.last()
        lines = programme_of(case).lines(submission.snapshot)
        page = Paginator(lines, PAGE_SIZE).get_page(request.GET.get("page"))
        rows = rows if rows is not None else rows_of_page(submission, case, page)
        known = latest(submission)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Decide line by line"),
            "case": case,
            "submission": submission,
            "seen": max((row.pk for row in known.values()), default=0),
            "page": page,
            "rows": rows,
            "answer": may_review(request.user, case),
            "goes_back": stage_of(case) is Stage.FINAL,
            "refusal": refusal,
            "errors": [row for row in rows if row.form.is_bound and row.form.errors],
        }
        request.current_app = self.admin_site.name
        status = 409 if refusal else 200
        return TemplateResponse(request, "admin/casework/case/lines.html", context, status=status)

    def _decide_lines(self, request, case: Case) -> HttpResponse:
        """Record the page's lines; what was typed stays when something is refused."""
        submission = case.submissions.last()
        lines = programme_of(case).lines(submission.snapshot)
        page = Paginator(lines, PAGE_SIZE).get_page(request.GET.get("page"))
        rows = rows_of_page(submission, case, page, request.POST)
        if not all(row.form.is_valid() for row in rows):
            return self._lines_page(request, case, rows=rows)
        try:
            changed = decide_lines(
                case_id=case.pk,
                user=request.user,
                submission_id=_number(request.POST.get("submission")),
                seen=_number(request.POST.get("seen")),
                drafts=[row.form.draft() for row in rows],
            )
        except Refused as refusal:
            return self._lines_page(request, case, rows=rows, refusal=refusal)
        _tell(request, len(changed))
        return redirect(reverse("admin:casework_case_change", args=[case.pk]) + "#lines")


def _tell(request, changed: int) -> None:
    if not changed:
        messages.info(request, _("No line was changed."))
        return
    messages.success(
        request,
        ngettext(
            "%(count)d line is decided. The amount is being calculated from what is accepted.",
            "%(count)d lines are decided. The amount is being calculated from what is accepted.",
            changed,
        )
        % {"count": changed},
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) <= 18 else -1
