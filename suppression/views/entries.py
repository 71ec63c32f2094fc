"""What members do with single entries and with files of them."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core.errors import Invalid
from connect.core.faults import put_faults
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from suppression.actions import entries as actions
from suppression.actions.import_runs import do_upload
from suppression.actions.imports import Imported, import_entries
from suppression.forms.lists import EntryForm, ImportForm
from suppression.models import EntryFault, EntryImport, SuppressionList
from suppression.states import ImportState, Reason
from suppression.views.lists import show

FAULTS_SHOWN = 1000
EARLIER_SHOWN = 10


@needs(Role.MARKETER)
def add(request: ConsoleRequest, list_id: UUID) -> HttpResponse:
    """Add one entry."""
    listed = SuppressionList.objects.of(request.tenant).public(list_id)
    form = EntryForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        try:
            entry = actions.add_entry(
                request.tenant,
                list_id,
                value=told["value"],
                reason=told["reason"],
                source=told["source"],
                expires_at=form.expires_at(),
                by=request.member,
                now=request.now,
            )
        except Invalid as error:
            put_faults(
                form, Invalid({{"expires_at": "until"}.get(name, name): says for name, says in error.fields.items()})
            )
        else:
            messages.success(request, _("%(value)s is suppressed.") % {"value": entry.value})
            return redirect(here(request, "suppression-list", list_id))
    return show(request, listed, form, status=422)


@needs(Role.ADMIN)
def remove(request: ConsoleRequest, list_id: UUID, entry_id: UUID) -> HttpResponse:
    """Take one entry off its list."""
    gone = actions.remove_entry(request.tenant, list_id, entry_id, by=request.member, now=request.now)
    messages.success(request, _("%(value)s is off this list.") % {"value": gone.value})
    return redirect(here(request, "suppression-list", list_id))


@needs(Role.MARKETER)
def bring_in(request: ConsoleRequest, list_id: UUID) -> HttpResponse:
    """Import a file or pasted lines, and report on every line that was refused."""
    listed = SuppressionList.objects.of(request.tenant).public(list_id)
    if request.method != "POST":
        return _page(request, listed, ImportForm(initial={"reason": Reason.IMPORT}))
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, listed, form, status=422)
    if not form.at_once:
        return _keep(request, listed, form)
    done = import_entries(request.tenant, list_id, form.content(), form.defaults(), by=request.member, now=request.now)
    status = 422 if done.refused == done.lines else 200
    return _page(request, listed, ImportForm(initial={"reason": Reason.IMPORT}), done, status=status)


@needs(Role.MARKETER)
def one_import(request: ConsoleRequest, list_id: UUID, file_id: UUID) -> HttpResponse:
    """Show how far a large file is, or what became of its lines."""
    listed = SuppressionList.objects.of(request.tenant).public(list_id)
    found = EntryImport.objects.of(request.tenant).filter(suppression_list=listed).public(file_id)
    faults = EntryFault.objects.of(request.tenant).filter(entry_import=found).order_by("line")
    context = {
        "list": listed,
        "found": found,
        "counts": _Counts(**found.counts),
        "busy": found.state == ImportState.IMPORTING,
        "share": found.position / found.size if found.size else 0,
        "faults": list(faults[:FAULTS_SHOWN]),
    }
    return page(request, "suppression/import_one.html", context, part="suppression/_import.html")


@dataclass(frozen=True)
class _Counts:
    lines: int = 0
    added: int = 0
    prolonged: int = 0
    unchanged: int = 0
    repeated: int = 0
    refused: int = 0


def _keep(request: ConsoleRequest, listed: SuppressionList, form: ImportForm) -> HttpResponse:
    try:
        made = do_upload(
            request.tenant,
            listed.public_id,
            form.content(),
            form.defaults(),
            file_name=form.name,
            by=request.member,
            now=request.now,
        )
    except Invalid as error:
        put_faults(form, error)
        return _page(request, listed, form, status=422)
    return redirect(here(request, "suppression-import-one", listed.public_id, made.public_id))


def _page(
    request: ConsoleRequest, listed: SuppressionList, form: ImportForm, done: Imported | None = None, status: int = 200
) -> HttpResponse:
    earlier = EntryImport.objects.of(request.tenant).filter(suppression_list=listed).order_by("-pk")[:EARLIER_SHOWN]
    context = {"list": listed, "form": form, "done": done, "earlier": list(earlier)}
    return page(request, "suppression/import.html", context, status=status)
