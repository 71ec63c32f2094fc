"""Which line named a customer id first, exactly for the first 150,000 and by their print beyond."""

import pytest

from conversations.importing import seen
from conversations.importing.seen import EXACT_IDS, LAST_LINE, SeenIds


def ids(first: int, count: int) -> list[str]:
    return [f"C{number}" for number in range(first, first + count)]


@pytest.fixture
def full() -> SeenIds:
    """As many ids as are kept exactly, on lines 2 and on."""
    found = SeenIds()
    assert found.claim(ids(0, EXACT_IDS), range(2, EXACT_IDS + 2)) == {}
    return found


def test_a_repeated_id_is_told_with_the_line_that_named_it() -> None:
    found = SeenIds()
    assert found.claim(["a", "b", "c"], [2, 3, 4]) == {}
    assert found.claim(["d", "b", "a", "e"], [5, 6, 7, 8]) == {1: 3, 2: 2}
    assert found.claim(["e", "d"], [9, 10]) == {0: 8, 1: 5}


def test_a_repetition_within_one_batch_is_told_too() -> None:
    found = SeenIds()
    assert found.claim(["a", "a", "b", "a"], [2, 3, 4, 5]) == {1: 2, 3: 2}
    assert found.claim(["b"], [6]) == {0: 4}


def test_ids_differ_by_case_and_by_every_letter() -> None:
    assert SeenIds().claim(["a1", "A1", "a1 ", "á1", "a\u03011"], [2, 3, 4, 5, 6]) == {}


def test_beyond_the_exact_ones_old_and_new_repetitions_are_told(full: SeenIds) -> None:
    more = ids(EXACT_IDS, 200_000)
    begin = EXACT_IDS + 2
    assert full.claim(more, range(begin, begin + len(more))) == {}
    assert full.claim(["C0", "new", more[0], more[-1], "new"], [1, 900_000, 3, 4, 900_001]) == {
        0: 2,
        2: begin,
        3: begin + len(more) - 1,
        4: 900_000,
    }


def test_no_new_id_is_taken_for_an_old_one_while_the_tables_grow(full: SeenIds) -> None:
    for batch in range(1, 6):
        assert full.claim(ids(EXACT_IDS * batch, EXACT_IDS), range(1, EXACT_IDS + 1)) == {}
    assert sum(full._used) == EXACT_IDS * 5
    assert len(full.claim(ids(0, EXACT_IDS * 6), range(1, EXACT_IDS * 6 + 1))) == EXACT_IDS * 6


def test_a_line_that_is_too_far_down_is_some_line(full: SeenIds) -> None:
    assert full.claim(["x", "y", "z"], [LAST_LINE - 1, LAST_LINE, LAST_LINE + 1]) == {}
    assert full.claim(["x", "y", "z"], [1, 1, 1]) == {0: LAST_LINE - 1, 1: 0, 2: 0}


def test_a_grown_table_keeps_every_entry() -> None:
    table = seen._grown(seen.SeenIds()._tables[0])
    entries = [(mark << seen.LINE_BITS) | 7 for mark in (1, 9, 17)]
    for slot, entry in enumerate(entries):
        table[slot] = entry
    larger = seen._grown(table)
    assert (len(table), len(larger)) == (8, 12)
    assert sorted(entry for entry in larger if entry) == entries
