"""An exported cell is no formula anywhere, and comes back on import as it was."""

import pytest

from connect.core.cells import guard_cell, unguard_cell
from tests.architecture.naughty import CLASSES, NAUGHTY

FORMULAS = [
    f"{first}{rest}" for first in "=+-@|\t\r＝＋－＠｜" for rest in ("", "1", "HYPERLINK(1)", "cmd|'/c x'!A1", " x")
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_guarded(text: str) -> None:
    assert guard_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "kim@shop.example", "a=1", "1", "日本", "«x»"])
def test_words_stay_as_they_are(text: str) -> None:
    assert guard_cell(text) == text


def test_what_was_exported_comes_back_as_it_was() -> None:
    texts = [*NAUGHTY, *FORMULAS, *(f"'{text}" for text in FORMULAS), *(f"''{text}" for text in CLASSES["cells"])]
    assert [text for text in texts if unguard_cell(guard_cell(text)) != text] == []
