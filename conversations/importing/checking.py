"""Turn batches of rows into text that COPY takes: each cell checked, each refused line with its reasons.

Work goes by column, not by row: see `conversations/importing/columns.py`.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from django.utils.translation import gettext as _

from conversations.addresses import shown
from conversations.importing.columns import (
    Column,
    Reasons,
    Staged,
    declared_column,
    interests_column,
    plain_column,
    unguard_cells,
)
from conversations.importing.reading import BROKEN, CELL_CHARACTERS, Batch, Fault
from conversations.importing.seen import SeenIds
from conversations.models import Attribute
from conversations.states import AttributeKind

#: Columns whose values are JSON, gathered into one object each.
OBJECTS = ("attributes", "preferences")
#: A file that is wrong from end to end is told so by its first faults.
MOST_FAULTS_A_BATCH = 10_000
PUBLIC_ID_OCTETS = 16
OWN_OCTETS = 12


@dataclass(frozen=True)
class Checked:
    """A batch ready to be staged: `text` is COPY's own format; `refused` of its `lines` aren't in it."""

    number: int
    position: int
    lines: int
    refused: int
    columns: tuple[str, ...]
    text: bytes
    faults: list[Fault]


@dataclass(frozen=True)
class _Mapped:
    place: int
    header: str
    column: Column


class Checker:
    """Checks the rows of one file, in order: it remembers the customer ids that were named."""

    def __init__(
        self, columns: Sequence[str], mapping: Mapping[str, str], attributes: Iterable[Attribute], zone: str
    ) -> None:
        declared = list(attributes)
        self._mapped = [
            _Mapped(place, header, _column_for(mapping[header], declared, zone))
            for place, header in enumerate(columns)
            if mapping.get(header)
        ]
        names = [name for one in self._mapped for name in one.column.names]
        self._plain = [name for name in names if "." not in name]
        self._objects = {key: [name for name in names if name.startswith(f"{key}.")] for key in OBJECTS}
        self.columns = (*self._plain, *(key for key, members in self._objects.items() if members), "public_id")
        self._id_header = next(one.header for one in self._mapped if "external_id" in one.column.names)
        self._seen = SeenIds()

    def check(self, batch: Batch) -> Checked:
        """Check one batch."""
        staged: dict[str, Staged] = {}
        wrong: dict[int, list[Fault]] = {}
        if batch.rows:
            for one, cells in self._columns_of(batch):
                reasons = _odd_cells(cells) if batch.odd else {}
                texts, found = one.column.check(cells)
                staged.update(zip(one.column.names, texts, strict=True))
                for place, reason in (found | reasons).items():
                    fault = Fault(batch.lines[place], one.header, shown(cells[place]), reason)
                    wrong.setdefault(place, []).append(fault)
        blank = [place for place in wrong if not any(cell.strip() for cell in batch.rows[place])]
        self._refuse_repeated(staged.get("external_id", []), batch, wrong)
        keep = [place not in wrong for place in range(len(batch.rows))] if wrong else []
        for place in blank:
            del wrong[place]
        faults = batch.faults + [fault for place in sorted(wrong) for fault in wrong[place]]
        return Checked(
            number=batch.number,
            position=batch.position,
            lines=len(batch.rows) + len(batch.faults) - len(blank),
            refused=len(batch.faults) + len(wrong),
            columns=self.columns,
            text=self._write(staged, keep),
            faults=sorted(faults, key=lambda fault: fault.line)[:MOST_FAULTS_A_BATCH],
        )

    def _columns_of(self, batch: Batch) -> Iterable[tuple[_Mapped, list[str]]]:
        by_place = list(zip(*batch.rows, strict=True))
        for one in self._mapped:
            cells = list(map(str.strip, by_place[one.place]))
            yield one, unguard_cells(cells) if batch.guarded else cells

    def _refuse_repeated(self, ids: Staged, batch: Batch, wrong: dict[int, list[Fault]]) -> None:
        # Only a good line claims its id: a broken one mustn't stand in the way of its correction further down.
        places = [place for place in range(len(ids)) if place not in wrong] if wrong else range(len(ids))
        good = [str(ids[place]) for place in places] if wrong else list(map(str, ids))
        lines = [batch.lines[place] for place in places] if wrong else batch.lines
        for at, first in self._seen.claim(good, lines).items():
            says = (
                _("Line %(line)d has this customer id already.") if first else _("A line before has this customer id.")
            )
            wrong[places[at]] = [Fault(lines[at], self._id_header, shown(good[at]), says % {"line": first})]

    def _write(self, staged: dict[str, Staged], keep: list[bool]) -> bytes:
        if not staged or (keep and not any(keep)):
            return b""
        kept = {name: list(compress(texts, keep)) for name, texts in staged.items()} if keep else staged
        columns = [kept[name] for name in self._plain]
        columns += [_objects([kept[name] for name in members]) for members in self._objects.values() if members]
        columns.append(_public_ids(len(columns[0])))
        text = _joined(columns)
        if _needs_escaping(text, len(columns), len(columns[0])):
            text = _joined([_escaped(texts) for texts in columns])
        return text.encode()


def _column_for(field: str, declared: list[Attribute], zone: str) -> Column:
    kind, _dot, name = field.partition(".")
    if kind == "interests":
        return interests_column([one for one in declared if one.kind == AttributeKind.INTEREST])
    if kind not in OBJECTS:
        return plain_column(field)
    kinds = {"attributes": AttributeKind.ATTRIBUTE, "preferences": AttributeKind.PREFERENCE}
    found = next(one for one in declared if one.kind == kinds[kind] and one.name == name)
    return declared_column(field, found, zone)


def _odd_cells(cells: list[str]) -> Reasons:
    """Find the cells that no field can take."""
    reasons: Reasons = {}
    for place, cell in enumerate(cells):
        if len(cell) > CELL_CHARACTERS:
            reasons[place] = _("This cell has %(count)d characters; at most %(most)d can be stored.") % {
                "count": len(cell),
                "most": CELL_CHARACTERS,
            }
        elif BROKEN in cell:
            reasons[place] = _("There are letters that can't be read: the file has another encoding, or was damaged.")
        elif "\x00" in cell:
            reasons[place] = _("There is a NUL character in it.")
    return reasons


def _objects(members: list[Staged]) -> Staged:
    """Write one JSON object a row from its members, each of which ends with a comma."""
    return ["{" + "".join(row)[:-1] + "}" for row in zip(*members, strict=True)]


def _public_ids(count: int) -> Staged:
    """Draw public ids that begin alike: beside each other in their index, they are entered twice as fast.

    Of 128 bits, 96 are each id's own. That two customers came in the same batch is all that their ids tell.
    """
    head, tails = secrets.token_hex(PUBLIC_ID_OCTETS - OWN_OCTETS), secrets.token_hex(OWN_OCTETS * count)
    return [head + tails[at : at + 2 * OWN_OCTETS] for at in range(0, len(tails), 2 * OWN_OCTETS)]


def _joined(columns: list[Staged]) -> str:
    return "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"


def _needs_escaping(text: str, columns: int, rows: int) -> bool:
    """Tell whether some cell holds what means something to COPY."""
    return "\\" in text or "\r" in text or text.count("\n") != rows or text.count("\t") != rows * (columns - 1)


def _escaped(texts: Staged) -> Staged:
    """Escape what means something to COPY.

    Source: https://www.postgresql.org/docs/current/sql-copy.html, "Text Format"
    """
    return [_escape(str(text)) for text in texts]


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
