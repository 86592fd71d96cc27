"""The seeded terms: complete, cited word for word, and refused with a name and a place when they are spoilt."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from policy import terms_file
from policy.rules.terms import NoVersionError, OverlapError
from policy.terms_file import DEFAULT_PATH, TermsFileError, load, offshore_terms, training_terms

ARTICLE = (Path(__file__).parent / "source" / "article.txt").read_text(encoding="utf-8")
TEXT = DEFAULT_PATH.read_text(encoding="utf-8")


def written(tmp_path, old="", new="", *, text=None):
    path = tmp_path / "terms.toml"
    changed = TEXT if text is None else text
    assert old in changed
    path.write_text(changed.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_file_seeds_one_published_version_and_one_draft_for_each_programme():
    assert [(v.programme, v.code, v.status, v.in_force_from, v.in_force_to) for v in load()] == [
        ("offshore", "2013", "published", date(2013, 1, 1), None),
        ("training", "2013", "published", date(2013, 1, 1), None),
        ("offshore", "2013-gte", "draft", date(2013, 1, 1), None),
        ("training", "2013-gte", "draft", date(2013, 1, 1), None),
    ]
    assert all(version.title_zh and version.title_en for version in load())


def test_the_drafts_differ_from_the_published_versions_in_their_operators_alone():
    by_key = {(v.programme, v.code): {p.name: p.value for p in v.parameters} for v in load()}
    for programme, operators in (
        ("offshore", {"threshold_op"}),
        ("training", {"training_op", "contract_op"}),
    ):
        published, draft = by_key[programme, "2013"], by_key[programme, "2013-gte"]
        assert {name for name in published if published[name] != draft[name]} == operators
        assert all(published[name] == "gt" and draft[name] == "gte" for name in operators)


def test_every_quotation_of_the_published_versions_stands_in_the_article_word_for_word():
    for version in load():
        for parameter in version.parameters:
            assert parameter.clause
            if version.status == "published" and parameter.quotation:
                assert parameter.quotation in ARTICLE, parameter.name
            if not parameter.quotation:
                assert "Practice" in parameter.clause, parameter.name


def test_published_terms_by_year_and_by_day():
    assert offshore_terms(2015).code == offshore_terms(2013).code == offshore_terms(2099).code == "2013"
    assert training_terms(date(2013, 1, 1)).code == "2013"
    with pytest.raises(NoVersionError, match="2012"):
        offshore_terms(2012)
    with pytest.raises(NoVersionError, match="2012-12-31"):
        training_terms(date(2012, 12, 31))


def test_a_draft_that_is_published_beside_the_other_overlaps_and_is_refused(tmp_path):
    path = tmp_path / "terms.toml"
    path.write_text(TEXT.replace('status = "draft"', 'status = "published"'), encoding="utf-8")
    with pytest.raises(OverlapError, match="2013-gte"):
        offshore_terms(2015, path)


def test_a_successor_is_read_with_its_dates(tmp_path):
    changed = TEXT.replace(
        "in_force_from = 2013-01-01", "in_force_from = 2013-01-01\nin_force_to = 2015-12-31", 2
    )
    changed = changed.replace(
        '"2013-gte"\nstatus = "draft"\nin_force_from = 2013',
        '"2016"\nstatus = "published"\nin_force_from = 2016',
    )
    path = written(tmp_path, text=changed)
    assert [offshore_terms(year, path).code for year in (2015, 2016)] == ["2013", "2016"]
    assert training_terms(date(2016, 1, 1), path).code == "2016"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('value = "200000.00"', "value = 200000.0", ["offshore 2013, threshold_usd", "quotation marks"]),
        ('value = "0.2"', 'value = "0"', ["offshore 2013", "rate_rmb_per_usd"]),
        ('unit = "USD"', 'unit = "RMB"', ["threshold_usd", "unit"]),
        ('name = "cap_rmb"', 'name = "threshold_usd"', ["threshold_usd", "twice"]),
        ('name = "cap_rmb"', 'name = "cap"', ["cap_rmb", "missing"]),
        ('name = "cap_rmb"\n', "", ["name is missing"]),
        ('name = "cap_rmb"', 'name = "cap_rmb"\nnote = "x"', ["cap_rmb", "note is not known"]),
        ('status = "published"', 'status = "Published"', ["status must be"]),
        ('status = "published"\n', "", ["status is missing"]),
        ('programme = "offshore"', 'programme = "onshore"', ["onshore 2013", "programme must be"]),
        ('code = "2013-gte"', 'code = "2013"', ["offshore 2013", "stated twice"]),
        ("in_force_from = 2013-01-01", 'in_force_from = "2013-01-01"', ["in_force_from must be a day"]),
        ("in_force_from = 2013-01-01", "in_force_from = 2013-01-01T00:00:00", ["in_force_from must be a day"]),
        ("in_force_from = 2013-01-01", "in_force_from = 2013-01-01\nin_force_to = 2012-01-01", ["2012-01-01"]),
        ("[[version]]", "[other]\n[[version]]", ["other"]),
        ("[[version]]", "[[version", ["not a TOML file"]),
    ],
)  # fmt: skip
def test_a_spoilt_file_is_refused_with_its_place(tmp_path, old, new, words):
    with pytest.raises(TermsFileError) as refusal:
        load(written(tmp_path, old, new))
    assert all(word in str(refusal.value) for word in words), str(refusal.value)


@pytest.mark.parametrize("text", ["", "version = 1", "version = [1]", "[[version]]", "\x00"])
def test_a_file_of_another_shape_is_refused(tmp_path, text):
    with pytest.raises(TermsFileError):
        load(written(tmp_path, text=text))


def test_amounts_keep_their_digits():
    (offshore,) = (v for v in load() if (v.programme, v.code) == ("offshore", "2013"))
    assert offshore.terms().cap_rmb == Decimal("500000.00")
    assert str(terms_file.offshore_terms(2015).threshold_usd) == "200000.00"
