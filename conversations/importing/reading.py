"""Read a CSV file in batches of rows: streamed, bounded, each broken line reported by its number while good ones go on.

A quote that is never closed spoils its own line alone: reading starts again on the next one.
"""

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from django.utils.translation import gettext as _

from connect.core.errors import Invalid
from conversations.addresses import shown

if TYPE_CHECKING:
    import _csv

CHUNK_BYTES = 256 * 1024
#: A longer cell is refused. No value that Connect stores is longer.
CELL_CHARACTERS = 10_000
MOST_COLUMNS = 500
#: A longer line has a cell that is too long; only its beginning is kept, so that memory stays bounded.
LINE_CHARACTERS = MOST_COLUMNS * (CELL_CHARACTERS + 2000)
#: A record of more lines has a quote that was never closed.
RECORD_LINES = 1000
HEADER_CHARACTERS = 120
#: What a decoder writes for bytes that it can't read.
BROKEN = "\ufffd"

BATCH_ROWS = 10_000
BATCH_CHARACTERS = 2_000_000
#: Changes whenever the numbers above cut a file in other places: a half-done import then begins anew.
LAYOUT = "2"


class Fault(NamedTuple):
    """One thing wrong: on which line, in which column ("" for the whole line), what stood there, and what is wrong."""

    line: int
    column: str
    value: str
    reason: str


@dataclass
class Batch:
    """Some rows of the file with the number of the line on which each begins, and the lines that couldn't be read."""

    number: int
    rows: list[list[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    characters: int = 0
    #: Bytes of the file that were read when this batch was full.
    position: int = 0
    #: A cell may be too long, or hold what can't be stored: look at each.
    odd: bool = False
    #: A cell may begin with an apostrophe that guards a formula.
    guarded: bool = False

    @property
    def full(self) -> bool:
        """Tell whether the next block of lines goes into another batch."""
        return len(self.rows) + len(self.faults) >= BATCH_ROWS or self.characters >= BATCH_CHARACTERS


class _Block(NamedTuple):
    lines: list[str]
    position: int = 0


class Table:
    """A CSV file: its columns, and its rows in batches.

    Errors: Invalid naming `file` where there is no line of column names.
    """

    def __init__(self, raw: BinaryIO, encoding: str, delimiter: str) -> None:
        csv.field_size_limit(LINE_CHARACTERS)
        self._delimiter = delimiter
        self._blocks = _blocks(raw, encoding)
        #: Lines that begin a record whose end hasn't been read yet, and the number of the first of them or of the next.
        self._left: list[str] = []
        self._line = 1
        self._first = _Block([])
        self.columns = self._read_header()

    def batches(self) -> Iterator[Batch]:
        """Read the rest of the file."""
        batch = Batch(0)
        for block in chain([self._first], self._blocks):
            self._take(block, batch)
            if batch.full:
                yield batch
                # What is left was looked at for the batch before; it may hold anything.
                left = bool(self._left)
                batch = Batch(batch.number + 1, odd=left, guarded=left)
        self._parse(self._left, batch, last=True)
        if batch.rows or batch.faults:
            yield batch

    def _read_header(self) -> list[str]:
        for block in self._blocks:
            lines = block.lines
            while lines and not lines[0].strip(self._delimiter + " "):
                lines = lines[1:]
                self._line += 1
            if lines:
                names, used = self._parse_header(lines)
                self._line += used
                self._first = _Block(lines[used:], block.position)
                return names
        raise Invalid({"file": _("There is no line of column names in this file.")})

    def _parse_header(self, lines: list[str]) -> tuple[list[str], int]:
        reader = csv.reader((line + "\n" for line in lines), delimiter=self._delimiter, strict=True)
        try:
            header = next(reader)
        except csv.Error as error:
            raise Invalid({"file": _("The line of column names has a quote that isn't closed.")}) from error
        if len(header) > MOST_COLUMNS:
            raise Invalid({"file": _("A file has at most %(most)d columns.") % {"most": MOST_COLUMNS}})
        return name_columns(header), reader.line_num

    def _take(self, block: _Block, batch: Batch) -> None:
        text = "\n".join(block.lines)
        batch.characters += len(text)
        batch.position = block.position
        batch.guarded |= "'" in text
        batch.odd |= "\x00" in text or BROKEN in text or max(map(len, block.lines), default=0) > CELL_CHARACTERS
        if not self._left and '"' not in text:
            # Without a quote anywhere, cutting at the delimiter is all there is to CSV.
            self._add([line.split(self._delimiter) for line in block.lines], batch)
            self._line += len(block.lines)
            return
        lines = self._left + block.lines
        done = self._parse(lines, batch, last=False)
        self._left = lines[done:]
        self._line += done

    def _parse(self, lines: list[str], batch: Batch, *, last: bool) -> int:
        """Parse lines that may hold quotes. Returns how many of them are done with; the others begin a record."""
        try:
            rows = list(self._reader(lines, 0))
        except csv.Error:
            rows = []
        if len(rows) == len(lines):
            self._add(rows, batch)
            return len(lines)
        at = 0
        while at < len(lines):
            at, reason, is_open = self._parse_records(lines, at, batch)
            if is_open and not last and len(lines) - at <= RECORD_LINES and _within(lines[at:], LINE_CHARACTERS):
                return at
            if reason:
                batch.faults.append(Fault(self._line + at, "", shown(lines[at]), reason))
                at += 1
        return at

    def _parse_records(self, lines: list[str], begin: int, batch: Batch) -> tuple[int, str, bool]:
        """Parse from a line on: up to where, why no further, and whether that is an open quote at the very end."""
        at = begin
        reader = self._reader(lines, begin)
        try:
            for row in reader:
                end = begin + reader.line_num
                if end - at > 1:
                    batch.odd = True
                    if len(row) != len(self.columns):
                        return at, _("A quote in this line is not closed."), False
                self._add_one(row, self._line + at, batch)
                at = end
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                return at, _("A quote in this line is not closed."), True
            return at, _("A quote stands where none may stand. Inside a cell, write it twice."), False
        return at, "", False

    def _reader(self, lines: list[str], begin: int) -> "_csv._reader":
        # Strict: a cell that goes on after its closing quote is a fault, never a guess.
        return csv.reader((line + "\n" for line in lines[begin:]), delimiter=self._delimiter, strict=True)

    def _add(self, rows: list[list[str]], batch: Batch) -> None:
        if set(map(len, rows)) <= {len(self.columns)}:
            batch.rows += rows
            batch.lines += range(self._line, self._line + len(rows))
            return
        for line, row in enumerate(rows, start=self._line):
            self._add_one(row, line, batch)

    def _add_one(self, row: list[str], line: int, batch: Batch) -> None:
        width = len(self.columns)
        if len(row) != width and not any(cell.strip() for cell in row[width:]):
            # Spreadsheets end each line with the cells of their widest one.
            row = row[:width]
        if len(row) == width:
            batch.rows.append(row)
            batch.lines.append(line)
        elif any(cell.strip() for cell in row):
            reason = _("%(cells)d cells, but there are %(columns)d columns.") % {"cells": len(row), "columns": width}
            batch.faults.append(Fault(line, "", shown(self._delimiter.join(row[:20])), reason))


def _within(lines: list[str], most: int) -> bool:
    return sum(map(len, lines)) <= most


def _blocks(raw: BinaryIO, encoding: str) -> Iterator[_Block]:
    """Read the file in blocks of whole lines, their ends taken off, whatever these are."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(errors="replace"), translate=True)
    rest, passing, position = "", False, 0
    while chunk := raw.read(CHUNK_BYTES):
        position += len(chunk)
        lines = (rest + decoder.decode(chunk)).split("\n")
        rest = lines.pop()
        if passing and lines:
            lines.pop(0)
            passing = False
        if passing:
            rest = ""
        elif len(rest) > LINE_CHARACTERS:
            lines.append(rest)
            rest, passing = "", True
        yield _Block(lines, position)
    rest += decoder.decode(b"", final=True)
    if rest and not passing:
        yield _Block(rest.rstrip("\n").split("\n"), position)


def name_columns(header: list[str]) -> list[str]:
    """Name each column once: empty ones by their place, repeated ones with a number."""
    names: list[str] = []
    for place, raw in enumerate(header, start=1):
        name = shown(" ".join(raw.split()), HEADER_CHARACTERS - 6) or _("Column %(place)d") % {"place": place}
        count, unique = 1, name
        while unique in names:
            count += 1
            unique = f"{name} ({count})"
        names.append(unique)
    return names
