"""Carry an import or its dry run to the end, batch by batch; a lost worker's batches stay, another goes on after them.

One thread reads and checks, others write: while PostgreSQL stores one batch, the next is made ready. Each batch is one
transaction with its counts, so that nothing is counted twice or lost, wherever a process dies.
"""

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.errors import Invalid, Terminal
from connect.core.models import Tenant
from connect.core.sql import Sql, rows, run
from connect.core.tenancy import tenant as open_tenant
from conversations.did import Did
from conversations.importing.checking import Checked, Checker
from conversations.importing.files import FileGone, forget_file, open_file
from conversations.importing.pipeline import pump
from conversations.importing.reading import LAYOUT, Table
from conversations.importing.staging import Consent, Counts, apply
from conversations.models import Attribute, CustomerImport, ImportFault
from conversations.states import ImportState

#: A worker that hasn't stored a batch for so long is taken for dead.
LEASE_SECONDS = 120
WRITERS = 2
MOST_TRIES = 5
#: As many faults are kept for the report; the others are counted.
KEPT_FAULTS = 10_000
FAULT_WIDTHS = {"column": 120, "value": 120, "reason": 240}

_CLAIM = """
UPDATE conversations_customerimport SET claim = %s, claimed_until = now() + %s * interval '1 second'
WHERE tenant_id = %s AND id = %s AND state IN ('checking', 'importing')
  AND (claimed_until IS NULL OR claimed_until < now())
"""
_NOTE = """
UPDATE conversations_customerimport
SET counts = %s, faults = %s, position = greatest(position, %s), done = %s,
    claimed_until = clock_timestamp() + %s * interval '1 second'
WHERE tenant_id = %s AND id = %s
"""


class ClaimLost(Terminal):
    """Another worker has taken the import over: this one stops."""


@dataclass(frozen=True)
class _Job:
    """What a worker knows about the import that it holds."""

    tenant: Tenant
    import_id: int
    claim: UUID
    dry: bool
    consent: Consent
    path: str
    encoding: str
    delimiter: str
    mapping: dict[str, str]
    attributes: list[Attribute]
    done: frozenset[int]
    now: datetime


def carry_on(tenant: Tenant, import_id: int, *, now: datetime) -> Counts:
    """Do what an import still waits for: its dry run or itself. Nothing, where another worker is at it or it is done.

    Errors: CustomerImport.DoesNotExist; whatever the database says when it is away: the import then waits for a worker.
    """
    job = _take(tenant, import_id, now)
    if job:
        try:
            _run(job)
        except ClaimLost:
            pass  # the other worker finishes it
        except FileGone:
            _end(job, ImportState.FAILED, _("The file isn't there any more. Upload it again."))
        except Invalid as error:
            _end(job, ImportState.FAILED, " ".join(says for many in error.fields.values() for says in many))
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError:
            _end(job, ImportState.FAILED, _("A line of this file can't be stored. Nothing after it was imported."))
            raise
    with open_tenant(tenant):
        return Counts.read(CustomerImport.objects.of(tenant).get(pk=import_id).counts)


def open_imports() -> list[tuple[int, int]]:
    """List (tenant id, import id) of all imports and dry runs that wait and that no worker holds, over all tenants."""
    return [(int(tenant_id), int(import_id)) for tenant_id, import_id in rows(Sql("SELECT * FROM open_imports()"))]


def _take(tenant: Tenant, import_id: int, now: datetime) -> _Job | None:
    claim = uuid4()
    with open_tenant(tenant):
        if not run(Sql(_CLAIM, (claim, LEASE_SECONDS, tenant.pk, import_id))):
            return None
        found = CustomerImport.objects.of(tenant).get(pk=import_id)
        return _Job(
            tenant=tenant,
            import_id=import_id,
            claim=claim,
            dry=found.state == ImportState.CHECKING,
            consent=Consent(found.conversation_id, found.source, found.wording, str(found.public_id), found.file_name),
            path=found.path,
            encoding=found.encoding,
            delimiter=found.delimiter,
            mapping=found.mapping,
            attributes=list(Attribute.objects.of(tenant)),
            done=_done_batches(found.done),
            now=now,
        )


def _run(job: _Job) -> None:
    # Inside somebody's transaction, everything must go through that one connection.
    writers = 0 if connection.in_atomic_block else WRITERS
    with open_file(job.path) as raw, _rare_garbage_collection():
        table = Table(raw, job.encoding, job.delimiter)
        checker = Checker(table.columns, job.mapping, job.attributes, job.tenant.default_zone)
        batches = (checker.check(batch) for batch in table.batches())
        pump((batch for batch in batches if batch.number not in job.done), lambda batch: _write(job, batch), writers)
    _end(job, ImportState.CHECKED if job.dry else ImportState.FINISHED)
    if not job.dry:
        forget_file(job.path)


@contextmanager
def _rare_garbage_collection() -> Iterator[None]:
    """Let the collector look at a hundred times as many new lists before it looks for cycles: rows are never in any.

    With its usual threshold it takes a third of the time that reading and checking need.
    """
    before = gc.get_threshold()
    gc.set_threshold(70_000, before[1], before[2])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _write(job: _Job, checked: Checked) -> None:
    for left in reversed(range(MOST_TRIES)):
        try:
            with open_tenant(job.tenant):
                # A batch that a crash of the server takes with it goes with its note: it is done again.
                run(Sql("SET LOCAL synchronous_commit = off"))
                _note(job, checked, apply(job.tenant, checked, job.consent, dry=job.dry, now=job.now))
        except (IntegrityError, OperationalError):
            # Somebody made one of these customers, or waits for us as we wait for them: look again.
            if not left or connection.in_atomic_block:
                raise
        else:
            return


def _note(job: _Job, checked: Checked, counts: Counts) -> None:
    """Add a batch to the books, in its own transaction, and hold the import on."""
    mine = CustomerImport.objects.of(job.tenant).filter(pk=job.import_id)
    found = mine.select_for_update().get()
    done = _done_batches(found.done)
    if found.claim != job.claim or checked.number in done:
        raise ClaimLost
    room = max(0, KEPT_FAULTS - found.faults)
    ImportFault.objects.bulk_create(
        [
            ImportFault(tenant=job.tenant, customer_import=found, **_cut(fault._asdict()))
            for fault in checked.faults[:room]
        ]
    )
    total = Counts.read(found.counts) + counts
    values = (
        *(json.dumps(asdict(total)), found.faults + len(checked.faults), checked.position),
        *(json.dumps(_as_done(done | {checked.number})), LEASE_SECONDS, job.tenant.pk, job.import_id),
    )
    run(Sql(_NOTE, values))


def _end(job: _Job, state: ImportState, reason: str = "") -> None:
    with open_tenant(job.tenant):
        mine = CustomerImport.objects.of(job.tenant).filter(pk=job.import_id)
        found = mine.select_for_update().get()
        if found.claim != job.claim:
            return
        mine.move(state, reason=reason, finished_at=job.now, claim=None, claimed_until=None)
        did = {
            ImportState.CHECKED: Did.CHECKED_IMPORT,
            ImportState.FINISHED: Did.FINISHED_IMPORT,
            ImportState.FAILED: Did.FAILED_IMPORT,
        }[state]
        audit(job.tenant, None, did, found.public_id, now=job.now, **found.counts)


def _done_batches(stored: dict[str, Any]) -> frozenset[int]:
    """Read which batches are stored; none, where the file is cut in other places by now."""
    return frozenset(stored.get("batches", ())) if stored.get("layout") == LAYOUT else frozenset()


def _as_done(batches: frozenset[int]) -> dict[str, Any]:
    return {"layout": LAYOUT, "batches": sorted(batches)}


def _cut(fault: dict[str, Any]) -> dict[str, Any]:
    """Cut what is kept of a fault to its columns' widths."""
    return {name: value[: FAULT_WIDTHS[name]] if name in FAULT_WIDTHS else value for name, value in fault.items()}
