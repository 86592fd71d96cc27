"""The words of the warnings that a case carries, in one place; a programme names them by code."""

from django.utils.translation import gettext_lazy as _

WORDS = {
    "boundary": _("Exactly at the boundary"),
    "recognition": _("Recognition incomplete"),
    "onshore": _("Domestic client"),
    "related_party": _("Related party"),
    "before_contract": _("Received before the contract"),
    "two_institutions": _("Registered twice"),
    "identity_kind": _("Other identity document"),
    "before_certificate": _("Contract before certificate"),
    "late_contract": _("Late contract"),
    "receipt_reused": _("Receipt used twice"),
    "employer_unknown": _("Employer not recognised"),
    "jump": _("Jump against last year"),
    "division_differs": _("Other division than in the code"),
}
#: What a code of the calculation itself means; the programmes explain their own.
EXPLANATIONS = {
    "boundary": _(
        "The claim misses a condition by equality alone: read the wording of the policy before you decide."
    ),
}


def word(code: str) -> str:
    """The short name of a warning; a code without one loses its underscores."""
    return str(WORDS.get(code) or code.replace("_", " "))


def words(codes) -> list[str]:
    """Each warning once, however many lines of the claim carry it."""
    return [word(code) for code in dict.fromkeys(codes)]
