"""What the officials look up of the training programme: read-only, identity numbers masked."""

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from audit.admin_base import ReadOnlyAdmin
from training.models import Certificate, Employer, Enrolment, LabourContract, Trainee, TrainingClass


@admin.register(TrainingClass)
class TrainingClassAdmin(ReadOnlyAdmin):
    list_display = ("code", "name", "institution", "sector", "starts_on", "ends_on", "customised_for")
    list_filter = ("sector",)
    list_select_related = ("institution",)
    search_fields = ("code", "name", "institution__name")
    date_hierarchy = "starts_on"


@admin.register(Trainee)
class TraineeAdmin(ReadOnlyAdmin):
    """The encrypted number and the keyed hash never come to a page."""

    list_display = (
        "name",
        "identity_masked",
        "identity_kind",
        "institution",
        "education",
        "school",
        "elsewhere_too",
    )
    list_filter = ("identity_kind", "education")
    list_select_related = ("institution",)
    search_fields = ("name", "institution__name")
    fields = (
        "institution",
        "name",
        "identity_kind",
        "identity_masked",
        "education",
        "school",
        "student_number",
        "consent_on",
        "elsewhere_too",
        "disclosure",
    )
    readonly_fields = fields

    def get_queryset(self, request) -> QuerySet[Trainee]:
        others = Trainee.objects.filter(identity_key=OuterRef("identity_key")).exclude(
            institution=OuterRef("institution")
        )
        return super().get_queryset(request).annotate(registered_twice=Exists(others))

    @admin.display(description=_("whole number"))
    def disclosure(self, trainee: Trainee) -> str:
        """The way to the number: reviewers of a filed claim, with a reason that is written down."""
        url = reverse("training:trainee_reveal", args=[trainee.pk])
        return format_html(
            '<a href="{}">{}</a>', url, _("Reviewers of a filed claim see it for a reason that is recorded")
        )

    @admin.display(boolean=True, description=_("Registered twice"))
    def elsewhere_too(self, trainee: Trainee) -> bool:
        return trainee.registered_twice


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin):
    list_display = ("trainee", "training_class", "starts_on", "ends_on", "institution")
    list_select_related = ("trainee__institution", "training_class")
    search_fields = ("trainee__name", "training_class__code", "training_class__name")

    @admin.display(description=_("institution"), ordering="trainee__institution__name")
    def institution(self, enrolment: Enrolment) -> str:
        return str(enrolment.trainee.institution)


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin):
    list_display = ("number", "trainee", "institution", "issued_on")
    list_select_related = ("institution", "enrolment__trainee", "enrolment__training_class")
    search_fields = ("number", "enrolment__trainee__name", "institution__name")

    @admin.display(description=_("trainee"), ordering="enrolment__trainee__name")
    def trainee(self, certificate: Certificate) -> str:
        return str(certificate.enrolment.trainee)


@admin.register(Employer)
class EmployerAdmin(ReadOnlyAdmin):
    list_display = ("name", "credit_code", "division", "division_label", "is_local")
    search_fields = ("name", "credit_code")

    @admin.display(description=_("place of registration"))
    def division_label(self, employer: Employer) -> str:
        return employer.division_label

    @admin.display(boolean=True, description=_("in Nanchang"))
    def is_local(self, employer: Employer) -> bool:
        return employer.place == "local"


@admin.register(LabourContract)
class LabourContractAdmin(ReadOnlyAdmin):
    list_display = ("trainee", "employer", "signed_on", "starts_on", "ends_on", "position")
    list_select_related = ("employer", "enrolment__trainee")
    search_fields = ("enrolment__trainee__name", "employer__name", "employer__credit_code")
    date_hierarchy = "signed_on"

    @admin.display(description=_("trainee"), ordering="enrolment__trainee__name")
    def trainee(self, contract: LabourContract) -> str:
        return str(contract.enrolment.trainee)
