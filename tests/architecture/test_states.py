"""The drawn states are the states in the code."""

import pytest

from connect.core.states import State
from connect.management.commands.draw_states import DRAWN, drawing, page_path


def test_the_drawn_page_is_what_the_code_says() -> None:
    assert page_path().read_text(encoding="utf-8") == drawing()


@pytest.mark.parametrize("states", DRAWN.values(), ids=DRAWN.keys())
def test_every_state_can_be_reached(states: type[State]) -> None:
    first = next(iter(states))
    reached, frontier = {first}, [first]
    while frontier:
        new = states.moves().get(frontier.pop(), frozenset()) - reached
        reached |= new
        frontier += new
    assert reached == set(states)
