"""Objections to a notice, and appeals of applicants: a case file with two officials and one answer."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts import crypto
from audit.triggers import no_truncate
from casework.models import Case
from notices.enums import Finding, ObjectionKind, ObjectionState
from notices.models.notice import NoticeEntry

_user = settings.AUTH_USER_MODEL


class Objection(models.Model):
    """What somebody says against an award or a rejection, who examined it, and what was answered.

    Who objects and in which words is encrypted; the words, not the person, are shown to the organisation that is heard.
    """

    number = models.CharField(_("number"), max_length=24, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=ObjectionKind)
    state = models.CharField(
        _("state"), max_length=10, choices=ObjectionState, default=ObjectionState.RECEIVED
    )
    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="objections", verbose_name=_("case")
    )
    entry = models.ForeignKey(
        NoticeEntry,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="objections",
        verbose_name=_("entry of a notice"),
    )
    token = models.UUIDField(_("form"), unique=True, help_text=_("One form makes one objection."))
    code_hash = models.CharField(_("keyed hash of the code"), max_length=80, unique=True)
    objector_encrypted = models.BinaryField(_("who objects (encrypted)"))
    contact_encrypted = models.BinaryField(_("contact (encrypted)"))
    grounds_encrypted = models.BinaryField(_("grounds (encrypted)"))
    filed_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("filed by")
    )
    entered_by = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("entered by"),
        help_text=_("Who copied what came on paper."),
    )
    paper_number = models.CharField(_("number in the register of letters"), max_length=40, blank=True)
    received_at = models.DateTimeField(_("received"), db_default=Now())
    hearing_until = models.DateField(_("heard until"), null=True, blank=True)
    due_on = models.DateField(_("answer due"))
    statement_encrypted = models.BinaryField(_("statement of the organisation (encrypted)"), null=True)
    statement_by = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("statement by"),
    )
    statement_at = models.DateTimeField(_("statement of"), null=True, blank=True)
    proposal = models.CharField(_("proposal"), max_length=10, choices=Finding, blank=True)
    examination = models.TextField(_("result of the examination"), max_length=4000, blank=True)
    examined_by = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("examined by"),
    )
    examined_at = models.DateTimeField(_("examined"), null=True, blank=True)
    finding = models.CharField(_("answer"), max_length=10, choices=Finding, blank=True)
    answer = models.TextField(_("reason of the answer"), max_length=4000, blank=True)
    answered_by = models.ForeignKey(
        _user,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answered by"),
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1)

    class Meta:
        verbose_name = _("objection or appeal")
        verbose_name_plural = _("objections and appeals")
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["due_on"], condition=~Q(state=ObjectionState.ANSWERED), name="objection_open"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=ObjectionKind.OBJECTION, entry__isnull=False, hearing_until__isnull=False)
                | Q(kind=ObjectionKind.APPEAL, entry__isnull=True, filed_by__isnull=False),
                name="objection_says_against_what",
            ),
            models.CheckConstraint(
                condition=Q(entered_by__isnull=True, paper_number="")
                | (
                    Q(entered_by__isnull=False, filed_by__isnull=True, kind=ObjectionKind.OBJECTION)
                    & ~Q(paper_number="")
                ),
                name="objection_on_paper_is_registered",
            ),
            models.UniqueConstraint(
                fields=["paper_number"],
                condition=~Q(paper_number=""),
                name="objection_paper_once",
            ),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(kind=ObjectionKind.APPEAL) & ~Q(state=ObjectionState.ANSWERED),
                name="objection_one_open_appeal",
            ),
            models.CheckConstraint(
                condition=(Q(examined_by__isnull=True) | Q(answered_by__isnull=True))
                | ~Q(examined_by=F("answered_by")),
                name="objection_two_people",
            ),
            models.CheckConstraint(
                condition=(
                    (Q(filed_by__isnull=True) | Q(examined_by__isnull=True) | ~Q(filed_by=F("examined_by")))
                    & (Q(filed_by__isnull=True) | Q(answered_by__isnull=True) | ~Q(filed_by=F("answered_by")))
                ),
                name="objection_not_by_its_author",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=ObjectionState.RECEIVED,
                    examined_by__isnull=True,
                    examined_at__isnull=True,
                    proposal="",
                    examination="",
                )
                | (
                    ~Q(state=ObjectionState.RECEIVED)
                    & Q(examined_by__isnull=False, examined_at__isnull=False)
                    & ~Q(proposal="")
                    & ~Q(examination="")
                ),
                name="objection_examined_by_somebody",
            ),
            models.CheckConstraint(
                condition=(
                    Q(state=ObjectionState.ANSWERED, answered_by__isnull=False, answered_at__isnull=False)
                    & ~Q(finding="")
                    & ~Q(answer="")
                )
                | (
                    ~Q(state=ObjectionState.ANSWERED)
                    & Q(answered_by__isnull=True, answered_at__isnull=True, finding="", answer="")
                ),
                name="objection_answer_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(
                    statement_encrypted__isnull=True, statement_by__isnull=True, statement_at__isnull=True
                )
                | Q(
                    statement_encrypted__isnull=False, statement_by__isnull=False, statement_at__isnull=False
                ),
                name="objection_statement_is_whole",
            ),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="what_was_said_is_fixed",
                fields=[
                    "number",
                    "kind",
                    "case",
                    "entry",
                    "token",
                    "code_hash",
                    "objector_encrypted",
                    "contact_encrypted",
                    "grounds_encrypted",
                    "filed_by",
                    "entered_by",
                    "paper_number",
                    "received_at",
                    "hearing_until",
                    "due_on",
                ],
            ),
            pgtrigger.Trigger(
                name="steps_of_an_objection",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'received' THEN
                            RAISE EXCEPTION 'objection_begins_as_received' USING ERRCODE = 'check_violation';
                        END IF;
                        IF NEW.kind = 'objection' AND NOT EXISTS (
                            SELECT 1 FROM notices_noticeentry entry
                            JOIN casework_award award ON award.id = entry.award_id
                            JOIN notices_notice notice ON notice.id = entry.notice_id
                            WHERE entry.id = NEW.entry_id AND entry.live AND award.case_id = NEW.case_id
                                AND notice.state = 'published'
                                AND (NEW.received_at AT TIME ZONE 'Asia/Shanghai')::date <= notice.ends_on
                        ) THEN
                            RAISE EXCEPTION 'objection_within_the_notice' USING ERRCODE = 'check_violation';
                        END IF;
                        RETURN NEW;
                    END IF;
                    IF OLD.state = 'answered' THEN
                        RAISE EXCEPTION 'objection_answer_is_final' USING ERRCODE = 'check_violation';
                    END IF;
                    IF (OLD.state = 'received' AND NEW.state = 'answered')
                        OR (OLD.state = 'examined' AND NEW.state = 'received')
                        OR (OLD.examined_by_id IS NOT NULL AND (
                            NEW.examined_by_id, NEW.examined_at, NEW.proposal, NEW.examination
                        ) IS DISTINCT FROM (OLD.examined_by_id, OLD.examined_at, OLD.proposal, OLD.examination))
                        OR (OLD.statement_at IS NOT NULL AND (
                            NEW.statement_at, NEW.statement_by_id, NEW.statement_encrypted
                        ) IS DISTINCT FROM (OLD.statement_at, OLD.statement_by_id, OLD.statement_encrypted))
                    THEN
                        RAISE EXCEPTION 'objection_steps' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.state = 'answered' AND EXISTS (
                        SELECT 1 FROM casework_review review
                        WHERE review.case_id = NEW.case_id AND review.stage = 'final'
                            AND review.reviewer_id = NEW.answered_by_id
                    ) THEN
                        RAISE EXCEPTION 'objection_not_by_who_decided' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def objector(self) -> str:
        return crypto.decrypt(self.objector_encrypted)

    @property
    def contact(self) -> str:
        return crypto.decrypt(self.contact_encrypted)

    @property
    def grounds(self) -> str:
        return crypto.decrypt(self.grounds_encrypted)

    @property
    def statement(self) -> str:
        return crypto.decrypt(self.statement_encrypted) if self.statement_encrypted else ""
