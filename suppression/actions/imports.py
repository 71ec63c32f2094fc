"""Import a file of suppressions into a list: read line by line, copied, then put in by one statement."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from uuid import UUID

from django.db import connection

from connect.core.audit import audit
from connect.core.models import Member, Tenant
from connect.core.tenancy import in_tenant
from suppression.actions.entries import PROLONG
from suppression.did import Did
from suppression.models import SuppressionList
from suppression.reading import Defaults, Fault, Row, read_rows

#: So many faults are kept to be shown; all are counted.
FAULTS_KEPT = 1000

_STAGE = """
    CREATE TEMPORARY TABLE suppression_stage (
        line integer, kind text COLLATE "C", value text COLLATE "C", reason text, source text, expires_at timestamptz
    ) ON COMMIT DROP
"""
_COPY = "COPY suppression_stage (line, kind, value, reason, source, expires_at) FROM STDIN"
# In the order of the unique index, so that two imports at once wait for each other and never lock each other out.
_PUT = f"""
    WITH once AS (SELECT DISTINCT ON (kind, value) * FROM suppression_stage ORDER BY kind, value, line),
    put AS (
        INSERT INTO suppression_entry AS e
            (tenant_id, public_id, suppression_list_id, kind, value, reason, source, created_at, expires_at)
        SELECT %s, gen_random_uuid(), %s, kind, value, reason, source, %s, expires_at FROM once
        {PROLONG}
        RETURNING e.xmax = 0 AS is_new
    )
    SELECT (SELECT count(*) FROM once), count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM put
"""


@dataclass(frozen=True)
class Imported:
    """What became of a file's lines, blank ones and the header not counted.

    `lines` = added + prolonged + unchanged + repeated + refused. `faults` are the first refused ones.
    """

    lines: int
    added: int
    prolonged: int
    unchanged: int
    repeated: int
    refused: int
    faults: list[Fault]


@in_tenant
def import_entries(
    tenant: Tenant, list_id: UUID, file: BinaryIO, defaults: Defaults, *, by: Member | None, now: datetime
) -> Imported:
    """Put every good line of a file on a list, and report every bad one.

    Errors: SuppressionList.DoesNotExist.
    """
    listed = SuppressionList.objects.of(tenant).public(list_id)
    done = put(listed, read_rows(file, defaults, now=now), now=now)
    counts = {"lines": done.lines, "added": done.added, "prolonged": done.prolonged, "refused": done.refused}
    audit(tenant, by, Did.IMPORTED_ENTRIES, list_id, now=now, list=listed.name, **counts)
    return done


def put(listed: SuppressionList, read: Iterable[Row | Fault], *, now: datetime) -> Imported:
    """Put good lines on a list by one statement. Belongs into the tenant's transaction."""
    faults: list[Fault] = []
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS suppression_stage")
        cursor.execute(_STAGE)
        staged, refused = _stage(read, faults)
        cursor.execute(_PUT, [listed.tenant_id, listed.pk, now])
        once, added, prolonged = cursor.fetchone()
        cursor.execute("DROP TABLE suppression_stage")
    return Imported(
        lines=staged + refused,
        added=added,
        prolonged=prolonged,
        unchanged=once - added - prolonged,
        repeated=staged - once,
        refused=refused,
        faults=faults,
    )


def _stage(read: Iterable[Row | Fault], faults: list[Fault]) -> tuple[int, int]:
    staged = refused = 0
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row in read:
            if isinstance(row, Fault):
                refused += 1
                if len(faults) < FAULTS_KEPT:
                    faults.append(row)
            else:
                staged += 1
                copy.write_row((row.line, row.value.kind, row.value.value, row.reason, row.source, row.expires_at))
    return staged, refused
