"""A public notice: the list of awards that anybody may object to before anything is paid."""

from datetime import date

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only, no_truncate
from casework.models import Award
from notices.enums import NoticeState
from policy.enums import ProgrammeCode

_user = settings.AUTH_USER_MODEL
#: What no public text may contain: a run of digits as long as a phone, an identity or an account number, in one or in
#: the usual groups, narrow or full-width.
UNMASKED = (
    r"[0-9０-９]{11,}|[0-9０-９]{4}([ -][0-9０-９]{4}){2,}|[0-9０-９]{6}[ -][0-9０-９]{8}[ -][0-9０-９]{3}|"
    r"[0-9０-９]{3}[ -][0-9０-９]{4}[ -][0-9０-９]{4}"
)
#: `张*`: one sign and stars. `360102********123X`: at most six signs, stars, at most four signs.
MASKED_NAME = r"^[^*[:space:]]\*+$"
MASKED_IDENTITY = r"^[0-9A-Za-z]{1,6}\*{3,}[0-9A-Za-z]{0,4}$"


def masked_text(field: str, name: str) -> models.CheckConstraint:
    """A text that everybody reads names no number of a person."""
    return models.CheckConstraint(condition=~Q(**{f"{field}__regex": UNMASKED}), name=name)


class Notice(models.Model):
    """A list of one programme and year: a draft until a second person publishes it, then it runs or is withdrawn."""

    number = models.CharField(_("number"), max_length=24, unique=True)
    programme = models.CharField(_("programme"), max_length=10, choices=ProgrammeCode)
    year = models.PositiveSmallIntegerField(_("year"))
    state = models.CharField(_("state"), max_length=10, choices=NoticeState, default=NoticeState.DRAFT)
    remark = models.CharField(
        _("remark"), max_length=500, blank=True, help_text=_("Stands below the list, for everybody to read.")
    )
    made_by = models.ForeignKey(_user, on_delete=models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"), db_default=Now())
    term_days = models.PositiveSmallIntegerField(_("term (working days)"), null=True, blank=True)
    starts_on = models.DateField(_("published on"), null=True, blank=True)
    ends_on = models.DateField(_("last day of the term"), null=True, blank=True)
    published_by = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("published by"),
    )
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    content_hash = models.CharField(
        _("hash of the list"), max_length=64, blank=True, help_text=_("SHA-256 of what was published.")
    )
    withdrawn_by = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("withdrawn by"),
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawal_reason = models.CharField(_("reason of the withdrawal"), max_length=500, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1)

    class Meta:
        verbose_name = _("public notice")
        verbose_name_plural = _("public notices")
        ordering = ["-id"]
        indexes = [models.Index(fields=["-starts_on", "-id"], name="notice_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(published_by__isnull=True) | ~Q(published_by=F("made_by")),
                name="notice_two_people",
            ),
            models.CheckConstraint(
                condition=Q(
                    published_by__isnull=True,
                    published_at__isnull=True,
                    starts_on__isnull=True,
                    ends_on__isnull=True,
                    term_days__isnull=True,
                    content_hash="",
                )
                | (
                    Q(
                        published_by__isnull=False,
                        published_at__isnull=False,
                        starts_on__isnull=False,
                        term_days__gt=0,
                        ends_on__gt=F("starts_on"),
                    )
                    & ~Q(content_hash="")
                ),
                name="notice_publication_is_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state=NoticeState.PUBLISHED) | Q(published_at__isnull=False),
                name="notice_published_has_term",
            ),
            models.CheckConstraint(
                condition=~Q(state=NoticeState.DRAFT) | Q(published_at__isnull=True),
                name="notice_draft_is_unpublished",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=NoticeState.WITHDRAWN, withdrawn_by__isnull=False, withdrawn_at__isnull=False
                )
                & ~Q(withdrawal_reason="")
                | ~Q(state=NoticeState.WITHDRAWN)
                & Q(withdrawn_by__isnull=True, withdrawn_at__isnull=True, withdrawal_reason=""),
                name="notice_withdrawal_has_reason",
            ),
            masked_text("remark", "notice_remark_unmasked"),
            masked_text("withdrawal_reason", "notice_reason_unmasked"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="list_is_fixed", fields=["number", "programme", "year", "made_by", "made_at"]
            ),
            pgtrigger.Trigger(
                name="published_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'draft' THEN
                            RAISE EXCEPTION 'notice_begins_as_draft' USING ERRCODE = 'check_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF OLD.state = 'withdrawn' OR (OLD.state = 'published' AND NEW.state = 'draft') THEN
                        RAISE EXCEPTION 'notice_published_is_final' USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.published_at IS NOT NULL AND (
                        NEW.remark, NEW.term_days, NEW.starts_on, NEW.ends_on, NEW.published_by_id,
                        NEW.published_at, NEW.content_hash
                    ) IS DISTINCT FROM (
                        OLD.remark, OLD.term_days, OLD.starts_on, OLD.ends_on, OLD.published_by_id,
                        OLD.published_at, OLD.content_hash
                    ) THEN
                        RAISE EXCEPTION 'notice_published_is_final' USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.published_at IS NULL AND NEW.published_at IS NOT NULL AND (
                        NEW.starts_on <> (NEW.published_at AT TIME ZONE 'Asia/Shanghai')::date
                        OR NOT EXISTS (SELECT 1 FROM notices_noticeentry WHERE notice_id = NEW.id)
                    ) THEN
                        RAISE EXCEPTION 'notice_term_begins_at_publication' USING ERRCODE = 'check_violation';
                    END IF;
                    IF OLD.state = 'published' AND NEW.state = 'withdrawn'
                        AND (NEW.withdrawn_at AT TIME ZONE 'Asia/Shanghai')::date > OLD.ends_on THEN
                        RAISE EXCEPTION 'notice_has_ended' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="withdrawal_frees_awards",
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__state__df=pgtrigger.F("new__state"), new__state="withdrawn"),
                func="""
                    UPDATE notices_noticeentry SET live = false WHERE notice_id = NEW.id AND live;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("notices:notice", args=[self.number])

    @property
    def has_ended(self) -> bool:
        """Whether the term of a published notice is over in Nanchang."""
        return self.ends_on is not None and timezone.localdate() > self.ends_on

    def ran_on(self, day: date) -> bool:
        """Whether an objection that arrived on a day is in time; false for a notice that was withdrawn."""
        return self.state == NoticeState.PUBLISHED and self.starts_on <= day <= self.ends_on

    @property
    def runs(self) -> bool:
        """Whether anybody may object now."""
        return self.state == NoticeState.PUBLISHED and not self.has_ended


class NoticeEntry(models.Model):
    """One award on a notice, in the words that everybody reads."""

    notice = models.ForeignKey(
        Notice, on_delete=models.PROTECT, related_name="entries", verbose_name=_("public notice")
    )
    award = models.ForeignKey(
        Award, on_delete=models.PROTECT, related_name="notice_entries", verbose_name=_("award")
    )
    position = models.PositiveIntegerField(_("number in the list"))
    organisation_name = models.CharField(_("organisation"), max_length=200)
    case_number = models.CharField(_("case number"), max_length=24)
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)
    live = models.BooleanField(
        _("in force"), default=True, help_text=_("False once the notice was withdrawn or the award reversed.")
    )

    class Meta:
        verbose_name = _("entry of a notice")
        verbose_name_plural = _("entries of notices")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "position"], name="notice_entry_position_once"),
            models.UniqueConstraint(fields=["award"], condition=Q(live=True), name="notice_entry_award_once"),
            models.CheckConstraint(condition=Q(amount_rmb__gt=0), name="notice_entry_amount_positive"),
            masked_text("organisation_name", "notice_entry_unmasked"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(name="entry_is_fixed", exclude=["live"]),
            pgtrigger.Trigger(
                name="entry_of_a_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NOT EXISTS (SELECT 1 FROM notices_notice WHERE id = NEW.notice_id AND state = 'draft') THEN
                            RAISE EXCEPTION 'notice_published_is_final' USING ERRCODE = 'check_violation';
                        END IF;
                        IF NOT EXISTS (
                            SELECT 1 FROM casework_award award
                            JOIN casework_case c ON c.id = award.case_id
                            JOIN notices_notice notice ON notice.id = NEW.notice_id
                            WHERE award.id = NEW.award_id AND award.amount_rmb = NEW.amount_rmb
                                AND c.status = 'approved' AND c.number = NEW.case_number
                                AND c.programme = notice.programme AND c.year = notice.year
                        ) THEN
                            RAISE EXCEPTION 'notice_entry_is_the_award' USING ERRCODE = 'check_violation';
                        END IF;
                    ELSIF OLD.live IS DISTINCT FROM NEW.live AND (NEW.live OR NOT (
                        EXISTS (SELECT 1 FROM notices_notice WHERE id = NEW.notice_id AND state = 'withdrawn')
                        OR EXISTS (SELECT 1 FROM casework_award WHERE id = NEW.award_id AND reversed_at IS NOT NULL)
                    )) THEN
                        RAISE EXCEPTION 'notice_entry_is_fixed' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice} {self.position}"


class NoticePerson(models.Model):
    """A person of an entry, masked: neither the whole name nor the whole number can be stored here."""

    entry = models.ForeignKey(
        NoticeEntry, on_delete=models.PROTECT, related_name="people", verbose_name=_("entry of a notice")
    )
    position = models.PositiveIntegerField(_("number in the list"))
    name_masked = models.CharField(_("name (masked)"), max_length=100)
    identity_masked = models.CharField(_("identity number (masked)"), max_length=40)
    amount_rmb = models.DecimalField(_("amount (RMB)"), max_digits=14, decimal_places=2)

    class Meta:
        verbose_name = _("person of a notice")
        verbose_name_plural = _("people of notices")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "position"], name="notice_person_position_once"),
            models.CheckConstraint(
                condition=Q(name_masked__regex=MASKED_NAME), name="notice_person_name_masked"
            ),
            models.CheckConstraint(
                condition=Q(identity_masked__regex=MASKED_IDENTITY), name="notice_person_identity_masked"
            ),
            models.CheckConstraint(condition=Q(amount_rmb__gte=0), name="notice_person_amount"),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="person_of_a_draft",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM notices_noticeentry entry
                        JOIN notices_notice notice ON notice.id = entry.notice_id
                        WHERE entry.id = NEW.entry_id AND notice.state = 'draft'
                    ) THEN
                        RAISE EXCEPTION 'notice_published_is_final' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name_masked} {self.identity_masked}"
