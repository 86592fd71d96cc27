"""Classes, and who sits in them."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from casework.transitions import Refused
from training.models import Enrolment, Trainee, TrainingClass
from training.services.common import lock_current, lock_institution, note, refuse_erased, stamp

_AUDITED = ("code", "name", "sector", "starts_on", "ends_on", "hours", "customised_for")


@transaction.atomic
def save_class(
    *, user: User, training_class: TrainingClass, expected_version: int | None = None
) -> TrainingClass:
    """Create or change a class. Raises ValidationError with the field named, or Refused."""
    lock_institution(user, training_class.institution_id)
    is_new = training_class.pk is None
    if not is_new:
        training_class.version = lock_current(TrainingClass, training_class.pk, expected_version).version
    others = TrainingClass.objects.filter(
        institution_id=training_class.institution_id, code=training_class.code
    )
    # The institution is locked, so nobody takes the code between this look and the save.
    if others.exclude(pk=training_class.pk).exists():
        raise ValidationError({"code": _("You have a class with this code already.")}, code="class_code_once")
    training_class.full_clean()
    stamp(training_class, user, is_new=is_new)
    training_class.save()
    note(
        user,
        "training.class_created" if is_new else "training.class_changed",
        training_class,
        training_class.institution_id,
        {name: getattr(training_class, name) for name in _AUDITED},
    )
    return training_class


@transaction.atomic
def enrol(*, user: User, training_class: TrainingClass, trainees: Sequence[Trainee]) -> list[Enrolment]:
    """Enrol trainees of the same institution for the days of the class. Raises ValidationError or Refused."""
    lock_institution(user, training_class.institution_id)
    if not trainees:
        raise ValidationError({"trainees": _("Choose at least one trainee.")}, code="required")
    if any(trainee.institution_id != training_class.institution_id for trainee in trainees):
        raise Refused("foreign", _("A trainee can only be enrolled by the institution that registered them."))
    for trainee in trainees:
        refuse_erased(trainee)
    there = set(
        Enrolment.objects.filter(training_class=training_class, trainee__in=trainees).values_list(
            "trainee__name", flat=True
        )
    )
    if there:
        raise ValidationError(
            {
                "trainees": ValidationError(
                    _("Already in this class: %(names)s."),
                    code="enrolled",
                    params={"names": ", ".join(sorted(there))},
                )
            }
        )
    created = [
        Enrolment(
            training_class=training_class,
            trainee=trainee,
            starts_on=training_class.starts_on,
            ends_on=training_class.ends_on,
            changed_by=user,
        )
        for trainee in trainees
    ]
    try:
        with transaction.atomic():
            Enrolment.objects.bulk_create(created)
    except IntegrityError as error:
        if "enrolment_once" not in str(error):
            raise
        raise ValidationError(
            {"trainees": _("One of them was enrolled in this class a moment ago. Look at the list again.")},
            code="enrolled",
        ) from error
    note(
        user,
        "training.enrolled",
        training_class,
        training_class.institution_id,
        {
            "enrolments": [enrolment.pk for enrolment in created],
            "trainees": [trainee.identity_masked for trainee in trainees],
        },
    )
    return created
