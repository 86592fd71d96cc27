"""Every form of every page is sent back with every column of every model beside its own fields: none is taken.

The pages are walked from the URL configuration; what a form takes is what its page shows. Nothing here names a form:
one that somebody adds is sent too, and one that could not be sent so that it was found right fails the test.
"""

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest import mock

import pytest
from django import forms
from django.apps import apps
from django.core.cache import cache
from django.db import connection, models, transaction
from django.forms.forms import BaseForm
from django.urls import Resolver404, resolve
from django.utils.http import urlencode

from applications.web.follow_ups import FollowUpForm
from drills.web import Forms
from tests import factories
from tests.access.test_matrix import (
    ENTERPRISE,
    FILES,
    INSTITUTION,
    PAGES,
    REGISTERS,
    SIGNED_IN,
    Target,
    register_of,
    targets,
)
from tests.access.test_wrong_input import forms as typed_forms
from tests.access.world import client_of

# The walk is made once: all of this file in one of pytest's workers.
pytestmark = pytest.mark.xdist_group("forms")

ROOMS = (
    "accounts", "applications", "audit", "casework", "documents", "ledger", "messaging", "nanchang_portal", "notices",
    "payments", "policy", "recomputations", "reports", "simulations", "training", "workbooks",
)  # fmt: skip
INSERT = re.compile(r'INSERT INTO "(\w+)" \(([^)]*)\) VALUES \((.*)\)', re.DOTALL)
UPDATE = re.compile(r'UPDATE "(\w+)" SET (.*?) WHERE ', re.DOTALL)
URLENCODED = "application/x-www-form-urlencoded"
NAME = re.compile(r'\bname="([^"]+)"')
#: Addresses of buttons that end what the next form needs, and of files.
LEFT_OUT = {"account_logout", "admin:logout"}


@dataclass
class Sent:
    """What one request wrote and which forms it bound."""

    status: int
    writes: Counter = field(default_factory=Counter)
    valid: set[type] = field(default_factory=set)
    bound: set[type] = field(default_factory=set)


def written(sql: str, params) -> Iterator[tuple[str, str, str]]:
    """Table, column and value of what a statement of Django's writes; the column is "?" where it cannot be told."""
    values = list(params or ())
    if found := INSERT.search(sql):
        table, columns, places = found[1], [name.strip(' "') for name in found[2].split(",")], found[3]
        signs = [sign.strip() for sign in places.replace("), (", ", ").split(",")]
        simple = len(signs) % len(columns) == 0 and signs.count("%s") == len(values)
        left = iter(values)
        for place, sign in enumerate(signs if simple else ["%s"] * len(values)):
            if sign == "%s":
                yield table, columns[place % len(columns)] if simple else "?", str(next(left))
    elif found := UPDATE.search(sql):
        left = iter(values)
        for part in re.split(r', (?="\w+" = )', found[2]):
            for _ in range(part.count("%s")):
                yield found[1], part.partition('"')[2].partition('"')[0], str(next(left))


@contextmanager
def watched():
    """The forms that are made inside, and what was written, in the order of their making."""
    made: list[BaseForm] = []
    wrote: Counter = Counter()
    valid: set[type] = set()
    begin, check = BaseForm.__init__, BaseForm.is_valid

    def __init__(self, *args, **kwargs):
        begin(self, *args, **kwargs)
        made.append(self)

    def is_valid(self):
        answer = check(self)
        if answer:
            valid.update(type(self).__mro__)
        return answer

    def look(execute, sql, params, many, context):
        if isinstance(sql, str) and not many:
            wrote.update(written(sql, params))
        return execute(sql, params, many, context)

    with (
        mock.patch.object(BaseForm, "__init__", __init__),
        mock.patch.object(BaseForm, "is_valid", is_valid),
        connection.execute_wrapper(look),
    ):
        yield made, wrote, valid


@functools.cache
def planted(column: models.Field, number: int) -> str:
    """A value of somebody else's choice that the column would take."""
    if column.choices:
        return str([value for value, _ in column.flatchoices][-1])
    if isinstance(column, models.BooleanField):
        return "on"
    if isinstance(column, models.ForeignKey):
        last = column.related_model._base_manager.order_by("-pk").first()
        return str(last.pk) if last else "987654"
    if isinstance(column, models.DateTimeField):
        return "1999-12-30 23:59"
    if isinstance(column, models.DateField):
        return "1999-12-31"
    if isinstance(column, models.IntegerField | models.DecimalField | models.FloatField):
        return f"98{number:04}"
    if isinstance(column, models.UUIDField):
        return f"98989898-9898-9898-9898-98989898{number:04}"
    return f"planted {number:04}"


@functools.cache
def columns() -> dict[str, list[models.Field]]:
    """Every column of every model by the names that a form could have for it."""
    found = defaultdict(list)
    for model in apps.get_models():
        for column in model._meta.concrete_fields:
            for name in {column.name, column.attname}:
                found[name].append(column)
    return dict(found)


def extras(own: set[str], made: list[BaseForm]) -> dict[str, str]:
    """Every column that the page's form does not have, for each prefix of its forms."""
    about = {form._meta.model for form in made if isinstance(form, forms.BaseModelForm)}
    prefixes = {""} | {f"{form.prefix}-" for form in made if form.prefix}
    found = {}
    for number, (name, candidates) in enumerate(sorted(columns().items())):
        best = next((column for column in candidates if column.model in about), candidates[-1])
        for prefix in prefixes:
            if (key := prefix + name) not in own:
                found[key] = planted(best, number)
    return found


def filled(given: dict[str, str], made: list[BaseForm]) -> dict[str, str]:
    """The page's own fields, what is empty filled with what its form would take."""
    data = dict(given)
    for form in made:
        for name, it in form.fields.items():
            key = form.add_prefix(name)
            if key in data and not data[key] and it.required:
                data[key] = some(name, it)
            elif it.required and isinstance(it, forms.BooleanField):
                data[key] = "on"
    return data


def some(name: str, it: forms.Field) -> str:
    if isinstance(it, forms.ModelChoiceField):
        first = it.queryset.first()
        return "" if first is None else str(getattr(first, it.to_field_name or "pk"))
    if isinstance(it, forms.ChoiceField):
        return str(next((value for value, _ in it.choices if value and not isinstance(value, tuple)), ""))
    if isinstance(it, forms.DateField):
        return "2015-03-01"
    if isinstance(it, forms.IntegerField):
        return str(it.min_value or 1)
    if isinstance(it, forms.EmailField):
        return "somebody@example.test"
    return {"password": factories.PASSWORD}.get(name, "Text")[: getattr(it, "max_length", None) or 100]


class Walk:
    """Sends what a page offers twice, as it is and with everything beside it, and compares what was written."""

    def __init__(self, world) -> None:
        self.world = world
        self.superuser = factories.UserFactory(is_staff=True, is_superuser=True)
        self.seen: set = set()
        self.changed = 0
        self.valid: set[type] = set()
        self.bound: set[type] = set()
        self.leaks: list[str] = []
        self.posted: list[tuple] = []
        self.mute: list[str] = []

    def actors(self, target: Target):
        if target.name.startswith("admin:"):
            return [self.superuser]
        kind = target.owner or PAGES.get(target.name)
        if kind == INSTITUTION:
            return [self.world.teacher]
        if kind in (ENTERPRISE, SIGNED_IN):
            return [self.world.teacher if "training" in target.url else self.world.owner]
        return [None]

    def page(self, target: Target) -> None:
        for user in self.actors(target):
            with undone(), watched() as (made, _, _):
                response = client_of(user).get(target.url)
                if response.status_code != 200 or not response["Content-Type"].startswith("text/html"):
                    continue
                page = response.content.decode()
            self.mute += [f"{target.name}: {form}" for form in without_button(page)]
            for attributes, given in Forms(page).found:
                if (attributes.get("method") or "").lower() == "post":
                    given.pop("csrfmiddlewaretoken", None)
                    own = {*given, *NAME.findall(page)}  # a box that is not ticked has a name too
                    self.form(user, attributes.get("action") or target.url, given, own, made)

    def form(self, user, url: str, given: dict[str, str], own: set[str], made: list[BaseForm]) -> None:
        try:
            name = resolve(url.partition("?")[0]).view_name
        except Resolver404:
            return
        if name in LEFT_OUT or (name, frozenset(given)) in self.seen:
            return
        self.seen.add((name, frozenset(given)))
        data = filled(given, made)
        more = extras(own, made)
        full = self.send(user, url, more | data)
        self.posted.append((user, url, given))
        self.changed += bool(full.writes)
        self.valid |= full.valid
        self.bound |= full.bound
        assert full.status < 500, f"{name} with {sorted(more)[:5]}...: {full.status}"
        suspect = Counter({written: n for written, n in full.writes.items() if taken(*written[1:], more)})
        if suspect:  # or would the same have been written without?
            suspect -= self.send(user, url, data).writes
        self.leaks += [f"{name} wrote {value!r} into {table}.{column}" for table, column, value in suspect]

    def answer(self, user, url: str, data: dict):
        with undone():
            return client_of(user).post(url, urlencode(data, doseq=True), content_type=URLENCODED)

    def send(self, user, url: str, data: dict[str, str]) -> Sent:
        with undone(), watched() as (made, wrote, valid):
            response = client_of(user).post(url, urlencode(data), content_type=URLENCODED)
            bound = {kind for form in made if form.is_bound for kind in type(form).__mro__}
            return Sent(response.status_code, Counter(wrote), set(valid), bound)


def taken(column: str, value: str, more: dict[str, str]) -> bool:
    """Whether a value that was written is one that was planted for its column, or an unmistakable one anywhere."""
    if "planted " in value or value.startswith(("1999-12-3", "98989898-")):
        return True
    wanted = {more.get(column)} | {text for key, text in more.items() if key.endswith(f"-{column}")}
    return value in wanted or (value == "True" and "on" in wanted)


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def walk(_built, django_db_blocker):
    with django_db_blocker.unblock(), undone():
        yield walked(_built)


def walked(world) -> Walk:
    cache.clear()
    found = Walk(world)
    for target in {target.name: target for target in targets(world)}.values():
        if target.name not in FILES and not closed(target.name):
            found.page(target)
    for _name, url, user, typed in typed_forms(world):
        with undone(), watched() as (made, _, _):
            page = client_of(user).get(url).content.decode()
        found.seen.discard((resolve(url).view_name, frozenset(typed)))
        found.form(user, url, typed, {*typed, *NAME.findall(page)}, made)
    return found


def closed(name: str) -> bool:
    """A register's page without a form: what may be added or changed there says the table of the matrix."""
    if (known := register_of(name)) is None:
        return False
    _, add, change = REGISTERS[known[0]]
    return not {"add": add, "change": change}.get(known[1])


def without_button(page: str) -> list[str]:
    """The forms of a page that nobody without a script could send."""
    return [
        form[1]
        for form in re.finditer(r"<form([^>]*)>(.*?)</form>", page, re.DOTALL)
        if not re.search(r"<button|type=\"submit\"", form[2])
        and not ((own := re.search(r'\bid="([^"]+)"', form[1])) and f'form="{own[1]}"' in page)
    ]


def forms_of_ours() -> set[type]:
    """Every form that a view could use: what is derived from once more is none of its own."""
    found, left = set(), [BaseForm]
    while left:
        children = left.pop().__subclasses__()
        left += children
        found |= {
            child
            for child in children
            if child.__module__.partition(".")[0] in ROOMS and getattr(child, "base_fields", None)
        }
    return {
        form for form in found if not any(issubclass(other, form) and other is not form for other in found)
    }


def test_no_form_takes_more_than_its_page_shows(walk):
    assert not walk.leaks, "\n".join(walk.leaks)
    assert len(walk.posted) > 80 and walk.changed > 30, (len(walk.posted), walk.changed)
    # Only a model's form writes columns; every other hands its own fields to a verb that names what it takes.
    model_forms = {form for form in forms_of_ours() if issubclass(form, forms.BaseModelForm)}
    assert model_forms - walk.valid == {FollowUpForm}, (
        "no page of the world leads to these: send them by themselves"
    )


def test_a_follow_up_takes_no_more_than_its_fields():
    """Its page needs a contract that has ended and was not followed up: here, what the form says that it takes."""
    shown = {"take", "contract_number", "registration_number", "signed_on", "starts_on", "ends_on"}
    assert set(FollowUpForm.base_fields) == shown


def test_every_form_about_the_own_account_has_a_button(walk):
    """allauth draws its pages with our elements: one of them left a form without anything to press."""
    assert not [
        form for form in walk.mute if ":" not in form.partition(": ")[0] and "logout-from-stage" not in form
    ]


#: What no person types, by the number of the field: each field of each form gets some of it.
HOSTILE = (
    "a\x00b", "9" * 400, "１２３", "-1", "\ud800", "1e999999", "{{ 7*7 }}", "../../etc/passwd", "<svg onload=alert(1)>",
    "0x10", "٣", "true", "null", "[]", "9223372036854775808", "\u202e\ufeff", "",
)  # fmt: skip


def test_nothing_posted_to_any_form_breaks_it(walk):
    """Fields and the pages' own bookkeeping alike: versions, chosen rows, the counts of formsets."""
    for number, (user, url, given) in enumerate(walk.posted):
        data = {
            name: HOSTILE[(number + place) % len(HOSTILE)].encode("utf-8", "surrogatepass")
            for place, name in enumerate(given)
        }
        if number % 3 == 0:  # each of them twice
            data = {name: [text, b"1"] for name, text in data.items()}
        answer = walk.answer(user, url, data)
        assert answer.status_code < 500, f"{url}: {data}"
        if answer["Content-Type"].startswith("text/html") and not answer.streaming:
            assert b"<svg onload" not in answer.content, url


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", "multipart/form-data",
             "application/x-www-form-urlencoded; charset=utf-7"],
)  # fmt: skip
def test_a_body_of_another_kind_breaks_nothing(walk, kind):
    for user, url, _given in walk.posted[::9]:
        with undone():
            answer = client_of(user).generic(
                "POST", url, b'{"status": "approved", "is_superuser": true}\x00\xff', kind
            )
        assert answer.status_code < 500, url
