"""Tokens with which an organisation's own programs read its claims."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation
from audit.triggers import no_truncate


class Scope(models.TextChoices):
    """What a token may do."""

    CLAIMS_READ = "claims:read", _("Read claims: number, year, status, amount")
    CALCULATIONS_READ = "calculations:read", _("Read the calculation of a claim, step by step")


class ApiToken(models.Model):
    """One token. Only its hash is kept: it was shown once. Revoked is for good; nothing else of it changes."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="api_tokens", verbose_name=_("organisation")
    )
    name = models.CharField(_("name"), max_length=60, help_text=_("Which program uses it, such as “ERP”."))
    hint = models.CharField(_("ends in"), max_length=4, editable=False)
    hash = models.CharField(_("hash"), max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=30, choices=Scope), verbose_name=_("may"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by")
    )
    created_at = models.DateTimeField(_("made"), db_default=Now())
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("revoked by"),
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="api_token_revoked_by_somebody",
            ),
            models.CheckConstraint(condition=Q(hash__regex="^[0-9a-f]{64}$"), name="api_token_hash_form"),
            models.CheckConstraint(condition=Q(scopes__len__gt=0), name="api_token_has_scope"),
            models.UniqueConstraint(
                fields=["organisation", "name"],
                condition=Q(revoked_at__isnull=True),
                name="api_token_name_once",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="api_token_is_fixed", exclude=["last_used_at", "revoked_by", "revoked_at"]
            ),
            pgtrigger.Protect(
                name="revoked_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__revoked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} …{self.hint}"
