"""Checks after payment: a sample that can be drawn again from its seed, findings, the right of reply, conclusions."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.triggers import append_only, no_truncate
from casework.models import Case
from payments.enums import CheckCause, CheckState, Conclusion, Finding
from payments.models.payments import Payment
from policy.enums import ProgrammeCode

_user = settings.AUTH_USER_MODEL


class SampleDraw(models.Model):
    """A random sample of paid awards. Seed and population are kept, so everybody draws the same again.

    The payments of the population are ordered by SHA-256 of `seed:payment number`; the first `size` are drawn.
    """

    programme = models.CharField(_("programme"), max_length=10, choices=ProgrammeCode)
    year = models.PositiveSmallIntegerField(_("year"), help_text=_("Of the claims."))
    seed = models.CharField(_("seed"), max_length=64, unique=True)
    population = models.JSONField(
        _("population"), help_text=_("Numbers of all payments that could be drawn.")
    )
    size = models.PositiveIntegerField(_("payments to draw"))
    drawn_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("drawn by")
    )
    drawn_at = models.DateTimeField(_("time of the draw"), db_default=Now())

    class Meta:
        verbose_name = _("random sample")
        verbose_name_plural = _("random samples")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(size__gt=0), name="sample_is_not_empty"),
            models.CheckConstraint(condition=Q(seed__regex=r"^[0-9a-f]{32}$"), name="sample_seed_form"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.get_programme_display()} {self.year} #{self.pk}"


class SpotCheckQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "SpotCheckQuerySet":
        """Checks of the cases that a person may see."""
        return self.filter(case__in=Case.objects.visible_to(user))


class SpotCheck(models.Model):
    """One payment looked at again. Who finds something does not conclude; the applicant may answer in between."""

    cause = models.CharField(_("cause"), max_length=10, choices=CheckCause)
    draw = models.ForeignKey(
        SampleDraw,
        on_delete=models.PROTECT,
        null=True,
        related_name="checks",
        verbose_name=_("random sample"),
    )
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, related_name="checks", verbose_name=_("payment")
    )
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="checks", verbose_name=_("case"))
    occasion = models.CharField(_("occasion"), max_length=300, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=CheckState, default=CheckState.OPEN)
    opened_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("opened by")
    )
    opened_at = models.DateTimeField(_("opened"), db_default=Now())
    finding = models.CharField(_("finding"), max_length=10, choices=Finding, blank=True)
    evidence = models.CharField(
        _("evidence"), max_length=300, blank=True, help_text=_("What was looked at, with its number.")
    )
    finding_text = models.CharField(_("what was found"), max_length=1000, blank=True)
    found_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("found by")
    )
    found_at = models.DateTimeField(_("found"), null=True)
    reply_by = models.DateField(_("reply until"), null=True)
    reply = models.CharField(_("reply"), max_length=2000, blank=True)
    replied_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("replied by")
    )
    replied_at = models.DateTimeField(_("replied"), null=True)
    conclusion = models.CharField(_("conclusion"), max_length=16, choices=Conclusion, blank=True)
    conclusion_text = models.CharField(_("reasons"), max_length=1000, blank=True)
    concluded_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("concluded by")
    )
    concluded_at = models.DateTimeField(_("concluded"), null=True)

    objects = SpotCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("check after payment")
        verbose_name_plural = _("checks after payment")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["draw", "payment"], name="check_once_in_a_draw"),
            models.UniqueConstraint(
                fields=["payment"], condition=~Q(state=CheckState.CONCLUDED), name="check_one_open"
            ),
            models.CheckConstraint(
                condition=Q(cause=CheckCause.SAMPLE, draw__isnull=False)
                | ~Q(cause=CheckCause.SAMPLE) & Q(draw__isnull=True) & ~Q(occasion=""),
                name="check_has_its_cause",
            ),
            models.CheckConstraint(
                condition=Q(concluded_by__isnull=True) | ~Q(concluded_by=F("found_by")),
                name="check_two_people",
            ),
            models.CheckConstraint(
                condition=Q(state=CheckState.OPEN, finding="", found_by__isnull=True)
                | Q(found_by__isnull=False, found_at__isnull=False, reply_by__isnull=False)
                & ~Q(finding="")
                & ~Q(evidence="")
                & ~Q(finding_text=""),
                name="check_found_with_evidence",
            ),
            models.CheckConstraint(
                condition=~Q(state=CheckState.CONCLUDED)
                | Q(concluded_by__isnull=False, concluded_at__isnull=False)
                & ~Q(conclusion="")
                & ~Q(conclusion_text=""),
                name="check_concluded_with_reasons",
            ),
            models.CheckConstraint(
                condition=Q(replied_at__isnull=True, reply="", replied_by__isnull=True)
                | Q(replied_at__isnull=False, replied_by__isnull=False) & ~Q(reply=""),
                name="check_reply_is_whole",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="check_origin_is_final",
                fields=["cause", "draw", "payment", "case", "occasion", "opened_by", "opened_at"],
            ),
            pgtrigger.Trigger(
                name="check_steps",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                declare=[("paid", "record")],
                func="""
                    IF TG_OP = 'INSERT' THEN
                        SELECT state, case_id INTO paid FROM payments_payment WHERE id = NEW.payment_id;
                        IF NEW.state <> 'open' OR paid.state <> 'paid' OR paid.case_id <> NEW.case_id THEN
                            RAISE EXCEPTION 'check_of_paid_money' USING ERRCODE = 'check_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF OLD.state = 'concluded' THEN
                        RAISE EXCEPTION 'check_is_concluded' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
                        ('open', 'hearing'), ('hearing', 'concluded')
                    ) THEN
                        RAISE EXCEPTION 'check_step: % -> %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.found_by_id IS NOT NULL AND
                        (NEW.finding, NEW.evidence, NEW.finding_text, NEW.found_by_id, NEW.found_at, NEW.reply_by)
                        IS DISTINCT FROM
                        (OLD.finding, OLD.evidence, OLD.finding_text, OLD.found_by_id, OLD.found_at, OLD.reply_by)
                        OR OLD.replied_at IS NOT NULL AND (NEW.reply, NEW.replied_by_id, NEW.replied_at)
                        IS DISTINCT FROM (OLD.reply, OLD.replied_by_id, OLD.replied_at) THEN
                        RAISE EXCEPTION 'check_words_are_final' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.state = 'concluded' AND OLD.state = 'hearing' THEN
                        IF NEW.finding = 'in_order' AND NEW.conclusion <> 'in_order' THEN
                            RAISE EXCEPTION 'check_conclusion_follows_finding' USING ERRCODE = 'check_violation';
                        END IF;
                        IF NEW.conclusion <> 'in_order' AND NEW.replied_at IS NULL
                            AND (NEW.concluded_at AT TIME ZONE 'Asia/Shanghai')::date <= NEW.reply_by THEN
                            RAISE EXCEPTION 'check_reply_first' USING ERRCODE = 'check_violation';
                        END IF;
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.payment}"
