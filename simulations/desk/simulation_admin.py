"""The register of simulations: ask, watch, stop and resume, read the result, take it away as a workbook."""

import tempfile
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from audit.admin_base import ReadOnlyAdmin
from casework.transitions import Refused
from simulations import figures
from simulations.desk import workbook
from simulations.desk.forms import QuestionForm
from simulations.desk.page import result_of
from simulations.enums import BUSY, ChunkState, SimulationState
from simulations.figures import Change
from simulations.models import Simulation
from simulations.services import asking

MOST_DIGITS = 18
PAGE = 50


class SimulationAdmin(ReadOnlyAdmin):
    list_display = ("question", "programme", "years", "state", "requested_by", "requested_at")
    list_filter = ("programme", "state")
    list_select_related = ("requested_by",)
    search_fields = ("question",)
    search_help_text = gettext_lazy("Question")
    change_list_template = "admin/simulations/simulation/change_list.html"

    def years(self, simulation):
        return f"{simulation.first_year}–{simulation.last_year}"

    years.short_description = gettext_lazy("years")

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"simulations_simulation_{name}")

        return [
            named("new/", self.new_view, "new"),
            named("<int:pk>/progress/", self.progress_view, "progress"),
            named("<int:pk>/workbook/", self.workbook_view, "workbook"),
            named("<int:pk>/stop/", self.stop_view, "stop"),
            named("<int:pk>/resume/", self.resume_view, "resume"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        may = bool(asking.may_simulate(request.user))
        return super().changelist_view(request, {"may_simulate": may, **(extra_context or {})})

    def _simulation(self, pk: int) -> Simulation:
        found = (
            Simulation.objects.select_related("requested_by").filter(pk=pk).first()
            if len(str(pk)) <= MOST_DIGITS
            else None
        )
        if found is None:
            raise Http404
        return found

    def _page(self, request, template: str, context: dict, status: int = 200) -> TemplateResponse:
        request.current_app = self.admin_site.name
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(
            request, f"admin/simulations/simulation/{template}.html", context, status=status
        )

    def new_view(self, request):
        """Ask a question; the terms are kept as they stand now."""
        if not asking.may_simulate(request.user):
            raise PermissionDenied
        initial = {key: value for key, value in request.GET.items() if key in QuestionForm.base_fields}
        if versions := request.GET.getlist("versions"):
            initial["versions"] = [pk for pk in versions if pk.isdecimal() and len(pk) <= MOST_DIGITS]
        form = QuestionForm(request.POST or None, initial=initial)
        if request.method == "POST" and form.is_valid():
            try:
                simulation = asking.ask(user=request.user, **form.cleaned_data)
            except Refused as refusal:
                form.add_error(refusal.code if refusal.code in form.fields else None, refusal.message)
            else:
                return redirect("admin:simulations_simulation_change", simulation.pk)
        context = {"title": _("New simulation"), "form": form}
        return self._page(request, "form", context, 422 if form.is_bound else 200)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if not object_id.isdecimal():
            raise Http404
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return self._shown(request, self._simulation(int(object_id)))

    def _shown(self, request, simulation: Simulation, refusal: Refused | None = None) -> TemplateResponse:
        context = {
            "title": str(simulation),
            "simulation": simulation,
            "compared": list(simulation.alternatives.select_related("version")),
            "may_simulate": bool(asking.may_simulate(request.user)),
            "refusal": refusal,
            **self._progress(simulation),
        }
        if simulation.state == SimulationState.DONE:
            context |= self._result(request, simulation, len(context["compared"]))
        return self._page(request, "simulation", context, 409 if refusal else 200)

    def _result(self, request, simulation: Simulation, alternatives: int) -> dict:
        position = _position(request, alternatives)
        wanted = request.GET.get("show", "")
        change = Change(wanted) if wanted in set(Change) else Change.GAINS
        rows = Paginator(figures.changed(simulation, position, change), PAGE)
        return {
            "position": position,
            "result": result_of(simulation, position),
            "change": change,
            "rows": rows.get_page(request.GET.get("page")),
            "query": urlencode({"version": position, "show": change}) + "&",
        }

    @staticmethod
    def _progress(simulation: Simulation) -> dict:
        done = simulation.chunks.filter(state=ChunkState.DONE).count()
        total = simulation.chunks_total
        return {
            "is_busy": simulation.state in BUSY,
            "done": done,
            "percent": 100 * done // total if total else 0,
        }

    @method_decorator(require_safe)
    def progress_view(self, request, pk: int):
        """The bar alone, asked for every second; at the end the page is drawn anew."""
        simulation = self._simulation(pk)
        context = {"simulation": simulation, **self._progress(simulation)}
        response = self._page(request, "_progress", context)
        if simulation.state not in BUSY:
            response["HX-Refresh"] = "true"
        return response

    def _step(self, request, pk: int, step) -> HttpResponse:
        if not asking.may_simulate(request.user):
            raise PermissionDenied
        simulation = self._simulation(pk)
        try:
            step(simulation_id=pk, user=request.user)
        except Refused as refusal:
            return self._shown(request, simulation, refusal)
        return redirect("admin:simulations_simulation_change", pk)

    @method_decorator(require_POST)
    def stop_view(self, request, pk: int):
        response = self._step(request, pk, asking.stop)
        if response.status_code == 302:
            messages.success(request, _("The simulation is stopped. What is calculated stays."))
        return response

    @method_decorator(require_POST)
    def resume_view(self, request, pk: int):
        return self._step(request, pk, asking.resume)

    @method_decorator(require_safe)
    def workbook_view(self, request, pk: int):
        """The whole result, row by row."""
        simulation = self._simulation(pk)
        if simulation.state != SimulationState.DONE:
            raise Http404
        position = _position(request, simulation.alternatives.count())
        file = tempfile.TemporaryFile()  # noqa: SIM115  (the response closes it)
        workbook.build_into(file, simulation, position)
        file.seek(0)
        return FileResponse(
            file,
            as_attachment=True,
            filename=f"simulation-{simulation.pk}-{position}.xlsx",
            content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )


def _position(request, alternatives: int) -> int:
    """Which compared version is asked for; the first one where none is."""
    wanted = request.GET.get("version", "")
    return int(wanted) if wanted.isdecimal() and len(wanted) < 3 and 1 <= int(wanted) < alternatives else 1
