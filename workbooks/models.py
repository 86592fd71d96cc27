"""Imports: a workbook that somebody uploaded, what is wrong with it, and which record came from which of its rows.

No cell is kept here: what a row says stays in the private file until it is taken over, and then in the record alone.
"""

from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from casework.models import Case
from workbooks.enums import BUSY, UNREAD, Effect, JobState, Step


class ImportJobQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ImportJobQuerySet":
        return self.filter(organisation__memberships__user=user)


class ImportJob(models.Model):
    """One uploaded workbook on its way: checked, shown, and taken over as a whole or not at all."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="import_jobs", verbose_name=_("organisation")
    )
    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("case")
    )
    kind = models.CharField(_("workbook"), max_length=20)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    file_name = models.CharField(_("file"), max_length=200)
    file_size = models.PositiveIntegerField(_("size in bytes"))
    file_format = models.CharField(_("format"), max_length=4)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    stored_as = models.CharField(max_length=50, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.UPLOADED)
    step = models.CharField(_("step"), max_length=10, choices=Step, default=Step.WAITING, editable=False)
    #: Share of the present pass (check or take-over) that is done, in percent.
    percent = models.PositiveSmallIntegerField(default=0, editable=False)
    rows_done = models.PositiveIntegerField(_("rows read"), default=0)
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    fault_count = models.PositiveIntegerField(_("errors"), default=0)
    #: {sheet: {"added": n, "changed": n, "unchanged": n, "unread": [heads that the template does not know]}}
    summary = models.JSONField(_("result"), default=dict, blank=True)
    #: {"en": ..., "zh": ...}: why the file as a whole could not be read or taken over.
    #: SHA-256 over what a faultless check left beside the file (training.workbook_kept); empty: nothing.
    kept_digest = models.CharField(max_length=64, blank=True, editable=False)
    refusal = models.JSONField(_("refusal"), default=dict, blank=True)
    scanner = models.CharField(_("scanner"), max_length=120, blank=True, editable=False)
    scanned_at = models.DateTimeField(_("scanned for viruses"), null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    run_after = models.DateTimeField(db_default=Now(), editable=False)
    created_at = models.DateTimeField(_("uploaded"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    file_deleted_at = models.DateTimeField(_("file deleted"), null=True, blank=True)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state=JobState.DONE) | Q(finished_at__isnull=False, fault_count=0),
                name="import_done_without_faults",
            ),
            models.CheckConstraint(
                condition=Q(state__in=UNREAD) | Q(scanned_at__isnull=False) & ~Q(scanner=""),
                name="import_read_was_scanned",
            ),
        ]
        indexes = [
            models.Index(fields=["run_after"], condition=Q(state__in=BUSY), name="import_waiting"),
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("workbooks:job", args=[self.pk])

    @property
    def path(self) -> Path:
        return imports_dir() / self.stored_as

    @property
    def is_busy(self) -> bool:
        return self.state in BUSY

    @property
    def is_ready(self) -> bool:
        """Checked, nothing wrong: it may be taken over."""
        return self.state == JobState.CHECKED and not self.fault_count and not self.refusal

    @property
    def kept(self) -> Path:
        """Where a faultless check leaves what spares the take-over a second reading."""
        return imports_dir() / f"{self.stored_as}.kept"


class ImportFault(models.Model):
    """One thing that is wrong in a workbook: sheet, row, column, and the sentence in both languages."""

    job = models.ForeignKey(ImportJob, on_delete=models.CASCADE, related_name="faults")
    sheet = models.CharField(_("sheet"), max_length=60)
    row = models.PositiveIntegerField(_("row"))
    column = models.CharField(_("column"), max_length=60, blank=True)
    message = models.JSONField(_("what is wrong"))

    class Meta:
        verbose_name = _("error in a workbook")
        verbose_name_plural = _("errors in workbooks")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.sheet} {self.row} {self.column}"


class SourceRow(models.Model):
    """From which row of which workbook a record came, or was changed."""

    job = models.ForeignKey(
        ImportJob, on_delete=models.PROTECT, related_name="source_rows", verbose_name=_("import")
    )
    sheet = models.CharField(_("sheet"), max_length=60)
    row = models.PositiveIntegerField(_("row"))
    model = models.CharField(_("record"), max_length=60)
    object_id = models.BigIntegerField(_("number of the record"))
    effect = models.CharField(_("effect"), max_length=10, choices=Effect)

    class Meta:
        verbose_name = _("source row")
        verbose_name_plural = _("source rows")
        ordering = ["id"]
        indexes = [models.Index(fields=["model", "object_id"], name="source_row_record")]

    def __str__(self) -> str:
        return f"{self.model} {self.object_id}"


def imports_dir() -> Path:
    """Where uploaded workbooks wait; nobody but the portal reads it."""
    return Path(settings.DATA_DIR) / "imports"
