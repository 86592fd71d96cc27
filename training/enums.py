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
