"""Dated policy versions and their parameters. A published version never changes (trigger)."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only, no_truncate
from policy.enums import ProgrammeCode, VersionStatus


class DateRange(models.Func):
    """`daterange(from, to, '[]')` over a version's days in force."""

    function = "daterange"
    output_field = DateRangeField()


class PolicyVersion(models.Model):
    """The terms of one programme for a span of days."""

    programme = models.CharField(_("programme"), max_length=10, choices=ProgrammeCode)
    code = models.CharField(_("version"), max_length=20)
    title_zh = models.CharField(_("title in Chinese"), max_length=200)
    title_en = models.CharField(_("title in English"), max_length=200)
    in_force_from = models.DateField(_("in force from"))
    in_force_to = models.DateField(_("in force to"), null=True, blank=True, help_text=_("Empty: open-ended."))
    status = models.CharField(_("status"), max_length=10, choices=VersionStatus, default=VersionStatus.DRAFT)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("drafted by"),
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("submitted by"),
    )
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published by"),
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    ended_by = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ended by"),
        help_text=_("The version whose publication closed the open end of this one."),
    )
    revision = models.PositiveIntegerField(
        _("revision"), default=1, editable=False, help_text=_("Grows with every change.")
    )

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        ordering = ["programme", "-in_force_from", "code"]
        constraints = [
            models.UniqueConstraint(fields=["programme", "code"], name="policy_version_code_once"),
            models.CheckConstraint(
                condition=models.Q(in_force_to__isnull=True)
                | models.Q(in_force_to__gte=models.F("in_force_from")),
                name="policy_version_ends_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(drafted_by__isnull=True)
                | models.Q(published_by__isnull=True)
                | ~models.Q(drafted_by=models.F("published_by")),
                name="policy_version_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=VersionStatus.PUBLISHED) | models.Q(published_at__isnull=False),
                name="policy_version_published_has_time",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=VersionStatus.SUBMITTED)
                | models.Q(submitted_by__isnull=False, submitted_at__isnull=False),
                name="policy_version_submitted_has_person",
            ),
        ] + [
            ExclusionConstraint(
                name=f"policy_version_no_overlap_{programme}",
                expressions=[
                    (
                        DateRange("in_force_from", "in_force_to", RangeBoundary(True, True)),
                        RangeOperators.OVERLAPS,
                    )
                ],
                condition=models.Q(programme=programme, status=VersionStatus.PUBLISHED),
            )
            for programme in ProgrammeCode.values
        ]
        triggers = [
            no_truncate(),
            # Drafted and submitted by some, published by another; final then, but that a published successor closes
            # an open end. Superusers and plain SQL included.
            pgtrigger.Trigger(
                name="published_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.status <> 'draft' OR NEW.ended_by_id IS NOT NULL THEN
                            RAISE EXCEPTION 'policy_version_begins_as_draft' USING ERRCODE = 'check_violation';
                        END IF;
                        RETURN NEW;
                    ELSIF TG_OP = 'DELETE' THEN
                        RAISE EXCEPTION 'policy_version_no_delete' USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.status = 'published' THEN
                        IF OLD.in_force_to IS NULL AND NEW.in_force_to IS NOT NULL
                            AND to_jsonb(NEW) - 'in_force_to' - 'ended_by_id'
                                = to_jsonb(OLD) - 'in_force_to' - 'ended_by_id'
                            AND EXISTS (
                                SELECT 1 FROM policy_policyversion WHERE id = NEW.ended_by_id AND id <> NEW.id
                                    AND status = 'submitted' AND programme = OLD.programme
                                    AND in_force_from = NEW.in_force_to + 1
                            )
                        THEN
                            RETURN NEW;
                        END IF;
                        RAISE EXCEPTION 'policy_version_published_is_final' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.ended_by_id IS NOT NULL OR (OLD.status, NEW.status) NOT IN (
                        ('draft', 'draft'), ('draft', 'submitted'), ('draft', 'discarded'),
                        ('submitted', 'draft'), ('submitted', 'published')
                    ) THEN
                        RAISE EXCEPTION 'policy_version_step: % -> %', OLD.status, NEW.status
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.drafted_by_id IS DISTINCT FROM OLD.drafted_by_id OR NEW.programme <> OLD.programme THEN
                        RAISE EXCEPTION 'policy_version_origin_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.status = 'submitted' AND (
                        NEW.code, NEW.title_zh, NEW.title_en, NEW.in_force_from, NEW.in_force_to
                    ) IS DISTINCT FROM (
                        OLD.code, OLD.title_zh, OLD.title_en, OLD.in_force_from, OLD.in_force_to
                    ) THEN
                        RAISE EXCEPTION 'policy_version_submitted_is_frozen' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.status = 'published' AND (
                        NEW.published_by_id IS NULL OR OLD.submitted_by_id IS NULL
                        OR NEW.submitted_by_id <> OLD.submitted_by_id
                        OR NEW.published_by_id IN (OLD.submitted_by_id, OLD.drafted_by_id)
                        OR EXISTS (
                            SELECT 1 FROM policy_policyauthor
                            WHERE version_id = NEW.id AND user_id = NEW.published_by_id
                        )
                    ) THEN
                        RAISE EXCEPTION 'policy_version_two_people' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="end_needs_successor",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                timing=pgtrigger.Deferred,
                func="""
                    IF NEW.ended_by_id IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM policy_policyversion WHERE id = NEW.ended_by_id AND status = 'published'
                    ) THEN
                        RAISE EXCEPTION 'policy_version_end_needs_successor' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_programme_display()} {self.code}"


class PolicyParameter(models.Model):
    """One value with its unit, its clause and the words of the source."""

    version = models.ForeignKey(
        PolicyVersion, on_delete=models.CASCADE, related_name="parameters", verbose_name=_("policy version")
    )
    name = models.CharField(_("parameter"), max_length=60)
    value = models.CharField(_("value"), max_length=300)
    unit = models.CharField(_("unit"), max_length=40, blank=True)
    clause = models.CharField(_("clause"), max_length=500)
    quotation = models.TextField(_("quotation"), blank=True)

    class Meta:
        verbose_name = _("policy parameter")
        verbose_name_plural = _("policy parameters")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["version", "name"], name="policy_parameter_once")]
        triggers = [
            pgtrigger.Trigger(
                name="published_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    -- Locked first: a figure is not changed while its version is being submitted.
                    PERFORM 1 FROM policy_policyversion WHERE id IN (NEW.version_id, OLD.version_id) FOR SHARE;
                    IF EXISTS (
                        SELECT 1 FROM policy_policyversion
                        WHERE id IN (NEW.version_id, OLD.version_id) AND status <> 'draft'
                    ) THEN
                        RAISE EXCEPTION 'policy_parameter_published_is_final' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN COALESCE(NEW, OLD);
                """,
            ),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return self.name


class PolicyAuthor(models.Model):
    """Somebody who wrote on a version: none of its authors may publish it."""

    version = models.ForeignKey(
        PolicyVersion, on_delete=models.PROTECT, related_name="authors", verbose_name=_("policy version")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("user")
    )

    class Meta:
        verbose_name = _("author of a policy version")
        verbose_name_plural = _("authors of policy versions")
        constraints = [models.UniqueConstraint(fields=["version", "user"], name="policy_author_once")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.version} · {self.user}"


class WorkdayOverride(models.Model):
    """A day that is no working day although the calendar says so, or the other way round."""

    day = models.DateField(_("day"), unique=True)
    is_workday = models.BooleanField(_("working day"), default=False)
    source = models.CharField(
        _("source"), max_length=200, help_text=_("The announcement that says so, with its number.")
    )
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        editable=False,
        related_name="+",
        verbose_name=_("changed by"),
    )
    changed_at = models.DateTimeField(_("changed"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("holiday or make-up working day")
        verbose_name_plural = _("holidays and make-up working days")
        ordering = ["-day"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(source=""), name="workday_override_has_source")
        ]
        triggers = [pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete), no_truncate()]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}"
