"""What is being written, before it is saved: what is wrong with it, what to mind, and how a reader would see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from connect.core.models import Tenant
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, needs, page
from content.actions.contents import access_content
from content.checks import CLIPPED_BYTES, Draft, advice, faults
from content.fieldmenu import declared_fields
from content.forms import DraftForm, PreviewForm
from content.models import Revision
from content.reader import Reader, conversations_of, render_for, unsaved
from content.rendering import links
from content.rendering.preview import Preview
from content.rendering.sandbox import TemplateFault
from content.views.preview import bare, reader_of, sender_of
from conversations.models import Customer

Places = Mapping[str, list[TemplateFault]]


@needs(Role.MARKETER)
def draft(request: ConsoleRequest, content_id: UUID) -> HttpResponse:
    """Say what is wrong with a draft or what to mind, and what stands around the message: for the editor, by script."""
    access_content(request.tenant, content_id, request.member)
    form, written, places = _read(request)
    view = _view(request)
    context = {
        **facts(request.tenant, written, places),
        "places": places,
        "live": True,
        "shown": None if places else _shown(request.tenant, form, written, view.reader),
        "sender": sender_of(view.reader.conversation),
        "part": view.part,
        "tongue": form["language"].value(),
    }
    status = 422 if places else 200
    return page(request, "content/_draft.html", context, part="content/_draft.html", status=status)


@needs(Role.MARKETER)
def draft_html(request: ConsoleRequest, content_id: UUID) -> HttpResponse:
    """Answer with the bare HTML of a draft for one reader."""
    access_content(request.tenant, content_id, request.member)
    form, written, places = _read(request)
    if places:
        lines = ((_("Line %(line)s") % {"line": one.line}, one.says) for said in places.values() for one in said)
        return bare(format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}</li>", lines)), "text/html", status=422)
    return bare(_shown(request.tenant, form, written, _view(request).reader).html, "text/html")


def facts(tenant: Tenant, written: Draft, places: Places) -> dict[str, Any]:
    """Gather what the author should know: links, size, advice. A draft with faults gets no advice."""
    empty = not written.html.strip()
    minded = [] if empty or places else advice(written, declared_fields(tenant))
    return {
        "found_links": links.targets(written.html, written.text)[: links.MAX_LINKS],
        "size": len(written.html.encode()),
        "limit": CLIPPED_BYTES,
        "advice": [{"level": "warning" if one.field == "html" else "info", "text": one.says} for one in minded],
        "written": not empty,
    }


def _read(request: ConsoleRequest) -> tuple[DraftForm, Draft, Places]:
    form = DraftForm(request.POST)
    if not form.is_valid():
        said = {name: [TemplateFault(1, 0, str(one)) for one in errors] for name, errors in form.errors.items()}
        return form, Draft("", "", "", ""), said
    return form, form.draft(), faults(form.draft())


def _shown(tenant: Tenant, form: DraftForm, written: Draft, reader: Reader) -> Preview:
    return render_for(tenant, unsaved(written, form.cleaned_data["language"]), reader)


@dataclass(frozen=True)
class _View:
    """Through whose eyes a draft is seen, and which part of it."""

    reader: Reader
    part: str


def _view(request: ConsoleRequest) -> _View:
    form = PreviewForm(request.GET)
    if not form.is_valid():
        raise Revision.DoesNotExist
    reader, missing = reader_of(request, form.cleaned_data, conversations_of(request.tenant, request.member))
    if missing:
        raise Customer.DoesNotExist
    return _View(reader, form.cleaned_data["part"])
