"""One person, two institutions: only the lines about them wait, two people decide, nobody sees the other side."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from casework.models import AwardLine
from casework.transitions import Refused
from ledger.reconciling import differences
from payments.gates import prospects
from payments.models import PersonFile, PersonSide
from payments.progress import progress
from payments.services import person_files
from tests import factories
from tests.clients import Client
from tests.payments.conftest import draft_of


@pytest.fixture
def twice(office, training):
    """Wu Di of the Gan River School stands at another school, too."""
    other = factories.OrganisationFactory(institution=True, name="Second School")
    trainee = office.institution.trainees.get(name="Wu Di")
    second = factories.TrainingClassFactory(institution=other)
    factories.hired_trainee(second, identity=trainee.reveal_identity(), name="Wu Di")
    person_files.open_files()
    office.other, office.case, office.file = other, training, PersonFile.objects.get()
    return office


def codes(case) -> dict[str, list[str]]:
    """What hinders each line of the case, by payee and whether it is about the person."""
    lines = AwardLine.objects.filter(award__case=case).select_related("award__case__organisation")
    key = PersonFile.objects.get().person_key
    return {
        f"{line.payee} {'them' if line.person_key == key else 'another'}": [h.code for h in found.hindrances]
        for line, found in ((found.line, found) for found in prospects(list(lines)))
    }


def refused(step, **arguments) -> str:
    with pytest.raises(Refused) as refusal, transaction.atomic():
        step(**arguments)
    return refusal.value.code


def test_the_file_knows_both_sides_and_shows_nobody(twice):
    assert person_files.open_files() == 0
    assert PersonFile.objects.get().person_name.count("*") and "Wu Di" not in twice.file.person_name
    sides = set(PersonSide.objects.values_list("organisation__name", flat=True))
    assert sides == {"Gan River School", "Second School"}


def test_only_the_lines_about_the_person_wait(twice):
    assert codes(twice.case) == {
        "trainee them": ["person_file"],
        "institution them": ["person_file"],
        "trainee another": [],
        "institution another": [],
    }
    assert draft_of(twice.finance, twice.case).payments.count() == 2
    assert list(differences()) == []


def test_two_people_decide_which_registration_stands(twice):
    given = {"file_id": twice.file.pk, "reason": "Attended there"}
    assert refused(person_files.propose_standing, user=twice.finance, stands=None, **given) == "permission"
    assert refused(person_files.propose_standing, user=twice.initial, stands=0, **given) == "side"
    person_files.propose_standing(user=twice.initial, stands=twice.institution.pk, **given)
    assert refused(person_files.decide_standing, user=twice.initial, file_id=twice.file.pk) == "permission"
    with pytest.raises(IntegrityError, match="person_file_two_people"), transaction.atomic():
        PersonFile.objects.update(state="decided", decided_by=twice.initial, decided_at=twice.file.opened_at)
    person_files.decide_standing(user=twice.final, file_id=twice.file.pk)
    assert all(found == [] for found in codes(twice.case).values())
    with pytest.raises(Exception, match="person_file_decided_once|Cannot update"), transaction.atomic():
        PersonFile.objects.update(stands=twice.other)


def test_the_other_registration_is_not_paid(twice):
    person_files.propose_standing(
        user=twice.initial, file_id=twice.file.pk, stands=twice.other.pk, reason="Attended there"
    )
    person_files.decide_standing(user=twice.final, file_id=twice.file.pk)
    assert codes(twice.case)["trainee them"] == ["person_elsewhere"]
    draft_of(twice.finance, twice.case)  # the others go


def test_a_proposal_is_given_up(twice):
    given = {"file_id": twice.file.pk, "reason": "Attended there"}
    person_files.propose_standing(user=twice.initial, stands=None, **given)
    person_files.reject_standing(user=twice.final, file_id=twice.file.pk)
    twice.file.refresh_from_db()
    assert (twice.file.state, twice.file.reason) == ("open", "")


def test_each_institution_reads_of_its_own_side_alone(twice):
    """That the bureau looks at it, never at whom else; the file itself is for officials."""
    client = Client()
    client.force_login(twice.teacher)
    case = twice.case.get_absolute_url()
    for address in (case, reverse("payments:case_accounts", args=[twice.case.number])):
        page = client.get(address).content.decode()
        assert "Second School" not in page and twice.other.credit_code not in page, address
    assert [step.text for step in progress(twice.case).steps if step.code == "person"] != []
    file = reverse("admin:payments_personfile_change", args=[twice.file.pk])
    assert client.get(file).status_code in (302, 403, 404)
    client.force_login(twice.initial)
    page = client.get(file).content.decode()
    assert all(part in page for part in ("Second School", "Gan River School", twice.case.number, "2,000.00"))
    given = {"file_id": twice.file.pk, "reason": "Attended there"}
    person_files.propose_standing(user=twice.initial, stands=twice.other.pk, **given)
    person_files.decide_standing(user=twice.final, file_id=twice.file.pk)
    client.force_login(twice.teacher)
    page = client.get(case).content.decode()
    assert "Second School" not in page and 'data-step="person"' in page
