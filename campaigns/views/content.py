"""The content step: segment × language, what stands in each cell, and how it looks."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from campaigns.actions.content import Assignment, assign_cells, assign_content
from campaigns.forms.builder import CellForm, ContentForm, languages_offered
from campaigns.frozen import CellContent, Frozen
from campaigns.previews import preview_of
from campaigns.queries import EDITABLE
from campaigns.readiness import row_names
from campaigns.standing import Stands
from campaigns.views.shell import Builder, open_builder, step_url
from connect.core.errors import Invalid
from connect.core.faults import put_faults
from connect.core.formats import current_locale
from connect.core.jinja import language_name
from connect.core.links import with_query
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from content.models import MessageContent, Revision
from conversations.addresses import check_language
from segments.models import Segment

#: Stands for Leftovers, or for everybody, in addresses and forms.
REST = "rest"


@needs(Role.VIEWER)
def content(request: ConsoleRequest, campaign_id: UUID) -> HttpResponse:
    """Show the matrix; on POST give segments a content in all its languages."""
    builder = open_builder(request, campaign_id, "content")
    if builder.campaign.state not in EDITABLE:
        return redirect(here(request, "campaign", campaign_id))
    form = _content_form(builder)
    if request.method == "POST" and form.is_valid():
        try:
            assign_content(
                request.tenant,
                campaign_id,
                form.cleaned_data["version"] or 0,
                UUID(form.cleaned_data["content"]),
                segments=[_row_id(row) for row in form.cleaned_data["segments"]],
                by=request.member,
                now=request.now,
            )
        except Invalid as error:
            put_faults(form, error)
        else:
            messages.success(request, _("Assigned in all its languages."))
            return redirect(step_url(request, builder.campaign, "content"))
    context = builder.context(
        **_matrix(builder, request.GET.get("cell", "")), form=form, cell_form=None, errors=form.errors
    )
    return page(request, "campaigns/content.html", context, status=422 if form.errors else 200)


@needs(Role.VIEWER)
def cell(request: ConsoleRequest, campaign_id: UUID, segment: str, language: str) -> HttpResponse:
    """Show one cell with what may stand in it; on POST put a revision there, or nothing."""
    builder = open_builder(request, campaign_id, "content")
    if builder.campaign.state not in EDITABLE:
        return redirect(here(request, "campaign", campaign_id))
    key = f"{segment}:{language}"
    matrix = _matrix(builder, key)
    if matrix["open"] is None:
        raise Segment.DoesNotExist
    chosen: CellContent | None = matrix["open"]["cell"]
    options = _revisions(builder, language, chosen)
    current = str(matrix["open"]["revision"].public_id) if matrix["open"]["revision"] else ""
    initial = {"version": builder.campaign.version, "revision": current}
    form = CellForm(request.POST or None, initial=initial, revisions=options)
    if request.method == "POST" and form.is_valid():
        picked = form.cleaned_data["revision"]
        assignment = Assignment(_row_id(segment), language, UUID(picked) if picked else None)
        version = form.cleaned_data["version"] or 0
        try:
            assign_cells(request.tenant, campaign_id, version, [assignment], by=request.member, now=request.now)
        except Invalid as error:
            put_faults(form, error)
        else:
            return redirect(with_query(step_url(request, builder.campaign, "content"), cell=key))
    context = builder.context(**matrix, form=_content_form(builder, bound=False), cell_form=form, errors=form.errors)
    return page(request, "campaigns/content.html", context, status=422 if form.errors else 200)


def matrix_rows(
    builder: Builder,
    opened: str,
    url: Any,
    *,
    before: dict[tuple[str, str], str] | None = None,
    extra: str = "",
    ran: Frozen | None = None,
) -> list[dict[str, Any]]:
    """Write the matrix as its macro wants it.

    `before`: the hashes that were approved last, by segment and language; `extra`: a language that has nothing yet;
    `ran`: what a run goes by, of which nobody is counted.
    """
    frozen, known = (ran, None) if ran else (builder.found.frozen, builder.known)
    filled = {(one.segment, one.language): one for one in frozen.cells}
    rows = []
    for segment, name in row_names(frozen).items():
        row_id = _public(frozen, segment)
        rows.append(
            {
                "name": name,
                "people": known.waterfall.of_segment(segment) + known.waterfall.without_content(segment)
                if known
                else None,
                "cells": [
                    {
                        "url": url(row_id, language),
                        "current": opened == f"{row_id}:{language}",
                        **_cell_look(builder, filled.get((segment, language)), before, (row_id, language)),
                    }
                    for language in columns(frozen, extra)
                ],
            }
        )
    return rows


def columns(frozen: Frozen, extra: str) -> tuple[str, ...]:
    """List the languages of the matrix, and one more that was asked for."""
    return (*frozen.languages, extra) if extra and extra not in frozen.languages else frozen.languages


def _cell_look(
    builder: Builder, one: CellContent | None, before: dict[tuple[str, str], str] | None, key: tuple[str, str]
) -> dict[str, Any]:
    if one is None:
        return {"gap": True}
    state = "ready"
    if before is not None:
        state = "approved" if before.get(("" if key[0] == REST else key[0], key[1])) == one.hash else "changed"
    elif builder.found.content.stands in (Stands.APPROVED, Stands.ASKED):
        state = builder.found.content.stands.value
    return {"label": f"r{one.number}", "name": one.content, "state": state}


def _matrix(builder: Builder, opened: str) -> dict[str, Any]:
    request, frozen = builder.request, builder.found.frozen

    def url(row_id: str, language: str) -> str:
        return here(request, "campaign-cell", builder.campaign.public_id, row_id, language)

    extra = _tag(request.GET.get("add", "")) or _tag(opened.partition(":")[2])
    return {
        "languages": [language_name(language) for language in columns(frozen, extra)],
        "offered": languages_offered(current_locale()),
        "rows": matrix_rows(builder, opened, url, extra=extra),
        "open": opened_cell(builder, opened),
        "gaps": len(frozen.gaps()) if frozen.cells else 0,
        "filled": len(frozen.cells),
    }


def opened_cell(builder: Builder, opened: str) -> dict[str, Any] | None:
    """Read what stands in the cell that an address names, with its preview; None where there is no such cell."""
    frozen = builder.found.frozen
    row_id, _colon, typed = opened.partition(":")
    language = _tag(typed)
    rows = {_public(frozen, segment): (segment, name) for segment, name in row_names(frozen).items()}
    if row_id not in rows or not language:
        return None
    segment, name = rows[row_id]
    found = next((one for one in frozen.cells if (one.segment, one.language) == (segment, language)), None)
    revision = None
    if found:
        revision = Revision.objects.of(builder.request.tenant).select_related("content").get(pk=found.revision)
    return {
        "key": opened,
        "name": name,
        "language": language_name(language),
        "code": language,
        "cell": found,
        "revision": revision,
        "preview": preview_of(builder.request, builder.campaign, frozen, found) if found else None,
    }


def _tag(raw: str) -> str:
    """Read a language from an address; "" for what isn't one."""
    try:
        return check_language(raw)
    except Invalid:
        return ""


def _public(frozen: Frozen, segment: int | None) -> str:
    if segment is None or frozen.segmentation is None:
        return REST
    return next(one.public_id for one in frozen.segmentation.segments if one.id == segment)


def _row_id(raw: str) -> UUID | None:
    try:
        return None if raw == REST else UUID(raw)
    except ValueError as error:
        raise Segment.DoesNotExist from error


def _content_form(builder: Builder, *, bound: bool = True) -> ContentForm:
    request, frozen = builder.request, builder.found.frozen
    contents = MessageContent.objects.of(request.tenant).filter(department=builder.campaign.department_id)
    listed = contents.filter(archived_at=None, pk__in=Revision.objects.of(request.tenant).values("content_id"))
    rows = [(_public(frozen, segment), name) for segment, name in row_names(frozen).items()]
    filled = {one.segment for one in frozen.cells}
    empty = [_public(frozen, segment) for segment in row_names(frozen) if segment not in filled]
    return ContentForm(
        request.POST if bound and request.method == "POST" else None,
        initial={"version": builder.campaign.version, "segments": empty or [row for row, _name in rows]},
        contents=[(str(one.public_id), one.name) for one in listed.order_by("name")],
        rows=rows,
    )


def _revisions(builder: Builder, language: str, chosen: CellContent | None) -> list[tuple[str, str]]:
    """List the newest revision of each content in a language, and the one that stands in the cell."""
    found = Revision.objects.of(builder.request.tenant).filter(
        language=language, content__department=builder.campaign.department_id, content__archived_at=None
    )
    newest = found.order_by("content__name", "content_id", "-number").distinct("content__name", "content_id")
    listed = list(newest.select_related("content").defer("html", "text"))
    if chosen and chosen.revision not in {revision.pk for revision in listed}:
        held = Revision.objects.of(builder.request.tenant).select_related("content").defer("html", "text")
        listed.insert(0, held.get(pk=chosen.revision))
    return [
        ("", _("Nothing")),
        *((str(one.public_id), f"{one.content.name}, r{one.number}: {one.subject}") for one in listed),
    ]
