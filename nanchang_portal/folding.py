"""Templates of which everything that depends on the language alone is rendered once per language.

Headings, words of buttons, addresses without arguments, icons: most of a page says the same to everybody. As a template
is loaded, neighbouring nodes of that kind become one `Constant`, whose text a process keeps for each language. What
depends on the request, the person or a variable is never folded, so nothing personal is kept. See decision 48.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.template import Node, NodeList
from django.template.base import FilterExpression, TextNode, TokenType
from django.template.context import Context
from django.template.defaulttags import CommentNode, IfNode, LoadNode, URLNode
from django.template.library import SimpleNode
from django.template.loaders import base, cached
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.templatetags.static import StaticNode
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language


def _here() -> tuple:
    """All that a constant may depend on."""
    return get_language(), get_script_prefix(), settings.ROOT_URLCONF


class Constant(Node):
    """Several nodes as the text that they have in each language."""

    child_nodelists = ()

    def __init__(self, nodes: Iterable[Node]) -> None:
        self.nodes = tuple(nodes)
        self.texts: dict[tuple, SafeString] = {}

    def render(self, context: Context) -> SafeString:
        here = _here()
        if (text := self.texts.get(here)) is None:
            text = self.texts[here] = SafeString("".join(node.render(context) for node in self.nodes))
        return text


class Named(Node):
    """A constant that the template calls something (`as name`)."""

    child_nodelists = ()

    def __init__(self, node: Node, name: str) -> None:
        self.node, self.name = node, name
        self.values: dict[tuple, Any] = {}

    def render(self, context: Context) -> str:
        here = _here()
        if here in self.values:
            context[self.name] = self.values[here]
        else:
            self.node.render(context)
            self.values[here] = context[self.name]
        return ""


class _FoldingLoader(base.Loader):
    def get_template(self, template_name, skip=None):
        template = super().get_template(template_name, skip)
        if not self.engine.debug:  # where an error page shows the line of the template, it stays as written
            fold(template.nodelist)
        return template


class Loader(cached.Loader, _FoldingLoader):
    """Django's cached loader; what it keeps is folded."""


def fold(nodes: NodeList) -> None:
    """Folds a list of nodes, and the lists within them, where it stands."""
    nodes[:] = _folded(nodes)
    for node in nodes:
        for inner in _lists_of(node):
            fold(inner)


def _folded(nodes: Iterable[Node]) -> Iterator[Node]:
    run: list[Node] = []
    for node in nodes:
        if isinstance(node, CommentNode | LoadNode):
            continue
        name = _name_of(node)
        if isinstance(node, TextNode) or (_is_constant(node) and not name):
            run.append(node)
            continue
        yield from _joined(run)
        run = []
        yield Named(node, name) if name and _is_constant(node) else node
    yield from _joined(run)


def _joined(run: list[Node]) -> list[Node]:
    return run if all(isinstance(node, TextNode) for node in run) else [Constant(run)]


def _lists_of(node: Node) -> Iterator[NodeList]:
    if isinstance(node, IfNode):  # its `nodelist` is a copy
        yield from (inner for _condition, inner in node.conditions_nodelists)
        return
    for name in node.child_nodelists:
        if isinstance(inner := getattr(node, name, None), NodeList):
            yield inner


def _name_of(node: Node) -> str:
    """What the template calls it, if anything."""
    return (
        getattr(node, "asvar", None)
        or getattr(node, "varname", None)
        or getattr(node, "target_var", None)
        or ""
    )


def _is_constant(node: Node) -> bool:
    match node:
        case TranslateNode():
            return _are_literal(node.filter_expression, node.message_context)
        case BlockTranslateNode():
            plain = all(token.token_type == TokenType.TEXT for token in node.singular)
            return plain and not (node.plural or node.extra_context) and _are_literal(node.message_context)
        case URLNode():
            return _are_literal(node.view_name, *node.args, *node.kwargs.values())
        case StaticNode():
            return _are_literal(node.path)
        case SimpleNode():
            # A tag says of itself that it follows from its arguments and the language alone.
            return getattr(node.func, "is_constant", False) and _are_literal(
                *node.args, *node.kwargs.values()
            )
    return False


def _are_literal(*expressions: FilterExpression | None) -> bool:
    """Whether each is a text or number that stands in the template (or none), without a filter."""
    return all(
        expression is None
        or not expression.filters
        and (isinstance(expression.var, str) or getattr(expression.var, "literal", None) is not None)
        for expression in expressions
    )
