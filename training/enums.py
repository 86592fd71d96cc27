from django.db import models
from django.utils.translation import gettext_lazy as _


class Education(models.TextChoices):
    """Level of the college or university; the policy says which levels count."""

    SECONDARY = "secondary", _("Secondary institution")
    JUNIOR_COLLEGE = "junior_college", _("Junior college")
    BACHELOR = "bachelor", _("Bachelor")
    MASTER = "master", _("Master")
    DOCTOR = "doctor", _("Doctor")


class IdentityKind(models.TextChoices):
    RESIDENT = "resident", _("Resident identity card")
    HK_MACAO_PERMIT = "hk_macao_permit", _("Permit of Hong Kong or Macao residents")
    TAIWAN_PERMIT = "taiwan_permit", _("Permit of Taiwan residents")
    PASSPORT = "passport", _("Passport")


class Eligibility(models.TextChoices):
    """The light beside an enrolment as it stands: what the rules say, or what is missing before they can."""

    ELIGIBLE = "eligible", _("Eligible")
    GRANTED = "granted", _("Subsidy granted")
    BOUNDARY = "boundary", _("Boundary case: an official decides")
    NO_CONTRACT = "no_contract", _("No labour contract yet")
    NO_POLICY = "no_policy", _("No policy for the day of signing")
    NOT_ELIGIBLE = "not_eligible", _("Not eligible")
