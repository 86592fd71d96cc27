"""Policy versions: drafted by one person, published by another, final then; days without gap or overlap; files."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import translation

from accounts.enums import OfficialRole
from audit.models import Record
from policy import calendar, drafting, exchange
from policy.enums import ProgrammeCode, VersionStatus
from policy.models import PolicyAuthor, PolicyParameter, PolicyVersion
from policy.selectors import offshore_terms_for, parameters_of
from tests import factories
from tests.clients import Client


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def editor(db):
    return factories.official(OfficialRole.POLICY_EDITOR)


@pytest.fixture
def second(db):
    return factories.official(OfficialRole.POLICY_EDITOR)


@pytest.fixture
def seeded(db) -> PolicyVersion:
    return PolicyVersion.objects.get(programme=ProgrammeCode.OFFSHORE, code="2013")


def draft_of(seeded, editor, *, first=date(2016, 1, 1), last=None, code="2016", **values) -> PolicyVersion:
    content = drafting.copied_content(seeded, code=code, in_force_from=first, in_force_to=last)
    parameters = [
        type(p)(p.name, values.get(p.name, p.value), p.unit, p.clause, p.quotation)
        for p in content.parameters
    ]
    content = drafting.Content(code, "新版", "New version", first, last, parameters)
    return drafting.create_draft(user=editor, programme=seeded.programme, content=content, source=seeded.code)


def submitted(version, editor) -> PolicyVersion:
    return drafting.submit(version_id=version.pk, user=editor, seen=drafting.content_hash(version))


def published(version, editor, second) -> PolicyVersion:
    version = submitted(version, editor)
    return drafting.publish(version_id=version.pk, user=second, seen=drafting.content_hash(version))


def page(version, name="change"):
    return reverse(f"admin:policy_policyversion_{name}", args=[version.pk])


def refused_by_sql(sql: str, *values) -> str:
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    return str(caught.value)


# Two people


def test_a_second_person_publishes_and_the_open_end_closes(seeded, editor, second):
    version = published(draft_of(seeded, editor, cap_rmb="600000.00"), editor, second)
    seeded.refresh_from_db()
    assert (seeded.in_force_to, seeded.ended_by) == (date(2015, 12, 31), version)
    assert (version.status, version.published_by) == (VersionStatus.PUBLISHED, second)
    assert str(offshore_terms_for(2015).cap_rmb) == "500000.00"
    assert str(offshore_terms_for(2016).cap_rmb) == "600000.00"
    actions = Record.objects.filter(object_id=str(version.pk), object_type="policy.policyversion")
    assert list(actions.order_by("pk").values_list("action", flat=True)) == [
        "policy.drafted",
        "policy.submitted",
        "policy.published",
    ]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize("superuser", [False, True])
def test_one_person_publishes_nowhere(seeded, editor, superuser):
    if superuser:
        editor = factories.UserFactory(is_staff=True, is_superuser=True)
    version = submitted(draft_of(seeded, editor), editor)
    seen = drafting.content_hash(version)
    with pytest.raises(drafting.PolicyRefused) as caught:
        drafting.publish(version_id=version.pk, user=editor, seen=seen)
    assert caught.value.code == "permission"
    response = client_of(editor).post(page(version, "publish"), {"seen": seen})
    assert response.status_code == 409
    assert page(version, "publish") not in client_of(editor).get(page(version)).content.decode()
    told = refused_by_sql(
        "UPDATE policy_policyversion SET status='published', published_at=now(), published_by_id=%s WHERE id=%s",
        editor.pk,
        version.pk,
    )
    assert "policy_version_two_people" in told
    version.refresh_from_db()
    assert version.status == VersionStatus.SUBMITTED


def test_who_wrote_on_a_draft_does_not_publish_it(seeded, editor, second):
    version = draft_of(seeded, editor)
    content = drafting.copied_content(version, code="2016b", in_force_from=date(2016, 1, 1), in_force_to=None)
    drafting.save_draft(version_id=version.pk, user=second, revision=1, content=content)
    version = submitted(PolicyVersion.objects.get(pk=version.pk), editor)
    with pytest.raises(drafting.PolicyRefused) as caught:
        drafting.publish(version_id=version.pk, user=second, seen=drafting.content_hash(version))
    assert caught.value.code == "permission"
    told = refused_by_sql(
        "UPDATE policy_policyversion SET status='published', published_at=now(), published_by_id=%s WHERE id=%s",
        second.pk,
        version.pk,
    )
    assert "policy_version_two_people" in told
    assert (
        "append_only" in refused_by_sql("DELETE FROM policy_policyauthor")
        or PolicyAuthor.objects.count() == 2
    )


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE policy_policyversion SET status = 'published', published_at = now() WHERE id = {draft}",
        "INSERT INTO policy_policyversion (programme, code, title_zh, title_en, in_force_from, status, revision,"
        " published_at) VALUES ('offshore', 'x', 'x', 'x', '2030-01-01', 'published', 1, now())",
        "DELETE FROM policy_policyversion WHERE id = {draft}",
        "TRUNCATE policy_policyversion CASCADE",
    ],
)
def test_no_way_round_by_sql(seeded, editor, sql):
    version = draft_of(seeded, editor)
    before = list(PolicyVersion.objects.order_by("pk").values())
    assert refused_by_sql(sql.format(draft=version.pk))
    assert list(PolicyVersion.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE policy_policyversion SET title_en = 'x' WHERE id = {id}",
        "UPDATE policy_policyversion SET status = 'draft' WHERE id = {id}",
        "UPDATE policy_policyversion SET in_force_to = '2015-12-31' WHERE id = {id}",
        "UPDATE policy_policyversion SET in_force_to = '2015-12-31', ended_by_id = {draft} WHERE id = {id}",
        "DELETE FROM policy_policyversion WHERE id = {id}",
        "UPDATE policy_policyparameter SET value = '1' WHERE version_id = {id}",
        "UPDATE policy_policyparameter SET version_id = {draft} WHERE version_id = {id}",
        "DELETE FROM policy_policyparameter WHERE version_id = {id}",
        "INSERT INTO policy_policyparameter (version_id, name, value, unit, clause, quotation)"
        " VALUES ({id}, 'bonus', '1', 'RMB', 'x', '')",
    ],
)
def test_what_is_published_never_changes_by_sql(seeded, editor, sql):
    version = draft_of(seeded, editor)
    before = (list(PolicyVersion.objects.values()), list(PolicyParameter.objects.order_by("pk").values()))
    assert "published_is_final" in refused_by_sql(sql.format(id=seeded.pk, draft=version.pk))
    assert before == (
        list(PolicyVersion.objects.values()),
        list(PolicyParameter.objects.order_by("pk").values()),
    )


def test_an_end_without_a_published_successor_does_not_last(seeded, editor):
    version = submitted(draft_of(seeded, editor), editor)
    told = refused_by_sql(
        f"UPDATE policy_policyversion SET in_force_to = '2015-12-31', ended_by_id = {version.pk}"
        f" WHERE id = {seeded.pk}; SET CONSTRAINTS ALL IMMEDIATE"
    )
    assert "policy_version_end_needs_successor" in told


def test_submitted_is_frozen_and_can_be_returned(seeded, editor, second):
    version = submitted(draft_of(seeded, editor), editor)
    for sql in (
        "UPDATE policy_policyversion SET in_force_from = '2017-01-01' WHERE id = %s",
        "UPDATE policy_policyparameter SET value = '1' WHERE version_id = %s",
    ):
        assert refused_by_sql(sql, version.pk)
    content = drafting.copied_content(version, code="2016", in_force_from=date(2017, 1, 1), in_force_to=None)
    with pytest.raises(drafting.PolicyRefused) as caught:
        drafting.save_draft(version_id=version.pk, user=editor, revision=version.revision, content=content)
    assert caught.value.code == "step"
    back = drafting.return_to_draft(version_id=version.pk, user=second, seen=drafting.content_hash(version))
    assert (back.status, back.submitted_by) == (VersionStatus.DRAFT, None)


def test_a_page_that_is_no_longer_true_publishes_nothing(seeded, editor, second):
    version = draft_of(seeded, editor)
    old = drafting.content_hash(version)
    submitted(version, editor)
    response = client_of(second).post(page(version, "publish"), {"seen": old})
    assert response.status_code == 409
    assert PolicyVersion.objects.get(pk=version.pk).status == VersionStatus.SUBMITTED
    assert client_of(second).post(page(version, "publish"), {}).status_code == 409


# Days and figures


@pytest.mark.parametrize(
    ("first", "last", "codes", "days"),
    [
        (date(2013, 1, 1), None, ["overlap"], ["1 Jan 2013"]),
        (date(2016, 7, 1), None, ["missing_year", "ends"], ["1 Jan 2016", "31 Dec 2016", "30 Jun 2016"]),
        (date(2016, 1, 1), None, ["ends"], ["31 Dec 2015"]),
        (date(2016, 1, 1), date(2020, 12, 31), ["open_after", "ends"], ["1 Jan 2021", "31 Dec 2015"]),
        (date(2016, 1, 1), date.max, ["ends"], ["31 Dec 2015"]),
        (date.min, date.max, ["overlap"], ["1 Jan 2013"]),
    ],
)
def test_the_calendar_names_the_days(seeded, editor, first, last, codes, days):
    version = draft_of(seeded, editor, first=first, last=last)
    with translation.override("en"):
        found = calendar.findings(version, calendar.published_beside(version))
    assert [f.code for f in found] == codes
    told = " ".join(f.message for f in found)
    assert all(day in told for day in days), told
    if any(f.blocking for f in found):
        with pytest.raises(drafting.PolicyRefused) as caught:
            submitted(version, editor)
        assert caught.value.code == "calendar"
        assert PolicyVersion.objects.get(pk=version.pk).status == VersionStatus.DRAFT


def test_a_missing_year_and_an_overlap_with_a_closed_version(seeded, editor, second):
    published(draft_of(seeded, editor, last=date(2017, 12, 31)), editor, second)
    late = draft_of(seeded, editor, first=date(2019, 1, 1), code="2019")
    (gap,) = calendar.findings(late, calendar.published_beside(late))
    assert gap.code == "gap" and "2018" in gap.message
    with pytest.raises(drafting.PolicyRefused) as caught:
        submitted(late, editor)
    assert caught.value.code == "calendar" and "2018" in caught.value.message
    twice = draft_of(seeded, editor, first=date(2017, 1, 1), code="2017")
    with pytest.raises(drafting.PolicyRefused) as caught:
        submitted(twice, editor)
    assert "2017" in caught.value.message
    told = refused_by_sql(
        f"UPDATE policy_policyversion SET status='submitted', submitted_by_id={editor.pk}, submitted_at=now()"
        f" WHERE id={twice.pk}; UPDATE policy_policyversion SET status='published', published_at=now(),"
        f" published_by_id={second.pk} WHERE id={twice.pk}"
    )
    assert "policy_version_no_overlap_offshore" in told


@pytest.mark.parametrize(
    ("values", "parameter"),
    [
        ({"rate_rmb_per_usd": "0"}, "rate_rmb_per_usd"),
        ({"cap_rmb": "39999.99"}, "cap_rmb"),
        ({"threshold_usd": "-1"}, "threshold_usd"),
        ({"threshold_usd": "1,000"}, "threshold_usd"),
        ({"threshold_usd": "1" + "0" * 60}, "threshold_usd"),
        ({"cap_rmb": "10000000000"}, "cap_rmb"),
        ({"threshold_op": "ge"}, "threshold_op"),
    ],
)
def test_figures_that_cannot_be_applied_are_refused_by_rule(seeded, editor, values, parameter):
    count = PolicyVersion.objects.count()
    with pytest.raises(drafting.RuleRefused) as caught, transaction.atomic():
        draft_of(seeded, editor, **values)
    assert caught.value.parameter == parameter
    assert PolicyVersion.objects.count() == count


# Pages


def posted(version, **changes) -> dict:
    data = {
        "revision": version.revision,
        "code": version.code,
        "title_zh": version.title_zh,
        "title_en": version.title_en,
        "in_force_from": version.in_force_from.isoformat(),
        "in_force_to": version.in_force_to.isoformat() if version.in_force_to else "",
    }
    for one in parameters_of(version):
        data[f"value-{one.name}"] = one.value.split(",") if one.unit == "list" else one.value
        data[f"clause-{one.name}"] = one.clause
        data[f"quotation-{one.name}"] = one.quotation
    return data | changes


def test_a_draft_is_written_on_its_page_and_errors_stand_at_their_field(seeded, editor):
    client, version = client_of(editor), draft_of(seeded, editor)
    bad = {"value-rate_rmb_per_usd": "0", "title_en": "Kept as typed"}
    response = client.post(page(version, "save"), posted(version, **bad))
    assert response.status_code == 422
    text = response.content.decode()
    assert "A rate of zero awards nothing" in text and "Kept as typed" in text
    assert "value-rate_rmb_per_usd" in response.context["form"].errors
    good = {"value-cap_rmb": "600000.00", "clause-cap_rmb": "Opinions of 2015, section 4"}
    assert client.post(page(version, "save"), posted(version, **good)).status_code == 302
    cap = PolicyParameter.objects.get(version=version, name="cap_rmb")
    assert (cap.value, cap.clause) == ("600000.00", "Opinions of 2015, section 4")
    stale = client.post(page(version, "save"), posted(version, title_en="Too late"))
    assert stale.status_code == 422 and "Too late" in stale.content.decode()
    assert PolicyVersion.objects.get(pk=version.pk).title_en == "New version"


def test_training_rules_are_chosen_not_typed(editor):
    training = PolicyVersion.objects.get(programme=ProgrammeCode.TRAINING, code="2013")
    version = draft_of(training, editor, first=date(2016, 3, 1))
    changes = {"value-education_levels": ["bachelor", "secondary"], "value-once_per_person": "false"}
    assert client_of(editor).post(page(version, "save"), posted(version, **changes)).status_code == 302
    values = dict(PolicyParameter.objects.filter(version=version).values_list("name", "value"))
    assert (values["education_levels"], values["once_per_person"]) == ("bachelor,secondary", "false")


def test_the_whole_way_on_the_desk(seeded, editor, second):
    client, other = client_of(editor), client_of(second)
    copy = {"code": "2016", "in_force_from": "2016-01-01", "title_zh": "2016年", "title_en": ""}
    assert client.post(page(seeded, "copy"), copy).status_code == 422
    response = client.post(page(seeded, "copy"), copy | {"title_en": "Of 2016"})
    version = PolicyVersion.objects.latest("pk")
    assert (version.title_zh, version.title_en) == ("2016年", "Of 2016")
    assert response.url == page(version)
    shown = client.get(page(version))
    assert client.post(page(version, "submit"), {"seen": shown.context["seen"]}).status_code == 302
    shown = other.get(page(version))
    assert other.post(page(version, "publish"), {"seen": shown.context["seen"]}).status_code == 302
    assert PolicyVersion.objects.get(pk=version.pk).status == VersionStatus.PUBLISHED
    compared = client.get(
        reverse("admin:policy_policyversion_compare"), {"left": seeded.pk, "right": version.pk}
    )
    assert [row.differs for row in compared.context["rows"]] == [True, True, False, False, False, False]
    register = client.get(reverse("admin:policy_policyversion_changelist"))
    assert {line.key for line in register.context["timelines"]} == {"offshore", "training"}


@pytest.mark.parametrize("role", [OfficialRole.AUDITOR, OfficialRole.FINAL_REVIEWER])
def test_other_officials_read_and_change_nothing(seeded, editor, role):
    version, client = draft_of(seeded, editor), client_of(factories.official(role))
    seen = drafting.content_hash(version)
    assert client.get(page(version)).status_code == 200
    assert client.get(page(version, "export")).status_code == 200
    for name in ("save", "submit", "discard", "publish", "return", "copy"):
        assert client.post(page(version, name), posted(version, seen=seen)).status_code == 403
    assert PolicyVersion.objects.get(pk=version.pk).status == VersionStatus.DRAFT


def test_a_discarded_draft_stays_and_is_final(seeded, editor):
    version = draft_of(seeded, editor)
    assert (
        client_of(editor).post(page(version, "discard"), {"seen": drafting.content_hash(version)}).status_code
        == 302
    )
    assert refused_by_sql("UPDATE policy_policyversion SET status = 'draft' WHERE id = %s", version.pk)


# Files


def upload(client, text: str, code: str = ""):
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("policy.toml", text.encode())
    return client.post(reverse("admin:policy_policyversion_import"), {"file": file, "code": code})


@pytest.mark.parametrize("programme", ProgrammeCode.values)
def test_a_file_comes_back_as_it_went(editor, programme):
    seeded = PolicyVersion.objects.get(programme=programme, code="2013")
    text = client_of(editor).get(page(seeded, "export")).content.decode()
    response = upload(client_of(editor), text, code="again")
    draft = PolicyVersion.objects.latest("pk")
    assert response.url == page(draft) and (draft.status, draft.code) == (VersionStatus.DRAFT, "again")
    assert parameters_of(draft) == parameters_of(seeded)
    # Under the same name the text is the same, letter by letter.
    draft.code = seeded.code
    assert exchange.export(draft) == text


@pytest.mark.parametrize(
    ("old", "new", "code", "told"),
    [
        ('value = "0.2"', 'value = "0"', "file", ["Award for 1 USD", "zero", "1 Jan 2013"]),
        ('value = "0.2"', 'value = "0.3"', "edited", ["Award for 1 USD", "1 Jan 2013"]),
        (
            'value = "500000.00"',
            'value = "100.00"',
            "file",
            ["Cap of an enterprise", "40,000"[:2], "1 Jan 2013"],
        ),
        ("in_force_from = 2013-01-01", "in_force_from = 2014-01-01", "edited", ["1 Jan 2014"]),
        ("in_force_from = 2013-01-01", "in_force_from = 2014-13-01", "file", ["TOML"]),
        ('unit = "RMB"', 'unit = "USD"', "file", ["Cap of an enterprise"]),
        ("[[version]]", "[version]", "file", ["something else"]),
        ('programme = "offshore"', 'programme = "gaming"', "file", ["gaming"]),
        ("quotation", "quote", "file", ["quot"]),
    ],
)
def test_an_edited_or_foreign_file_is_refused_with_rule_and_days(seeded, editor, old, new, code, told):
    text = exchange.export(seeded)
    assert old in text
    edited = text.replace(old, new)
    with translation.override("en"), pytest.raises(drafting.PolicyRefused) as caught:
        exchange.read(edited.encode())
    assert caught.value.code == code
    assert all(word in caught.value.message for word in told), caught.value.message
    count = PolicyVersion.objects.count()
    assert upload(client_of(editor), edited, code="again").status_code == 422
    assert PolicyVersion.objects.count() == count


@pytest.mark.parametrize("data", [b"\xff\xfe", b"", b"a = 1", b"version = 3", b"[[version]]", b"x" * 300_000])
def test_what_is_no_version_is_refused(db, data):
    with pytest.raises(drafting.PolicyRefused) as caught:
        exchange.read(data)
    assert caught.value.code == "file"


def test_a_name_that_is_taken_is_said_at_the_name(seeded, editor):
    response = upload(client_of(editor), exchange.export(seeded))
    assert response.status_code == 422 and "code" in response.context["form"].errors
