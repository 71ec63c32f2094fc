"""Put a large file on a list in the background, batch by batch; a lost worker's batches stay, another goes on.

Each batch is one transaction with its counts: from its commit on its entries are honoured, wherever a process dies.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import islice
from typing import IO, BinaryIO
from uuid import UUID, uuid4

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.errors import Terminal
from connect.core.handoff import Bell, ring
from connect.core.models import Member, Tenant
from connect.core.sql import Sql, rows, run
from connect.core.tenancy import in_tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.importing.files import FileGone, clean_name, forget_file, keep_file, open_file
from conversations.importing.seen import SeenIds
from suppression.actions.imports import Imported, put
from suppression.did import Did
from suppression.models import EntryFault, EntryImport, SuppressionList
from suppression.reading import Defaults, Fault, Row, read_rows
from suppression.states import ImportState, Reason

BATCH_LINES = 10_000
#: A worker that hasn't stored a batch for so long is taken for dead.
LEASE_SECONDS = 120
MOST_TRIES = 5
#: As many faults are kept for the report; the others are counted.
KEPT_FAULTS = 10_000
FAULT_CHARACTERS = 240

_CLAIM = """
UPDATE suppression_entryimport SET claim = %s, claimed_until = clock_timestamp() + %s * interval '1 second'
WHERE tenant_id = %s AND id = %s AND state = 'importing'
  AND (claimed_until IS NULL OR claimed_until < clock_timestamp())
"""
_HOLD = """
UPDATE suppression_entryimport SET claimed_until = clock_timestamp() + %s * interval '1 second'
WHERE tenant_id = %s AND id = %s AND claim = %s AND done = %s AND state = 'importing'
"""


class ClaimLost(Terminal):
    """Another worker has taken the import over, or its list is gone: this one stops."""


@dataclass(frozen=True)
class _Job:
    tenant: Tenant
    found: EntryImport
    claim: UUID

    @property
    def mine(self) -> Sql:
        return Sql(_HOLD, (LEASE_SECONDS, self.tenant.pk, self.found.pk, self.claim))


@in_tenant
def do_upload(
    tenant: Tenant,
    list_id: UUID,
    stream: IO[bytes],
    defaults: Defaults,
    *,
    file_name: str,
    by: Member | None,
    now: datetime,
) -> EntryImport:
    """Keep a file that is to be put on a list. A worker begins as soon as this is committed.

    Errors: SuppressionList.DoesNotExist; Invalid naming `file` where it is empty or no text.
    """
    listed = SuppressionList.objects.of(tenant).public(list_id)
    path, size = keep_file(tenant, stream)
    made = EntryImport.objects.create(
        tenant=tenant,
        suppression_list=listed,
        member=by,
        file_name=clean_name(file_name),
        path=path,
        size=size,
        reason=defaults.reason,
        source=defaults.source,
        expires_at=defaults.expires_at,
        created_at=now,
    )
    audit(tenant, by, Did.UPLOADED_ENTRIES, list_id, now=now, list=listed.name, bytes=size)
    ring(Bell.SUPPRESSIONS_UPLOADED, tenant.pk, made.pk)
    return made


def carry_on(tenant: Tenant, import_id: int, *, now: datetime) -> None:
    """Do what an import still waits for. Nothing, where another worker is at it, it is done, or its list is gone.

    Errors: whatever the database says when it is away: the import then waits for a worker.
    """
    job = _take(tenant, import_id)
    if job is None:
        return
    try:
        with open_file(job.found.path) as raw:
            for number, (position, batch) in enumerate(_batches(raw, job)):
                if number >= job.found.done:
                    _write(job, number, position, batch)
        _end(job, ImportState.FINISHED, now=now)
    except ClaimLost:
        return
    except FileGone:
        _end(job, ImportState.FAILED, _("The file isn't there any more. Upload it again."), now=now)
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError:
        _end(job, ImportState.FAILED, _("A line of this file can't be stored. Nothing after it was put in."), now=now)
        raise
    forget_file(job.found.path)


def open_entry_imports() -> list[tuple[int, int]]:
    """List (tenant id, import id) of all imports that wait and that no worker holds, over all tenants."""
    found = rows(Sql("SELECT * FROM open_entry_imports()"))
    return [(int(tenant_id), int(import_id)) for tenant_id, import_id in found]


def _take(tenant: Tenant, import_id: int) -> _Job | None:
    claim = uuid4()
    with open_tenant(tenant):
        if not run(Sql(_CLAIM, (claim, LEASE_SECONDS, tenant.pk, import_id))):
            return None
        found = EntryImport.objects.of(tenant).select_related("suppression_list").get(pk=import_id)
        return _Job(tenant, found, claim)


def _batches(raw: BinaryIO, job: _Job) -> Iterator[tuple[int, list[Row | Fault | None]]]:
    """Read the file in batches, each with the octets read so far. None stands for a line that repeats an earlier one.

    Whoever goes on with a file reads it from its beginning, since only then repetitions are known.
    """
    found = job.found
    defaults = Defaults(Reason(found.reason), found.source, found.expires_at)
    # The time of the upload, so that a second reading judges each line as the first one did.
    read = read_rows(raw, defaults, now=found.created_at)
    seen = SeenIds()
    while batch := list(islice(read, BATCH_LINES)):
        # Who has read the last line has closed the file.
        yield found.size if raw.closed else raw.tell(), _once(batch, seen)


def _once(batch: list[Row | Fault], seen: SeenIds) -> list[Row | Fault | None]:
    good = [one for one in batch if isinstance(one, Row)]
    again = seen.claim([f"{one.value.kind}:{one.value.value}" for one in good], [one.line for one in good])
    repeated = {good[place].line for place in again}
    return [None if isinstance(one, Row) and one.line in repeated else one for one in batch]


def _write(job: _Job, number: int, position: int, batch: list[Row | Fault | None]) -> None:
    for left in reversed(range(MOST_TRIES)):
        try:
            with open_tenant(job.tenant):
                if not run(job.mine + Sql("", (number,))):
                    raise ClaimLost
                fresh = [one for one in batch if one is not None]
                done = put(job.found.suppression_list, fresh, now=job.found.created_at)
                repeated = len(batch) - len(fresh)
                _note(job, replace(done, lines=len(batch), repeated=done.repeated + repeated), position)
        except (IntegrityError, OperationalError):
            # Somebody waits for us as we wait for them, or has just deleted the list: look again.
            if not left or connection.in_atomic_block:
                raise
        else:
            return


def _note(job: _Job, batch: Imported, position: int) -> None:
    mine = EntryImport.objects.of(job.tenant).filter(pk=job.found.pk)
    found = mine.get()
    counts = {name: count for name, count in asdict(batch).items() if name != "faults"}
    room = max(0, KEPT_FAULTS - found.counts.get("refused", 0))
    EntryFault.objects.bulk_create(
        [
            EntryFault(
                tenant=job.tenant,
                entry_import=found,
                line=fault.line,
                value=fault.value,
                reason=fault.reason[:FAULT_CHARACTERS],
            )
            for fault in batch.faults[:room]
        ]
    )
    total = {name: found.counts.get(name, 0) + count for name, count in counts.items()}
    mine.update(counts=total, position=position, done=found.done + 1)


def _end(job: _Job, state: ImportState, note: str = "", *, now: datetime) -> None:
    with open_tenant(job.tenant):
        mine = EntryImport.objects.of(job.tenant).filter(pk=job.found.pk, claim=job.claim)
        found = mine.select_for_update().first()
        if found is None:
            return
        mine.move(state, note=note, finished_at=now, claim=None, claimed_until=None)
        listed = job.found.suppression_list
        told = {name: found.counts.get(name, 0) for name in ("lines", "added", "prolonged", "refused")}
        audit(job.tenant, found.member, Did.IMPORTED_ENTRIES, listed.public_id, now=now, list=listed.name, **told)
