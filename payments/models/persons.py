"""One person registered by two institutions: a file that stops the payment of the lines about them, and only that."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from audit.triggers import append_only, no_truncate
from payments.enums import PersonFileState

_user = settings.AUTH_USER_MODEL


class PersonFile(models.Model):
    """Which registration of a person stands: proposed by one official, decided by another. Never shown to applicants.

    `stands` empty in a decided file: both stand, they are two people or two lawful trainings.
    """

    person_key = models.CharField(_("keyed hash of the person"), max_length=80, unique=True, editable=False)
    person_name = models.CharField(_("person"), max_length=40, help_text=_("Masked."))
    state = models.CharField(_("state"), max_length=10, choices=PersonFileState, default=PersonFileState.OPEN)
    opened_at = models.DateTimeField(_("opened"), db_default=Now())
    stands = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("stands")
    )
    reason = models.CharField(_("reason"), max_length=1000, blank=True)
    proposed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), null=True)
    decided_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name = _("file of a person")
        verbose_name_plural = _("files of persons")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state=PersonFileState.OPEN, proposed_by__isnull=True, decided_by__isnull=True)
                | Q(state=PersonFileState.PROPOSED, proposed_by__isnull=False, decided_by__isnull=True)
                & ~Q(reason="")
                | Q(state=PersonFileState.DECIDED, proposed_by__isnull=False, decided_by__isnull=False)
                & Q(decided_at__isnull=False)
                & ~Q(decided_by=F("proposed_by"))
                & ~Q(reason=""),
                name="person_file_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(person_name__regex=r"^[^*]+$"), name="person_file_name_is_masked"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="person_file_is_final", fields=["person_key", "person_name", "opened_at"]
            ),
            pgtrigger.Protect(
                name="person_file_decided_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state=PersonFileState.DECIDED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_name} #{self.pk}"


class PersonSide(models.Model):
    """One institution's registration in such a file."""

    file = models.ForeignKey(
        PersonFile, on_delete=models.PROTECT, related_name="sides", verbose_name=_("file of a person")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("organisation")
    )
    registered_at = models.DateTimeField(_("registered"), null=True)

    class Meta:
        verbose_name = _("registration of a person")
        verbose_name_plural = _("registrations of a person")
        ordering = ["registered_at", "id"]
        constraints = [models.UniqueConstraint(fields=["file", "organisation"], name="person_side_once")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.file} · {self.organisation}"
