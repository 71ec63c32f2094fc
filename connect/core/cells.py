"""Cells of exported tables that no spreadsheet takes for a formula, and the way back on import.

Source: OWASP, CSV injection.
"""

#: What begins a formula somewhere, in half and full width, and the guard itself, so that the way back loses nothing.
_FIRST = tuple("=+-@|\t\r\n'＝＋－＠｜")


def guard_cell(text: str) -> str:
    """Put an apostrophe before a cell that a spreadsheet might run."""
    return f"'{text}" if text.startswith(_FIRST) else text


def unguard_cell(text: str) -> str:
    """Take off the apostrophe that `guard_cell` put on."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FIRST) else text
