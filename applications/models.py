"""Programme `offshore`: contracts with overseas clients, receipts, and the yearly claim."""

import pgtrigger
from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from applications.enums import ServiceType
from applications.frozen import FrozenClaim, RecomputedClaim
from applications.returns.models import BusinessLine, BusinessReturn
from audit.triggers import append_only
from casework.models import Case
from policy.countries import COUNTRIES, CURRENCIES
from policy.sectors import Sector

__all__ = [
    "BusinessLine",
    "BusinessReturn",
    "Contract",
    "ExchangeRate",
    "FrozenClaim",
    "OffshoreClaim",
    "Receipt",
    "RecomputedClaim",
]


class ExchangeRate(models.Model):
    """How many USD one unit of a currency was worth for a span of days, and who says so.

    Rows are only added. Where spans overlap, the one that begins last counts.
    """

    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"))
    usd_per_unit = models.DecimalField(
        _("USD per unit"), max_digits=18, decimal_places=10, help_text=_("One unit of the currency in USD.")
    )
    source = models.CharField(_("source"), max_length=200)

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["currency", "-valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(usd_per_unit__gt=0), name="exchange_rate_positive"),
            models.CheckConstraint(
                condition=Q(valid_to__gte=F("valid_from")), name="exchange_rate_ends_after_start"
            ),
            models.CheckConstraint(condition=~Q(currency="USD"), name="exchange_rate_not_for_usd"),
            models.UniqueConstraint(
                fields=["currency", "valid_from"],
                name="exchange_rate_once",
                violation_error_message=_(
                    "There is a rate of this currency that begins on this day already."
                ),
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return (
            f"1 {self.currency} = {self.usd_per_unit.normalize():f} USD ({self.valid_from} – {self.valid_to})"
        )


class ContractQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ContractQuerySet":
        return self.filter(organisation__memberships__user=user)


class Contract(models.Model):
    """A registered outsourcing contract with an overseas client."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="contracts", verbose_name=_("organisation")
    )
    registration_number = models.CharField(
        _("registration certificate number"),
        max_length=60,
        help_text=_("As on the certificate of the service outsourcing contract registration."),
    )
    contract_number = models.CharField(_("contract number"), max_length=60)
    name = models.CharField(_("contract name"), max_length=200)
    client_name = models.CharField(_("client"), max_length=200)
    client_country = models.CharField(
        _("client's country or region"),
        max_length=2,
        choices=COUNTRIES,
        help_text=_("Hong Kong, Macao and Taiwan count as offshore."),
    )
    is_related_party = models.BooleanField(
        _("the client is a related party"),
        default=False,
        help_text=_("Parent, subsidiary or under the same control."),
    )
    service_type = models.CharField(_("kind of service"), max_length=3, choices=ServiceType)
    sector = models.CharField(_("sector"), max_length=30, choices=Sector)
    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES, default="USD")
    value = models.DecimalField(
        _("contract value"), max_digits=16, decimal_places=2, validators=[MinValueValidator(0)]
    )
    signed_on = models.DateField(_("signed on"))
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"), null=True, blank=True)
    follows = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="followed_by",
        verbose_name=_("follows"),
        help_text=_("The earlier contract from which it was taken over."),
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = ContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("contract")
        verbose_name_plural = _("contracts")
        ordering = ["-signed_on", "contract_number"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "contract_number"],
                name="contract_number_once",
                violation_error_message=_("You have registered a contract with this number already."),
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="contract_value_not_negative"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="contract_ends_after_start",
                violation_error_message=_("The contract cannot end before it starts."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract_number} · {self.client_name}"


class OffshoreClaim(models.Model):
    """What an enterprise writes on its claim of a year, beside the receipts."""

    case = models.OneToOneField(
        Case, on_delete=models.PROTECT, related_name="offshore_claim", verbose_name=_("case")
    )
    note = models.TextField(_("explanation for the reviewer"), blank=True, max_length=2000)
    undertaking_by = models.CharField(_("undertaking given by"), max_length=60, blank=True)
    undertaking_at = models.DateTimeField(_("undertaking given"), null=True, blank=True)
    typed = models.JSONField(
        _("typed and not yet saved"),
        null=True,
        blank=True,
        help_text=_("The form as it was last typed, valid or not; cleared when it is saved."),
    )
    typed_at = models.DateTimeField(_("typed"), null=True, blank=True)
    typed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("typed by"),
    )

    class Meta:
        verbose_name = _("offshore claim")
        verbose_name_plural = _("offshore claims")
        constraints = [
            models.CheckConstraint(
                condition=Q(undertaking_at__isnull=True) | ~Q(undertaking_by=""),
                name="offshore_undertaking_has_name",
            )
        ]

    def __str__(self) -> str:
        return str(self.case)


class Receipt(models.Model):
    """One inbound payment under a contract; a refund is a negative line."""

    claim = models.ForeignKey(
        OffshoreClaim, on_delete=models.PROTECT, related_name="receipts", verbose_name=_("claim")
    )
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="receipts", verbose_name=_("contract")
    )
    received_on = models.DateField(_("received on"))
    currency = models.CharField(_("currency"), max_length=3, choices=CURRENCIES, default="USD")
    amount = models.DecimalField(
        _("amount"), max_digits=16, decimal_places=2, help_text=_("A refund is negative.")
    )
    bank_reference = models.CharField(_("bank reference"), max_length=60)
    declaration_number = models.CharField(_("inbound-payment declaration number"), max_length=60, blank=True)
    released = models.BooleanField(
        _("released"), default=False, editable=False, help_text=_("The claim was withdrawn or rejected.")
    )

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ["received_on", "id"]
        constraints = [
            models.UniqueConstraint(
                Upper("bank_reference"),
                condition=Q(released=False),
                name="receipt_bank_reference_once",
                violation_error_message=_("This bank reference has been claimed already."),
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="receipt_amount_not_zero"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="contract_of_the_same_enterprise",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("contract_id", "claim_id"),
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM applications_offshoreclaim claim
                        JOIN casework_case ON casework_case.id = claim.case_id
                        JOIN applications_contract contract
                            ON contract.organisation_id = casework_case.organisation_id
                        WHERE claim.id = NEW.claim_id AND contract.id = NEW.contract_id
                    ) THEN
                        RAISE EXCEPTION 'receipt_contract_of_the_same_enterprise' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.bank_reference
