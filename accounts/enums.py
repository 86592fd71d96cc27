from django.db import models
from django.utils.translation import gettext_lazy as _


class OrganisationKind(models.TextChoices):
    ENTERPRISE = "enterprise", _("Service outsourcing enterprise")
    INSTITUTION = "institution", _("Training institution")


class MembershipRole(models.TextChoices):
    OWNER = "owner", _("Owner")
    CLERK = "clerk", _("Clerk")
    READER = "reader", _("Read-only")


class AccreditationKind(models.TextChoices):
    """What officials grant an organisation, with a document and dates."""

    RECOGNITION = "recognition", _("Recognition of an enterprise")
    DESIGNATION = "designation", _("Designation of an institution")


class OfficialRole(models.TextChoices):
    """Names of the Django groups that officials belong to."""

    INITIAL_REVIEWER = "initial_reviewer", _("Initial reviewer")
    FINAL_REVIEWER = "final_reviewer", _("Final reviewer")
    FINANCE = "finance", _("Finance officer")
    RELEASER = "releaser", _("Payment releaser")
    POLICY_EDITOR = "policy_editor", _("Policy editor")
    AUDITOR = "auditor", _("Auditor")


class AppointmentState(models.TextChoices):
    """Where the appointment of an owner by the bureau stands."""

    PROPOSED = "proposed", _("Waits for a second official")
    MADE = "made", _("Made")
    TURNED_DOWN = "turned_down", _("Turned down")


class FactorResetState(models.TextChoices):
    """Where the taking away of a lost second factor stands."""

    ASKED = "asked", _("Waits for a second administrator")
    DONE = "done", _("Taken away")
    TURNED_DOWN = "turned_down", _("Turned down")
