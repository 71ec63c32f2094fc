"""Composable SQL: text written by us, values carried as parameters, never the other way round."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection


@dataclass(frozen=True)
class Sql:
    """A piece of SQL with its parameters, in the order of its `%s`. `text` never holds a user's words."""

    text: str
    params: tuple[Any, ...] = field(default=())

    def __add__(self, other: "Sql | str") -> "Sql":
        more = Sql(other) if isinstance(other, str) else other
        return Sql(self.text + more.text, self.params + more.params)

    def __radd__(self, other: str) -> "Sql":
        return Sql(other) + self


def join(separator: str, pieces: Sequence[Sql]) -> Sql:
    """Put pieces side by side with a separator."""
    return Sql(
        separator.join(piece.text for piece in pieces), tuple(value for piece in pieces for value in piece.params)
    )


def rows(sql: Sql) -> list[tuple[Any, ...]]:
    """Run it and fetch all rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql.text, sql.params)
        return list(cursor.fetchall())


def run(sql: Sql) -> int:
    """Run it and count the rows that it touched."""
    with connection.cursor() as cursor:
        cursor.execute(sql.text, sql.params)
        return int(cursor.rowcount)
