"""The list of content, and what is done with one as a whole: make, rename, copy, archive, restore."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connect.core import panels
from connect.core.errors import Forbidden, Invalid, StaleVersion
from connect.core.faults import put_faults
from connect.core.models import Department, Member, Tenant
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from content.actions import contents as actions
from content.forms import ContentForm, FilterForm, NameForm
from content.models import MessageContent, Revision
from content.views.editor import editor_page

PAGE_ROWS = 50
ORDERS = {
    "name": ("name", "pk"),
    "-name": ("-name", "pk"),
    "changed": ("updated_at", "pk"),
    "-changed": ("-updated_at", "pk"),
}
DEFAULT_ORDER = "-changed"


@needs(Role.VIEWER)
def contents(request: ConsoleRequest) -> HttpResponse:
    """List content with its languages, newest change first."""
    form = FilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    archived = bool(wanted.get("archived"))
    sort = wanted.get("sort") or DEFAULT_ORDER
    visible = MessageContent.objects.of(request.tenant).visible_to(request.member)
    found = visible.kept(archived=archived).named((wanted.get("q") or "").strip()).order_by(*ORDERS[sort])
    shown = Paginator(found, PAGE_ROWS).get_page(wanted.get("page") or 1)
    counts = {kept: visible.kept(archived=kept).count() for kept in (False, True)}
    context = {
        "form": form,
        "q": form["q"].value() or "",
        "archived": archived,
        "sort": sort,
        "page": shown,
        "rows": _rows(request.tenant, shown),
        "counts": counts,
        "may_make": request.member.may(Role.MARKETER),
    }
    status = 200 if form.is_valid() else 422
    return page(request, "content/list.html", context, part="content/_table.html", status=status)


@needs(Role.MARKETER)
def new(request: ConsoleRequest) -> HttpResponse:
    """Ask for a name and make content, then open its editor."""
    departments = departments_of(request.tenant, request.member)
    if request.method != "POST":
        return page(request, "content/new.html", {"form": ContentForm(departments), "departments": departments})
    form = ContentForm(departments, request.POST)
    if form.is_valid():
        try:
            made = actions.create_content(
                request.tenant,
                by=request.member,
                name=form.cleaned_data["name"],
                department_id=form.cleaned_data["department"].public_id,
                now=request.now,
            )
        except Invalid as error:
            put_faults(form, error)
        else:
            return redirect(here(request, "content", made.public_id))
    return page(request, "content/new.html", {"form": form, "departments": departments}, status=422)


@needs(Role.MARKETER)
def rename(request: ConsoleRequest, content_id: UUID) -> HttpResponse:
    """Give content another name."""
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            actions.rename_content(
                request.tenant,
                content_id,
                form.cleaned_data["version"],
                form.cleaned_data["name"],
                by=request.member,
                now=request.now,
            )
        except Invalid as error:
            put_faults(form, error)
        except StaleVersion as error:
            return _renamed_meanwhile(request, content_id, form, error.current)
        else:
            messages.success(request, _("Renamed. Campaigns that use it show the new name."))
            return redirect(here(request, "content", content_id))
    actions.access_content(request.tenant, content_id, request.member)
    return editor_page(request, content_id, name_form=form, status=422)


@needs(Role.MARKETER)
def copy(request: ConsoleRequest, content_id: UUID) -> HttpResponse:
    """Copy content and open the copy."""
    made = actions.copy_content(request.tenant, content_id, by=request.member, now=request.now)
    languages = Revision.objects.of(request.tenant).filter(content=made).count()
    what = ngettext("%(count)s language", "%(count)s languages", languages) % {"count": languages}
    messages.success(request, _("Copied as “%(name)s”, with %(what)s.") % {"name": made.name, "what": what})
    return redirect(here(request, "content", made.public_id))


@needs(Role.MARKETER)
def archive(request: ConsoleRequest, content_id: UUID) -> HttpResponse:
    """Put content out of sight; offer to undo."""
    actions.archive_content(request.tenant, content_id, by=request.member, now=request.now)
    messages.success(
        request,
        _("Archived. Campaigns that use it keep what they have."),
        extra_tags="undo:" + here(request, "content-restore", content_id),
    )
    return redirect(here(request, "contents"))


@needs(Role.MARKETER)
def restore(request: ConsoleRequest, content_id: UUID) -> HttpResponse:
    """Bring content back into sight."""
    actions.restore_content(request.tenant, content_id, by=request.member, now=request.now)
    messages.success(request, _("It is back on the list."))
    return redirect(here(request, "content", content_id))


def departments_of(tenant: Tenant, member: Member) -> list[Department]:
    """List the departments in which a member may make content, by name.

    Errors: Forbidden where there is none.
    """
    mine = member.departments(Role.MARKETER)
    departments = Department.objects.of(tenant).order_by("name")
    found = list(departments if mine is None else departments.filter(pk__in=mine))
    if not found:
        raise Forbidden(_("Only a marketer of a department may make content in it."))
    return found


def _renamed_meanwhile(
    request: ConsoleRequest, content_id: UUID, form: NameForm, current: MessageContent
) -> HttpResponse:
    typed = NameForm({"version": current.version, "name": form.cleaned_data["name"]})
    typed.is_valid()
    typed.add_error(
        "name",
        _("Somebody changed “%(name)s” since you opened it. Save again to rename it all the same.")
        % {"name": current.name},
    )
    return editor_page(request, content_id, name_form=typed, status=409)


def _rows(tenant: Tenant, shown: "Page[MessageContent]") -> list[dict[str, Any]]:
    listed = list(shown)
    newest: dict[int, list[Revision]] = {content.pk: [] for content in listed}
    for revision in Revision.objects.of(tenant).newest([*newest]).without_words().select_related("member"):
        newest[revision.content_id].append(revision)
    uses = panels.use_counts(tenant, "content", [content.public_id for content in listed])
    departments = {one.pk: one.name for one in Department.objects.of(tenant)}
    return [
        {
            "content": content,
            "department": departments[content.department_id] if len(departments) > 1 else "",
            "revisions": newest[content.pk],
            "cover": _cover(tenant, newest[content.pk]),
            "last": max(newest[content.pk], key=lambda revision: revision.created_at, default=None),
            "uses": uses[content.public_id],
        }
        for content in listed
    ]


def _cover(tenant: Tenant, revisions: list[Revision]) -> Revision | None:
    """Choose the revision that stands for a content: that in the tenant's language, else the first."""
    by_language = {revision.language: revision for revision in revisions}
    return by_language.get(tenant.default_language) or next(iter(revisions), None)
