"""Pages of suppression lists: all of them, one with its entries, making, changing and deleting."""

from collections import Counter
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connect.core.cursors import read_cursor, write_cursor
from connect.core.errors import Invalid, StaleVersion
from connect.core.faults import put_faults
from connect.core.formats import number
from connect.core.links import with_query
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from suppression.actions import exports
from suppression.actions import lists as actions
from suppression.export import export_rows
from suppression.forms.lists import CheckForm, EntryForm, FindForm, ListForm
from suppression.models import Application, Entry, SuppressionList
from suppression.states import Reason, Scope
from suppression.values import read_value
from suppression.words import KINDS, REASONS

PAGE_ROWS = 50


@needs(Role.VIEWER)
def lists(request: ConsoleRequest) -> HttpResponse:
    """Show every list with its entries counted."""
    found = list(SuppressionList.objects.of(request.tenant).order_by("-automatic", "name"))
    entries = Entry.objects.of(request.tenant).by_list()
    applied = Application.objects.of(request.tenant).by_list()
    rows = [{"list": one, "entries": entries[one.pk], "applied": applied[one.pk]} for one in found]
    context = {
        "rows": rows,
        "most": max(entries.values(), default=0),
        "all": entries.total(),
        "check_form": CheckForm(),
        "may_add": request.member.may(Role.MARKETER),
    }
    return page(request, "suppression/lists.html", context)


@needs(Role.VIEWER)
def one_list(request: ConsoleRequest, list_id: UUID) -> HttpResponse:
    """Show one list's entries."""
    listed = SuppressionList.objects.of(request.tenant).public(list_id)
    return show(request, listed, EntryForm(initial={"reason": Reason.MANUAL}))


@needs(Role.MARKETER)
def new(request: ConsoleRequest) -> HttpResponse:
    """Make a list."""
    if request.method != "POST":
        return _form(request, ListForm())
    form = ListForm(request.POST)
    if form.is_valid():
        try:
            made = actions.make_list(request.tenant, form.fields_of(), by=request.member, now=request.now)
        except Invalid as error:
            put_faults(form, error)
        else:
            messages.success(request, _("“%(name)s” is made. It holds nobody back yet.") % {"name": made.name})
            return redirect(here(request, "suppression-list", made.public_id))
    return _form(request, form, status=422)


@needs(Role.ADMIN)
def edit(request: ConsoleRequest, list_id: UUID) -> HttpResponse:
    """Change a list; a stale save shows both versions."""
    listed = SuppressionList.objects.of(request.tenant).public(list_id)
    actions.access_as_tenant_admin(request.member)
    if request.method != "POST":
        return _form(request, ListForm(initial=_initial(listed)), listed)
    form = ListForm(request.POST)
    if form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            actions.change_list(request.tenant, list_id, version, form.fields_of(), by=request.member, now=request.now)
        except Invalid as error:
            put_faults(form, error)
        except StaleVersion as error:
            again = ListForm({**form.cleaned_data, "version": error.current.version})
            return _form(request, again, error.current, status=409, theirs=error.current)
        else:
            messages.success(request, _("Saved."))
            return redirect(here(request, "suppression-list", list_id))
    return _form(request, form, listed, status=422)


@needs(Role.ADMIN)
def delete(request: ConsoleRequest, list_id: UUID) -> HttpResponse:
    """Delete a list with its entries."""
    listed = SuppressionList.objects.of(request.tenant).public(list_id)
    gone = actions.delete_list(request.tenant, list_id, by=request.member, now=request.now)
    told = ngettext(
        "“%(name)s” is deleted with its %(count)s entry.", "“%(name)s” is deleted with its %(count)s entries.", gone
    )
    messages.success(request, told % {"name": listed.name, "count": number(gone)})
    return redirect(here(request, "suppression"))


@needs(Role.ADMIN)  # type: ignore[arg-type]  # a streamed answer is no HttpResponse, only as good as one
def export(request: ConsoleRequest, list_id: UUID) -> StreamingHttpResponse:
    """Send a list as CSV, chunk by chunk."""
    listed = exports.note_export(request.tenant, list_id, by=request.member, now=request.now)
    answer = StreamingHttpResponse(export_rows(request.tenant, listed.pk), content_type="text/csv; charset=utf-8")
    name = slugify(listed.name) or "suppression"
    answer["Content-Disposition"] = f'attachment; filename="{name}-{request.now:%Y-%m-%d}.csv"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer


def show(request: ConsoleRequest, listed: SuppressionList, form: EntryForm, status: int = 200) -> HttpResponse:
    """Answer with a list's page, or with the part that holds its entries."""
    find = FindForm(request.GET)
    asked = find.cleaned_data if find.is_valid() else {}
    mine = Entry.objects.of(request.tenant).on(listed)
    counts = mine.by_reason()
    narrowed, unread = mine, False
    if asked.get("reason"):
        narrowed = narrowed.filter(reason=asked["reason"])
    if asked.get("value"):
        try:
            wanted = read_value(asked["value"])
            narrowed = narrowed.filter(kind=wanted.kind, value=wanted.value)
        except Invalid:
            narrowed, unread = narrowed.none(), True
    shown = narrowed.page(PAGE_ROWS, after=_key(asked, "after"), before=_key(asked, "before"))
    applied = Application.objects.of(request.tenant).filter(suppression_list=listed, conversation__archived_at=None)
    context = {
        "list": listed,
        "entries": shown.entries,
        "before": write_cursor(shown.before) if shown.before else None,
        "after": write_cursor(shown.after) if shown.after else None,
        "reason_tabs": _tabs(here(request, "suppression-list", listed.public_id), counts, asked.get("reason", "")),
        "total": counts.total(),
        "find": {"reason": asked.get("reason", ""), "value": asked.get("value", "")},
        "unread": unread,
        "kinds": KINDS,
        "reasons": REASONS,
        "applied": applied.count() if listed.scope == Scope.CONVERSATIONS else None,
        "form": form,
        "now": request.now,
        "may_add": request.member.may(Role.MARKETER),
        "may_remove": request.member.departments(Role.ADMIN) is None,
    }
    return page(request, "suppression/list.html", context, part="suppression/_entries.html", status=status)


def _tabs(url: str, counts: Counter[str], chosen: str) -> list[dict[str, object]]:
    tabs: list[dict[str, object]] = [{"label": _("All"), "url": url, "count": counts.total(), "current": not chosen}]
    for one in Reason:
        if counts[one] or chosen == one:
            address = with_query(url, reason=one)
            tabs.append({"label": REASONS[one], "url": address, "count": counts[one], "current": chosen == one})
    return tabs


def _key(asked: dict[str, str], name: str) -> int:
    return read_cursor(asked[name]) if asked.get(name) else 0


def _initial(listed: SuppressionList) -> dict[str, object]:
    return {name: getattr(listed, name) for name in ListForm.base_fields}


def _form(
    request: ConsoleRequest,
    form: ListForm,
    listed: SuppressionList | None = None,
    status: int = 200,
    theirs: SuppressionList | None = None,
) -> HttpResponse:
    context = {"form": form, "list": listed, "theirs": theirs}
    return page(request, "suppression/list_form.html", context, status=status)
