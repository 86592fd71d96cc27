"""Folded templates say what Django's own say, in each language and to each person."""

import pytest
from django.template import Context, Engine
from django.utils.translation import override

from nanchang_portal.folding import Constant, Named

LIBRARIES = {
    "i18n": "django.templatetags.i18n",
    "static": "django.templatetags.static",
    "portal": "casework.templatetags.portal",
}
LOAD = "{% load i18n static portal %}"
TEMPLATES = {
    "base": LOAD
    + "{% block title %}{% translate 'My claims' %}{% endblock %}|{% block content %}{% endblock %}",
    "child": "{% extends 'base' %}"
    + LOAD
    + "{% block content %}{{ block.super }}{% translate 'Sign out' %}{% endblock %}",
    "alike": LOAD + "{# a remark #}<p>{% translate 'Sign out' %}</p>{% icon 'check' %}{% url 'dashboard' %}"
    "{% static 'css/x.css' %}{% comment %}gone{% endcomment %}{% translate 'to' context 'an amount' %}"
    "{% url 'public:guide' 'students' %}{% blocktranslate trimmed %} 100% open data {% endblocktranslate %}",
    "named": LOAD
    + "{% translate 'Sign out' as word %}{% url 'dashboard' as address %}{{ word }} {{ address }} {{ who }}",
    "missing": "{% url 'no_such_page' as address %}[{{ address }}]",
    "inside": LOAD
    + "{% for n in numbers %}{% if n %}{% translate 'Sign out' %}{% else %}{% icon 'check' %}{% endif %}{{ n }}"
    "{% endfor %}{% with a=who %}{% translate 'My claims' %}{{ a }}{% endwith %}",
    "varied": LOAD + "{% translate who %}{% icon who %}{% translate 'Sign out'|add:who %}{% static who %}"
    "{% blocktranslate with name=who %}Hello {{ name }}{% endblocktranslate %}",
}
PEOPLE = ({"who": "Sign out", "numbers": [0, 1]}, {"who": "<b>My claims</b>", "numbers": [2]})


def engine(*, folded: bool, debug: bool = False) -> Engine:
    loader = ("django.template.loaders.locmem.Loader", TEMPLATES)
    loaders = [("nanchang_portal.folding.Loader", [loader])] if folded else [loader]
    return Engine(loaders=loaders, libraries=LIBRARIES, debug=debug)


def kinds(name: str, *, debug: bool = False) -> list[str]:
    return [type(node).__name__ for node in engine(folded=True, debug=debug).get_template(name).nodelist]


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_folded_template_says_the_same_to_everybody_in_every_language(name):
    folded, plain = engine(folded=True), engine(folded=False)
    said = set()
    for person in PEOPLE * 2:  # the second time from memory
        for language in ("zh-hans", "en"):
            with override(language):
                wanted = plain.get_template(name).render(Context(person))
                assert folded.get_template(name).render(Context(person)) == wanted
                said.add(wanted)
    assert len(said) > 1 or name == "missing"


def test_what_is_constant_becomes_one_node_and_nothing_else_does():
    assert kinds("alike") == ["Constant"]
    assert kinds("named")[:2] == ["Named", "Named"]
    template = engine(folded=True).get_template("varied")
    assert not template.nodelist.get_nodes_by_type((Constant, Named))
    assert len(engine(folded=True).get_template("inside").nodelist.get_nodes_by_type(Constant)) == 3
    assert len(engine(folded=True).get_template("child").nodelist.get_nodes_by_type(Constant)) == 1


def test_where_errors_show_the_template_it_stays_as_written():
    assert "Constant" not in kinds("alike", debug=True)
