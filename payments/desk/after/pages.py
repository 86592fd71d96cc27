"""A page of the desk for a row that people lead on step by step: facts, tables, and one form for each step.

Each step has an address of its own and calls one service; what was typed stays when it is refused.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.permissions import Answer
from audit.admin_base import ReadOnlyAdmin
from casework.transitions import Refused
from payments.desk.common import page_key

_TONES = {
    "open": "info",
    "hearing": "warn",
    "concluded": "good",
    "proposed": "warn",
    "confirmed": "good",
    "decided": "good",
    "turned_down": "neutral",
}


def chip(row) -> dict:
    """A row's state as `_partials/status_chip.html` shows it."""
    return {"code": row.state, "label": row.get_state_display(), "tone": _TONES[row.state], "icon": ""}


@dataclass(frozen=True)
class Fact:
    label: Any
    value: Any
    url: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of cells under their heads; `amount` is the column of money, which stands at the end of its cells."""

    title: Any
    heads: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    amount: int | None = None


@dataclass(frozen=True)
class Step:
    """`act(user, row, data)` calls the service; `about(row)` says whether the step is offered at all now."""

    name: str
    button: Any
    done: Any
    act: Callable[[User, Any, dict], object]
    may: Callable[[User, Any], Answer]
    about: Callable[[Any], bool] = lambda row: True
    form: Callable[..., forms.Form] | None = None
    title: Any = ""
    tone: str = "primary"
    page_of: Callable[[Any, object], str] | None = None


@dataclass(frozen=True)
class Offer:
    """A step as the page shows it to one official."""

    step: Step
    url: str
    answer: Answer
    form: forms.Form | None = None
    hidden: dict[str, Any] = field(default_factory=dict)


class StepAdmin(ReadOnlyAdmin):
    """Subclasses say `steps`, `facts(row)`, `tables(row, request)` and `found()`."""

    steps: Sequence[Step] = ()
    chip_of: Callable[[Any], dict] = staticmethod(chip)
    change_list_template = "admin/payments/after/list.html"
    #: Links above the list: (name of the URL, text).
    beginnings: Sequence[tuple[str, Any]] = ()

    @admin.display(description=_("state"), ordering="state")
    def where(self, row):
        return render_to_string("_partials/status_chip.html", {"status": self.chip_of(row)})

    def found(self) -> QuerySet:
        return self.model.objects.all()

    def facts(self, row: Model) -> Iterable[Fact]:
        raise NotImplementedError

    def tables(self, row: Model, request: HttpRequest) -> Iterable[Table]:
        return ()

    def hidden(self, row: Model) -> dict[str, Any]:
        """What every form sends along: which rows the page showed."""
        return {}

    def _url_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=self._url_name(name))

        own = [named(f"<int:pk>/{step.name}/", self._view_of(step), step.name) for step in self.steps]
        return [*own, *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        begin = [{"url": reverse(f"admin:{name}"), "text": text} for name, text in self.beginnings]
        return super().changelist_view(request, {"beginnings": begin, **(extra_context or {})})

    def change_view(self, request, object_id, form_url="", extra_context=None):
        return self._page(request, get_object_or_404(self.found(), pk=page_key(request, object_id)))

    def _view_of(self, step: Step):
        @method_decorator(require_POST)
        def view(admin, request, pk: int):
            return admin._take(request, get_object_or_404(admin.found(), pk=pk), step)

        return lambda request, pk: view(self, request, pk=pk)

    def _take(self, request: HttpRequest, row: Model, step: Step):
        form = step.form(row=row, data=request.POST) if step.form else None
        if form is not None and not form.is_valid():
            return self._page(request, row, typed=(step, form), status=422)
        try:
            data = {**(form.cleaned_data if form else {}), "posted": request.POST}
            after = step.act(request.user, row, data)
        except Refused as refusal:
            return self._page(
                request, get_object_or_404(self.found(), pk=row.pk), typed=(step, form), refusal=refusal
            )
        messages.success(request, step.done)
        if step.page_of is not None:
            return redirect(step.page_of(row, after))
        return redirect(f"admin:{self._url_name('change')}", row.pk)

    def _page(self, request, row, *, typed=(None, None), refusal: Refused | None = None, status=200):
        offers = []
        for step in self.steps:
            if not step.title or not step.about(row):
                continue
            form = typed[1] if typed[0] is step else step.form(row=row) if step.form else None
            url = reverse(f"admin:{self._url_name(step.name)}", args=[row.pk])
            offers.append(Offer(step, url, step.may(request.user, row), form, self.hidden(row)))
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(row),
            "row": row,
            "status_chip": self.chip_of(row),
            "facts": [fact for fact in self.facts(row) if fact.value not in ("", None)],
            "tables": list(self.tables(row, request)),
            "offers": offers,
            "typed": typed[1],
            "refusal": refusal,
            "list_url": reverse(f"admin:{self._url_name('changelist')}"),
            "list_title": self.opts.verbose_name_plural,
        }
        return TemplateResponse(
            request, "admin/payments/after/page.html", context, status=409 if refusal else status
        )
