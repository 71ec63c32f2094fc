"""A list's entries as CSV, in chunks, each read in a transaction of its own, with no cell that runs as a formula."""

import csv
import io
from collections.abc import Iterator

from connect.core.cells import guard_cell
from connect.core.models import Tenant
from connect.core.tenancy import tenant as open_tenant
from suppression.models import Entry

CHUNK_ROWS = 10_000
HEADER = ("value", "kind", "reason", "source", "since", "expires")


def export_rows(tenant: Tenant, list_id: int) -> Iterator[bytes]:
    """Write a list oldest first. What is written can be imported again.

    Shape: UTF-8, CRLF, the header first.
    """
    yield _write([HEADER])
    last = 0
    while chunk := _chunk(tenant, list_id, last):
        last = chunk[-1].pk
        yield _write([_row(entry) for entry in chunk])


def _chunk(tenant: Tenant, list_id: int, last: int) -> list[Entry]:
    with open_tenant(tenant):
        found = Entry.objects.of(tenant).filter(suppression_list_id=list_id, pk__gt=last).order_by("pk")
        return list(found[:CHUNK_ROWS])


def _row(entry: Entry) -> tuple[str, ...]:
    until = entry.expires_at.isoformat() if entry.expires_at else ""
    told = (entry.value, entry.kind, entry.reason, entry.source, entry.created_at.isoformat(), until)
    return tuple(guard_cell(cell) for cell in told)


def _write(rows: list[tuple[str, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
