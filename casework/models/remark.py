"""What an official asks to be corrected, and the answer to it."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.triggers import no_truncate
from casework.enums import RemarkCode, TargetKind
from casework.models.case import Case
from casework.models.history import Submission
from casework.models.review import Review

_user = settings.AUTH_USER_MODEL


class Remark(models.Model):
    """What an official asks to be corrected, pinned to a place in the frozen inputs; the applicant's answer to it.

    `path` names the place by stable keys: `note`, `lines/12/amount`, `lines/12`, `lines/+` (adding and removing rows),
    `documents/7`. Only what was marked reopens (`casework.reopening`).
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="remarks", verbose_name=_("case"))
    review = models.ForeignKey(
        Review, on_delete=models.PROTECT, related_name="remarks", verbose_name=_("review")
    )
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, related_name="remarks", verbose_name=_("submission")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=TargetKind)
    path = models.CharField(_("place"), max_length=200)
    code = models.CharField(_("reason"), max_length=12, choices=RemarkCode, blank=True)
    text = models.TextField(_("remark"), max_length=1000)
    author = models.ForeignKey(_user, on_delete=models.PROTECT, related_name="+", verbose_name=_("author"))
    created_at = models.DateTimeField(_("created"), db_default=Now())
    answer = models.TextField(_("answer"), max_length=1000, blank=True)
    resolved_by = models.ForeignKey(
        Submission,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="resolved_remarks",
        verbose_name=_("answered by submission"),
    )

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=~Q(text="") & ~Q(path=""), name="remark_says_what_and_where"),
            models.CheckConstraint(
                condition=Q(answer="") | Q(resolved_by__isnull=False), name="remark_answer_has_submission"
            ),
        ]
        indexes = [
            models.Index(fields=["case"], condition=Q(resolved_by__isnull=True), name="remark_open"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(name="only_answered", exclude=["answer", "resolved_by"]),
            pgtrigger.Protect(
                name="answered_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__resolved_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.path}"
