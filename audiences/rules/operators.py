"""Operators of the rule language: each carries its SQL and its in-memory test side by side.

Both see only values that are set; a field that is not set fits no operator. An operator with `negated` is the exact
complement of its positive twin, so it also fits where the field is not set. See `types.py` for who offers which.
"""

import operator as python
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from connect.core.sql import Sql

MAX_DAYS = 36_500


class Takes(StrEnum):
    """How many values an operator wants beside the field."""

    NOTHING = "nothing"
    ONE = "one"
    MANY = "many"
    TWO = "two"
    DAYS = "days"


@dataclass(frozen=True)
class Moment:
    """When a rule is asked: the instant, and the calendar day in the tenant's own time zone."""

    now: datetime
    today: date

    @classmethod
    def at(cls, now: datetime, zone: str) -> "Moment":
        """Work out the day of an instant in a zone."""
        return cls(now, now.astimezone(ZoneInfo(zone)).date())


@dataclass(frozen=True)
class Operator:
    """One comparison. `sql` may come out NULL where the field is not set; `test` is never asked then."""

    name: str
    label: str | Promise
    takes: Takes
    sql: Callable[[Sql, Any, Moment], Sql]
    test: Callable[[Any, Any, Moment], bool]
    negated: bool = False


def complement(of: Operator, name: str, label: str | Promise) -> Operator:
    """Make the operator that fits exactly where `of` doesn't."""
    return replace(of, name=name, label=label, negated=True)


COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": python.eq,
    ">": python.gt,
    ">=": python.ge,
    "<": python.lt,
    "<=": python.le,
}


@dataclass(frozen=True)
class Side:
    """How what is stored (`left` in SQL, `key` in memory) and what is asked for (`bound`) are brought into one form."""

    left: Callable[[Sql], Sql] = lambda expr: expr
    key: Callable[[Any], Any] = lambda seen: seen
    bound: Callable[[Any], Any] = lambda value: value
    cast: str = "text"

    def sql(self, symbol: str, expr: Sql, value: Any) -> Sql:
        """Write one comparison of size."""
        return self.left(expr) + Sql(f" {symbol} %s::{self.cast}", (self.bound(value),))

    def holds(self, symbol: str, seen: Any, value: Any) -> bool:
        """Make the same comparison in memory."""
        return bool(COMPARISONS[symbol](self.key(seen), self.bound(value)))

    def compare(self, name: str, label: str | Promise, symbol: str) -> Operator:
        """Make an operator of one comparison of size."""
        return Operator(
            name,
            label,
            Takes.ONE,
            lambda expr, value, _at: self.sql(symbol, expr, value),
            lambda seen, value, _at: self.holds(symbol, seen, value),
        )


def presence(filled: str) -> list[Operator]:
    """Offer *is set* and *is not set*; `filled` is the SQL test that follows the expression."""
    is_set = Operator("set", _("is set"), Takes.NOTHING, lambda expr, _v, _at: expr + f" {filled}", lambda *_all: True)
    return [is_set, complement(is_set, "not_set", _("is not set"))]


def equality(side: Side) -> list[Operator]:
    """Offer *is*, *is not*, *is one of*, *is none of*."""
    equals = side.compare("equals", _("is"), "=")
    one_of = Operator(
        "one_of",
        _("is one of"),
        Takes.MANY,
        lambda expr, values, _at: side.left(expr) + Sql(f" = ANY(%s::{side.cast}[])", (list(values),)),
        lambda seen, values, _at: side.key(seen) in values,
    )
    return [
        equals,
        complement(equals, "not_equals", _("is not")),
        one_of,
        complement(one_of, "none_of", _("is none of")),
    ]


def parts(side: Side) -> list[Operator]:
    """Offer *contains*, *doesn't contain*, *starts with*, *ends with*, without any pattern language."""
    contains = Operator(
        "contains",
        _("contains"),
        Takes.ONE,
        lambda expr, value, _at: "strpos(" + side.left(expr) + Sql(", %s) > 0", (value,)),
        lambda seen, value, _at: value in side.key(seen),
    )
    starts = Operator(
        "starts_with",
        _("starts with"),
        Takes.ONE,
        lambda expr, value, _at: "starts_with(" + side.left(expr) + Sql(", %s)", (value,)),
        lambda seen, value, _at: bool(side.key(seen).startswith(value)),
    )
    return [contains, complement(contains, "not_contains", _("doesn’t contain")), starts, ending(side)]


def ending(side: Side) -> Operator:
    """Offer *ends with*."""
    return Operator(
        "ends_with",
        _("ends with"),
        Takes.ONE,
        lambda expr, value, _at: "right(" + side.left(expr) + Sql(", %s) = %s", (len(value), value)),
        lambda seen, value, _at: bool(side.key(seen).endswith(value)),
    )


def order(side: Side, words: dict[str, str | Promise]) -> list[Operator]:
    """Offer comparisons of size, by the names and labels in `words`, and *between*, both ends included."""
    offered = [side.compare(name, label, SYMBOLS[name]) for name, label in words.items()]
    return [*offered, within("between", _("is between"), Takes.TWO, side, lambda pair, _at: pair)]


SYMBOLS = {"greater": ">", "at_least": ">=", "less": "<", "at_most": "<=", "after": ">", "before": "<"}


def within(
    name: str,
    label: str | Promise,
    takes: Takes,
    side: Side,
    ends: Callable[[Any, Moment], tuple[Any, Any]],
) -> Operator:
    """Make an operator that fits from one end to the other, both included; `ends` works them out."""

    def sql(expr: Sql, value: Any, at: Moment) -> Sql:
        first, last = ends(value, at)
        return side.sql(">=", expr, first) + " AND " + side.sql("<=", expr, last)

    def test(seen: Any, value: Any, at: Moment) -> bool:
        first, last = ends(value, at)
        return side.holds(">=", seen, first) and side.holds("<=", seen, last)

    return Operator(name, label, takes, sql, test)


def days_of_dates(side: Side) -> list[Operator]:
    """Offer *in the last*, *in the next* and *at least n days ago* over calendar days; spans hold n days with today."""

    def back(days: int, at: Moment) -> str:
        return (at.today - timedelta(days)).isoformat()

    return [
        within("in_last_days", _("is in the last"), Takes.DAYS, side, lambda n, at: (back(n - 1, at), back(0, at))),
        within("in_next_days", _("is in the next"), Takes.DAYS, side, lambda n, at: (back(0, at), back(1 - n, at))),
        _ago(side, back),
    ]


def days_of_instants(side: Side) -> list[Operator]:
    """Offer the same over instants: a day is 24 hours from now."""

    def back(days: int, at: Moment) -> datetime:
        return at.now - timedelta(days)

    return [
        within("in_last_days", _("is in the last"), Takes.DAYS, side, lambda n, at: (back(n, at), at.now)),
        within("in_next_days", _("is in the next"), Takes.DAYS, side, lambda n, at: (at.now, back(-n, at))),
        _ago(side, back),
    ]


def _ago(side: Side, back: Callable[[int, Moment], Any]) -> Operator:
    return Operator(
        "days_ago",
        _("is at least … days ago"),
        Takes.DAYS,
        lambda expr, days, at: side.sql("<=", expr, back(days, at)),
        lambda seen, days, at: side.holds("<=", seen, back(days, at)),
    )
