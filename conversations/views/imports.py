"""Pages of imports: upload, say which column is what, try it, import it, and read what was wrong."""

import csv
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core.cells import guard_cell
from connect.core.errors import Invalid
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from conversations.actions.imports import MappingOf, do_check, do_import, do_map, do_upload
from conversations.importing.files import DELIMITERS, ENCODINGS, FileGone, open_file
from conversations.importing.mapping import choices_for
from conversations.importing.reading import Table
from conversations.models import Attribute, Conversation, CustomerImport, ImportFault
from conversations.states import ImportState

LISTED = 50
SAMPLE_ROWS = 5
FAULTS_SHOWN = 200
BUSY = frozenset({ImportState.CHECKING, ImportState.IMPORTING})


@needs(Role.MARKETER)
def imports(request: ConsoleRequest) -> HttpResponse:
    """List uploaded files, and take another."""
    return _list(request, {})


@needs(Role.MARKETER)
def upload(request: ConsoleRequest) -> HttpResponse:
    """Keep a file and lead on to its columns."""
    file = request.FILES.get("file")
    if file is None or file.file is None:
        return _list(request, {"file": [_("Choose a CSV file.")]}, status=422)
    try:
        made = do_upload(
            request.tenant, by=request.member, file_name=file.name or "", stream=file.file, now=request.now
        )
    except Invalid as error:
        return _list(request, error.fields, status=422)
    return redirect(here(request, "import", made.public_id))


@needs(Role.MARKETER)
def one(request: ConsoleRequest, import_id: UUID) -> HttpResponse:
    """Show where an import stands: its columns, its progress, or what came of it."""
    return _one(request, CustomerImport.objects.of(request.tenant).public(import_id), {})


@needs(Role.MARKETER)
def map_columns(request: ConsoleRequest, import_id: UUID) -> HttpResponse:
    """Save which column is what, then try the file or import it, as the pressed button says."""
    found = CustomerImport.objects.of(request.tenant).public(import_id)
    typed = request.POST
    conversation = typed.get("conversation", "")
    wanted = MappingOf(
        mapping={column: typed.get(f"column-{place}", "") for place, column in enumerate(found.columns)},
        conversation=_id(conversation) if conversation else None,
        source=typed.get("source", ""),
        wording=typed.get("wording", ""),
        encoding=typed.get("encoding", found.encoding),
        delimiter=typed.get("delimiter", found.delimiter),
    )
    if (wanted.encoding, wanted.delimiter) != (found.encoding, found.delimiter):
        wanted = MappingOf(**{**vars(wanted), "mapping": None})
    version = _version(typed.get("version", ""))
    try:
        do_map(request.tenant, import_id, wanted, by=request.member, now=request.now, version=version)
        if typed.get("then") == "check":
            do_check(request.tenant, import_id, by=request.member, now=request.now)
        elif typed.get("then") == "import":
            do_import(request.tenant, import_id, by=request.member, now=request.now)
    except Invalid as error:
        return _one(request, found, error.fields, typed=typed.dict(), status=422)
    return redirect(here(request, "import", import_id))


@needs(Role.MARKETER)
def start(request: ConsoleRequest, import_id: UUID) -> HttpResponse:
    """Import a file that was tried."""
    do_import(request.tenant, import_id, by=request.member, now=request.now)
    messages.success(request, _("The import has begun."))
    return redirect(here(request, "import", import_id))


@needs(Role.MARKETER)
def faults(request: ConsoleRequest, import_id: UUID) -> HttpResponse:
    """Hand out the kept faults as CSV."""
    found = CustomerImport.objects.of(request.tenant).public(import_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="faults.csv"'
    response["Cache-Control"] = "private, no-store"
    writer = csv.writer(response)
    writer.writerow([_("Line"), _("Column"), _("Value"), _("What is wrong")])
    for fault in ImportFault.objects.of(request.tenant).filter(customer_import=found).order_by("line", "id"):
        writer.writerow([fault.line, guard_cell(fault.column), guard_cell(fault.value), fault.reason])
    return response


def _list(request: ConsoleRequest, wrong: dict[str, list[str]], status: int = 200) -> HttpResponse:
    listed = CustomerImport.objects.of(request.tenant).select_related("conversation", "member").order_by("-pk")[:LISTED]
    return page(request, "conversations/imports.html", {"listed": list(listed), "wrong": wrong}, status=status)


def _one(
    request: ConsoleRequest,
    found: CustomerImport,
    wrong: dict[str, list[str]],
    *,
    typed: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    attributes = list(Attribute.objects.of(request.tenant).in_order())
    conversations = Conversation.objects.of(request.tenant).visible_to(request.member).filter(archived_at=None)
    context: dict[str, Any] = {
        "found": found,
        "busy": found.state in BUSY,
        "open": found.state in {ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED},
        "columns": _columns(found, typed),
        "choices": choices_for(attributes),
        "conversations": [(str(talk.public_id), talk.name) for talk in conversations.order_by("name")],
        "chosen": _chosen(found, typed),
        "encodings": [(name, label) for name, label in ENCODINGS.items()],
        "delimiters": [(name, label) for name, label in DELIMITERS.items()],
        "faults": list(
            ImportFault.objects.of(request.tenant).filter(customer_import=found).order_by("line", "id")[:FAULTS_SHOWN]
        ),
        "wrong": wrong,
        "done_share": found.position / found.size if found.size else 0,
    }
    return page(request, "conversations/import.html", context, part="conversations/_import.html", status=status)


def _id(typed: str) -> UUID:
    """Read a public id; what isn't one is nobody's."""
    try:
        return UUID(typed)
    except ValueError:
        return UUID(int=0)


def _version(typed: str) -> int:
    """Read a version; what is no number fits none."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _chosen(found: CustomerImport, typed: dict[str, str] | None) -> dict[str, str]:
    if typed is not None:
        return {name: typed.get(name, "") for name in ("conversation", "source", "wording", "encoding", "delimiter")}
    return {
        "conversation": str(found.conversation.public_id) if found.conversation else "",
        "source": found.source,
        "wording": found.wording,
        "encoding": found.encoding,
        "delimiter": found.delimiter,
    }


def _columns(found: CustomerImport, typed: dict[str, str] | None) -> list[dict[str, Any]]:
    rows = _sample(found)
    return [
        {
            "place": place,
            "name": name,
            "field": typed.get(f"column-{place}", "") if typed is not None else found.mapping.get(name, ""),
            "sample": [row[place] for row in rows if place < len(row) and row[place]][:3],
        }
        for place, name in enumerate(found.columns)
    ]


def _sample(found: CustomerImport) -> list[list[str]]:
    try:
        with open_file(found.path) as raw:
            first = next(Table(raw, found.encoding, found.delimiter).batches(), None)
            return first.rows[:SAMPLE_ROWS] if first else []
    except (FileGone, Invalid):
        return []
