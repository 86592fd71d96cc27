"""Decision letters: what one says is frozen and signed at once, its PDF drawn by a worker and kept as it is."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.triggers import append_only, no_truncate
from casework.models import Case
from notices.enums import LetterKind, LetterState


class LetterQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "LetterQuerySet":
        """The letters of the cases that a person may see."""
        return self.filter(case__in=Case.objects.visible_to(user).values("pk"))


class Letter(models.Model):
    """One letter. The row is the outbox of its drawing; `source` names the decision that it tells, once each.

    `data` is what it says (JSON), `data_hash` its SHA-256, `signature` the keyed hash of code and data.
    """

    number = models.CharField(_("number"), max_length=24, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=LetterKind)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="letters", verbose_name=_("case"))
    source = models.CharField(_("decision"), max_length=60)
    code = models.CharField(_("verification code"), max_length=24, unique=True)
    data = models.JSONField(_("what it says"))
    data_hash = models.CharField(_("hash"), max_length=64)
    signature = models.CharField(_("signature"), max_length=80)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    issued_at = models.DateTimeField(_("issued"), db_default=Now())
    state = models.CharField(_("state"), max_length=8, choices=LetterState, default=LetterState.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    run_after = models.DateTimeField(_("not before"), db_default=Now())
    error = models.CharField(_("error"), max_length=300, blank=True)

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("decision letter")
        verbose_name_plural = _("decision letters")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["run_after"], condition=Q(state=LetterState.QUEUED), name="letter_waiting")
        ]
        constraints = [models.UniqueConstraint(fields=["kind", "source"], name="letter_once")]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="letter_is_fixed",
                fields=[
                    "number",
                    "kind",
                    "case",
                    "source",
                    "code",
                    "data",
                    "data_hash",
                    "signature",
                    "made_by",
                    "issued_at",
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.number


class LetterFile(models.Model):
    """The PDF of a letter, byte for byte as it was drawn."""

    letter = models.OneToOneField(
        Letter, on_delete=models.PROTECT, primary_key=True, related_name="file", verbose_name=_("letter")
    )
    content = models.BinaryField(_("content"))
    sha256 = models.CharField(_("hash of the file"), max_length=64)
    signature = models.CharField(_("signature of the file"), max_length=80)
    drawn_at = models.DateTimeField(_("drawn"), db_default=Now())

    class Meta:
        verbose_name = _("file of a letter")
        verbose_name_plural = _("files of letters")
        triggers = append_only()

    def __str__(self) -> str:
        return str(self.letter_id)
