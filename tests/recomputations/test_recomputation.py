"""A city calculated in bulk: equal to one by one, done once whatever is delivered, and every changed row is found."""

import random

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from accounts.enums import OfficialRole
from applications import bulk as offshore_bulk
from applications.frozen import RecomputedClaim
from audit.models import Record
from casework.enums import LineCode, LineVerdict
from casework.services import lines as line_services
from casework.transitions import Refused
from drills import bulk as drill
from ledger.reconciling import differences as reconciled
from recomputations import services, tasks
from recomputations.models import Frozen, Part, Recomputation
from recomputations.selectors import differences, standing
from tests import factories
from training import bulk as training_bulk
from training.frozen import RecomputedLine

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("programme", ["training", "offshore"])
@pytest.mark.parametrize("seed", [1, 2])
def test_in_bulk_as_one_by_one(programme, seed, monkeypatch):
    """`python -m drills.bulk 100000` does the same with many."""
    monkeypatch.setattr(training_bulk, "BLOCK", 60)  # several to a part, as a city has them
    count = {"training": 400, "offshore": 150}[programme]
    assert list(getattr(drill, programme)(count, seed)) == []
    assert (RecomputedLine if programme == "training" else RecomputedClaim).objects.count() > count * 0.9


def test_the_comparison_can_fail(monkeypatch):
    """A bulk path that judged equality differently would be found by it."""
    monkeypatch.setattr(training_bulk, "version_on", lambda terms, _day: terms[0])
    assert any("steps" in found or "amounts" in found for found in drill.training(300))


@pytest.fixture
def auditor():
    return factories.official(OfficialRole.AUDITOR)


@pytest.fixture
def filed():
    """One claim of each programme, filed through the services."""
    enterprise, school = factories.OrganisationFactory(), factories.OrganisationFactory(institution=True)
    factories.recognise(school)
    training_class = factories.TrainingClassFactory(institution=school)
    hired = [factories.hired_trainee(training_class) for _ in range(3)]
    return {
        "offshore": factories.filed_offshore(
            enterprise, factories.clerk_of(enterprise), "150000", "100000.50"
        ),
        "training": factories.filed_training(school, factories.clerk_of(school), *hired),
    }


def run(programme: str, user, **options) -> Recomputation:
    """As workers would do it."""
    recomputation = services.start(programme=programme, year=None, user=user, **options)
    tasks.plan(recomputation.pk)
    for part in recomputation.parts.all():
        tasks.work(part.pk)
    return recomputation


@pytest.mark.parametrize("programme", ["training", "offshore"])
def test_filed_claims_come_to_their_assessments(auditor, filed, programme):
    recomputation = run(programme, auditor)
    found = standing(recomputation)
    assert found.is_done and found.amount_rmb == filed[programme].amount_rmb > 0
    assert list(differences(recomputation)) == []
    result = filed[programme].current_assessment.result
    if programme == "training":
        for row in RecomputedLine.objects.all():
            person = result["details"]["people"][row.position]
            assert [step.to_json() for step in training_bulk.explained(row).steps] == person["steps"]
    else:
        again = offshore_bulk.explained(RecomputedClaim.objects.get())
        assert [step.to_json() for step in again.steps] == result["steps"]


def test_delivered_again_nothing_is_written_twice(auditor, filed):
    recomputation = run("training", auditor, part_rows=1)
    before = list(RecomputedLine.objects.values_list("part", "claim", "position").order_by("pk"))
    tasks.plan(recomputation.pk)
    for part in recomputation.parts.all():
        tasks.work(part.pk)
    assert (
        list(RecomputedLine.objects.values_list("part", "claim", "position").order_by("pk")) == before != []
    )
    assert Record.objects.filter(action="recomputation.part").count() == recomputation.parts.count()
    second = run("training", auditor)
    assert Frozen.objects.filter(assessment__case__programme="training").count() == 1
    assert standing(second).amount_rmb == standing(recomputation).amount_rmb


def test_what_a_reviewer_refused_is_not_counted(auditor, filed):
    case = filed["training"]
    reviewer = factories.official(OfficialRole.INITIAL_REVIEWER)
    key = str(case.submissions.get().snapshot["lines"][0]["enrolment"])
    line_services.decide_lines(
        case_id=case.pk,
        user=reviewer,
        submission_id=case.submissions.get().pk,
        seen=0,
        drafts=[
            line_services.LineDraft(key, LineVerdict.REFUSE, code=LineCode.NO_EVIDENCE, reason="Unreadable.")
        ],
    )
    factories.calculate(case)
    recomputation = run("training", auditor)
    assert standing(recomputation).rows == 2
    assert list(differences(recomputation)) == []


def test_a_lost_message_is_sent_again(auditor, filed, monkeypatch):
    recomputation = services.start(programme="offshore", year=None, user=auditor)
    tasks.plan(recomputation.pk)
    assert services.take_waiting(limit=10) == []  # just sent
    past = "UPDATE recomputations_part SET run_after = now() - interval '1 hour'"
    with connection.cursor() as cursor:
        cursor.execute(past)
    (part,) = services.take_waiting(limit=10)
    assert services.take_waiting(limit=10) == []
    tasks.work(part)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM recomputations_part WHERE done_at IS NULL")
        assert cursor.fetchone() == (0,)


def test_years_and_who_may(auditor, filed):
    with pytest.raises(Refused) as refused:
        services.start(programme="offshore", year=None, user=factories.official(OfficialRole.FINANCE))
    assert refused.value.code == "permission" and not Recomputation.objects.exists()
    other_year = services.start(programme="offshore", year=2014, user=auditor)
    tasks.plan(other_year.pk)
    assert other_year.parts.count() == 0
    tasks.control()
    assert set(Recomputation.objects.filter(asked_by=None).values_list("programme", flat=True)) == {
        "training",
        "offshore",
    }


EDITS = (
    ("UPDATE training_recomputedline SET trainee_rmb = 0.01 WHERE position = {line}", "recomputations.rows"),
    ("UPDATE training_recomputedline SET findings = 4 WHERE position = {line}", "recomputations.rows"),
    ("DELETE FROM training_recomputedline WHERE position = {line}", "recomputations.rows"),
    ("INSERT INTO training_recomputedline VALUES (999, 1, {line}, 1, 1, 0)", "recomputations.strays"),
    ("UPDATE recomputations_part SET digest = repeat('0', 64)", "recomputations.rows"),
    ("UPDATE training_frozenclaim SET conditions = replace(conditions, 'yes', 'no')", "recomputations.inputs"),
    ("DELETE FROM training_frozenclaim", "recomputations.inputs"),
    ("UPDATE recomputations_frozen SET rows = rows + 1", "recomputations.inputs"),
    ("UPDATE applications_frozenclaim SET receipts_usd = replace(receipts_usd, '5', '6')", "recomputations.inputs"),
    ("UPDATE applications_frozenclaim SET granted_rmb = 1", "recomputations.inputs"),
    ("UPDATE applications_recomputedclaim SET award_rmb = award_rmb - 0.01", "recomputations.rows"),
)  # fmt: skip


def test_each_edit_by_the_tables_owner_is_found(auditor, filed):
    run("training", auditor)
    run("offshore", auditor)
    line = random.choice(RecomputedLine.objects.values_list("position", flat=True))
    ours = ("recomputations.rows", "recomputations.strays", "recomputations.inputs")
    assert [found for found in reconciled() if found.check in ours] == []
    for statement, check in EDITS:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement.format(line=line))
            assert cursor.rowcount > 0, statement
            assert check in {found.check for found in reconciled() if found.check in ours}, statement
            transaction.set_rollback(True)


REFUSED = (
    ("UPDATE training_recomputedline SET findings = 0", "append_only|Cannot update or delete"),
    ("DELETE FROM training_frozenclaim", "Cannot update or delete"),
    ("UPDATE applications_recomputedclaim SET award_rmb = 0", "Cannot update or delete"),
    ("UPDATE recomputations_part SET rows = 0", "Cannot update"),
    ("UPDATE recomputations_recomputation SET terms = '[]'", "Cannot update"),
    ("DELETE FROM recomputations_recomputation", "Cannot delete"),
    (
        "INSERT INTO training_recomputedline SELECT * FROM training_recomputedline",
        "training_recomputedline_pkey",
    ),
)


def test_the_database_keeps_what_was_written(auditor, filed):
    run("training", auditor)
    run("offshore", auditor)
    for statement, named in REFUSED:
        with pytest.raises(DatabaseError, match=named), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert Part.objects.filter(done_at__isnull=True).count() == 0


def test_on_the_desk_it_is_asked_for_and_read(auditor, filed, client, settings):
    settings.LANGUAGE_CODE = "en"
    client.force_login(auditor)
    place = "admin:recomputations_recomputation_"
    form = client.get(reverse(f"{place}add")).content.decode()
    assert "Start the recomputation" in form and "_addanother" not in form
    assert client.post(reverse(f"{place}add"), {"programme": "training", "year": ""}).status_code == 302
    recomputation = Recomputation.objects.get()
    assert recomputation.asked_by == auditor and recomputation.terms
    page = reverse(f"{place}change", args=[recomputation.pk])
    assert "It is not finished yet." in client.get(page).content.decode()
    tasks.plan(recomputation.pk)
    for part in recomputation.parts.all():
        tasks.work(part.pk)
    assert "every claim comes to what its calculation says" in client.get(page).content.decode()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE training_recomputedline SET trainee_rmb = 0")
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert filed["training"].number in client.get(page).content.decode()
    assert "1 of 1" in client.get(reverse(f"{place}changelist")).content.decode()
    client.force_login(factories.official(OfficialRole.FINANCE))
    assert client.post(reverse(f"{place}add"), {"programme": "training", "year": ""}).status_code == 403
    assert client.get(page).status_code == 200
    assert Recomputation.objects.count() == 1


def test_the_command_names_what_differs(filed, capsys):
    call_command("recompute", "offshore", "--year", "2015")
    assert "no difference" in capsys.readouterr().out
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE casework_assessment SET amount_rmb = 1")
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(CommandError, match="1 claim"):
        call_command("recompute", "offshore")
    assert filed["offshore"].number in capsys.readouterr().err
