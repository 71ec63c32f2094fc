"""Read a file of suppressions line by line: plain lists and CSV, each bad line reported, memory flat.

One line is one entry: no cell may hold a line break, so that a quote left open spoils its own line alone.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import BinaryIO

from django.utils.translation import gettext as _

from connect.core.cells import unguard_cell
from connect.core.errors import Invalid
from conversations.addresses import check_storable, shown
from suppression.states import Reason
from suppression.values import Value, read_value

LINE_CHARACTERS = 2000
SOURCE_CHARACTERS = 120
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_DELIMITERS = (";", "\t", ",")
_VALUE_NAMES = ("value", "email", "e-mail", "email address", "address", "domain", "hash", "sha256", "sha-256", "md5")
_OTHER_NAMES = {"reason": "reason", "source": "source", "expires": "expires", "expires_at": "expires"}


@dataclass(frozen=True)
class Row:
    """One good line."""

    line: int
    value: Value
    reason: Reason
    source: str
    expires_at: datetime | None


@dataclass(frozen=True)
class Fault:
    """One bad line: its number, what stood there, cut short, and what is wrong with it."""

    line: int
    value: str
    reason: str


@dataclass(frozen=True)
class Defaults:
    """What a line gets that doesn't say for itself."""

    reason: Reason
    source: str
    expires_at: datetime | None = None


@dataclass(frozen=True)
class _Layout:
    delimiter: str | None
    columns: dict[str, int]
    has_header: bool


def read_rows(file: BinaryIO, defaults: Defaults, *, now: datetime) -> Iterator[Row | Fault]:
    """Read every line that isn't blank or the header.

    Shape: UTF-8, or UTF-16 with its mark; columns by the header's names, or the first alone where there is no header.
    """
    layout: _Layout | None = None
    for number, line in enumerate(_lines(file), start=1):
        text = line.strip()
        if not text:
            continue
        if layout is None:
            layout = _layout(text)
            if layout.has_header:
                continue
        yield _read(number, text, layout, defaults, now)


def _lines(file: BinaryIO) -> io.TextIOWrapper:
    start = file.read(3)
    file.seek(0)
    encoding = next((name for mark, name in _BOMS.items() if start.startswith(mark)), "utf-8")
    # What can't be decoded becomes a sign that no address holds, and so a fault of its line.
    return io.TextIOWrapper(file, encoding=encoding, errors="replace", newline=None)


def _layout(first: str) -> _Layout:
    delimiter = next((sign for sign in _DELIMITERS if sign in first), None)
    names = [cell.strip().lower() for cell in _cells(first, delimiter)]
    value_at = next((index for index, name in enumerate(names) if name in _VALUE_NAMES), None)
    if value_at is None:
        return _Layout(delimiter, {"value": 0}, has_header=False)
    columns = {_OTHER_NAMES[name]: index for index, name in enumerate(names) if name in _OTHER_NAMES}
    return _Layout(delimiter, {"value": value_at, **columns}, has_header=True)


def _cells(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None and '"' not in line:
        return [line]
    return next(csv.reader([line], delimiter=delimiter or ","), [])


def _read(number: int, line: str, layout: _Layout, defaults: Defaults, now: datetime) -> Row | Fault:
    if len(line) > LINE_CHARACTERS:
        return Fault(
            number, shown(line, 60), _("The line is longer than %(most)d characters.") % {"most": LINE_CHARACTERS}
        )
    try:
        cells = [unguard_cell(cell.strip()) for cell in _cells(line, layout.delimiter)]
        told = {name: cells[index] for name, index in layout.columns.items() if index < len(cells)}
        return Row(
            number,
            read_value(told.get("value", "")),
            _reason(told.get("reason", "")) or defaults.reason,
            check_storable(told.get("source", ""), "source")[:SOURCE_CHARACTERS] or defaults.source,
            _expiry(told.get("expires", ""), now) or defaults.expires_at,
        )
    except Invalid as error:
        return Fault(number, shown(line, 60), " ".join(says for field in error.fields.values() for says in field))
    except csv.Error:
        return Fault(number, shown(line, 60), _("The line can't be read as CSV."))


def _reason(raw: str) -> Reason | None:
    word = raw.strip().lower().replace(" ", "_")
    if not word:
        return None
    try:
        return Reason(word)
    except ValueError as error:
        says = _("“%(value)s” is no reason; use one of: %(all)s.") % {"value": shown(raw), "all": ", ".join(Reason)}
        raise Invalid({"reason": says}) from error


def _expiry(raw: str, now: datetime) -> datetime | None:
    """Read a date, which lasts to its end, or a time; without a zone it is UTC."""
    if not raw:
        return None
    try:
        if len(raw) == len("2026-01-31"):
            at = datetime.combine(date.fromisoformat(raw), time.max, tzinfo=UTC)
        else:
            at = datetime.fromisoformat(raw)
            at = at if at.tzinfo else at.replace(tzinfo=UTC)
    except ValueError as error:
        raise Invalid({"expires": _("“%(value)s” is no date such as 2026-12-31.") % {"value": shown(raw)}}) from error
    if at <= now:
        raise Invalid({"expires": _("The end, %(value)s, has passed.") % {"value": shown(raw)}})
    return at
