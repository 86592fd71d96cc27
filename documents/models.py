"""Evidence: files with their versions, and which of them were filed with which case."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Organisation, User
from accounts.permissions import is_official
from audit.triggers import append_only, no_truncate
from casework.models import Case
from documents.enums import State, SubjectKind
from policy.enums import ProgrammeCode

_user = settings.AUTH_USER_MODEL


class DocumentQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "DocumentQuerySet":
        """The files of a person's own organisations; officials see what was filed with a case, and only that."""
        if not user.is_authenticated:
            return self.none()
        own = Q(organisation__in=user.memberships.values("organisation"))
        if is_official(user):
            return self.filter(own | Q(pk__in=FiledDocument.objects.values("document")))
        return self.filter(own)

    def current(self) -> "DocumentQuerySet":
        return self.filter(is_current=True)


#: What stands where the name of a file with personal data was erased.
NO_NAME = "***"


class Document(models.Model):
    """One version of one file under an item of the checklist. What it is never changes; what became of it may."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="documents", verbose_name=_("organisation")
    )
    programme = models.CharField(_("programme"), max_length=10, choices=ProgrammeCode)
    subject_kind = models.CharField(_("belongs to"), max_length=12, choices=SubjectKind)
    subject_id = models.BigIntegerField(_("record"))
    item = models.CharField(_("paper"), max_length=40)
    series = models.UUIDField(
        _("file"), default=uuid.uuid4, help_text=_("The same for all versions of a file.")
    )
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    name = models.CharField(_("name"), max_length=200)
    media_type = models.CharField(_("format"), max_length=60)
    size = models.PositiveBigIntegerField(_("size"))
    sha256 = models.CharField(_("hash"), max_length=64)
    pages = models.PositiveIntegerField(_("pages"), default=1)
    storage_key = models.CharField(_("place"), max_length=60, unique=True)
    uploaded_by = models.ForeignKey(
        _user, on_delete=models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("uploaded"), db_default=Now())
    is_current = models.BooleanField(_("in use"), default=True, help_text=_("Neither replaced nor removed."))
    state = models.CharField(_("state"), max_length=12, choices=State, default=State.QUARANTINED)
    refusal = models.CharField(_("reason of the refusal"), max_length=40, blank=True)
    signature = models.CharField(_("found by the scanner"), max_length=120, blank=True)
    scanner = models.CharField(_("scanner"), max_length=120, blank=True)
    scanned_at = models.DateTimeField(_("checked"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    scan_after = models.DateTimeField(_("not before"), db_default=Now())

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="document_subject"),
            models.Index(
                fields=["scan_after"], condition=Q(state=State.QUARANTINED), name="document_waiting"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["series", "version"], name="document_version_once"),
            models.UniqueConstraint(
                fields=["series"], condition=Q(is_current=True), name="document_one_version_in_use"
            ),
            models.CheckConstraint(
                condition=~Q(state=State.CLEAN) | (Q(scanned_at__isnull=False) & ~Q(scanner="")),
                name="document_clean_was_scanned",
            ),
            models.CheckConstraint(
                condition=(Q(state=State.REFUSED) & ~Q(refusal=""))
                | (~Q(state=State.REFUSED) & Q(refusal="")),
                name="document_refused_has_reason",
            ),
            models.CheckConstraint(condition=Q(size__gt=0), name="document_not_empty"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="document_hash_form"),
        ]
        triggers = [
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
            pgtrigger.ReadOnly(
                name="content_is_final",
                fields=[
                    "organisation", "programme", "subject_kind", "subject_id", "item", "series", "version",
                    "media_type", "size", "sha256", "pages", "storage_key", "uploaded_by", "created_at",
                ],
            ),
            pgtrigger.Protect(
                name="name_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__name__df=pgtrigger.F("new__name"))
                & ~pgtrigger.Q(new__name=NO_NAME, new__is_current=False),
            ),
            pgtrigger.Trigger(
                name="state_moves_forward",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    IF TG_OP = 'INSERT' THEN
                        IF NEW.state <> 'quarantined' THEN
                            RAISE EXCEPTION 'document_begins_in_quarantine' USING ERRCODE = 'check_violation';
                        END IF;
                    ELSIF OLD.state <> NEW.state AND OLD.state <> 'quarantined'
                        AND NOT (OLD.state = 'clean' AND NEW.state = 'refused') THEN
                        RAISE EXCEPTION 'document_state_moves_forward' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        from django.urls import reverse

        return reverse("documents:file", args=[self.pk])

    @property
    def is_clean(self) -> bool:
        return self.state == State.CLEAN

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")


class FiledDocument(models.Model):
    """This version of a file was filed with this case: officials may see it, and it stays."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="filed_documents", verbose_name=_("case")
    )
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="filings", verbose_name=_("file")
    )
    filed_at = models.DateTimeField(_("filed"), db_default=Now())

    class Meta:
        verbose_name = _("filed file")
        verbose_name_plural = _("filed files")
        constraints = [
            models.UniqueConstraint(fields=["case", "document"], name="filed_document_once"),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="own_and_clean",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM documents_document document
                        JOIN casework_case filed ON filed.organisation_id = document.organisation_id
                        WHERE document.id = NEW.document_id AND filed.id = NEW.case_id AND document.state = 'clean'
                    ) THEN
                        RAISE EXCEPTION 'filed_document_own_and_clean' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case} · {self.document}"
