"""Types of the rule language's fields: what a value must look like, how it is shown, and which operators fit.

An upper floor may bring types of its own with its fields. Where next: `sources.py`, the fields themselves.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audiences.rules import operators as ops
from audiences.rules.operators import Operator, Side, Takes
from connect.core import formats
from connect.core.errors import Invalid
from connect.core.sql import Sql
from conversations.addresses import check_language

MAX_TEXT_CHARACTERS = 200
MAX_NUMBER = 10**15

ISO_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
ISO_INSTANT = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?"
    r"(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])"
)
#: As `conversations/values.py` stores an instant: in UTC, to the second. The same pattern stands in the SQL.
STORED_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
DOMAIN = re.compile(r"[a-z0-9.-]{1,253}", re.ASCII)


class BadValue(ValueError):
    """A rule's value doesn't fit its field; the message is for people."""


@dataclass(frozen=True)
class Manner:
    """How values are written for people: in whose zone, and under which names."""

    zone: ZoneInfo
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FieldType:
    """One type. `read` turns a JSON value into the form in which it is compared, or raises BadValue.

    `control` names the way in which forms ask for a value (`audiences/forms/controls.py`).
    """

    name: str
    operators: Mapping[str, Operator]
    read: Callable[[object], Any]
    control: str = "text"
    show: Callable[[Any, Manner], str] = lambda raw, manner: manner.choices.get(str(raw), str(raw))


def _typed(name: str, offered: list[Operator], read: Callable[[object], Any], **more: Any) -> FieldType:
    return FieldType(name, {operator.name: operator for operator in offered}, read, **more)


# --- Text ----------------------------------------------------------------------------------------------------------


def read_text(value: object) -> str:
    """Take a text as it stands."""
    if not isinstance(value, str) or value == "":
        raise BadValue(_("Enter a text."))
    if len(value) > MAX_TEXT_CHARACTERS:
        raise BadValue(_("Enter at most %(limit)d characters.") % {"limit": MAX_TEXT_CHARACTERS})
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise BadValue(_("This text holds a character that can’t be stored."))
    return value


def _read_folded(value: object) -> str:
    return read_text(value).casefold()


def _fold(expr: Sql) -> Sql:
    return "casefold(" + expr + ' COLLATE "pg_unicode_fast")'


_folded = Side(left=_fold, key=str.casefold)
_exact = Side()

TEXT = _typed("text", [*ops.equality(_folded), *ops.parts(_folded), *ops.presence("<> ''")], _read_folded)
CODE = _typed("code", [*ops.equality(_exact), *ops.parts(_exact), *ops.presence("<> ''")], read_text)


def _read_choice(value: object) -> str:
    if not isinstance(value, str) or value == "":
        raise BadValue(_("Choose a value."))
    return read_text(value)


CHOICE = _typed("choice", [*ops.equality(_exact), *ops.presence("<> ''")], _read_choice)


def _read_domain(value: object) -> str:
    text = read_text(value).strip().lower().removeprefix("@")
    try:
        ascii_text = text if text.isascii() else text.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise BadValue(_("Enter a domain, like example.com.")) from error
    if not DOMAIN.fullmatch(ascii_text):
        raise BadValue(_("Enter a domain, like example.com."))
    return ascii_text


DOMAIN_NAME = _typed("domain", [*ops.equality(_exact), ops.ending(_exact), *ops.presence("<> ''")], _read_domain)


# --- Language ------------------------------------------------------------------------------------------------------


def _read_language(value: object) -> str:
    text = read_text(value)
    try:
        return check_language(text)
    except Invalid as error:
        raise BadValue(" ".join(error.fields["language"])) from error


def _speaks(seen: str, language: str) -> bool:
    return seen == language or seen.startswith(f"{language}-")


_one_language = Operator(
    "equals",
    gettext_lazy("is"),
    Takes.ONE,
    lambda expr, value, _at: "(" + expr + Sql(" = %s OR starts_with(", (value,)) + expr + Sql(", %s))", (f"{value}-",)),
    lambda seen, value, _at: _speaks(seen, value),
)
_some_language = Operator(
    "one_of",
    gettext_lazy("is one of"),
    Takes.MANY,
    lambda expr, values, _at: (
        "("
        + expr
        + Sql(" = ANY(%s::text[]) OR ", (list(values),))
        + expr
        + Sql(" ^@ ANY(%s::text[]))", ([f"{value}-" for value in values],))
    ),
    lambda seen, values, _at: any(_speaks(seen, value) for value in values),
)

#: A language fits its regional forms: fr fits fr-CA, fr-CA doesn't fit fr.
LANGUAGE = _typed(
    "language",
    [
        _one_language,
        ops.complement(_one_language, "not_equals", gettext_lazy("is not")),
        _some_language,
        ops.complement(_some_language, "none_of", gettext_lazy("is none of")),
        *ops.presence("<> ''"),
    ],
    _read_language,
)


# --- Numbers and yes or no -----------------------------------------------------------------------------------------


def _read_number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadValue(_("Enter a number."))
    if not abs(value) <= MAX_NUMBER:  # not a number fits no comparison
        raise BadValue(_("Enter a number from −10¹⁵ to 10¹⁵."))
    return Decimal(str(value))


def _write_number(raw: Any, _manner: Manner) -> str:
    exponent = Decimal(str(raw)).as_tuple().exponent
    return formats.number(raw, digits=max(0, -exponent) if isinstance(exponent, int) else None)


_numeric = Side(cast="numeric")

NUMBER = _typed(
    "number",
    [
        *ops.equality(_numeric),
        *ops.order(
            _numeric,
            {
                "greater": gettext_lazy("is more than"),
                "at_least": gettext_lazy("is at least"),
                "less": gettext_lazy("is less than"),
                "at_most": gettext_lazy("is at most"),
            },
        ),
        *ops.presence("IS NOT NULL"),
    ],
    _read_number,
    control="number",
    show=_write_number,
)


def _read_boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadValue(_("Choose yes or no."))
    return value


_truth = ops.equality(Side(cast="boolean"))[0]


def _yes_or_no(raw: Any, _manner: Manner) -> str:
    return _("yes") if raw else _("no")


BOOLEAN = _typed("boolean", [_truth, *ops.presence("IS NOT NULL")], _read_boolean, control="yesno", show=_yes_or_no)
#: Like a boolean that is always set: an interest that a customer has or hasn't.
FLAG = _typed("flag", [_truth], _read_boolean, control="yesno", show=_yes_or_no)


# --- Time ----------------------------------------------------------------------------------------------------------


def _read_date(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(ISO_DATE, value):
        raise BadValue(_("Enter a date."))
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise BadValue(_("There is no such day.")) from error
    return value


# ISO dates of four-digit years sort like the days they name, so nothing is cast that could fail.
_iso_days = Side(left=lambda expr: expr + ' COLLATE "C"')

DATE = _typed(
    "date",
    [
        ops.equality(_iso_days)[0],
        ops.equality(_iso_days)[1],
        *ops.order(_iso_days, {"before": gettext_lazy("is before"), "after": gettext_lazy("is after")}),
        *ops.days_of_dates(_iso_days),
        *ops.presence("IS NOT NULL"),
    ],
    _read_date,
    control="date",
    show=lambda raw, _manner: formats.as_date(date.fromisoformat(raw)),
)


def _read_instant(value: object) -> datetime:
    if not isinstance(value, str) or not re.fullmatch(ISO_INSTANT, value):
        raise BadValue(_("Enter a date and a time."))
    try:
        instant = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise BadValue(_("There is no such time.")) from error
    if not 1800 <= instant.year <= 2200:
        raise BadValue(_("Enter a time between 1800 and 2200."))
    return instant


def _datetime(side: Side) -> FieldType:
    return _typed(
        "datetime",
        [
            *ops.order(side, {"before": gettext_lazy("is before"), "after": gettext_lazy("is after")}),
            *ops.days_of_instants(side),
            *ops.presence("IS NOT NULL"),
        ],
        _read_instant,
        control="datetime",
        show=lambda raw, manner: formats.as_datetime(datetime.fromisoformat(raw), manner.zone),
    )


def _second(stored: str) -> str:
    return stored.removesuffix("Z")


def _fine(instant: datetime) -> str:
    """Write an instant in UTC without its zone: a fraction comes after the whole second, in time as in letters."""
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat()


#: An instant in a column of PostgreSQL's own type.
DATETIME = _datetime(Side(cast="timestamptz"))
#: An instant as text in JSON, compared as text: casting each would take five times as long, and could fail.
STORED_DATETIME = _datetime(Side(left=lambda expr: "left(" + expr + ', 19) COLLATE "C"', key=_second, bound=_fine))
