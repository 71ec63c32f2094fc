"""The template language that marketers write: a small, closed part of Jinja2, checked before anything is kept.

What isn't on the lists below can't be written at all: no calls, no imports, no macros, no attribute access beyond the
documented fields, loops only over lists of bounded length. So a template ends soon and stays small by construction, in
the editor as in the sender.
Source: docs/decisions/0005-templates-are-a-closed-language.md
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _
from jinja2 import ChainableUndefined, TemplateRuntimeError, TemplateSyntaxError, nodes
from jinja2.environment import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from content.fields import CUSTOMER_COLUMNS, DECLARED, ROOTS

Kind = Literal["html", "text"]

FILTERS = frozenset(
    {"default", "d", "upper", "lower", "title", "capitalize", "trim", "truncate", "join", "round", "int"}
    | {"float", "length", "count", "first", "last", "escape", "e", "abs"}
)
TESTS = frozenset(
    {"defined", "undefined", "none", "eq", "equalto", "ne", "lt", "le", "gt", "ge", "in", "number", "string"}
)
NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Getattr, nodes.Getitem,
    nodes.Const, nodes.List, nodes.Tuple, nodes.Filter, nodes.Test, nodes.CondExpr, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg,
    nodes.Pos, nodes.Concat, nodes.Keyword,
)  # fmt: skip
MAX_LOOPS_DEEP = 2
MAX_LITERALS = 100
MAX_SOURCE_CHARACTERS = 500_000
MAX_NODES = 20_000
MAX_NUMBER = 10**12
#: What Jinja2's filters and comparisons raise where a value doesn't fit.
UNFIT = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, TemplateRuntimeError)
#: What the loops of a template may make of it, and what one value and one customer's interests are taken for.
MAX_OUTPUT_CHARACTERS = 2_000_000
VALUE_CHARACTERS = 200
INTERESTS = 50


@dataclass(frozen=True)
class TemplateFault:
    """One thing wrong with a template, at its place. `line` and `column` count from 1; column 0 is unknown."""

    line: int
    column: int
    says: str


class _Sandbox(ImmutableSandboxedEnvironment):
    """Multiplies and divides numbers only, so that no text grows."""

    intercepted_binops = frozenset({"*", "%", "//", "/", "-", "+"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Take what a customer has no value for as not set."""
        return self._unless_none(super().getattr(obj, attribute), attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Take what a customer has no value for as not set."""
        return self._unless_none(super().getitem(obj, argument), argument)

    def _unless_none(self, value: Any, name: Any) -> Any:
        return self.undefined(name=str(name)) if value is None else value

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return left + right
        if not numbers or max(abs(left), abs(right)) > MAX_NUMBER:
            return ""
        try:
            return super().call_binop(context, operator, left, right)
        except ZeroDivisionError:
            return ""


class _Unset(ChainableUndefined):
    """A field that is not set: nothing when shown, smaller than everything when compared."""

    def _never(self, _other: object) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _never  # type: ignore[assignment]  # Jinja2's own raise here


def _shown(value: Any) -> Any:
    return "" if value is None else value


def _make(kind: Kind) -> _Sandbox:
    env = _Sandbox(autoescape=kind == "html", undefined=_Unset, finalize=_shown, keep_trailing_newline=True)
    env.globals.clear()
    env.filters = {name: env.filters[name] for name in FILTERS}
    env.tests = {name: test for name, test in env.tests.items() if name in TESTS}
    return env


ENVIRONMENTS: dict[Kind, _Sandbox] = {"html": _make("html"), "text": _make("text")}


def parse(source: str, kind: Kind) -> nodes.Template:
    """Parse a template that `faults` found nothing wrong with.

    Errors: jinja2.TemplateSyntaxError.
    """
    return ENVIRONMENTS[kind].parse(source)


def build(body: list[nodes.Node], kind: Kind) -> Callable[[Mapping[str, Any]], str]:
    """Compile nodes of a checked template into a function from frozen values to text.

    A filter or comparison that a customer's value doesn't fit, such as rounding a word, shows nothing: one odd value
    must not hold up a run.
    """
    env = ENVIRONMENTS[kind]
    template = nodes.Template(body, lineno=1)
    template.set_environment(env)
    code = env.compile(template)
    render = Template.from_code(env, code, dict(env.globals)).render

    def render_or_nothing(values: Mapping[str, Any]) -> str:
        try:
            return render(values)
        except UNFIT:
            return ""

    return render_or_nothing


def faults(source: str, kind: Kind) -> list[TemplateFault]:
    """Say all that is wrong with a template. Empty means that it may be kept and will render for every customer."""
    if len(source) > MAX_SOURCE_CHARACTERS:
        return [TemplateFault(1, 0, _("The template is longer than 500,000 characters."))]
    try:
        tree = parse(source, kind)
    except TemplateSyntaxError as error:
        return [TemplateFault(error.lineno, _column(source, error.lineno), _sentence(error.message or ""))]
    except RecursionError:
        return [TemplateFault(1, 0, _("The template is nested too deeply."))]
    return list(_walk(source, tree))


def fields(source: str, kind: Kind) -> set[str]:
    """Name the fields that a checked template uses."""
    return {field for node in _all(parse(source, kind)) if (field := _field(node))}


def render(source: str, kind: Kind, values: Mapping[str, Any]) -> str:
    """Render a checked template at once: for previews and single lines, not for runs."""
    return build(list(parse(source, kind).body), kind)(values)


def _sentence(message: str) -> str:
    return message[:1].upper() + message[1:].rstrip(".") + "."


def _column(source: str, line: int) -> int:
    lines = source.splitlines()
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    places = [place for mark in ("{{", "{%", "{#") if (place := text.find(mark)) >= 0]
    return min(places) + 1 if places else 0


def _all(tree: nodes.Node) -> Iterator[nodes.Node]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.iter_child_nodes())


def _walk(source: str, tree: nodes.Template) -> Iterator[TemplateFault]:
    for count, node in enumerate(_all(tree)):
        if count > MAX_NODES:
            yield TemplateFault(1, 0, _("The template has too many parts."))
            return
        says = _fault_of(node)
        if says:
            yield TemplateFault(node.lineno, _column(source, node.lineno), says)
    for line in _deep_loops(tree, 0):
        yield TemplateFault(line, _column(source, line), _("Loops may be nested twice at most."))
    if _output_characters(tree) > MAX_OUTPUT_CHARACTERS:
        yield TemplateFault(1, 0, _("Its loops make the message longer than 2,000,000 characters."))
    yield from _unknown_names(source, tree, frozenset())


def _output_characters(node: nodes.Node) -> int:
    if isinstance(node, nodes.TemplateData):
        return len(node.data)
    if isinstance(node, nodes.Const):
        return len(str(node.value))
    own = VALUE_CHARACTERS if isinstance(node, nodes.Getattr | nodes.Getitem) else 0
    inside = own + sum(_output_characters(child) for child in node.iter_child_nodes())
    if isinstance(node, nodes.For):
        return inside * (len(node.iter.items) if isinstance(node.iter, nodes.List | nodes.Tuple) else INTERESTS)
    return inside


def _fault_of(node: nodes.Node) -> str:  # noqa: PLR0911 - one line a kind of node
    if not isinstance(node, NODES):
        word = type(node).__name__.lower()
        return _("“%(word)s” can't be used here: templates show fields, choose with if, and loop over lists.") % {
            "word": word
        }
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        return _("There is no filter “%(name)s”.") % {"name": node.name}
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        return _("There is no test “%(name)s”.") % {"name": node.name}
    if isinstance(node, nodes.List | nodes.Tuple) and len(node.items) > MAX_LITERALS:
        return _("A list may have 100 items at most.")
    if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Const):
        return _("Write the field's name in quotes.")
    if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
        return _("There is no field “%(name)s”.") % {"name": node.attr}
    if isinstance(node, nodes.For) and not _bounded(node.iter):
        return _("A loop runs over interests or a list that is written out.")
    if isinstance(node, nodes.For) and (node.recursive or not isinstance(node.target, nodes.Name)):
        return _("A loop has one name, as in “for item in interests”.")
    return ""


def _bounded(node: nodes.Node) -> bool:
    return isinstance(node, nodes.List | nodes.Tuple) or (isinstance(node, nodes.Name) and node.name == "interests")


def _deep_loops(node: nodes.Node, depth: int) -> Iterator[int]:
    inside = depth + isinstance(node, nodes.For)
    if inside > MAX_LOOPS_DEEP:
        yield node.lineno
        return
    for child in node.iter_child_nodes():
        yield from _deep_loops(child, inside)


def _unknown_names(source: str, node: nodes.Node, known: frozenset[str]) -> Iterator[TemplateFault]:
    if isinstance(node, nodes.For) and isinstance(node.target, nodes.Name):
        known = known | {node.target.name, "loop"}
    if isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in ROOTS | known:
        yield TemplateFault(
            node.lineno, _column(source, node.lineno), _("There is no field “%(name)s”.") % {"name": node.name}
        )
    if isinstance(node, nodes.Getattr | nodes.Getitem) and (wrong := _wrong_part(node)):
        yield TemplateFault(
            node.lineno, _column(source, node.lineno), _("There is no field “%(name)s”.") % {"name": wrong}
        )
    for child in node.iter_child_nodes():
        yield from _unknown_names(source, child, known)


def _wrong_part(node: nodes.Getattr | nodes.Getitem) -> str:
    name = _part(node)
    if isinstance(node.node, nodes.Name) and node.node.name == "customer" and name not in CUSTOMER_COLUMNS:
        return f"customer.{name}"
    return "" if isinstance(node.node, nodes.Name) else f"….{name}"


def _part(node: nodes.Getattr | nodes.Getitem) -> str:
    if isinstance(node, nodes.Getattr):
        return str(node.attr)
    return str(node.arg.value) if isinstance(node.arg, nodes.Const) else ""


def _field(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name) and node.name == "interests":
        return "interests"
    if isinstance(node, nodes.Getattr | nodes.Getitem) and isinstance(node.node, nodes.Name):
        root = node.node.name
        if root in DECLARED or root == "customer":
            return f"{root}.{_part(node)}"
    return ""


def escape(text: str) -> Markup:
    """Make text inert in HTML."""
    return Markup.escape(text)
