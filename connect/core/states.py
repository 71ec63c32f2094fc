"""States whose moves are drawn once: the table in code is the diagram in the docs."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self


class State(StrEnum):
    """A state of a thing. Each subclass implements `moves()`, the drawn table: from each state, to which."""

    @classmethod
    def moves(cls) -> Mapping[Self, frozenset[Self]]:
        """Tell from each state the states it may become."""
        raise TypeError(f"{cls.__name__} has no table of moves")

    @classmethod
    def sources(cls, to: Self) -> frozenset[Self]:
        """Tell the states that may become `to`."""
        return frozenset(state for state, targets in cls.moves().items() if to in targets)


def mermaid(states: type[State]) -> str:
    """Draw a table of moves as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    for state in states:
        targets = states.moves().get(state, frozenset())
        lines += [f"    {state.value} --> {to.value}" for to in states if to in targets]
        if not targets:
            lines.append(f"    {state.value} --> [*]")
    return "\n".join(lines)
