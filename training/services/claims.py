"""The claim of an institution over chosen trainees: start, choose, give the undertaking and file."""

from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from casework.models import Case, Submission
from casework.permissions import may_edit
from casework.reopening import reopened
from casework.services import filing
from casework.services.calculation import lock_case
from casework.transitions import Refused
from policy.enums import ProgrammeCode
from training.claim_models import ClaimLine, TrainingClaim
from training.layout import LAYOUT
from training.selectors import claim_of, claimable
from training.services.common import lock_institution


@transaction.atomic
def start_claim(*, user: User, institution: Organisation) -> Case:
    """The institution's draft of this year (Shanghai's): the one that is open, or a new one. Raises Refused."""
    lock_institution(user, institution.pk)
    case = filing.start_case(
        user=user,
        organisation=institution,
        programme_code=ProgrammeCode.TRAINING,
        year=timezone.localdate().year,
    )
    TrainingClaim.objects.get_or_create(case=case)
    return case


@transaction.atomic
def choose_trainees(
    *, user: User, case_id: int, enrolment_ids: Iterable[int], expected_version: int | None = None
) -> Case:
    """Make these enrolments the claim's lines. Raises ValidationError at `chosen`, or Refused."""
    case = _lock_editable(user, case_id, expected_version)
    claim = claim_of(case)
    wanted = set(enrolment_ids)
    allowed = set(claimable(case).filter(pk__in=wanted).values_list("pk", flat=True))
    if wanted - allowed:
        raise ValidationError(
            {
                "chosen": _(
                    "Some of these trainees are not yours, or another claim holds them. Look at the list again."
                )
            },
            code="not_claimable",
        )
    before = set(claim.lines.values_list("enrolment_id", flat=True))
    if before == wanted:
        return case
    _refuse_unasked(case, before, wanted)
    claim.lines.filter(enrolment_id__in=before - wanted).delete()
    try:
        with transaction.atomic():
            ClaimLine.objects.bulk_create(
                ClaimLine(claim=claim, enrolment_id=enrolment_id) for enrolment_id in sorted(wanted - before)
            )
    except IntegrityError as error:
        if "claim_line_enrolment_once" not in str(error):
            raise
        raise ValidationError(
            {"chosen": _("Another claim has just taken one of these trainees. Look at the list again.")},
            code="claim_line_enrolment_once",
        ) from error
    filing.record_edit(
        case=case,
        user=user,
        action="training.trainees_chosen",
        data={"added": sorted(wanted - before), "removed": sorted(before - wanted), "chosen": len(wanted)},
    )
    return case


def _refuse_unasked(case: Case, before: set[int], wanted: set[int]) -> None:
    """Refuse to choose or leave out trainees of a returned claim whom the bureau did not mark."""
    open_ = reopened(case)
    if open_.everything:
        return
    gone = [pk for pk in before - wanted if not open_.allows_removing(f"{LAYOUT.rows}/{pk}")]
    if gone or (wanted - before and not open_.allows_adding(LAYOUT.rows)):
        raise Refused(
            "closed",
            _("The bureau did not ask for other trainees: the choice stays as you filed it."),
        )


@transaction.atomic
def give_undertaking_and_submit(
    *,
    user: User,
    case_id: int,
    signed_by: str,
    note: str = "",
    expected_version: int | None = None,
    answers: Mapping[int, str] | None = None,
) -> Submission:
    """Sign the undertaking and file the claim, or neither.

    Raises casework.services.filing.Incomplete with every problem, ValidationError for a missing name, or Refused: a
    second submit of the same claim finds it filed.
    """
    case = _lock_editable(user, case_id, expected_version)
    if not signed_by.strip():
        raise ValidationError({"signed_by": _("Write the name of the person who gives the undertaking.")})
    claim = claim_of(case)
    if claim.note != note.strip() and not reopened(case).allows("note"):
        raise Refused("closed", _("The bureau did not mark the explanation: it stays as you filed it."))
    claim.note, claim.undertaking_by, claim.undertaking_at = note.strip(), signed_by.strip(), timezone.now()
    claim.full_clean(exclude=["case"])
    claim.save()
    filing.record_edit(
        case=case,
        user=user,
        action="training.undertaking_given",
        data={"by": claim.undertaking_by, "note": claim.note},
    )
    return filing.submit(case_id=case.pk, user=user, answers=answers)


def _lock_editable(user: User, case_id: int, expected_version: int | None) -> Case:
    case = lock_case(case_id)
    if case.programme != ProgrammeCode.TRAINING:
        raise Refused("programme", _("This is not a training claim."))
    answer = may_edit(user, case)
    if not answer:
        raise Refused("permission", answer.reason)
    filing.check_version(case, expected_version)
    return case
