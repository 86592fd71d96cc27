"""Which of this programme's records papers belong to."""

from collections.abc import Iterable

from django.urls import reverse

from accounts.models import Organisation, User
from accounts.permissions import Answer, may_file_for
from casework.models import Case
from documents.enums import SubjectKind
from documents.subjects import Subject, register, register_case
from policy.enums import ProgrammeCode
from training.models import Enrolment, Trainee, TrainingClass
from training.selectors import lines_of


def _subject(
    kind: SubjectKind, row, organisation: Organisation, label: str, answer: Answer, lacks: Iterable[str] = ()
) -> Subject:
    return Subject(
        kind=kind,
        id=row.pk,
        programme=ProgrammeCode.TRAINING,
        organisation=organisation,
        label=label,
        url=reverse(f"training:{kind}", args=[row.pk]),
        answer=answer,
        lacks=frozenset(lacks),
    )


def _class(row: TrainingClass, organisation: Organisation, answer: Answer) -> Subject:
    return _subject(SubjectKind.CLASS, row, organisation, str(row), answer)


def _trainee(row: Trainee, organisation: Organisation, answer: Answer) -> Subject:
    return _subject(SubjectKind.TRAINEE, row, organisation, row.name, answer)


def _enrolment(row: Enrolment, organisation: Organisation, answer: Answer) -> Subject:
    label = f"{row.trainee.name} · {row.training_class.code}"
    proved = {"certificate_copy": "certificate", "contract_pages": "labour_contract"}
    lacks = [paper for paper, record in proved.items() if getattr(row, record, None) is None]
    return _subject(SubjectKind.ENROLMENT, row, organisation, label, answer, lacks)


def classes(user: User, ids: Iterable[int]) -> dict[int, Subject]:
    rows = TrainingClass.objects.visible_to(user).filter(pk__in=ids).select_related("institution")
    return {row.pk: _class(row, row.institution, may_file_for(user, row.institution)) for row in rows}


def trainees(user: User, ids: Iterable[int]) -> dict[int, Subject]:
    rows = Trainee.objects.visible_to(user).filter(pk__in=ids).select_related("institution")
    return {row.pk: _trainee(row, row.institution, may_file_for(user, row.institution)) for row in rows}


def enrolments(user: User, ids: Iterable[int]) -> dict[int, Subject]:
    rows = Enrolment.objects.visible_to(user).filter(pk__in=ids)
    rows = rows.select_related("training_class", "trainee__institution", "certificate", "labour_contract")
    return {
        row.pk: _enrolment(row, row.trainee.institution, may_file_for(user, row.trainee.institution))
        for row in rows
    }


def of_case(case: Case, user: User | None) -> list[Subject]:
    """The classes of the chosen trainees, then each trainee with the enrolment."""
    chosen = [line.enrolment for line in lines_of(case)]
    answer = may_file_for(user, case.organisation) if user is not None else Answer(False)
    used = {enrolment.training_class_id: enrolment.training_class for enrolment in chosen}
    found = [_class(row, case.organisation, answer) for row in used.values()]
    seen = set()
    for enrolment in chosen:
        if enrolment.trainee_id not in seen:
            seen.add(enrolment.trainee_id)
            found.append(_trainee(enrolment.trainee, case.organisation, answer))
        found.append(_enrolment(enrolment, case.organisation, answer))
    return found


register(SubjectKind.CLASS, classes)
register(SubjectKind.TRAINEE, trainees)
register(SubjectKind.ENROLMENT, enrolments)
register_case(ProgrammeCode.TRAINING, of_case)
