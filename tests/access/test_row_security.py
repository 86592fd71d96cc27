"""Row-level security: what the database shows a web process when nobody asks with `visible_to`.

The process is `portal_app`, as in a deployment; pages that forget every filter are asked through the real middleware.
"""

import re
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from psycopg import errors

from accounts import scope
from accounts.models import Membership, Organisation
from applications.models import Contract
from casework.models import Case, Submission
from nanchang_portal import row_security, urls
from nanchang_portal.settings.base import databases
from recomputations import services as recomputations
from recomputations import tasks
from recomputations.selectors import differences, standing
from tests.access.test_matrix import PAGES, SIGNED_IN, targets
from tests.access.world import client_of, person
from tests.clients import Client
from tests.simulations.conftest import ask, version
from tests.simulations.conftest import work as simulated
from training.models import Trainee

OPEN = {
    "whose organisation it is, who acts for it: read by the wall itself, and the register is public": {
        "accounts.Organisation", "accounts.Membership", "accounts.Invitation", "accounts.Handover",
        "accounts.OwnerAppointment", "accounts.Accreditation", "reports.ApiToken",
    },
    "belongs to a person and is read by that person": {
        "accounts.User", "messaging.Message", "messaging.Preference", "messaging.Mail", "account.EmailAddress",
        "account.EmailConfirmation", "mfa.Authenticator", "usersessions.UserSession", "socialaccount.SocialAccount",
        "socialaccount.SocialToken", "socialaccount.SocialApp", "sessions.Session", "admin.LogEntry",
    },
    "published, or the portal's own rules": {
        "policy.PolicyVersion", "policy.PolicyParameter", "policy.PolicyAuthor", "policy.WorkdayOverride",
        "notices.Notice", "notices.NoticeEntry", "notices.NoticePerson", "applications.ExchangeRate",
        "training.Employer", "casework.Edge", "payments.Batch", "ledger.FundChange", "ledger.ReconcileRun",
    },
    "chains of what everybody did, masked, written by every request": {
        "audit.Stream", "audit.Record", "audit.Seal", "messaging.Cursor", "messaging.Seen",
    },
    "names and numbers of Django and of the keys": {
        "auth.Permission", "auth.Group", "auth.Group_permissions", "accounts.User_groups",
        "accounts.User_user_permissions", "contenttypes.ContentType", "accounts.HashVersion",
    },
}  # fmt: skip


def labels() -> set[str]:
    return {
        model._meta.label
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }


def test_every_table_is_walled_or_says_why_not():
    known = [set(row_security.OWN), row_security.OFFICE, row_security.APART, *OPEN.values()]
    assert sum(len(part) for part in known) == len(set().union(*known)), "a table stands twice"
    assert set().union(*known) == labels()


def test_the_database_has_exactly_these_walls(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity")
        assert {row[0] for row in cursor.fetchall()} == set(row_security.policies())
        cursor.execute("SELECT tablename FROM pg_policies WHERE policyname IN ('portal_own', 'portal_all')")
        assert len(cursor.fetchall()) == 2 * len(row_security.policies())


def test_what_officials_ask_is_planned_by_what_the_tables_hold(db):
    """No policy stands before the wide companion: behind one PostgreSQL guesses without a table's statistics."""
    wide = scope.wide(settings.DATABASE_APP_ROLE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolbypassrls FROM pg_roles WHERE rolname LIKE %s", [f"{wide[:-4]}%"])
        assert dict(cursor.fetchall()) == {settings.DATABASE_APP_ROLE: False, wide: True}


@pytest.fixture
def as_web(world):
    """The connection is a web process's, made as `portal_app`; nothing was said yet about whose rows it shows."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"SET LOCAL SESSION AUTHORIZATION {settings.DATABASE_APP_ROLE}")
        yield cursor
        cursor.execute("RESET SESSION AUTHORIZATION")


def owner_path(label: str) -> str:
    """`case__organisation`, as Django looks for it."""
    name = row_security.OWN[label]
    above = apps.get_model(label)._meta.get_field(name).related_model
    return name if above is Organisation else f"{name}__{owner_path(above._meta.label)}"


def seen(label: str) -> set:
    return set(apps.get_model(label)._base_manager.values_list("pk", flat=True))


def owned(label: str, user) -> set:
    rows = apps.get_model(label)._base_manager.filter(**{f"{owner_path(label)}__memberships__user": user})
    return set(rows.values_list("pk", flat=True))


def test_each_table_shows_a_person_the_rows_of_their_organisations(world, as_web):
    as_web.execute("RESET SESSION AUTHORIZATION")
    people = [world.clerk, world.teacher]
    wanted = {label: [owned(label, who) for who in people] for label in row_security.OWN}
    everything = {label: seen(label) for label in [*row_security.OWN, *row_security.OFFICE]}
    as_web.execute(f"SET LOCAL SESSION AUTHORIZATION {settings.DATABASE_APP_ROLE}")
    for number, who in enumerate(people):
        scope.enter(scope.of(who))
        assert {label: seen(label) for label in row_security.OWN} == {
            label: rows[number] for label, rows in wanted.items()
        }
        assert not any(seen(label) for label in row_security.OFFICE)
        scope.leave()
    with_rows = {label for label, rows in everything.items() if rows}
    narrowed = {label for label in with_rows & set(row_security.OWN) if wanted[label][1] < everything[label]}
    assert len(with_rows) > 55 and len(narrowed) > 35, "the world has too few rows to show it"


def test_nobody_named_nothing_shown_and_everything_when_it_was_said(as_web):
    for label in [*row_security.OWN, *row_security.OFFICE]:
        assert not seen(label), label
    scope.enter(scope.everything())
    assert Case.objects.exists() and Trainee.objects.exists()
    scope.leave()
    assert not Case.objects.exists()


def test_what_stands_apart_is_not_read_by_a_request_that_forgot_its_filter(world, as_web):
    for label in row_security.APART:
        for enter in (lambda: None, lambda: scope.enter(scope.of(world.clerk))):
            enter()
            with pytest.raises(DatabaseError, match="permission denied") as caught, transaction.atomic():
                seen(label)
            assert isinstance(caught.value.__cause__, errors.InsufficientPrivilege)
            scope.leave()
    scope.enter(scope.everything())
    assert all(seen(label) is not None for label in row_security.APART)
    scope.leave()


def refused(action) -> None:
    with pytest.raises(DatabaseError, match="row-level security") as caught, transaction.atomic():
        action()
    assert isinstance(caught.value.__cause__, errors.InsufficientPrivilege)


def test_nothing_is_written_for_another_organisation(world, as_web):
    foreign = world.training_class.pk
    scope.enter(scope.of(world.clerk))
    assert not type(world.training_class).objects.filter(pk=foreign).update(name="Mine now")
    assert not Case.objects.filter(pk=world.training[0].pk).delete()[0]
    contract = Contract.objects.get(pk=world.contract.pk)
    # Own rows neither go over to another organisation nor are made there.
    refused(lambda: Contract.objects.filter(pk=contract.pk).update(organisation=world.institution))
    contract.pk, contract.organisation, contract.number = None, world.institution, "X-1"
    refused(lambda: contract.save(force_insert=True))
    submission = Submission(
        case_id=world.training[1].pk, number=99, snapshot={}, snapshot_hash="0" * 64, submitted_by=world.clerk
    )
    refused(lambda: submission.save(force_insert=True))
    scope.leave()


# Pages that forgot every filter


def count(request):
    return HttpResponse(f"{Case.objects.count()} {Trainee.objects.count()}")


def crash(request):
    assert Case.objects.count()
    raise ValueError("in the middle of the page")


def crash_in_a_transaction(request):
    with transaction.atomic():
        assert Case.objects.count()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")


def stream(request):
    return StreamingHttpResponse(f"{pk}\n" for pk in Case.objects.values_list("pk", flat=True))


class forgetful:
    """A URL configuration of its own, with the portal's beside it."""

    handler500 = urls.handler500
    urlpatterns = [
        path("forgetful/count", count),
        path("forgetful/crash", crash),
        path("forgetful/crash-in-a-transaction", crash_in_a_transaction),
        path("forgetful/stream", stream),
        *urls.urlpatterns,
    ]


@pytest.fixture
def browsers(world, as_web, settings):
    settings.ROOT_URLCONF = forgetful
    found = {}
    for name, who in {"clerk": world.clerk, "official": world.initial, "visitor": None}.items():
        found[name] = Client(raise_request_exception=False)
        if who:
            found[name].force_login(who)
    return SimpleNamespace(**found)


def total(label: str) -> int:
    scope.enter(scope.everything())
    try:
        return apps.get_model(label).objects.count()
    finally:
        scope.leave()


def test_a_page_without_a_filter_shows_a_person_their_own_rows_an_official_all_a_visitor_none(
    world, browsers
):
    cases, trainees = total("casework.Case"), total("training.Trainee")
    own = world.enterprise.cases
    scope.enter(scope.of(world.clerk))
    mine = own.count()
    scope.leave()
    assert 0 < mine < cases and trainees
    assert browsers.clerk.get("/forgetful/count").content.decode() == f"{mine} 0"
    assert browsers.official.get("/forgetful/count").content.decode() == f"{cases} {trainees}"
    assert browsers.visitor.get("/forgetful/count").content.decode() == "0 0"


def test_who_left_an_organisation_sees_nothing_of_it_with_the_next_request(world, browsers):
    assert not browsers.clerk.get("/forgetful/count").content.startswith(b"0 ")
    Membership.objects.filter(user=world.clerk).delete()
    assert browsers.clerk.get("/forgetful/count").content == b"0 0"


@pytest.mark.parametrize("page", ["count", "crash", "crash-in-a-transaction", "stream"])
@pytest.mark.parametrize("who", ["clerk", "official"])
def test_a_request_leaves_nothing_on_the_connection(browsers, who, page):
    answer = getattr(browsers, who).get(f"/forgetful/{page}")
    assert answer.status_code == (500 if "crash" in page else 200)
    if page == "stream":
        lines = iter(answer.streaming_content)
        assert next(lines)  # its reader goes away in the middle; nobody closes
    else:
        assert scope.current() == scope.NONE
        assert not Case.objects.exists()
    assert browsers.visitor.get("/forgetful/count").content == b"0 0"
    assert not Case.objects.exists()


def test_a_stream_shows_its_rows_until_it_is_closed(world, browsers):
    lines = b"".join(browsers.official.get("/forgetful/stream").streaming_content).split()
    assert len(lines) == total("casework.Case")
    assert not Case.objects.exists()


def test_a_connection_that_cannot_be_told_is_closed(as_web, monkeypatch):
    def broken(told):
        raise DatabaseError("away")

    closed = []
    scope.enter(scope.everything())
    monkeypatch.setattr(scope, "_tell", broken)
    monkeypatch.setattr(connection, "close", lambda: closed.append(True))
    scope.leave()
    monkeypatch.undo()
    assert closed == [True]


def test_a_look_across_ends_with_its_block_also_after_an_error(world, as_web):
    scope.enter(scope.of(world.clerk))
    mine = Case.objects.count()
    with scope.across("test"):
        assert Case.objects.count() > mine
    assert Case.objects.count() == mine
    with pytest.raises(DatabaseError), transaction.atomic():
        with scope.across("test"), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
    assert Case.objects.count() == mine
    with pytest.raises(DatabaseError):
        with scope.across("test"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
    assert Case.objects.count() == mine
    scope.leave()


@pytest.fixture
def superuser(world):
    """Made before the connection is a web process's: those make none."""
    return person(world, "superuser")


@pytest.mark.parametrize("programme", ["offshore", "training"])
def test_a_worker_writes_in_one_piece_through_the_wall(superuser, as_web, programme):
    """COPY goes into no walled table: what a city's recomputation and a simulation write stands apart."""
    as_web.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}_all")
    recomputation = recomputations.start(programme=programme, year=None, user=None)
    tasks.plan(recomputation.pk)
    for part in recomputation.parts.all():
        tasks.work(part.pk)
    assert standing(recomputation).is_done and standing(recomputation).rows > 0
    assert list(differences(recomputation)) == []
    simulation = simulated(ask(superuser, version(programme, "2013-gte"), years=(2013, 2026)))
    assert simulation.state == "done"
    as_web.execute("RESET ROLE")


@pytest.mark.parametrize(("process", "role"), [("web", None), ("", "portal_app_all")])
def test_workers_and_commands_say_that_they_read_everything_and_web_processes_do_not(
    monkeypatch, process, role
):
    monkeypatch.setenv("PORTAL_PROCESS", process)
    url = f"postgres://{settings.DATABASE_APP_ROLE}:x@db.example.org/portal"
    said = databases(url)["default"]["OPTIONS"]["options"]
    assert (f"-c role={role}" in said) if role else ("role=" not in said)
    assert (
        "role=" not in databases("postgres://portal:x@db.example.org/portal")["default"]["OPTIONS"]["options"]
    )


#: Nonces, tokens of forms and their keys and the time of day are new in every answer.
MOVING = re.compile(rb"[A-Za-z0-9+/=_-]{22,}|\d\d:\d\d(:\d\d)?")


@pytest.mark.parametrize("kind", ["enterprise", "institution"])
def test_the_second_wall_takes_nothing_from_a_page_of_the_first(world, kind, monkeypatch):
    """Every page that a member gets is the same, letter by letter, where the database hides nothing."""
    client = client_of(person(world, f"{kind}_clerk"))

    def page(address: str) -> tuple[int, bytes]:
        session = client.session
        if session.pop("_messages", None):  # said once, whatever page comes next
            session.save()
        with transaction.atomic():
            answer = client.get(address)
            content = b"".join(answer.streaming_content) if answer.streaming else answer.content
            transaction.set_rollback(True)
        text = answer.status_code == 200 and answer["Content-Type"].startswith("text/")
        return answer.status_code, MOVING.sub(b"", content) if text else b""

    pages = [
        target.url
        for target in targets(world)
        if (target.owner == kind or PAGES.get(target.name) == SIGNED_IN)
        and not target.name.startswith(
            ("account_", "mfa_", "usersessions_", "socialaccount_")
        )  # rows of the person alone
        and not target.url.endswith("pdf")  # drawn from the page beside it
    ]
    walled = [page(address) for address in pages]
    monkeypatch.setattr(scope, "enter", lambda told: None)
    for address, before in zip(pages, walled, strict=True):
        status, content = page(address)
        assert (status, content.splitlines()) == (before[0], before[1].splitlines()), address
    assert sum(status == 200 for status, _ in walled) > 25
