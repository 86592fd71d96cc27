"""In Chinese no page shows English, in English none shows Chinese: walked link by link, with empty forms sent."""

import re
from functools import cache

import pytest
from django.urls import reverse

from accounts.models import User
from casework.enums import EDITABLE
from casework.models import Case
from tests.i18n.conftest import FORMATS, QUEUE, Reader

# The sample is loaded, and each walk walked, once.
pytestmark = pytest.mark.xdist_group("i18n")

#: Latin words that belong into a Chinese page: kinds of service, currencies, standards, file formats, a person's login.
LATIN = {
    *("A", "BPO", "GB", "ITO", "KB", "KPO", "MB", "T", "USD", "X"),
    *("AUD", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "JPY", "KRW", "MOP", "SGD", "TWD"),
    *FORMATS,
}
#: Codes: desk@example.test, /api/v1/awards, threshold_usd, casework.case:12, system:worker, hashes, numbers of
#: documents and cases.
CODE = re.compile(
    r"\S+@\S+|/api/\S+|\b(?=\w*[\d_])\w+\b|\b[a-z_]+[.:_][\w.:]+|\b[0-9a-f]{12,}\b|\b[A-Z]+(-\w+)+\b"
)
#: Names of districts come from the national register, in Chinese only; of a trainee's name one character may show.
NAME = re.compile(r"[\u4e00-\u9fff]+[省市区][\u4e00-\u9fff]*[区县市]|[\u4e00-\u9fff]\*+")
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+")
#: What Django's own pictures are called: yes, no, unknown, the glass of a search.
PICTURES = {"True", "False", "None", "Search"}

PUBLIC = ["/", "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/no-such-page"]
ACCOUNT = ["/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/logout/"]
DESK = ["/admin/", "/admin/registers/", "/admin/casework/case/?queue=all"]
READERS = {
    "": PUBLIC,
    "enterprise": ["/", "/desk/", *ACCOUNT],
    "enterprise2": ["/desk/"],
    "institution": ["/desk/", "/admin/", *ACCOUNT],
    "institution2": ["/desk/"],
    "initial": DESK,
    "final": ["/admin/"],
}
EMPTY_FORMS = {
    "": ["account_login", "account_signup", "account_reset_password"],
    "enterprise": [
        "organisation_new",
        "offshore:contract_new",
        "offshore:claim_new",
        "account_change_password",
    ],
    "institution": ["organisation_new", "training:class_new", "training:trainee_new", "training:claim_new"],
}


def english(text: str, typed: list[str]) -> list[str]:
    """English words of a text that nobody typed."""
    if text in PICTURES or CODE.fullmatch(text) or not re.search("[A-Za-z]", text):
        return []
    for value in typed:
        text = text.replace(value, " ")
    return [word for word in re.findall(r"[A-Za-z]+", CODE.sub(" ", text)) if word not in LATIN]


def chinese(text: str, typed: list[str]) -> list[str]:
    """Chinese words, or punctuation, of a text that nobody typed."""
    if not CHINESE.search(text):
        return []
    for value in typed:
        text = text.replace(value, " ")
    return CHINESE.findall(NAME.sub(" ", text))


def strangers(reader: Reader, find, typed: list[str]) -> list[tuple[str, str]]:
    """Where the reader saw words of the other language."""
    logins = {*User.objects.values_list("username", flat=True)}
    own = f" {reader.login} "
    return [
        (address, text)
        for address, texts in reader.seen.items()
        for text in dict.fromkeys(texts)
        if text not in logins and find(text.replace(own, " "), typed)
    ]


@cache
def walked(language: str, login: str) -> Reader:
    # An official sees forty registers of the same build: of each kind one page tells enough.
    reader = Reader(language, login, each=1 if login in ("initial", "final") else 4).walk(*READERS[login])
    for name in EMPTY_FORMS.get(login, ()):
        reader.read(reverse(name), data={"nothing": ""})
    for case in Case.objects.filter(organisation__memberships__user__username=login, status__in=EDITABLE):
        submit = reverse(f"{case.programme}:submit", args=[case.number])
        reader.read(submit)
        reader.read(submit, data={"version": case.version, "undertaking": ""})
    return reader


@pytest.fixture(scope="module")
def latin(typed) -> list[str]:
    return [value for value in typed if re.search("[A-Za-z]", value) and not CODE.fullmatch(value)]


@pytest.fixture(scope="module")
def characters(typed) -> list[str]:
    return [value for value in typed if CHINESE.search(value)]


@pytest.mark.parametrize("login", READERS)
def test_chinese_pages_show_no_english(db, latin, login):
    reader = walked("zh-hans", login)
    assert reader.broken == []
    assert strangers(reader, english, latin) == []


@pytest.mark.parametrize("login", READERS)
def test_english_pages_show_no_chinese(db, characters, login):
    reader = walked("en", login)
    assert reader.broken == []
    assert strangers(reader, chinese, characters) == []


def test_the_walk_reaches_the_main_pages(db, sample):
    """Otherwise an empty walk would pass."""
    kinds = {
        login: {Reader.kind(address.removesuffix(" (posted)")) for address in walked("zh-hans", login).seen}
        for login in ("enterprise", "institution", "initial")
    }
    offshore = {"contracts", "contract", "contract_new", "claim_new", "claim", "submit"}
    training = {
        "classes",
        "class",
        "enrol",
        "trainees",
        "trainee",
        "enrolment",
        "claim_new",
        "claim",
        "submit",
    }
    assert {"home", "dashboard", "organisations", "casework:case"} <= kinds["enterprise"]
    assert {f"offshore:{name}" for name in offshore} <= kinds["enterprise"]
    assert {f"training:{name}" for name in training} <= kinds["institution"]
    assert {"admin:registers", QUEUE, "admin:casework_case_change"} <= kinds["initial"]
    assert len([kind for kind in kinds["initial"] if kind.endswith("_changelist")]) > 20


@pytest.mark.parametrize("accepted", ["en-US,en;q=0.9", "fr", "zh-CN", ""])
def test_chinese_comes_first_whatever_the_browser_prefers(client, db, accepted):
    page = client.get("/", headers={"accept-language": accepted}).content.decode()
    assert '<html lang="zh-hans"' in page
    assert "南昌市服务外包扶持资金申报平台" in page


def test_english_is_one_click_away(client, db):
    answer = client.post("/language/setlang/", {"language": "en", "next": "/"}, follow=True)
    assert '<html lang="en"' in answer.content.decode()
    assert '<html lang="en"' in client.get("/accounts/login/").content.decode()
