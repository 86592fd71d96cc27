"""The Chinese catalogue is complete, holds nothing that is gone, and says each thing by its one word."""

import re
import shutil
from collections import Counter

import polib
import pytest

from nanchang_portal.launcher.catalogue import CATALOGUE, extract, key
from tests.i18n.conftest import FORMATS

#: Latin letters that a Chinese reader meets: codes, standards, units. Everything else is a copy of the English.
LATIN = {*("BPO", "GB", "H", "ITO", "KPO", "M", "T", "USD", "X"), *FORMATS}
#: (English, Chinese): where the source says the first, the translation says the second (shared words of the portal).
WORDS = [
    (r"returned? (it )?for correction|claim is returned", "退回补正"),
    (r"\brecogni[sz]e|\brecognition", "认定"),
    (r"\bdesignat", "指定"),
    (r"\boffshore\b", "离岸"),
    (r"\bclients?\b", "发包方"),
    (r"\bcontract'?s? value\b", "合同金额"),
    (r"\bexecuted\b", "执行金额"),
    (r"\breceipts?\b", "收汇"),
    (r"\binitial review", "初审"),
    (r"\bfinal review", "复审"),
    (r"\bpublic notice\b", "公示"),
    (r"\bobject(ion|s to)\b|may object", "异议"),
    (r"\bdisburse", "拨付"),
    (r"\brecover(y|ed) of", "追回"),
    (r"\bmay not file for\b|\bdebar", "取消申报资格"),
    (r"\bundertaking", "承诺书"),
    (r"\btrainees?\b", "学员"),
    (r"\blabour contract", "劳动合同"),
    (r"\bpolicy version", "政策版本"),
    (r"\bfiling window", "申报期"),
    (r"\bUnified Social Credit Code\b", "统一社会信用代码"),
    (r"\bMunicipal\b.*\bCommerce\b|\bthe bureau\b", "市商务局"),
]
#: Two words of one thing that would confuse a reader.
NEVER = [
    "退回修改",
    "补充材料",
    "一审",
    "二审",
    "终审",
    "发放",
    "受训",
    "申请人",
    "任务",
    "系统错误",
    "服务器",
    "数据库",
]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w*\}")
TAG = re.compile(r"</?\w+[^>]*>")


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def pairs(catalogue):
    """Every source with its translation; of a plural both forms."""
    for entry in catalogue:
        for translation in entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]:
            yield entry, entry.msgid_plural or entry.msgid, translation


def test_every_text_is_translated_and_none_is_guessed(catalogue):
    assert [entry.msgid for entry in catalogue.untranslated_entries()] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []
    assert catalogue.metadata["Plural-Forms"] == "nplurals=1; plural=0;"
    assert all(set(entry.msgstr_plural) == {0} for entry in catalogue if entry.msgid_plural)


@pytest.mark.skipif(
    not shutil.which("xgettext"),
    reason="GNU GETTEXT IS MISSING: whether the catalogue is complete was NOT checked (apt-get install gettext)",
)
def test_the_catalogue_holds_exactly_the_texts_of_the_code(catalogue):
    extracted = {key(entry) for entry in extract()}
    committed = {key(entry) for entry in catalogue}
    advice = "run `make messages`, then translate what is empty in locale/zh_Hans/LC_MESSAGES/django.po"
    assert extracted - committed == set(), advice
    assert committed - extracted == set(), advice


def test_no_text_is_entered_twice(catalogue):
    assert [text for text, count in Counter(map(key, catalogue)).items() if count > 1] == []


def test_placeholders_and_tags_survive_translation(catalogue):
    for entry, source, translation in pairs(catalogue):
        assert set(PLACEHOLDER.findall(translation)) == set(PLACEHOLDER.findall(source)), entry.msgid
        assert Counter(TAG.findall(translation)) == Counter(TAG.findall(source)), entry.msgid
        assert source.count("\n") == translation.count("\n"), entry.msgid


def test_no_english_is_left_in_a_translation(catalogue):
    for entry, _source, translation in pairs(catalogue):
        shown = TAG.sub("", PLACEHOLDER.sub("", translation))
        assert set(re.findall(r"[A-Za-z]+", shown)) <= LATIN, entry.msgid


def test_the_same_thing_has_the_same_word(catalogue):
    wrong = [
        (source, translation, word)
        for _entry, source, translation in pairs(catalogue)
        for english, word in WORDS
        if re.search(english, PLACEHOLDER.sub("", source), re.IGNORECASE) and word not in translation
    ]
    assert wrong == []


def test_words_of_other_offices_and_of_software_stay_out(catalogue):
    wrong = [
        (translation, word)
        for _entry, _source, translation in pairs(catalogue)
        for word in NEVER
        if word in translation
    ]
    assert wrong == []


def test_chinese_sentences_use_chinese_punctuation(catalogue):
    """No half-width comma, semicolon, question mark or colon beside a Chinese character; no blank between two."""
    for entry, _source, translation in pairs(catalogue):
        shown = TAG.sub("", PLACEHOLDER.sub("x", translation))
        assert not re.search(r"[\u4e00-\u9fff][,;:?!(]|[,;:?!)][\u4e00-\u9fff]", shown), entry.msgid
        assert not re.search(r"[\u4e00-\u9fff] [\u4e00-\u9fff]", shown), entry.msgid
        assert not re.search(r"[\u4e00-\u9fff]\.$", shown), entry.msgid
