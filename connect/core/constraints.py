"""Constraints of the database as the last word: a broken one becomes an error that names the field or the reason.

No look before the leap: two people saving at once both get a true answer.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, connection, transaction

from connect.core.errors import Conflict, Invalid


@contextmanager
def unique(constraint: str, fields: Mapping[str, str]) -> Iterator[None]:
    """Run a write in a savepoint; where it breaks this unique constraint, say so by field.

    Errors: Invalid with `fields`.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if constraint not in str(error):
            raise
        raise Invalid(fields) from error


@contextmanager
def unreferenced(reason: str) -> Iterator[None]:
    """Run a deletion in a savepoint, with foreign keys checked at its end; where something still rests on it, say so.

    Errors: Conflict with `reason`.
    """
    try:
        with transaction.atomic():
            yield
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    except IntegrityError as error:
        raise Conflict(reason) from error
