from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Status(models.TextChoices):
    """Where a case stands. Whose turn it is follows from it (`casework.presentation`)."""

    DRAFT = "draft", pgettext_lazy("case status", "Draft")
    INITIAL_REVIEW = "initial_review", _("Awaiting initial review")
    FINAL_REVIEW = "final_review", _("Awaiting final review")
    RETURNED = "returned", _("Returned for correction")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed")


EDITABLE = (Status.DRAFT, Status.RETURNED)
IN_REVIEW = (Status.INITIAL_REVIEW, Status.FINAL_REVIEW)
CLOSED = (Status.APPROVED, Status.REJECTED, Status.WITHDRAWN, Status.LAPSED)


class Actor(models.TextChoices):
    """Who may walk an edge of the transition table."""

    APPLICANT = "applicant", _("Applicant")
    INITIAL_REVIEWER = "initial_reviewer", _("Initial reviewer")
    FINAL_REVIEWER = "final_reviewer", _("Final reviewer")
    SYSTEM = "system", _("The portal")


class Stage(models.TextChoices):
    INITIAL = "initial", _("Initial review")
    FINAL = "final", _("Final review")


class Outcome(models.TextChoices):
    """What a reviewer concluded."""

    PASS = "pass", _("Pass")
    PROPOSE_REJECTION = "propose_rejection", _("Propose rejection")
    RETURN = "return", _("Return for correction")
    REJECT = "reject", _("Reject")


class GroundCode(models.TextChoices):
    """Why a claim is rejected, for statistics and letters; the words are in the review's reason."""

    NOT_ELIGIBLE = "not_eligible", _("Conditions of the policy are not met")
    NO_STANDING = "no_standing", _("No recognition or designation for the time")
    EVIDENCE = "evidence", _("The evidence does not prove what was claimed")
    CLAIMED_BEFORE = "claimed_before", _("Already subsidised")
    UNTRUE = "untrue", _("Statements are untrue")
    OUTSIDE = "outside", _("The business is not covered by the programme")


class RunState(models.TextChoices):
    """State of one calculation; never a status of the case."""

    QUEUED = "queued", _("Queued")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    SUPERSEDED = "superseded", _("Superseded")


class RunCause(models.TextChoices):
    SUBMISSION = "submission", _("Submission")
    YEAR_CHANGED = "year_changed", _("Another claim of the year was decided")
    REQUEST = "request", _("Asked for by an official")
    REOPENING = "reopening", _("The case was reopened")
    REVIEW = "review", _("An official decided on lines")
    RECALCULATION = "recalculation", _("A selection was calculated again")


class Payee(models.TextChoices):
    ENTERPRISE = "enterprise", _("Enterprise")
    TRAINEE = "trainee", _("Trainee")
    INSTITUTION = "institution", _("Institution")


class TargetKind(models.TextChoices):
    """What an official's remark is pinned to."""

    FIELD = "field", _("Field")
    ROW = "row", _("Row")
    ROWS = "rows", _("Adding and removing rows")
    FILE = "file", _("File")


class RemarkCode(models.TextChoices):
    """Why something is to be corrected, for statistics; the words are in the remark."""

    MISSING = "missing", _("Something is missing")
    DIFFERS = "differs", _("Differs from the evidence")
    UNREADABLE = "unreadable", _("Cannot be read")
    UNCLEAR = "unclear", _("Needs an explanation")


class LineVerdict(models.TextChoices):
    """What an official concluded about one line of a claim."""

    ACCEPT = "accept", pgettext_lazy("line of a claim", "Accepted")
    REDUCE = "reduce", pgettext_lazy("line of a claim", "Reduced")
    REFUSE = "refuse", pgettext_lazy("line of a claim", "Refused")


class LineCode(models.TextChoices):
    """Why a line counts less or not at all; the words to it are the official's own."""

    DUPLICATE = "duplicate", _("Claimed elsewhere already")
    NO_EVIDENCE = "no_evidence", _("Not shown by the evidence")
    AMOUNT_DIFFERS = "amount_differs", _("The evidence shows another figure")
    NOT_OFFSHORE = "not_offshore", _("Not an offshore service")
    RELATED_PARTY = "related_party", _("Not at arm's length")
    OTHER_YEAR = "other_year", _("Belongs to another year")
    CONDITION = "condition", _("A condition is not met")
    OTHER = "other", _("Another reason")


class CaseEventKind(models.TextChoices):
    """What happens to a case beside its status."""

    CORRECTION_DUE_SOON = "correction_due_soon", _("The term for correction ends soon")
    CORRECTION_LAPSED = "correction_lapsed", _("The term for correction has ended")
    NOTICE_PUBLISHED = "notice_published", _("The award is on a public notice")
    NOTICE_WITHDRAWN = "notice_withdrawn", _("The public notice was withdrawn")
    OBJECTION_RECEIVED = "objection_received", _("An objection was received")
    APPEAL_RECEIVED = "appeal_received", _("An appeal was received")
    OBJECTION_EXAMINED = "objection_examined", _("An objection or appeal was examined")
    OBJECTION_ANSWERED = "objection_answered", _("An objection or appeal was answered")
    LETTER_MADE = "letter_made", _("The decision letter is ready")
    REOPENED = "reopened", _("The case was reopened")


class RecalculationState(models.TextChoices):
    """Its preview is calculated, then somebody else looks at it."""

    PREVIEW = "preview", pgettext_lazy("recalculation", "Preview is being calculated")
    PROPOSED = "proposed", pgettext_lazy("recalculation", "Waits for a second person")
    CONFIRMED = "confirmed", pgettext_lazy("recalculation", "Confirmed")
    TURNED_DOWN = "turned_down", pgettext_lazy("recalculation", "Turned down")


class ReopeningCause(models.TextChoices):
    OBJECTION = "objection", _("An objection was upheld")
    APPEAL = "appeal", _("An appeal was upheld")
    ERROR = "error", _("An error was discovered")


class ReopeningState(models.TextChoices):
    PROPOSED = "proposed", pgettext_lazy("reopening", "Proposed")
    CONFIRMED = "confirmed", pgettext_lazy("reopening", "Confirmed")
    TURNED_DOWN = "turned_down", pgettext_lazy("reopening", "Turned down")
