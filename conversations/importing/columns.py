"""Checks of one mapped column, many cells at a time: each cell becomes the text that is staged, or None with a reason.

The common case runs in C: a verdict per distinct value is looked up, a pattern is matched. Only what falls through is
looked at one by one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Protocol

from django.utils.translation import gettext as _

from connect.core.cells import unguard_cell
from connect.core.errors import Invalid
from conversations.addresses import (
    ADDRESS_OCTETS,
    LOCAL_PART_OCTETS,
    PLAIN_EMAIL,
    check_country,
    check_language,
    check_phone,
    check_zone,
    normalise_email,
)
from conversations.models import Attribute
from conversations.states import AttributeType
from conversations.values import Value, reader_of

MOST_VERDICTS = 20_000
KEPT_CHARACTERS = 200
#: What an empty cell becomes: it changes nothing. In the one column that isn't text, that is COPY's NULL.
NOTHING = ""
NULL = "\x01"
ID_CHARACTERS = 120
REGION_CHARACTERS = 60

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

Staged = list[str | None]
Reasons = dict[int, str]


class Column(Protocol):
    """The check of one column. `names` are the staged columns that it fills, one list of texts for each."""

    names: tuple[str, ...]

    def check(self, cells: list[str]) -> tuple[list[Staged], Reasons]:
        """Check stripped cells: the texts to stage, with None where a reason is given by the cell's place."""
        ...


def reason_of(error: Invalid) -> str:
    """Read the sentence of a refusal of one value."""
    return " ".join(says for sentences in error.fields.values() for says in sentences)


class Verdicts(dict[str, str | None]):
    """What each distinct value turned out to be; refused ones are asked again each time and never kept."""

    def __init__(self, read: Callable[[str], str], nothing: str) -> None:
        super().__init__({"": nothing})
        self._nothing = nothing
        self._read = read
        self.refused: dict[str, str] = {}

    def __missing__(self, raw: str) -> str | None:
        try:
            value = self._read(raw)
        except Invalid as error:
            self.refused[raw] = reason_of(error)
            return None
        if len(self) >= MOST_VERDICTS:
            self.clear()
            self[""] = self._nothing
        if len(raw) <= KEPT_CHARACTERS:
            self[raw] = value
        return value


class ByVerdict:
    """A column whose values repeat: languages, zones, countries, choices, days, numbers."""

    def __init__(self, name: str, read: Callable[[str], str], nothing: str = NOTHING) -> None:
        self.names: tuple[str, ...] = (name,)
        self._verdicts = Verdicts(read, nothing)

    def check(self, cells: list[str]) -> tuple[list[Staged], Reasons]:
        """Look each cell up."""
        verdicts = self._verdicts
        found = list(map(verdicts.__getitem__, cells))
        if not verdicts.refused:
            return [found], {}
        reasons = {place: verdicts.refused[cells[place]] for place, value in enumerate(found) if value is None}
        verdicts.refused = {}
        return [found], reasons


class Emails:
    """Addresses: as written, and in the form under which they are compared."""

    names: tuple[str, ...] = ("email", "email_key")

    def check(self, cells: list[str]) -> tuple[list[Staged], Reasons]:
        """Match the plain form first, and look long at the others alone."""
        lowered = list(map(str.lower, cells))
        plain = list(map(PLAIN_EMAIL.fullmatch, lowered))
        unusual = [place for place, match in enumerate(plain) if match is None and cells[place]]
        together = "\n".join(cells)
        if max(map(len, cells)) > LOCAL_PART_OCTETS or not together.isascii() or "xn--" in together.lower():
            unusual = [place for place, cell in enumerate(cells) if cell]
        keys: Staged = list(lowered)
        written: Staged = list(cells)
        reasons: Reasons = {}
        for place in unusual:
            try:
                keys[place] = normalise_email(cells[place])
                if len(cells[place]) > ADDRESS_OCTETS:
                    written[place] = keys[place]
            except Invalid as error:
                keys[place] = written[place] = None
                reasons[place] = reason_of(error)
        return [written, keys], reasons


class Plain:
    """Short text on one line: customer ids and regions."""

    def __init__(self, name: str, most: int, *, required: bool = False) -> None:
        self.names: tuple[str, ...] = (name,)
        self._most = most
        self._required = required

    def check(self, cells: list[str]) -> tuple[list[Staged], Reasons]:
        """Look at the column as a whole, and at single cells only where something is wrong."""
        found: Staged = list(cells)
        if (
            max(map(len, cells)) <= self._most
            and not (self._required and "" in cells)
            and not _CONTROL.search("".join(cells))
        ):
            return [found], {}
        reasons = {place: reason for place, cell in enumerate(cells) if (reason := self._fault(cell))}
        for place in reasons:
            found[place] = None
        return [found], reasons

    def _fault(self, cell: str) -> str:
        if not cell:
            return _("Nothing stands here; without it nobody can be told apart.") if self._required else ""
        if len(cell) > self._most:
            return _("At most %(most)d characters.") % {"most": self._most}
        return _("No line breaks or control characters here.") if _CONTROL.search(cell) else ""


class Texts:
    """Free text of a declared attribute: stored as it stands, as a member of a JSON object."""

    def __init__(self, name: str) -> None:
        self.names: tuple[str, ...] = (name,)
        self._key = _key_of(name)

    def check(self, cells: list[str]) -> tuple[list[Staged], Reasons]:
        """Write each as a member; whether it can be stored was looked at before."""
        key, quote = self._key, encode_basestring
        return [[f"{key}{quote(cell)}," if cell else NOTHING for cell in cells]], {}


def unguard_cells(cells: Sequence[str]) -> list[str]:
    """Take the guards against formulas off, as an export of ours put them on."""
    return [unguard_cell(cell) if cell.startswith("'") else cell for cell in cells]


def plain_column(field: str) -> Column:
    """Make the check of a field that every customer has.

    Errors: KeyError for another field.
    """
    return _PLAIN_COLUMNS[field]()


def declared_column(name: str, attribute: Attribute, zone: str) -> Column:
    """Make the check of a declared attribute or preference. It stages members of a JSON object, each with its comma."""
    if attribute.type == AttributeType.TEXT:
        return Texts(name)
    read, key = reader_of(attribute, zone), _key_of(name)
    return ByVerdict(name, lambda raw: f"{key}{_as_json(read(raw))},")


def interests_column(declared: Sequence[Attribute]) -> Column:
    """Make the check of a column of interests: names or labels with ; , or | between them. It stages an array."""
    known = {one.label.casefold(): one.name for one in declared} | {one.name.casefold(): one.name for one in declared}

    def read(raw: str) -> str:
        words = [word.strip() for word in re.split(r"[;,|]", raw) if word.strip()]
        for word in words:
            if word.casefold() not in known:
                raise Invalid({"": _("No interest of this name is declared: %(name)s") % {"name": word}})
        return "{" + ",".join(sorted({known[word.casefold()] for word in words})) + "}"

    return ByVerdict("interests", read, NULL)


def _key_of(name: str) -> str:
    return f"{encode_basestring(name.partition('.')[2])}:"


def _as_json(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return encode_basestring(value) if isinstance(value, str) else repr(value)


_PLAIN_COLUMNS: Mapping[str, Callable[[], Column]] = {
    "external_id": lambda: Plain("external_id", ID_CHARACTERS, required=True),
    "email": Emails,
    "phone": lambda: ByVerdict("phone", check_phone),
    "language": lambda: ByVerdict("language", check_language),
    "zone": lambda: ByVerdict("zone", check_zone),
    "country": lambda: ByVerdict("country", check_country),
    "region": lambda: Plain("region", REGION_CHARACTERS),
}
