"""What the codes of the records say to a reader. Codes are stable and part of the chain's hashes; words may change."""

from django.utils.translation import pgettext_lazy

ACTIONS = {
    "accreditation.changed": pgettext_lazy("audit", "Recognition or designation changed"),
    "accreditation.granted": pgettext_lazy("audit", "Recognition or designation granted"),
    "case.approved": pgettext_lazy("audit", "Case approved"),
    "case.assessed": pgettext_lazy("audit", "Amount calculated"),
    "case.awarded": pgettext_lazy("audit", "Award recorded"),
    "case.draft": pgettext_lazy("audit", "Draft opened"),
    "case.final_review": pgettext_lazy("audit", "Passed on to final review"),
    "case.initial_review": pgettext_lazy("audit", "Handed to initial review"),
    "case.inputs_frozen": pgettext_lazy("audit", "Filed data frozen"),
    "case.recalculation_requested": pgettext_lazy("audit", "New calculation asked for"),
    "case.rejected": pgettext_lazy("audit", "Case rejected"),
    "case.returned": pgettext_lazy("audit", "Case returned for correction"),
    "case.review.final": pgettext_lazy("audit", "Final review recorded"),
    "case.review.initial": pgettext_lazy("audit", "Initial review recorded"),
    "case.withdrawn": pgettext_lazy("audit", "Case withdrawn"),
    "membership.added": pgettext_lazy("audit", "Member added"),
    "offshore.claim_saved": pgettext_lazy("audit", "Receipts saved"),
    "offshore.contract_saved": pgettext_lazy("audit", "Contract saved"),
    "offshore.rate_published": pgettext_lazy("audit", "Exchange rate published"),
    "offshore.undertaking": pgettext_lazy("audit", "Undertaking given"),
    "organisation.changed": pgettext_lazy("audit", "Organisation changed"),
    "organisation.registered": pgettext_lazy("audit", "Organisation registered"),
    "training.class_changed": pgettext_lazy("audit", "Class changed"),
    "training.class_created": pgettext_lazy("audit", "Class registered"),
    "training.employer_added": pgettext_lazy("audit", "Employer registered"),
    "training.enrolled": pgettext_lazy("audit", "Trainee enrolled"),
    "training.enrolment_changed": pgettext_lazy("audit", "Enrolment, certificate or labour contract changed"),
    "training.trainee_changed": pgettext_lazy("audit", "Trainee changed"),
    "training.trainee_registered": pgettext_lazy("audit", "Trainee registered"),
    "training.trainees_chosen": pgettext_lazy("audit", "Trainees chosen"),
    "training.undertaking_given": pgettext_lazy("audit", "Undertaking given"),
    "user.changed": pgettext_lazy("audit", "Account changed"),
    "user.created": pgettext_lazy("audit", "Account opened"),
}


def action_words(code: str) -> str:
    """The words of an action's code; a code without words says itself."""
    return str(ACTIONS.get(code, code))
