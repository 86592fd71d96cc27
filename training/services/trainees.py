"""Trainees: register and change. The identity number arrives in clear, and only its mask ever leaves again."""

from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables

from accounts.identifiers import mask_name
from accounts.models import User
from training.models import Trainee, TrainingClass
from training.services.classes import enrol
from training.services.common import lock_current, lock_institution, note, refuse_erased, stamp


class AlreadyRegistered(Exception):
    """The same institution has registered this person before. Another institution's registration never shows."""

    def __init__(self, trainee: Trainee) -> None:
        super().__init__(trainee.pk)
        self.trainee = trainee


@sensitive_variables("identity")
@transaction.atomic
def register_trainee(
    *, user: User, trainee: Trainee, identity: str, training_class: TrainingClass | None = None
) -> Trainee:
    """Register a person; with a class, enrol them at once. Raises AlreadyRegistered, ValidationError or Refused.

    `identity` has been validated for its kind (training.identities).
    """
    lock_institution(user, trainee.institution_id)
    trainee.set_identity(identity)
    _save(trainee, user, is_new=True)
    if training_class is not None:
        enrol(user=user, training_class=training_class, trainees=[trainee])
    return trainee


@sensitive_variables("identity")
@transaction.atomic
def change_trainee(
    *, user: User, trainee: Trainee, identity: str = "", expected_version: int | None = None
) -> Trainee:
    """Change a person's data; an empty `identity` leaves the number as it is. Raises as `register_trainee` does."""
    lock_institution(user, trainee.institution_id)
    current = lock_current(Trainee, trainee.pk, expected_version)
    refuse_erased(current)
    trainee.version = current.version
    trainee.identity_encrypted = current.identity_encrypted
    trainee.identity_key, trainee.identity_masked = current.identity_key, current.identity_masked
    if identity:
        trainee.set_identity(identity)
    _save(trainee, user, is_new=False)
    return trainee


def _save(trainee: Trainee, user: User, *, is_new: bool) -> None:
    trainee.full_clean(exclude=["institution"], validate_unique=False, validate_constraints=False)
    _refuse_second(trainee)
    stamp(trainee, user, is_new=is_new)
    try:
        with transaction.atomic():
            trainee.save()
    except IntegrityError as error:
        if "trainee_once_per_institution" in str(error):
            _refuse_second(trainee)
        raise
    note(
        user,
        "training.trainee_registered" if is_new else "training.trainee_changed",
        trainee,
        trainee.institution_id,
        {
            "name": mask_name(trainee.name),
            "identity": trainee.identity_masked,
            "identity_kind": trainee.identity_kind,
            "education": trainee.education,
            "school": trainee.school,
            "consent_on": trainee.consent_on,
        },
    )


def _refuse_second(trainee: Trainee) -> None:
    found = (
        Trainee.objects.filter(institution_id=trainee.institution_id, identity_key=trainee.identity_key)
        .exclude(pk=trainee.pk)
        .first()
    )
    if found is not None:
        raise AlreadyRegistered(found)
