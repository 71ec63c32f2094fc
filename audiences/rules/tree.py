"""A checked rule: typed, bounded in depth and size, safe to walk by recursion. Only `schema.py` makes one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audiences.rules.fields import Field
from audiences.rules.operators import Operator


@dataclass(frozen=True)
class Leaf:
    """One comparison. `value` is in compared form, `raw` as the JSON has it (None where the operator takes nothing)."""

    path: str
    field: Field
    operator: Operator
    value: Any
    raw: Any


@dataclass(frozen=True)
class Group:
    """Rules joined by *and* or *or*, the whole of them perhaps negated. Only a root may be empty: everybody."""

    path: str
    combinator: str
    negated: bool
    rules: "tuple[Node, ...]"

    def leaves(self) -> Iterator[Leaf]:
        """Walk all comparisons, in order."""
        for rule in self.rules:
            if isinstance(rule, Group):
                yield from rule.leaves()
            else:
                yield rule


Node = Group | Leaf
Rule = Group
