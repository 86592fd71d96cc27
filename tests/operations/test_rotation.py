"""Keys change while the portal runs: nothing becomes unreadable, nobody is subsidised twice, nothing old is left."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts import crypto
from accounts.enums import OfficialRole
from accounts.models import HashVersion
from audit.models import Record
from casework.models import AwardLine
from ledger.reconciling import differences
from nanchang_portal import rotation
from nanchang_portal.settings import keys
from payments.models import PayeeAccount
from tests import factories
from tests.access import world
from training.models import Trainee

pytestmark = pytest.mark.django_db
NEW_FIELD_KEY = "9:" + "Nj" * 21 + "Y="


@pytest.fixture(autouse=True)
def _asked_again():
    crypto.forget_version()
    yield
    crypto.forget_version()


@pytest.fixture
def tokens(db):
    """Every encrypted value in the database, by table."""

    def found() -> list[bytes]:
        values = []
        with connection.cursor() as cursor:
            for model, columns in rotation.encrypted_columns():
                for column in columns:
                    cursor.execute(f"SELECT {column} FROM {model._meta.db_table} WHERE {column} IS NOT NULL")
                    values += [bytes(row[0]) for row in cursor.fetchall() if row[0]]
        return values

    return found


def add_field_key(settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = keys.field_keys(NEW_FIELD_KEY) + settings.FIELD_ENCRYPTION_KEYS


def add_hash_key(settings) -> None:
    settings.BLIND_INDEX_KEYS = settings.BLIND_INDEX_KEYS | {2: b"k" * 32}
    crypto.forget_version()


def test_every_encrypted_field_is_readable_with_the_new_key_alone(settings, tokens):
    world.build()
    before = sorted(crypto.decrypt(token) for token in tokens())
    assert len(before) >= 8 and len(list(rotation.encrypted_columns())) >= 6
    add_field_key(settings)
    assert not any(crypto.is_current(token) for token in tokens())
    assert sum(rotation.rotate().values()) == len(before)
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    assert sorted(crypto.decrypt(token) for token in tokens()) == before
    assert not rotation.rotate()  # a second time there is nothing to do


def test_a_second_factor_opens_with_the_new_key_alone(settings):
    user, secret = factories.official(OfficialRole.FINANCE), "JBSWY3DPEHPK3PXP"
    user.authenticator_set.all().delete()
    data = {"secret": crypto.encrypt(secret).decode(), "used_step": 7}
    codes = {"migrated_codes": [crypto.encrypt(code).decode() for code in ("1", "2")], "used_mask": 0}
    for kind, kept in (("totp", data), ("recovery_codes", codes)):
        Authenticator.objects.create(user=user, type=kind, data=kept)
    add_field_key(settings)
    rotation.rotate()
    settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS[:1]
    totp, recovery = user.authenticator_set.order_by("pk")
    assert crypto.decrypt(totp.data["secret"].encode()) == secret and totp.data["used_step"] == 7
    assert [crypto.decrypt(code.encode()) for code in recovery.data["migrated_codes"]] == ["1", "2"]
    assert not rotation.rotate()


def test_a_broken_off_rotation_goes_on(settings, tokens, monkeypatch):
    for _n in range(4):
        factories.TraineeFactory()
    add_field_key(settings)
    monkeypatch.setattr(rotation, "BATCH", 2)
    anew, calls = crypto.encrypted_anew, []

    def breaks_at_the_third(token):
        calls.append(token)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return anew(token)

    monkeypatch.setattr(crypto, "encrypted_anew", breaks_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate()
    assert [crypto.is_current(token) for token in tokens()].count(True) == 2
    assert sum(rotation.rotate().values()) == 2


def test_hashes_are_renewed_everywhere_and_find_the_same_persons(settings):
    people = world.build()
    number = factories.identity_number(77)
    school = factories.OrganisationFactory(institution=True)
    trainee = factories.TraineeFactory(institution=school, identity=number)
    account = PayeeAccount.objects.first()
    old, code = trainee.identity_key, account.number_key
    add_hash_key(settings)
    assert crypto.blind_index(number, "identity") == old  # until the stored ones are renewed
    rotation.rotate()
    trainee.refresh_from_db()
    account.refresh_from_db()
    assert trainee.identity_key == crypto.blind_index(number, "identity") == crypto.renewed(old) != old
    assert account.number_key == crypto.renewed(code) and account.number_key.startswith("v2:")
    assert HashVersion.objects.get().version == 2 and people
    assert Record.objects.filter(action="keys.hashes_renewed").count() == 1
    assert not rotation.rotate() and not list(differences())
    with pytest.raises(IntegrityError, match="trainee_once_per_institution"), transaction.atomic():
        factories.TraineeFactory(institution=school, identity=number)


def test_no_column_with_a_hash_is_forgotten(settings):
    """Whatever column of text holds a hash after everything was made once is one that is renewed."""
    world.build()
    add_hash_key(settings)
    rotation.rotate()
    left = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c JOIN information_schema.tables t "
            "USING (table_schema, table_name) WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' "
            "AND c.data_type IN ('character varying', 'text')"
        )
        for table, column in cursor.fetchall():
            cursor.execute(
                f'SELECT "{column}" FROM {table} WHERE "{column}" ~ \'^v1:[0-9a-f]{{64}}$\' LIMIT 1'
            )
            left += [(table, column) for _row in cursor.fetchall()]
    # A letter's signature names the key that made it and stays valid.
    assert {column for _table, column in left} <= {"signature"}


def test_a_claim_calculated_before_is_approved_after_and_pays_once(settings):
    """The frozen inputs keep the old hash: approval, the once-per-person index and the checks know it is the same."""
    number = factories.identity_number(78)
    initial, final = (
        factories.official(role) for role in (OfficialRole.INITIAL_REVIEWER, OfficialRole.FINAL_REVIEWER)
    )

    def filed():
        school = factories.OrganisationFactory(institution=True)
        factories.recognise(school)
        enrolment = factories.hired_trainee(
            factories.TrainingClassFactory(institution=school),
            trainee=factories.TraineeFactory(institution=school, identity=number),
        )
        return factories.filed_training(school, factories.clerk_of(school), enrolment)

    first, second = filed(), filed()
    add_hash_key(settings)
    rotation.rotate()
    factories.approve(first, initial, final)
    lines = AwardLine.objects.filter(award__case=first)
    assert {line.person_key for line in lines} == {crypto.blind_index(number, "identity")}
    factories.calculate(second)
    second.refresh_from_db()
    assert second.amount_rmb == 0 or second.runs.filter(state="queued").exists()
    assert not [found for found in differences() if found.check.startswith("casework")]


def test_only_the_owner_of_the_tables_rotates(settings, db):
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {settings.DATABASE_APP_ROLE}")
        with pytest.raises(CommandError, match="owner of the tables"):
            call_command("rotate_keys")
        cursor.execute("RESET ROLE")


def test_the_triggers_stand_again_afterwards(settings, db):
    trainee = factories.TraineeFactory()
    add_field_key(settings)
    add_hash_key(settings)
    rotation.rotate()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('pgtrigger.ignore', true)")
        assert re.sub(r"[{}]", "", cursor.fetchone()[0] or "") == ""
    assert Trainee.objects.get(pk=trainee.pk).reveal_identity()
