"""People, the organisations they act for, and what officials granted those organisations."""

from datetime import date

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from accounts.enums import (
    AccreditationKind,
    AppointmentState,
    FactorResetState,
    MembershipRole,
    OrganisationKind,
)
from accounts.identifiers import division_name, is_nanchang, normalise, validate_credit_code
from audit.triggers import no_truncate


class User(AbstractUser):
    display_name = models.CharField(_("name"), max_length=60, blank=True)
    language = models.CharField(
        _("language"),
        max_length=10,
        blank=True,
        choices=settings.LANGUAGES,
        help_text=_("The language of the portal's mails to this person; the portal's own when empty."),
    )

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        triggers = [
            # Else one administrator is two people: an account of their own making confirms what they asked for.
            pgtrigger.Trigger(
                name="administrator_by_owner",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                condition=pgtrigger.Q(new__is_superuser=True),
                func="""
                    IF (TG_OP = 'INSERT' OR NOT OLD.is_superuser OR (NEW.is_active AND NOT OLD.is_active))
                        AND NOT pg_has_role(
                            current_user,
                            (SELECT datdba FROM pg_catalog.pg_database WHERE datname = current_database()), 'MEMBER'
                        )
                    THEN
                        RAISE EXCEPTION 'administrator_by_owner' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def reads(self) -> str:
        """The language in which to write to this person."""
        return self.language or settings.LANGUAGE_CODE


class Organisation(models.Model):
    """An enterprise or a training institution, known by its Unified Social Credit Code."""

    kind = models.CharField(_("kind"), max_length=12, choices=OrganisationKind)
    name = models.CharField(_("registered name"), max_length=120)
    credit_code = models.CharField(
        _("Unified Social Credit Code"),
        max_length=18,
        validators=[validate_credit_code],
        help_text=_("18 characters, as on the business licence (GB 32100)."),
    )
    division = models.CharField(_("division code"), max_length=6, help_text=_("Six digits, GB/T 2260."))
    address = models.CharField(_("registered address"), max_length=200, blank=True)
    contact_name = models.CharField(_("contact person"), max_length=60)
    contact_phone = models.CharField(_("contact phone"), max_length=30)
    is_sample = models.BooleanField(_("fictional sample"), default=False)
    version = models.PositiveIntegerField(
        _("version"), default=1, editable=False, help_text=_("Grows with every change.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["credit_code"],
                name="organisation_credit_code_once",
                violation_error_code="unique",  # so that the message stands at the field
                violation_error_message=_(
                    "An organisation with this code is registered already. Ask its owner for access."
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(credit_code__regex=r"^[0-9A-Z]{18}$"), name="organisation_credit_code_form"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        self.credit_code = normalise(self.credit_code)

    @property
    def division_label(self) -> str:
        return division_name(self.division)

    @property
    def is_local(self) -> bool:
        """Registered in Nanchang (division 3601xx)."""
        return is_nanchang(self.division)


class Membership(models.Model):
    """One person acting for one organisation."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("user")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("organisation")
    )
    role = models.CharField(_("role"), max_length=10, choices=MembershipRole, default=MembershipRole.CLERK)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["user", "organisation"], name="membership_once")]
        triggers = [
            # The organisation's row is locked first: of two last owners who leave at once, one stays.
            pgtrigger.Trigger(
                name="keeps_an_owner",
                when=pgtrigger.After,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF OLD.role = 'owner' AND (
                        TG_OP = 'DELETE' OR NEW.role <> 'owner' OR NEW.organisation_id <> OLD.organisation_id
                    ) THEN
                        PERFORM 1 FROM accounts_organisation WHERE id = OLD.organisation_id FOR NO KEY UPDATE;
                        IF FOUND AND NOT EXISTS (
                            SELECT 1 FROM accounts_membership
                            WHERE organisation_id = OLD.organisation_id AND role = 'owner'
                        ) THEN
                            RAISE EXCEPTION 'organisation_keeps_an_owner' USING ERRCODE = 'check_violation';
                        END IF;
                    END IF;
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation}"

    @property
    def may_file(self) -> bool:
        return self.role in (MembershipRole.OWNER, MembershipRole.CLERK)


class Invitation(models.Model):
    """An offer to somebody with an e-mail address to act for an organisation: one use, until a day.

    The link holds the signed key; a withdrawn, used or lapsed invitation opens nothing.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("organisation")
    )
    email = models.EmailField(_("email address"))
    role = models.CharField(_("role"), max_length=10, choices=MembershipRole, default=MembershipRole.CLERK)
    key = models.CharField(max_length=32, unique=True, editable=False)
    invited_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("invited by")
    )
    invited_at = models.DateTimeField(_("invited"), db_default=Now())
    expires_at = models.DateTimeField(_("valid until"))
    accepted_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("accepted by")
    )
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "organisation",
                Lower("email"),
                condition=models.Q(accepted_at__isnull=True, withdrawn_at__isnull=True),
                name="invitation_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | models.Q(accepted_at__isnull=False, accepted_by__isnull=False, withdrawn_at__isnull=True),
                name="invitation_ends_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} · {self.get_role_display()}"


class Handover(models.Model):
    """An owner's offer of ownership to another member, who accepts or declines it."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="handovers", verbose_name=_("organisation")
    )
    offered_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("offered by")
    )
    offered_to = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("offered to")
    )
    stays_owner = models.BooleanField(_("the present owner stays an owner"), default=False)
    offered_at = models.DateTimeField(_("offered"), db_default=Now())
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("offer of ownership")
        verbose_name_plural = _("offers of ownership")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=models.Q(closed_at__isnull=True),
                name="handover_one_open",
            ),
            models.CheckConstraint(
                condition=~models.Q(offered_by=models.F("offered_to")), name="handover_to_another"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} · {self.offered_to}"


class OwnerAppointment(models.Model):
    """The bureau makes somebody owner where every owner's account is closed: one official asks, another confirms."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="appointments", verbose_name=_("organisation")
    )
    person = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("becomes owner")
    )
    letter = models.CharField(
        _("letter"), max_length=60, help_text=_("The number or date of the organisation's stamped letter.")
    )
    reason = models.CharField(_("reason"), max_length=500)
    proposed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), db_default=Now())
    state = models.CharField(
        _("state"), max_length=12, choices=AppointmentState, default=AppointmentState.PROPOSED
    )
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name = _("appointment of an owner")
        verbose_name_plural = _("appointments of owners")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=models.Q(state=AppointmentState.PROPOSED),
                name="appointment_one_open",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=AppointmentState.MADE)
                | ~models.Q(decided_by=models.F("proposed_by")),
                name="appointment_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(person=models.F("proposed_by"))
                & (models.Q(decided_by__isnull=True) | ~models.Q(person=models.F("decided_by"))),
                name="appointment_of_another",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state=AppointmentState.PROPOSED, decided_by__isnull=True, decided_at__isnull=True
                )
                | models.Q(
                    state__in=[AppointmentState.MADE, AppointmentState.TURNED_DOWN],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
                name="appointment_state_says_who",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason="") & ~models.Q(letter=""), name="appointment_says_why"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="what_was_proposed_is_fixed", exclude=["state", "decided_by", "decided_at"]
            ),
            pgtrigger.Protect(
                name="decided_once",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state=AppointmentState.PROPOSED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation} · {self.person}"


class AccreditationQuerySet(models.QuerySet):
    def covering(self, start: date, end: date) -> "AccreditationQuerySet":
        """Accreditations in force on every day from `start` to `end`, both included."""
        return self.filter(valid_from__lte=start).filter(
            models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=end)
        )


class FactorReset(models.Model):
    """A second factor that was lost, recovery codes too: one administrator asks to take it away, another confirms."""

    person = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="factor_resets", verbose_name=_("whose second factor")
    )
    reason = models.CharField(_("how the person was identified"), max_length=500)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("asked by"))
    asked_at = models.DateTimeField(_("asked"), db_default=Now())
    state = models.CharField(
        _("state"), max_length=12, choices=FactorResetState, default=FactorResetState.ASKED
    )
    decided_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name = _("lost second factor")
        verbose_name_plural = _("lost second factors")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(state=FactorResetState.ASKED),
                name="factor_reset_one_open",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=FactorResetState.DONE) | ~models.Q(decided_by=models.F("asked_by")),
                name="factor_reset_two_people",
            ),
            models.CheckConstraint(
                condition=~models.Q(person=models.F("asked_by"))
                & (~models.Q(state=FactorResetState.DONE) | ~models.Q(person=models.F("decided_by"))),
                name="factor_reset_of_another",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state=FactorResetState.ASKED, decided_by__isnull=True, decided_at__isnull=True
                )
                | models.Q(
                    state__in=[FactorResetState.DONE, FactorResetState.TURNED_DOWN],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
                name="factor_reset_state_says_who",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="factor_reset_says_why"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(name="what_was_asked_is_fixed", exclude=["state", "decided_by", "decided_at"]),
            pgtrigger.Protect(
                name="reset_decided_once",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state=FactorResetState.ASKED),
            ),
        ]

    def __str__(self) -> str:
        return str(self.person)


class Accreditation(models.Model):
    """Recognition of an enterprise or designation of an institution by an official's document."""

    kind = models.CharField(_("kind"), max_length=12, choices=AccreditationKind)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="accreditations", verbose_name=_("organisation")
    )
    document_number = models.CharField(_("document number"), max_length=60)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(
        _("valid to"), null=True, blank=True, help_text=_("Empty: until it is withdrawn.")
    )
    granted_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("granted by"),
    )
    granted_at = models.DateTimeField(_("granted"), db_default=Now(), editable=False)

    objects = AccreditationQuerySet.as_manager()

    class Meta:
        verbose_name = _("recognition or designation")
        verbose_name_plural = _("recognitions and designations")
        ordering = ["-valid_from"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
                name="accreditation_ends_after_start",
                violation_error_message=_("It cannot end before it begins."),
            ),
            models.UniqueConstraint(fields=["kind", "document_number"], name="accreditation_document_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.document_number}"


class HashVersion(models.Model):
    """The version of the keyed hashes in every table, in one row; without a row the lowest that is set."""

    version = models.PositiveSmallIntegerField(_("version"))
    since = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("version of keyed hashes")
        verbose_name_plural = _("versions of keyed hashes")
        ordering = ["-version"]
        constraints = [models.UniqueConstraint(fields=["version"], name="hash_version_once")]

    def __str__(self) -> str:
        return f"v{self.version}"
