"""Where money goes: an organisation's own account, or a trainee's, each step by another person."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.crypto import blind_index, decrypt, encrypt
from accounts.models import Organisation, User
from accounts.permissions import is_official
from audit.triggers import no_truncate
from payments.enums import OPEN_ACCOUNTS, AccountState

_user = settings.AUTH_USER_MODEL
ENTERED, CONFIRMED = AccountState.ENTERED, AccountState.CONFIRMED
VERIFIED, REPLACED = AccountState.VERIFIED, AccountState.REPLACED


class PayeeAccountQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "PayeeAccountQuerySet":
        """The accounts of a person's own organisations; officials see all."""
        if not user.is_authenticated:
            return self.none()
        if is_official(user):
            return self
        return self.filter(organisation__memberships__user=user)

    def of_payee(self, organisation_id: int, person_key: str) -> "PayeeAccountQuerySet":
        return self.filter(organisation_id=organisation_id, person_key=person_key)


class PayeeAccount(models.Model):
    """One account as it was entered; a change is a new row, so the rows are the history.

    `person_key` empty: the organisation's own. Otherwise the keyed hash of a person for whom the organisation claims
    (`AwardLine.person_key`). One person enters, another confirms, an official who is neither verifies.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="payee_accounts", verbose_name=_("organisation")
    )
    person_key = models.CharField(_("keyed hash of the person"), max_length=80, blank=True, editable=False)
    payee_name = models.CharField(
        _("payee"), max_length=120, help_text=_("As the register or the claim names them.")
    )
    holder_name = models.CharField(_("account holder"), max_length=120)
    holder_note = models.CharField(_("why the holder has another name"), max_length=200, blank=True)
    bank_name = models.CharField(_("bank"), max_length=80)
    branch = models.CharField(_("branch"), max_length=120)
    cnaps = models.CharField(_("CNAPS code"), max_length=12)
    number_encrypted = models.BinaryField(editable=False)
    number_key = models.CharField(_("keyed hash of the account"), max_length=80, editable=False)
    number_masked = models.CharField(_("account number"), max_length=40, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=AccountState, default=AccountState.ENTERED)
    entered_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    entered_at = models.DateTimeField(_("entered"), db_default=Now())
    confirmed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    by_office = models.BooleanField(
        _("confirmed by the bureau"),
        default=False,
        help_text=_("For an organisation for which only one person files."),
    )
    verified_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("verified by")
    )
    verified_at = models.DateTimeField(_("verified"), null=True)
    closed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("ended by")
    )
    closed_at = models.DateTimeField(_("ended"), null=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = PayeeAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("payee account")
        verbose_name_plural = _("payee accounts")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organisation", "person_key", "-id"], name="account_of_payee"),
            models.Index(fields=["number_key"], name="account_number_shared"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "person_key"],
                condition=Q(state=AccountState.VERIFIED),
                name="account_one_verified",
            ),
            models.UniqueConstraint(
                fields=["organisation", "person_key"],
                condition=Q(state__in=OPEN_ACCOUNTS),
                name="account_one_change_at_a_time",
            ),
            models.CheckConstraint(
                condition=(Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("entered_by")))
                & (Q(verified_by__isnull=True) | ~Q(verified_by=F("entered_by")))
                & (
                    Q(verified_by__isnull=True)
                    | Q(confirmed_by__isnull=False) & ~Q(verified_by=F("confirmed_by"))
                ),
                name="account_three_people",
            ),
            models.CheckConstraint(
                condition=~Q(state=CONFIRMED) | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="account_confirmed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[VERIFIED, REPLACED])
                | Q(verified_by__isnull=False, verified_at__isnull=False),
                name="account_verified_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state=AccountState.REFUSED) | ~Q(reason=""), name="account_refusal_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(holder_name=F("payee_name")) | ~Q(holder_note=""),
                name="account_other_holder_is_explained",
            ),
            models.CheckConstraint(condition=Q(cnaps__regex=r"^[0-9]{12}$"), name="account_cnaps_form"),
            models.CheckConstraint(
                condition=~Q(number_masked__regex=r"\d{7}"), name="account_number_is_masked"
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="account_is_final",
                fields=[
                    "organisation",
                    "person_key",
                    "payee_name",
                    "holder_name",
                    "holder_note",
                    "bank_name",
                    "branch",
                    "cnaps",
                    "number_encrypted",
                    "number_key",
                    "number_masked",
                    "entered_by",
                    "entered_at",
                ],
            ),
            pgtrigger.Trigger(
                name="account_steps",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'entered' OR NEW.confirmed_by_id IS NOT NULL OR NEW.verified_by_id IS NOT NULL
                        THEN
                            RAISE EXCEPTION 'account_begins_entered' USING ERRCODE = 'check_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
                        ('entered', 'confirmed'), ('entered', 'refused'), ('entered', 'withdrawn'),
                        ('confirmed', 'verified'), ('confirmed', 'refused'), ('confirmed', 'withdrawn'),
                        ('verified', 'replaced')
                    ) THEN
                        RAISE EXCEPTION 'account_step: % -> %', OLD.state, NEW.state USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.confirmed_by_id IS NOT NULL AND (NEW.confirmed_by_id, NEW.confirmed_at, NEW.by_office)
                        IS DISTINCT FROM (OLD.confirmed_by_id, OLD.confirmed_at, OLD.by_office)
                    OR OLD.verified_by_id IS NOT NULL AND (NEW.verified_by_id, NEW.verified_at)
                        IS DISTINCT FROM (OLD.verified_by_id, OLD.verified_at)
                    THEN
                        RAISE EXCEPTION 'account_people_are_final' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payee_name} · {self.number_masked}"

    def set_number(self, number: str) -> None:
        """Keep an account number: encrypted, findable by a keyed hash, shown by its last four digits."""
        self.number_encrypted = encrypt(number)
        self.number_key = blind_index(number, "account")
        self.number_masked = f"**** {number[-4:]}"

    def reveal_number(self) -> str:
        """The whole number; whoever calls writes down the disclosure first."""
        return decrypt(self.number_encrypted)
