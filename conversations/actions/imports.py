"""Take in a file of customers: keep it, map its columns, check it without storing anything, import it.

`conversations/actions/import_runs.py` does the work that check and import ask for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from uuid import UUID

from django.utils.translation import gettext as _

from connect.core.audit import audit
from connect.core.errors import Conflict, Invalid
from connect.core.handoff import Bell, ring
from connect.core.models import Member, Tenant
from connect.core.tenancy import in_tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.import_runs import carry_on
from conversations.addresses import check_storable
from conversations.did import Did
from conversations.importing.files import (
    DELIMITERS,
    ENCODINGS,
    SAMPLE_BYTES,
    clean_name,
    forget_file,
    guess_format,
    keep_file,
    open_file,
)
from conversations.importing.mapping import check_mapping, guess_mapping
from conversations.importing.reading import Table
from conversations.importing.staging import Counts
from conversations.models import Attribute, Conversation, CustomerImport, ImportFault
from conversations.states import ImportState

SOURCE_CHARACTERS = 60
WORDING_CHARACTERS = 2000
DEFAULT_SOURCE = "import"
#: A file may be read and mapped anew while nobody reads it, and as long as it isn't imported.
CHANGEABLE = frozenset({ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED})


@dataclass(frozen=True)
class MappingOf:
    """How a file is read, and what its customers are subscribed to.

    `mapping` is column → field; None stands for a guess, as `encoding` and `delimiter` do. `conversation` None
    subscribes nobody; otherwise `wording` says what the customers agreed to, and `source` where.
    """

    mapping: Mapping[str, str] | None = None
    conversation: UUID | None = None
    source: str = DEFAULT_SOURCE
    wording: str = ""
    encoding: str | None = None
    delimiter: str | None = None


@in_tenant
def do_upload(tenant: Tenant, *, by: Member | None, file_name: str, stream: IO[bytes], now: datetime) -> CustomerImport:
    """Keep a file and guess how it is to be read.

    Errors: Invalid naming `file`.
    """
    path, size = keep_file(tenant, stream)
    try:
        with open_file(path) as raw:
            guess = guess_format(raw.read(SAMPLE_BYTES))
            raw.seek(0)
            columns = Table(raw, guess.encoding, guess.delimiter).columns
        made = CustomerImport.objects.create(
            tenant=tenant,
            member=by,
            file_name=clean_name(file_name),
            path=path,
            size=size,
            encoding=guess.encoding,
            delimiter=guess.delimiter,
            columns=columns,
            mapping=guess_mapping(columns, Attribute.objects.of(tenant).in_order()),
            source=DEFAULT_SOURCE,
            created_at=now,
        )
    except Invalid:
        forget_file(path)
        raise
    audit(tenant, by, Did.UPLOADED_IMPORT, made.public_id, now=now, bytes=size, columns=len(columns))
    return made


@in_tenant
def do_map(
    tenant: Tenant, import_id: UUID, wanted: MappingOf, *, by: Member | None, now: datetime, version: int | None = None
) -> CustomerImport:
    """Say how a file is to be read and what its customers are subscribed to. What an earlier check found goes.

    Errors: CustomerImport.DoesNotExist; Conflict while it is read or once it is imported; StaleVersion; Invalid naming
    `encoding`, `delimiter`, `mapping`, `conversation`, `wording` or `source`.
    """
    found = CustomerImport.objects.of(tenant).select_for_update().public(import_id)
    if found.state not in CHANGEABLE:
        raise Conflict(_("This file is being read or is imported already."))
    encoding, delimiter, columns = _read_again(found, wanted)
    guessed = guess_mapping(columns, Attribute.objects.of(tenant).in_order())
    mapping = check_mapping(tenant, columns, guessed if wanted.mapping is None else wanted.mapping)
    source, wording = _checked_consent(wanted)
    CustomerImport.objects.of(tenant).filter(pk=found.pk).save_version(
        found.version if version is None else version,
        encoding=encoding,
        delimiter=delimiter,
        columns=columns,
        mapping=mapping,
        conversation=_conversation(tenant, wanted.conversation),
        source=source,
        wording=wording,
        state=ImportState.UPLOADED,
        reason="",
        counts={},
        faults=0,
    )
    ImportFault.objects.of(tenant).filter(customer_import=found).delete()
    audit(tenant, by, Did.MAPPED_IMPORT, import_id, now=now, mapping=mapping)
    return CustomerImport.objects.of(tenant).public(import_id)


@in_tenant
def do_check(tenant: Tenant, import_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Ask for a dry run: everything is read and counted, nothing is stored.

    Errors: CustomerImport.DoesNotExist; WrongState; Invalid naming `mapping` where no column is the customer id.
    """
    _begin(tenant, import_id, ImportState.CHECKING, now)
    audit(tenant, by, Did.ASKED_CHECK, import_id, now=now)


@in_tenant
def do_import(tenant: Tenant, import_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Ask for the import itself. A worker begins as soon as this is committed.

    Errors: CustomerImport.DoesNotExist; WrongState; Invalid naming `mapping` where no column is the customer id.
    """
    _begin(tenant, import_id, ImportState.IMPORTING, now)
    audit(tenant, by, Did.ASKED_IMPORT, import_id, now=now)


def run_import(tenant: Tenant, import_id: int, *, now: datetime) -> Counts:
    """Import a mapped file here and now, and wait for it. Each batch commits on its own.

    Errors: CustomerImport.DoesNotExist; WrongState; Invalid naming `mapping` where no column is the customer id.
    """
    with open_tenant(tenant):
        found = CustomerImport.objects.of(tenant).get(pk=import_id)
        _start(tenant, found.public_id, ImportState.IMPORTING, now)
    return carry_on(tenant, import_id, now=now)


def _begin(tenant: Tenant, import_id: UUID, to: ImportState, now: datetime) -> None:
    ring(Bell.IMPORT_UPLOADED, tenant.pk, _start(tenant, import_id, to, now))


def _start(tenant: Tenant, import_id: UUID, to: ImportState, now: datetime) -> int:
    found = CustomerImport.objects.of(tenant).public(import_id)
    check_mapping(tenant, found.columns, found.mapping)
    mine = CustomerImport.objects.of(tenant).filter(pk=found.pk)
    fresh = {"counts": {}, "faults": 0, "position": 0, "done": {}, "reason": "", "claim": None, "claimed_until": None}
    mine.move(to, started_at=now, finished_at=None, **fresh)
    ImportFault.objects.of(tenant).filter(customer_import=found).delete()
    return found.pk


def _read_again(found: CustomerImport, wanted: MappingOf) -> tuple[str, str, list[str]]:
    encoding = found.encoding if wanted.encoding is None else wanted.encoding
    delimiter = found.delimiter if wanted.delimiter is None else wanted.delimiter
    if encoding not in ENCODINGS:
        raise Invalid({"encoding": _("Choose one of the encodings.")})
    if delimiter not in DELIMITERS:
        raise Invalid({"delimiter": _("Choose one of the delimiters.")})
    if (encoding, delimiter) == (found.encoding, found.delimiter):
        return encoding, delimiter, found.columns
    with open_file(found.path) as raw:
        return encoding, delimiter, Table(raw, encoding, delimiter).columns


def _checked_consent(wanted: MappingOf) -> tuple[str, str]:
    source = check_storable(wanted.source.strip(), "source") or DEFAULT_SOURCE
    wording = check_storable(wanted.wording.strip(), "wording")
    if len(source) > SOURCE_CHARACTERS:
        raise Invalid({"source": _("At most %(most)d characters.") % {"most": SOURCE_CHARACTERS}})
    if len(wording) > WORDING_CHARACTERS:
        raise Invalid({"wording": _("At most %(most)d characters.") % {"most": WORDING_CHARACTERS}})
    if wanted.conversation and not wording:
        raise Invalid({"wording": _("Write the words that these customers agreed to.")})
    return source, wording


def _conversation(tenant: Tenant, public_id: UUID | None) -> Conversation | None:
    if public_id is None:
        return None
    found = Conversation.objects.of(tenant).filter(public_id=public_id, archived_at=None).first()
    if found is None:
        raise Invalid({"conversation": _("There is no such conversation.")})
    return found
