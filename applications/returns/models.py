"""What an enterprise reports of a year or a month: its whole business, not only what it claims a subsidy for."""

import calendar
from datetime import date, timedelta
from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from applications.enums import ReturnState, ServiceType
from policy.countries import COUNTRIES, ONSHORE
from policy.industry import park_name
from policy.practice import FIRST_YEAR, practice
from policy.sectors import Sector

WHOLE_YEAR = 0


class BusinessReturnQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "BusinessReturnQuerySet":
        return self.filter(organisation__memberships__user=user)

    def annual(self) -> "BusinessReturnQuerySet":
        return self.filter(month=WHOLE_YEAR)

    def filed(self) -> "BusinessReturnQuerySet":
        """Those that the bureau may see: filed once, whatever became of them."""
        return self.filter(first_filed_at__isnull=False)


class BusinessReturn(models.Model):
    """One enterprise's return of a year (`month` 0) or of one month."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="returns", verbose_name=_("enterprise")
    )
    year = models.PositiveSmallIntegerField(_("year"))
    month = models.PositiveSmallIntegerField(_("month"), default=WHOLE_YEAR)
    state = models.CharField(_("state"), max_length=10, choices=ReturnState, default=ReturnState.DRAFT)
    headcount = models.PositiveIntegerField(
        _("people employed"), default=0, help_text=_("At the end of the period.")
    )
    graduates_hired = models.PositiveIntegerField(
        _("graduates hired"), default=0, help_text=_("Graduates of colleges and universities, in the period.")
    )
    park = models.CharField(
        _("gathering area"),
        max_length=20,
        blank=True,
        help_text=_("Empty: outside of the gathering areas."),
    )
    note = models.TextField(_("explanation"), blank=True, max_length=2000)
    #: Where the enterprise was registered when it filed: its later move does not rewrite the past.
    division = models.CharField(_("division code"), max_length=6, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    changed_at = models.DateTimeField(db_default=Now(), editable=False)
    finding_count = models.PositiveSmallIntegerField(
        _("remarks"), default=0, editable=False, help_text=_("Checks that it did not pass when it was filed.")
    )
    first_filed_at = models.DateTimeField(_("first filed"), null=True, blank=True)
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("filed by"),
    )
    filed_at = models.DateTimeField(_("filed"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("looked at by"),
    )
    decided_at = models.DateTimeField(_("looked at"), null=True, blank=True)
    question = models.TextField(_("what the bureau asks"), blank=True, max_length=1000)

    objects = BusinessReturnQuerySet.as_manager()

    class Meta:
        verbose_name = _("business return")
        verbose_name_plural = _("business returns")
        ordering = ["-year", "-month", "organisation_id"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "year", "month"], name="return_once"),
            models.CheckConstraint(condition=Q(month__lte=12), name="return_month"),
            models.CheckConstraint(condition=Q(year__gte=FIRST_YEAR, year__lte=2100), name="return_year"),
            models.CheckConstraint(
                condition=Q(state=ReturnState.DRAFT)
                | Q(filed_by__isnull=False, filed_at__isnull=False, first_filed_at__isnull=False),
                name="return_filed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(ReturnState.ACCEPTED, ReturnState.RETURNED))
                | Q(decided_by__isnull=False, decided_at__isnull=False) & ~Q(decided_by=F("filed_by")),
                name="return_accepted_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(state=ReturnState.RETURNED) | ~Q(question=""), name="return_asked_back_why"
            ),
        ]
        indexes = [models.Index(fields=["year", "month", "state"], name="return_of_year")]
        triggers = [
            pgtrigger.Trigger(
                name="return_steps",
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                func="""
                    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
                        ('draft', 'filed'), ('filed', 'accepted'), ('filed', 'returned'),
                        ('accepted', 'returned'), ('returned', 'filed')
                    ) THEN
                        RAISE EXCEPTION 'return_steps' USING ERRCODE = 'check_violation';
                    END IF;
                    IF (NEW.organisation_id, NEW.year, NEW.month)
                        IS DISTINCT FROM (OLD.organisation_id, OLD.year, OLD.month)
                        OR OLD.state IN ('filed', 'accepted') AND
                            (NEW.headcount, NEW.graduates_hired, NEW.park, NEW.note, NEW.division)
                            IS DISTINCT FROM (OLD.headcount, OLD.graduates_hired, OLD.park, OLD.note, OLD.division)
                    THEN
                        RAISE EXCEPTION 'return_filed_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.period} · {self.organisation}"

    def get_absolute_url(self) -> str:
        return reverse("offshore:return", args=[self.pk])

    @property
    def period(self) -> str:
        return period_name(self.year, self.month)

    @property
    def is_annual(self) -> bool:
        return self.month == WHOLE_YEAR

    @property
    def is_open(self) -> bool:
        """The enterprise may change it."""
        return self.state in (ReturnState.DRAFT, ReturnState.RETURNED)

    @property
    def park_label(self) -> str:
        return park_name(self.park)

    @property
    def due_on(self) -> date:
        return due_on(self.year, self.month)

    @property
    def offshore_usd(self) -> Decimal:
        return sum((line.amount_usd for line in self.lines.all() if not line.is_onshore), Decimal(0))

    @property
    def onshore_usd(self) -> Decimal:
        return sum((line.amount_usd for line in self.lines.all() if line.is_onshore), Decimal(0))

    @property
    def total_usd(self) -> Decimal:
        return self.offshore_usd + self.onshore_usd


class BusinessLine(models.Model):
    """What was done in the period for clients of one country, in one sector and one kind of service."""

    business_return = models.ForeignKey(
        BusinessReturn, on_delete=models.CASCADE, related_name="lines", verbose_name=_("business return")
    )
    sector = models.CharField(_("sector"), max_length=30, choices=Sector)
    service_type = models.CharField(_("kind of service"), max_length=3, choices=ServiceType)
    client_country = models.CharField(
        _("client's country or region"),
        max_length=2,
        choices=COUNTRIES,
        help_text=_("Mainland China is onshore business, everything else is offshore."),
    )
    amount_usd = models.DecimalField(
        _("business in USD"),
        max_digits=16,
        decimal_places=2,
        help_text=_("What was executed in the period; other currencies at the period's average middle rate."),
    )

    class Meta:
        verbose_name = _("line of a return")
        verbose_name_plural = _("lines of returns")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["business_return", "sector", "service_type", "client_country"],
                name="return_line_once",
            ),
            models.CheckConstraint(condition=Q(amount_usd__gte=0), name="return_line_not_negative"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="of_open_return",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM applications_businessreturn
                        WHERE state NOT IN ('draft', 'returned')
                            AND (TG_OP <> 'INSERT' AND id = OLD.business_return_id
                                OR TG_OP <> 'DELETE' AND id = NEW.business_return_id)
                    ) THEN
                        RAISE EXCEPTION 'return_filed_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_sector_display()} · {self.get_service_type_display()} · {self.client_country}"

    @property
    def is_onshore(self) -> bool:
        return self.client_country == ONSHORE


def period_name(year: int, month: int) -> str:
    """The year, or the month of it, in the reader's language."""
    if month == WHOLE_YEAR:
        return gettext("Year %(year)d") % {"year": year}
    return date_format(date(year, month, 1), "YEAR_MONTH_FORMAT")


def last_day(year: int, month: int) -> date:
    month = month or 12
    return date(year, month, calendar.monthrange(year, month)[1])


def due_on(year: int, month: int) -> date:
    """The last day on which a return is in time."""
    end = last_day(year, month)
    term = "monthly_return_days" if month else "annual_return_days"
    return end + timedelta(days=practice(term, end))
