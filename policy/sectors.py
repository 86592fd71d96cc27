"""Sectors of the industry and their tiers (POLICY, Industry frame)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Sector(models.TextChoices):
    SOFTWARE = "software", _("Software")
    INFORMATION_TECHNOLOGY = "information_technology", _("Information technology")
    CALL_CENTRES = "call_centres", _("Outsourced call centres")
    ANIMATION_GAMES = "animation_games", _("Animation and games")
    FINANCE = "finance", _("Finance")
    CULTURAL_CREATION = "cultural_creation", _("Cultural creation")
    INTERNET_PLUS = "internet_plus", _("Internet+")
    BIOMEDICINE = "biomedicine", _("Biomedicine")
    LOGISTICS = "logistics", _("Logistics")
    MEDICAL = "medical", _("Medical")
    WHOLESALE_RETAIL = "wholesale_retail", _("Wholesale and retail")
    OTHER = "other", _("Other")
