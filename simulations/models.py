"""What a draft of the policy would come to on the real cases. Nothing here is an award, nor can become one.

The results have tables of their own, keys of another type than everything that grants or pays (uuid, not bigint), and
no table outside of this room refers to them. See docs/decisions/0031-simulations.md.
"""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts.models import Organisation
from audit.triggers import append_only, no_truncate
from casework.enums import Status
from casework.models import Case, Submission
from policy.enums import ProgrammeCode
from policy.models import PolicyVersion
from policy.sectors import Sector
from simulations.enums import ChunkState, SimulationState


class Simulation(models.Model):
    """One question to the real cases. The row is the outbox of its planning; its chunks are theirs."""

    programme = models.CharField(_("programme"), max_length=10, choices=ProgrammeCode)
    first_year = models.PositiveSmallIntegerField(_("first year"))
    last_year = models.PositiveSmallIntegerField(_("last year"))
    question = models.CharField(_("question"), max_length=200)
    state = models.CharField(
        _("state"), max_length=10, choices=SimulationState, default=SimulationState.PLANNED
    )
    chunk_cases = models.PositiveIntegerField(_("cases in a chunk"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("asked for by")
    )
    requested_at = models.DateTimeField(_("asked for"), db_default=Now())
    frozen_at = models.DateTimeField(_("inputs frozen"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    cases = models.PositiveIntegerField(_("cases"), default=0)
    chunks_total = models.PositiveIntegerField(_("chunks"), default=0)
    funds = models.JSONField(
        _("budgets"), default=dict, help_text=_("RMB of each year's fund when the inputs were frozen.")
    )
    digest = models.CharField(
        _("hash of the results"), max_length=64, blank=True, help_text=_("The same whenever it is run anew.")
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    run_after = models.DateTimeField(_("not before"), db_default=Now())
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("simulation")
        verbose_name_plural = _("simulations")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_year__gte=F("first_year")), name="simulation_years_in_order"
            ),
            models.CheckConstraint(condition=Q(chunk_cases__gte=1), name="simulation_chunk_not_empty"),
            models.CheckConstraint(
                condition=~Q(state=SimulationState.DONE) | (Q(finished_at__isnull=False) & ~Q(digest="")),
                name="simulation_done_has_results",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.Protect(
                name="done_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state=SimulationState.DONE),
            ),
            pgtrigger.ReadOnly(
                name="question_is_fixed",
                fields=["programme", "first_year", "last_year", "question", "requested_by", "chunk_cases"],
            ),
        ]

    def __str__(self) -> str:
        return self.question


class Alternative(models.Model):
    """Terms as they were when the simulation was asked for: position 0 is what is in force, the others are compared."""

    simulation = models.ForeignKey(
        Simulation, on_delete=models.PROTECT, related_name="alternatives", verbose_name=_("simulation")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    version = models.ForeignKey(
        PolicyVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("policy version"),
    )
    code = models.CharField(_("version"), max_length=20, blank=True)
    terms = models.JSONField(_("terms"), help_text=_("Every version with its days and parameters."))
    content_hash = models.CharField(_("hash of the version"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("compared version")
        verbose_name_plural = _("compared versions")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["simulation", "position"], name="alternative_position_once"),
            models.CheckConstraint(
                condition=Q(position=0, version__isnull=True) | Q(position__gt=0, version__isnull=False),
                name="alternative_first_is_in_force",
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return self.code or pgettext("simulation", "In force")


class Chunk(models.Model):
    """Some of a simulation's cases, calculated in one go and with one effect. The row is the outbox."""

    simulation = models.ForeignKey(
        Simulation, on_delete=models.PROTECT, related_name="chunks", verbose_name=_("simulation")
    )
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(_("state"), max_length=10, choices=ChunkState, default=ChunkState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    run_after = models.DateTimeField(_("not before"), db_default=Now())
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    digest = models.CharField(_("hash of the results"), max_length=64, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("chunk of a simulation")
        verbose_name_plural = _("chunks of simulations")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["simulation", "number"], name="simulation_chunk_once"),
        ]
        indexes = [
            models.Index(
                fields=["run_after"], condition=Q(state=ChunkState.WAITING), name="simulation_chunk_waiting"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.Protect(
                name="done_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state=ChunkState.DONE),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.simulation} #{self.number}"


class SimulatedCase(models.Model):
    """The frozen inputs of one case: its submission, the decided lines, who was subsidised outside, and its facets."""

    simulation = models.ForeignKey(
        Simulation, on_delete=models.PROTECT, related_name="simulated_cases", verbose_name=_("simulation")
    )
    chunk = models.ForeignKey(
        Chunk, on_delete=models.PROTECT, related_name="simulated_cases", verbose_name=_("chunk")
    )
    position = models.PositiveIntegerField(_("position"), help_text=_("The order of the replay."))
    tied = models.PositiveIntegerField(
        _("tied with"), help_text=_("Cases with the same number bear on each other.")
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", verbose_name=_("case"))
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="+", verbose_name=_("submission")
    )
    lines = models.JSONField(_("decided lines"), default=list)
    outside = models.JSONField(_("subsidised outside"), default=list)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("organisation")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    division = models.CharField(_("division code"), max_length=6, blank=True)
    sector = models.CharField(_("sector"), max_length=30, choices=Sector, blank=True)
    size = models.DecimalField(_("size of the applicant's year"), max_digits=24, decimal_places=6)
    status = models.CharField(_("status when frozen"), max_length=20, choices=Status)

    class Meta:
        verbose_name = _("case of a simulation")
        verbose_name_plural = _("cases of simulations")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["simulation", "case"], name="simulated_case_once"),
            models.UniqueConstraint(fields=["simulation", "position"], name="simulated_position_once"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.simulation} · {self.case}"


class SimulatedResult(models.Model):
    """What one version would come to for one case. A figure to think with: no award, and no key of one."""

    id = models.UUIDField(primary_key=True, db_default=RandomUUID(), editable=False)
    simulated_case = models.ForeignKey(
        SimulatedCase,
        on_delete=models.PROTECT,
        related_name="results",
        verbose_name=_("case of a simulation"),
    )
    alternative = models.ForeignKey(
        Alternative, on_delete=models.PROTECT, related_name="results", verbose_name=_("compared version")
    )
    simulated_rmb = models.DecimalField(_("simulated amount (RMB)"), max_digits=14, decimal_places=2)
    qualifying = models.PositiveIntegerField(_("qualifying"))
    on_limit = models.BooleanField(
        _("exactly on a boundary"), help_text=_("Equality alone decides, one way or the other.")
    )
    policy_key = models.CharField(_("policy version"), max_length=120)

    class Meta:
        verbose_name = _("simulated amount")
        verbose_name_plural = _("simulated amounts")
        constraints = [
            models.UniqueConstraint(fields=["simulated_case", "alternative"], name="simulated_result_once"),
            models.CheckConstraint(condition=Q(simulated_rmb__gte=0), name="simulated_rmb_not_negative"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.simulated_case} · {self.alternative}"
