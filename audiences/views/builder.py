"""One model in the builder: begin, change, copy, archive. Buttons of the builder change the draft alone.

The same for audience and segmentation models: what differs stands in the `Kind`, which `urls.py` hands in.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audiences.actions.models import access_as_marketer
from audiences.forms.model import ModelForm, read_id
from audiences.models import ReusableModel
from audiences.uses import Uses, uses_of
from audiences.views.kinds import AnyKind, Found
from audiences.views.reach import conversations_for, find_in_draft, pick
from connect.core.errors import Forbidden, Invalid, StaleVersion
from connect.core.links import with_query
from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page

NO_ID = UUID(int=0)


@needs(Role.MARKETER)
def new(request: ConsoleRequest, kind: AnyKind) -> HttpResponse:
    """Begin a model; on POST make it, or change the draft where buttons of the builder were pressed."""
    departments = departments_for(request.tenant, request.member)
    if request.method != "POST":
        form = kind.empty(request.tenant, str(departments[0].public_id))
        return _new_page(request, kind, form, departments)
    form = kind.read(request.tenant, request.POST)
    if pressed := request.POST.getlist("do"):
        form.press(pressed)
        return _new_page(request, kind, form, departments)
    department_id = read_id(form.department) or NO_ID
    try:
        made = kind.make(request.tenant, form, department_id, by=request.member, now=request.now)
    except Invalid as error:
        form.put(error.fields)
        return _new_page(request, kind, form, departments, status=422)
    messages.success(request, _("“%(name)s” is made.") % {"name": made.name})
    return redirect(_there(request, kind, made.public_id))


def _new_page(
    request: ConsoleRequest, kind: AnyKind, form: ModelForm, departments: list[Department], *, status: int = 200
) -> HttpResponse:
    context = {
        "model": None,
        "may_edit": True,
        "may_change": False,
        "departments": departments,
        "uses": Uses(()),
        "action": here(request, f"{kind.name}-new"),
        "reach_url": None,
    }
    return _answer(request, kind, form, context, status=status)


@needs(Role.VIEWER)
def show(request: ConsoleRequest, kind: AnyKind, model_id: UUID) -> HttpResponse:
    """Show a model in the builder."""
    model = _access(request, kind, model_id)
    return _model_page(request, kind, kind.of(request.tenant, model), model)


@needs(Role.MARKETER)
def save(request: ConsoleRequest, kind: AnyKind, model_id: UUID) -> HttpResponse:
    """Save a model, unless it was changed meanwhile or would void approvals that nobody agreed to lose."""
    model = _access_to_change(request, kind, model_id)
    form = kind.read(request.tenant, request.POST)
    if pressed := request.POST.getlist("do"):
        form.press(pressed)
        return _model_page(request, kind, form, model)
    uses = uses_of(request.tenant, kind.use, model_id)
    if form.meaning != kind.of(request.tenant, model).meaning and uses.consent != request.POST.get("agree", ""):
        return _model_page(request, kind, form, model, asks=True, status=409)
    try:
        changed = kind.change(request.tenant, model_id, form, by=request.member, now=request.now)
    except Invalid as error:
        form.put(error.fields)
        return _model_page(request, kind, form, model, status=422)
    except StaleVersion as error:
        parts = kind.parts(request.tenant, kind.of(request.tenant, error.current))
        return _model_page(request, kind, form, model, theirs={"model": error.current, "parts": parts}, status=409)
    messages.success(request, _("“%(name)s” is saved.") % {"name": changed.name})
    return redirect(_there(request, kind, model_id))


def _model_page(
    request: ConsoleRequest,
    kind: AnyKind,
    form: ModelForm,
    model: ReusableModel,
    *,
    asks: bool = False,
    theirs: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    may_change = request.member.may(Role.MARKETER, model.department_id)
    context = {
        "model": model,
        "may_change": may_change,
        "may_edit": may_change and model.archived_at is None,
        "departments": [],
        "uses": uses_of(request.tenant, kind.use, model.public_id),
        "action": here(request, f"{kind.name}-save", model.public_id),
        "reach_url": here(request, f"{kind.name}-reach", model.public_id),
        "asks": asks,
        "theirs": theirs,
    }
    return _answer(request, kind, form, context, status=status)


def _answer(
    request: ConsoleRequest, kind: AnyKind, form: ModelForm, context: dict[str, Any], *, status: int
) -> HttpResponse:
    """Answer with the page, or with the builder alone where its buttons were pressed."""
    pressed = request.POST.getlist("do")
    conversations = conversations_for(request.tenant, request.member)
    chosen = pick(conversations, request.POST or request.GET)
    context = {
        "asks": False,
        "theirs": None,
        "form": form,
        "kind": kind,
        "draft_reach_url": here(request, f"{kind.name}-draft-reach"),
        "conversations": conversations,
        "chosen": chosen,
        "found": find_in_draft(request, kind, form, chosen) if "count" in pressed else Found(),
        **kind.said(request.tenant, form),
        **context,
    }
    part = f"{kind.folder}/_builder.html" if pressed else None
    response = page(request, f"{kind.folder}/model.html", context, part=part, status=status)
    if pressed:
        response["HX-Trigger-After-Settle"] = "rule-changed"
    return response


def _there(request: ConsoleRequest, kind: AnyKind, model_id: UUID) -> str:
    """Lead to a model's page, still counting in the conversation that was chosen."""
    chosen = read_id(request.POST.get("conversation", ""))
    return with_query(here(request, kind.name, model_id), conversation=chosen)


@needs(Role.MARKETER)
def copy(request: ConsoleRequest, kind: AnyKind, model_id: UUID) -> HttpResponse:
    """Copy a model and open the copy."""
    _access_to_change(request, kind, model_id)
    copied = kind.copy(request.tenant, model_id, by=request.member, now=request.now)
    messages.success(request, _("Copied as “%(name)s”.") % {"name": copied.name})
    return redirect(here(request, kind.name, copied.public_id))


@needs(Role.MARKETER)
def archive(request: ConsoleRequest, kind: AnyKind, model_id: UUID) -> HttpResponse:
    """Take a model out of the lists."""
    model = _access_to_change(request, kind, model_id)
    kind.archive(request.tenant, model_id, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is archived. Campaigns that use it go on.") % {"name": model.name})
    return redirect(here(request, kind.names))


@needs(Role.MARKETER)
def restore(request: ConsoleRequest, kind: AnyKind, model_id: UUID) -> HttpResponse:
    """Bring an archived model back."""
    model = _access_to_change(request, kind, model_id)
    kind.restore(request.tenant, model_id, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is back in use.") % {"name": model.name})
    return redirect(here(request, kind.name, model_id))


def departments_for(tenant: Tenant, member: Member) -> list[Department]:
    """List the departments in which a member may make models.

    Errors: Forbidden when there is none.
    """
    mine = member.departments(Role.MARKETER)
    found = Department.objects.of(tenant).order_by("name")
    listed = list(found if mine is None else found.filter(pk__in=mine))
    if not listed:
        raise Forbidden(_("Only a marketer makes models."))
    return listed


def _access(request: ConsoleRequest, kind: AnyKind, model_id: UUID) -> Any:
    """Get a model that the member may look at, with the name of who saved it last as `saved_by`."""
    entries = AuditEntry.objects.of(request.tenant).filter(thing=OuterRef("public_id")).order_by("-at", "-id")
    rows = kind.rows(request.tenant).visible_to(request.member)
    return rows.annotate(saved_by=Subquery(entries.values("member_name")[:1])).public(model_id)


def _access_to_change(request: ConsoleRequest, kind: AnyKind, model_id: UUID) -> Any:
    model = _access(request, kind, model_id)
    access_as_marketer(model.department_id, request.member)
    return model
