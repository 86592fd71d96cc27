"""Why a claim is rejected: a coded ground and the clause of the policy that it rests on."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.triggers import append_only
from casework.enums import GroundCode
from casework.models.review import Review


class Ground(models.Model):
    """The ground of a proposed or final rejection; its words are the review's reason.

    `clause` and `quotation` are the policy's own, as they were published when the review was written.
    """

    review = models.OneToOneField(
        Review, on_delete=models.PROTECT, related_name="ground", verbose_name=_("review")
    )
    code = models.CharField(_("ground"), max_length=20, choices=GroundCode)
    clause = models.CharField(_("clause"), max_length=300)
    quotation = models.TextField(_("words of the clause"), blank=True)

    class Meta:
        verbose_name = _("ground of a rejection")
        verbose_name_plural = _("grounds of rejections")
        constraints = [models.CheckConstraint(condition=~Q(clause=""), name="ground_has_clause")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.get_code_display()} · {self.clause}"
