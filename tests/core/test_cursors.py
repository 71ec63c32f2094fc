"""A cursor leads back to its key, and shows nothing of it."""

import pytest

from connect.core.cursors import read_cursor, write_cursor


@pytest.mark.parametrize("key", [0, 1, 41_203, 2**63 - 1])
def test_a_cursor_leads_back(key: int) -> None:
    assert read_cursor(write_cursor(key)) == key
    assert len(write_cursor(key)) == 22


@pytest.mark.parametrize("cursor", ["", "12", "x" * 22, "äöü", "A" * 500])
def test_anything_else_is_the_beginning(cursor: str) -> None:
    assert read_cursor(cursor) == 0
