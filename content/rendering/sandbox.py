"""The template language that marketers write: a small, closed part of Jinja2. `grammar.py` says what is in it.

What isn't listed can't be written at all: no calls, no imports, no macros, no attribute access beyond the documented
fields, loops only over lists of bounded length. So a template ends soon and stays small by construction, in the editor
as in the sender; Jinja2's own sandbox stays underneath.
Source: docs/decisions/0005-templates-are-a-closed-language.md
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import ChainableUndefined, TemplateRuntimeError, nodes, pass_environment, pass_eval_context
from jinja2.environment import Template
from jinja2.filters import do_join, do_round, do_truncate
from jinja2.nodes import EvalContext
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from content.fields import DECLARED

Kind = Literal["html", "text"]

FILTERS = frozenset(
    {"default", "d", "upper", "lower", "title", "capitalize", "trim", "truncate", "join", "round", "int"}
    | {"float", "length", "count", "first", "last", "escape", "e", "abs"}
)
TESTS = frozenset(
    {"defined", "undefined", "none", "eq", "equalto", "ne", "lt", "le", "gt", "ge", "in", "number", "string"}
)
#: What a loop tells of itself.
LOOP_FIELDS = frozenset({"index", "index0", "revindex", "revindex0", "first", "last", "length"})
MAX_NUMBER = 10**12
MAX_DECIMALS = 10
MAX_SEPARATOR_CHARACTERS = 100
MAX_TRUNCATED_CHARACTERS = 10_000
#: What Jinja2's filters and comparisons raise where a value doesn't fit.
UNFIT = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, AssertionError, TemplateRuntimeError)


@dataclass(frozen=True)
class TemplateFault:
    """One thing wrong with a template, at its place. `line` and `column` count from 1; column 0 is unknown."""

    line: int
    column: int
    says: str


class _Sandbox(ImmutableSandboxedEnvironment):
    """Looks into mappings and lists alone, and reckons with numbers alone, so that no text grows."""

    intercepted_binops = frozenset({"*", "%", "//", "/", "-", "+"})

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Take a field by its name: never a method, even where a field is called like one."""
        if isinstance(obj, Mapping):
            return self._unless_none(obj.get(attribute), attribute)
        if isinstance(obj, LoopContext) and attribute in LOOP_FIELDS:
            return getattr(obj, attribute)
        return obj if isinstance(obj, _Unset) else self.undefined(name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Take a field by its name, or an item of a list by its number."""
        if isinstance(obj, Mapping):
            return self._unless_none(obj.get(argument), argument)
        if isinstance(obj, list | tuple) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return self._unless_none(obj[argument], argument)
        return obj if isinstance(obj, _Unset) else self.undefined(name=str(argument))

    def _unless_none(self, value: Any, name: Any) -> Any:
        """Take what a customer has no value for as not set."""
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


@pass_eval_context
def _join(eval_ctx: EvalContext, value: Any, d: str = "") -> Any:
    """Put the items of a list side by side; anything else stays as it is."""
    return do_join(eval_ctx, value, str(d)[:MAX_SEPARATOR_CHARACTERS]) if isinstance(value, list | tuple) else value


def _round(value: float, precision: int = 0, method: Literal["common", "ceil", "floor"] = "common") -> float:
    return do_round(value, min(max(int(precision), 0), MAX_DECIMALS), method)


@pass_environment
def _truncate(
    env: ImmutableSandboxedEnvironment,
    s: str,
    length: int = 255,
    killwords: bool = False,  # noqa: FBT001, FBT002 - as templates give it
    end: str = "...",
) -> str:
    return do_truncate(env, str(s), min(max(int(length), len(end)), MAX_TRUNCATED_CHARACTERS), killwords, end)


def _shown(value: Any) -> Any:
    return "" if value is None else value


def _make(kind: Kind) -> _Sandbox:
    env = _Sandbox(autoescape=kind == "html", undefined=_Unset, finalize=_shown, keep_trailing_newline=True)
    env.globals.clear()
    env.filters = {name: env.filters[name] for name in FILTERS}
    env.filters.update(join=_join, round=_round, truncate=_truncate)
    env.tests = {name: test for name, test in env.tests.items() if name in TESTS}
    return env


ENVIRONMENTS: dict[Kind, _Sandbox] = {"html": _make("html"), "text": _make("text")}


def parse(source: str, kind: Kind) -> nodes.Template:
    """Parse a template that `grammar.faults` found nothing wrong with.

    Errors: jinja2.TemplateSyntaxError.
    """
    return ENVIRONMENTS[kind].parse(source)


def build(body: Sequence[nodes.Node], kind: Kind) -> Callable[[Mapping[str, Any]], Iterator[str]]:
    """Compile nodes of a checked template into a function from frozen values to pieces of text.

    The pieces may raise one of `UNFIT` where a customer's value doesn't fit a filter or comparison.
    """
    env = ENVIRONMENTS[kind]
    template = nodes.Template(list(body), lineno=1)
    template.set_environment(env)
    code = env.compile(template)
    made = Template.from_code(env, code, {})

    def pieces(values: Mapping[str, Any]) -> Iterator[str]:
        return made.root_render_func(made.new_context(dict(values)))

    return pieces


def build_or_nothing(body: Sequence[nodes.Node], kind: Kind) -> Callable[[Mapping[str, Any]], str]:
    """Compile nodes into a function that shows nothing where a value doesn't fit: one must not hold up a run."""
    pieces = build(body, kind)

    def render_or_nothing(values: Mapping[str, Any]) -> str:
        try:
            return "".join(pieces(values))
        except UNFIT:
            return ""

    return render_or_nothing


def render(source: str, kind: Kind, values: Mapping[str, Any]) -> str:
    """Render a checked template at once, each of its outermost pieces for itself: not for runs."""
    return "".join(
        part.data if isinstance(part, nodes.TemplateData) else build_or_nothing([part], kind)(values)
        for part in outermost(parse(source, kind))
    )


def outermost(tree: nodes.Template) -> Iterator[nodes.Node]:
    """List what a template is made of: its texts, its single fields, its conditions and loops."""
    for node in tree.body:
        if not isinstance(node, nodes.Output):
            yield node
            continue
        for part in node.nodes:
            yield part if isinstance(part, nodes.TemplateData) else nodes.Output([part], lineno=part.lineno)


def fields(source: str, kind: Kind) -> set[str]:
    """Name the fields that a checked template uses."""
    return {field for node in every(parse(source, kind)) if (field := field_of(node))}


def names(source: str) -> set[str]:
    """Name what a checked template asks for: roots of fields, and the items of loops around it."""
    return {node.name for node in every(parse(source, "text")) if isinstance(node, nodes.Name) and node.ctx == "load"}


def every(tree: nodes.Node) -> Iterator[nodes.Node]:
    """Walk a tree, however deep."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.iter_child_nodes())


def part_of(node: nodes.Getattr | nodes.Getitem) -> str:
    """Name what is taken out of something."""
    if isinstance(node, nodes.Getattr):
        return str(node.attr)
    return str(node.arg.value) if isinstance(node.arg, nodes.Const) else ""


def field_of(node: nodes.Node) -> str:
    """Name the documented field that a node stands for; "" for any other node."""
    if isinstance(node, nodes.Name) and node.name == "interests":
        return "interests"
    if isinstance(node, nodes.Getattr | nodes.Getitem) and isinstance(node.node, nodes.Name):
        root = node.node.name
        if root in DECLARED or root == "customer":
            return f"{root}.{part_of(node)}"
    return ""
