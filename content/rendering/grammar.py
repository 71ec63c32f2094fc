"""What a template may be made of, checked before anything is kept; `markup.py` checks the HTML around it.

Bounds make sure that whatever passes compiles, ends and stays small for every customer: depth, number of parts, nested
loops over bounded lists, sizes of literals, and what loops can make of all that.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from jinja2 import TemplateSyntaxError, nodes

from content.fields import CUSTOMER_COLUMNS, DECLARED, ROOTS
from content.rendering.sandbox import (
    ENVIRONMENTS,
    FILTERS,
    LOOP_FIELDS,
    MAX_NUMBER,
    MAX_SEPARATOR_CHARACTERS,
    TESTS,
    Kind,
    TemplateFault,
    every,
    parse,
    part_of,
)

NODES = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Name, nodes.Getattr, nodes.Getitem,
    nodes.Const, nodes.List, nodes.Tuple, nodes.Filter, nodes.Test, nodes.CondExpr, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg,
    nodes.Pos, nodes.Concat, nodes.Keyword,
)  # fmt: skip
MAX_LOOPS_DEEP = 2
MAX_LITERALS = 100
MAX_SOURCE_CHARACTERS = 250_000
MAX_NODES = 10_000
MAX_DEPTH = 40
#: More wouldn't be read, and each costs a look for its line.
MAX_FAULTS = 50
#: What the loops of a template may make of it, and what one value and one customer's interests are taken for.
MAX_OUTPUT_CHARACTERS = 2_000_000
VALUE_CHARACTERS = 200
INTERESTS = 50
#: Signs that no mail may hold; U+E000 and U+E001 are how the compiler marks its slots.
ODD_SIGNS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ue000\ue001]")
#: What people stumble over, in words that say what to do.
_SENTENCES = (
    (re.compile(r"Unexpected end of template.*needs to be closed is '(\w+)'", re.DOTALL), "unclosed"),
    (re.compile(r"unexpected end of template", re.IGNORECASE), "cut"),
    (re.compile(r"Encountered unknown tag '(\w+)'"), "unknown"),
)


def parses(source: str, kind: Kind) -> bool:
    """Tell whether a template can be read at all, whatever else is wrong with it."""
    try:
        return len(source) <= MAX_SOURCE_CHARACTERS and parse(source, kind) is not None
    except (TemplateSyntaxError, ValueError, RecursionError):
        return False


def faults(source: str, kind: Kind) -> list[TemplateFault]:
    """Say all that is wrong with a template. Empty means that it may be kept and will render for every customer."""
    if len(source) > MAX_SOURCE_CHARACTERS:
        return [TemplateFault(1, 0, _("The template is longer than 250,000 characters."))]
    odd = ODD_SIGNS.search(source)
    if odd:
        line = source.count("\n", 0, odd.start()) + 1
        return [TemplateFault(line, 0, _odd(odd))]
    try:
        tree = parse(source, kind)
    except TemplateSyntaxError as error:
        return [TemplateFault(error.lineno, _column(source, error.lineno), _sentence(error.message or ""))]
    except ValueError:
        return [TemplateFault(1, 0, _("There is a number that is too long."))]
    except RecursionError:
        return [_too_deep()]
    return list(islice(_walk(source, tree), MAX_FAULTS))


def _walk(source: str, tree: nodes.Template) -> Iterator[TemplateFault]:
    if _deeper_than(tree, MAX_DEPTH):
        yield _too_deep()
        return
    sound = True
    for count, node in enumerate(every(tree)):
        if count > MAX_NODES:
            yield TemplateFault(1, 0, _("The template has too many parts."))
            return
        says = _fault_of(node)
        if says:
            sound = False
            yield _at(source, node.lineno or 1, says)
    for line in _deep_loops(tree, 0):
        yield _at(source, line, _("Loops may be nested twice at most."))
    if sound and _output_characters(tree) > MAX_OUTPUT_CHARACTERS:
        yield TemplateFault(1, 0, _("Its loops make the message longer than 2,000,000 characters."))
    yield from _unknown_names(source, tree, frozenset())


def _at(source: str, line: int, says: str) -> TemplateFault:
    return TemplateFault(line, _column(source, line), says)


def _column(source: str, line: int) -> int:
    lines = source.split("\n")
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    places = [place for mark in ("{{", "{%", "{#") if (place := text.find(mark)) >= 0]
    return min(places) + 1 if places else 0


def _too_deep() -> TemplateFault:
    return TemplateFault(1, 0, _("The template is nested too deeply."))


def _odd(found: re.Match[str]) -> str:
    return _("There is a sign here that no mail may hold: %(code)s.") % {"code": f"U+{ord(found[0]):04X}"}


def _sentence(message: str) -> str:
    for pattern, kind in _SENTENCES:
        found = pattern.search(message)
        if found and kind == "unclosed":
            return _("“%(word)s” is never closed: write {%% end%(word)s %%} where it ends.") % {"word": found[1]}
        if found and kind == "cut":
            return _("The template ends within a field or a condition: something is never closed.")
        if found:
            return _("There is no tag “%(word)s”.") % {"word": found[1]}
    return message[:1].upper() + message[1:].rstrip(".") + "."


def _deeper_than(tree: nodes.Node, limit: int) -> bool:
    level: list[nodes.Node] = [tree]
    for _depth in range(limit):
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return False
    return True


def _output_characters(node: nodes.Node) -> int:
    if isinstance(node, nodes.TemplateData):
        return len(node.data)
    if isinstance(node, nodes.Const):
        return len(str(node.value))
    own = VALUE_CHARACTERS if isinstance(node, nodes.Getattr | nodes.Getitem) else 0
    inside = own + sum(_output_characters(child) for child in node.iter_child_nodes())
    if isinstance(node, nodes.Name) and node.name == "interests":
        return INTERESTS * VALUE_CHARACTERS
    if isinstance(node, nodes.Filter) and node.name == "join":
        return inside + INTERESTS * MAX_SEPARATOR_CHARACTERS
    if isinstance(node, nodes.For):
        return inside * (len(node.iter.items) if isinstance(node.iter, nodes.List | nodes.Tuple) else INTERESTS)
    return inside


def _fault_of(node: nodes.Node) -> str:
    if not isinstance(node, NODES):
        word = type(node).__name__.lower()
        return _("“%(word)s” can't be used here: templates show fields, choose with if, and loop over lists.") % {
            "word": word
        }
    if isinstance(node, nodes.Filter):
        return _fault_of_filter(node)
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        return _("There is no test “%(name)s”.") % {"name": node.name}
    if isinstance(node, nodes.List | nodes.Tuple) and len(node.items) > MAX_LITERALS:
        return _("A list may have 100 items at most.")
    if isinstance(node, nodes.Const):
        return _fault_of_literal(node.value)
    return _fault_of_loop(node) if isinstance(node, nodes.For) else ""


def _fault_of_filter(node: nodes.Filter) -> str:
    if node.name not in FILTERS or node.node is None:
        return _("There is no filter “%(name)s”.") % {"name": node.name}
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        return _("Write what the filter needs one by one.")
    if not _fits(node):
        return _("The filter “%(name)s” doesn't take this.") % {"name": node.name}
    return ""


def _fits(node: nodes.Filter) -> bool:
    """Tell whether a filter takes as many arguments, and of these names."""
    function = ENVIRONMENTS["html"].filters[node.name]
    passed = [None] * hasattr(function, "jinja_pass_arg")
    named = {str(word.key): word.value for word in node.kwargs}
    try:
        inspect.signature(function).bind(*passed, None, *node.args, **named)
    except TypeError:
        return False
    except ValueError:  # of a builtin that doesn't tell
        return not node.args and not node.kwargs
    return True


def _fault_of_literal(value: Any) -> str:
    if isinstance(value, str) and (odd := ODD_SIGNS.search(value)):
        return _odd(odd)
    if isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:  # as NaN isn't either
        return _("There is a number that is too long.")
    return ""


def _fault_of_loop(node: nodes.For) -> str:
    if not _bounded(node.iter):
        return _("A loop runs over interests or a list that is written out.")
    if node.recursive or not isinstance(node.target, nodes.Name):
        return _("A loop has one name, as in “for item in interests”.")
    if node.target.name in ROOTS | {"loop"}:
        return _("Give the loop's item another name than “%(name)s”.") % {"name": node.target.name}
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
    if isinstance(node, nodes.Getattr | nodes.Getitem) and isinstance(node.node, nodes.Name):
        if wrong := _wrong_part(node, node.node.name, known):
            yield _at(source, node.lineno, wrong)
        return
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        yield _at(source, node.lineno, _no_field(_path(node)))
        return
    if isinstance(node, nodes.Name) and node.ctx == "load":
        if node.name not in ROOTS | known:
            yield _at(source, node.lineno, _no_field(node.name))
        elif node.name in {"customer", "loop", *DECLARED}:
            says = _("Say what of “%(name)s” is meant, as in attributes.first_name.") % {"name": node.name}
            yield _at(source, node.lineno, says)
    for child in node.iter_child_nodes():
        yield from _unknown_names(source, child, known)


def _wrong_part(node: nodes.Getattr | nodes.Getitem, root: str, known: frozenset[str]) -> str:
    if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Const):
        return _("Write the field's name in quotes.")
    numbered = isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, int)
    name = part_of(node)
    if root == "interests" and numbered:
        return ""
    fits: Mapping[str, bool] = {
        "customer": name in CUSTOMER_COLUMNS,
        "loop": root in known and isinstance(node, nodes.Getattr) and name in LOOP_FIELDS,
        **dict.fromkeys(DECLARED, not numbered and bool(name) and not name.startswith("_")),
    }
    return "" if fits.get(root, False) else _no_field(f"{root}.{name}")


def _path(node: nodes.Node) -> str:
    if isinstance(node, nodes.Getattr | nodes.Getitem):
        return f"{_path(node.node)}.{part_of(node)}"
    return node.name if isinstance(node, nodes.Name) else "…"


def _no_field(name: str) -> str:
    return _("There is no field “%(name)s”.") % {"name": name[:80]}
