"""Programme `training`: classes, trainees, certificates and labour contracts. The claim: `training.claim_models`."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.crypto import blind_index, decrypt, encrypt
from accounts.identifiers import (
    division_name,
    is_nanchang,
    mask_identity,
    mask_name,
    normalise,
    validate_credit_code,
)
from accounts.models import Organisation, User
from audit.triggers import append_only
from policy.sectors import Sector
from training.claim_models import ClaimLine, TrainingClaim  # noqa: F401  (tables in a file of their own)
from training.enums import Education, IdentityKind
from training.frozen import FrozenClaim, RecomputedLine  # noqa: F401  (tables in a file of their own)
from training.identities import person_number

#: What stands where personal data were erased.
ERASED = "***"


class OwnQuerySet(models.QuerySet):
    """Rows that belong to an institution, by `owner_path`."""

    owner_path = "institution"

    def visible_to(self, user: User) -> "OwnQuerySet":
        return self.filter(**{f"{self.owner_path}__memberships__user": user})


class EnrolmentQuerySet(OwnQuerySet):
    owner_path = "trainee__institution"


class Versioned(models.Model):
    """Optimistic locking: a form that was opened before somebody else's change is refused."""

    version = models.PositiveIntegerField(default=1, editable=False)
    #: Nothing looks rows up by who changed them, so no index of it is kept up.
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        db_index=False,
    )
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        abstract = True


class TrainingClass(Versioned):
    """A class of a designated institution: what was taught, when, and for whom."""

    institution = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="training_classes",
        verbose_name=_("institution"),
        db_index=False,  # found by class_code_once
    )
    code = models.CharField(_("class code"), max_length=40)
    name = models.CharField(_("class name"), max_length=120)
    sector = models.CharField(_("sector"), max_length=30, choices=Sector)
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"))
    hours = models.PositiveSmallIntegerField(_("hours"), null=True, blank=True)
    customised_for = models.CharField(
        _("trained to the order of"),
        max_length=120,
        blank=True,
        help_text=_("Name of the employer, when the class was customised for one."),
    )

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("training class")
        verbose_name_plural = _("training classes")
        ordering = ["-starts_on", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "code"],
                name="class_code_once",
                violation_error_message=_("You have a class with this code already."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="class_ends_after_start",
                violation_error_message=_("The last day cannot be before the first day."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def get_absolute_url(self) -> str:
        return reverse("training:class", args=[self.pk])


class Trainee(Versioned):
    """A person as one institution registered them. The identity number is encrypted and found by a keyed hash.

    Another institution may have registered the same person: neither learns of it; officials do.
    """

    institution = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="trainees",
        verbose_name=_("institution"),
        db_index=False,  # found by trainee_once_per_institution
    )
    name = models.CharField(_("name"), max_length=60)
    identity_kind = models.CharField(
        _("identity document"), max_length=20, choices=IdentityKind, default=IdentityKind.RESIDENT
    )
    identity_encrypted = models.BinaryField(editable=False)
    identity_key = models.CharField(_("keyed hash of the person"), max_length=80, editable=False)
    identity_masked = models.CharField(_("identity number"), max_length=40, editable=False)
    education = models.CharField(_("education"), max_length=20, choices=Education)
    school = models.CharField(_("college or university"), max_length=120)
    student_number = models.CharField(_("student number"), max_length=40, blank=True)
    consent_on = models.DateField(
        _("consent given on"),
        help_text=_("Day on which the trainee signed the consent to processing personal data."),
    )
    erased_at = models.DateTimeField(_("personal data erased"), null=True, blank=True, editable=False)

    objects = OwnQuerySet.as_manager()

    class Meta:
        verbose_name = _("trainee")
        verbose_name_plural = _("trainees")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "identity_key"], name="trainee_once_per_institution"
            ),
            models.CheckConstraint(
                condition=~Q(identity_masked__regex=r"\d{15}"), name="trainee_identity_is_masked"
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | Q(
                    name=ERASED,
                    identity_masked=ERASED,
                    identity_encrypted=b"",
                    identity_key__startswith="erased:",
                    education="",
                    school="",
                    student_number="",
                ),
                name="trainee_erased_is_blank",
            ),
        ]
        indexes = [models.Index(fields=["identity_key"], name="trainee_person")]
        triggers = [
            pgtrigger.Protect(
                name="erased_is_final",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__erased_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.identity_masked}"

    def get_absolute_url(self) -> str:
        return reverse("training:trainee", args=[self.pk])

    def set_identity(self, number: str) -> None:
        """Store an identity number of the kind that is set: encrypted, hashed and masked; never in clear."""
        number = normalise(number)
        self.identity_encrypted = encrypt(number)
        self.identity_key = blind_index(person_number(self.identity_kind, number), "identity")
        self.identity_masked = mask_identity(number)

    def reveal_identity(self) -> str:
        return decrypt(self.identity_encrypted)

    @property
    def masked_name(self) -> str:
        return mask_name(self.name)


class Erasure(models.Model):
    """The decision to erase a person's data: on whose wish, by whom, when, and what was kept."""

    trainee = models.OneToOneField(
        Trainee, on_delete=models.PROTECT, related_name="erasure", verbose_name=_("trainee")
    )
    requested_on = models.DateField(_("asked for on"))
    reason = models.CharField(_("reason"), max_length=300)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), db_default=Now())
    award_kept = models.BooleanField(
        _("award kept"), help_text=_("A subsidy was granted: its record and its evidence stay.")
    )
    files_erased = models.PositiveIntegerField(_("files erased"), default=0)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="erasure_has_reason"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.trainee_id} {self.decided_at:%Y-%m-%d}"


class Enrolment(Versioned):
    """A trainee in a class, with the days of their own training."""

    training_class = models.ForeignKey(
        TrainingClass,
        on_delete=models.PROTECT,
        related_name="enrolments",
        verbose_name=_("class"),
        db_index=False,  # found by enrolment_once
    )
    trainee = models.ForeignKey(
        Trainee, on_delete=models.PROTECT, related_name="enrolments", verbose_name=_("trainee")
    )
    starts_on = models.DateField(_("first day of training"))
    ends_on = models.DateField(_("last day of training"))

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["trainee__name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["training_class", "trainee"], name="enrolment_once"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="enrolment_ends_after_start",
                violation_error_message=_("The last day cannot be before the first day."),
            ),
        ]

        triggers = [
            # Once for a statement: a workbook brings a hundred thousand. By key for each row, as a join would be
            # planned for the size of the connection's first statement.
            pgtrigger.Trigger(
                name="one_institution",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="added"),
                func="""
                    IF EXISTS (
                        SELECT 1 FROM added WHERE
                            (SELECT institution_id FROM training_trainingclass WHERE id = added.training_class_id)
                            IS DISTINCT FROM (SELECT institution_id FROM training_trainee WHERE id = added.trainee_id)
                    ) THEN
                        RAISE EXCEPTION 'enrolment_one_institution' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="stays_in_institution",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("training_class_id", "trainee_id"),
                func="""
                    IF (SELECT institution_id FROM training_trainingclass WHERE id = NEW.training_class_id)
                        IS DISTINCT FROM (SELECT institution_id FROM training_trainee WHERE id = NEW.trainee_id)
                    THEN
                        RAISE EXCEPTION 'enrolment_one_institution' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trainee.masked_name} · {self.training_class.code}"

    def get_absolute_url(self) -> str:
        return reverse("training:enrolment", args=[self.pk])


class Certificate(models.Model):
    """The certificate that follows the institution's examination."""

    enrolment = models.OneToOneField(
        Enrolment, on_delete=models.PROTECT, related_name="certificate", verbose_name=_("enrolment")
    )
    number = models.CharField(_("certificate number"), max_length=60)
    issued_on = models.DateField(_("issued on"))
    institution = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        editable=False,
        related_name="+",
        verbose_name=_("institution"),
        db_index=False,  # found by certificate_number_once
    )

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "number"],
                name="certificate_number_once",
                violation_error_message=_("You have issued a certificate with this number already."),
            )
        ]

    def __str__(self) -> str:
        return self.number


class Employer(models.Model):
    """A service outsourcing enterprise that hires trainees, in Nanchang or elsewhere."""

    credit_code = models.CharField(
        _("Unified Social Credit Code"), max_length=18, unique=True, validators=[validate_credit_code]
    )
    name = models.CharField(_("registered name"), max_length=120)
    division = models.CharField(_("division code"), max_length=6, help_text=_("Six digits, GB/T 2260."))

    class Meta:
        verbose_name = _("employer")
        verbose_name_plural = _("employers")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(credit_code__regex=r"^[0-9A-Z]{18}$"), name="employer_credit_code_form"
            ),
            models.CheckConstraint(condition=Q(division__regex=r"^[0-9]{6}$"), name="employer_division_form"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> str:
        """`local` when registered in Nanchang, otherwise `elsewhere`."""
        return "local" if is_nanchang(self.division) else "elsewhere"

    @property
    def division_label(self) -> str:
        return division_name(self.division)


class LabourContract(models.Model):
    """The contract that a trainee signed with an employer after the training."""

    enrolment = models.OneToOneField(
        Enrolment, on_delete=models.PROTECT, related_name="labour_contract", verbose_name=_("enrolment")
    )
    employer = models.ForeignKey(
        Employer, on_delete=models.PROTECT, related_name="labour_contracts", verbose_name=_("employer")
    )
    signed_on = models.DateField(_("signed on"))
    starts_on = models.DateField(_("first day of the contract"))
    ends_on = models.DateField(
        _("last day of the contract"), null=True, blank=True, help_text=_("Empty: open-ended contract.")
    )
    position = models.CharField(_("position"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("labour contract")
        verbose_name_plural = _("labour contracts")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="labour_contract_ends_after_start",
                violation_error_message=_("The contract cannot end before it starts."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.employer} {self.starts_on}"
