"""One audience model in the builder: begin, change, copy, archive. Buttons of the builder change the draft alone."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audiences.actions import models as actions
from audiences.forms.audience import AudienceForm, read_id
from audiences.forms.builder import Builder
from audiences.models import AudienceModel
from audiences.rules.sources import vocabulary
from audiences.uses import AUDIENCE, Uses, uses_of
from audiences.views.reach import Reach, conversations_for, draft_context, draft_words, pick
from connect.core.errors import Forbidden, Invalid, StaleVersion
from connect.core.links import with_query
from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page

NO_ID = UUID(int=0)


@needs(Role.MARKETER)
def new(request: ConsoleRequest) -> HttpResponse:
    """Begin a model; on POST make it, or change the draft where one of the builder's buttons was pressed."""
    builder = _builder(request)
    departments = departments_for(request.tenant, request.member)
    if request.method != "POST":
        form = AudienceForm.empty(builder, str(departments[0].public_id))
        return _new_page(request, form, departments)
    form = AudienceForm.read(builder, request.POST)
    if "do" in request.POST:
        form.rule = builder.edit(form.rule, request.POST["do"])
        return _new_page(request, form, departments, counted=request.POST["do"] == "count")
    try:
        made = actions.create_audience(
            request.tenant,
            by=request.member,
            name=form.name,
            description=form.description,
            rule=form.json(),
            department_id=read_id(form.department) or NO_ID,
            now=request.now,
        )
    except Invalid as error:
        form.put(error.fields)
        return _new_page(request, form, departments, status=422)
    messages.success(request, _("“%(name)s” is made.") % {"name": made.name})
    return redirect(there(request, "audience", made.public_id))


def _new_page(
    request: ConsoleRequest,
    form: AudienceForm,
    departments: list[Department],
    *,
    counted: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "model": None,
        "may_edit": True,
        "departments": departments,
        "uses": Uses(()),
        "action": here(request, "audience-new"),
        "reach_url": None,
        "draft_reach_url": here(request, "audience-draft-reach"),
        **draft_context(request, form, counted=counted),
    }
    return builder_answer(request, "audiences/model.html", context, status=status)


@needs(Role.VIEWER)
def audience(request: ConsoleRequest, audience_id: UUID) -> HttpResponse:
    """Show a model in the builder."""
    model = AudienceModel.objects.of(request.tenant).visible_to(request.member).public(audience_id)
    conversations = conversations_for(request.tenant, request.member)
    form = AudienceForm.of(_builder(request), model)
    more = {
        "found": Reach(),
        "conversations": conversations,
        "chosen": pick(conversations, request.GET),
        "words": draft_words(request.tenant, form.builder, model.rule),
    }
    return _model_page(request, form, model, more)


@needs(Role.MARKETER)
def save(request: ConsoleRequest, audience_id: UUID) -> HttpResponse:
    """Save a model, unless it was changed meanwhile or would void approvals that nobody agreed to lose."""
    model = _to_change(request, audience_id)
    form = AudienceForm.read(_builder(request), request.POST)
    if "do" in request.POST:
        form.rule = form.builder.edit(form.rule, request.POST["do"])
        return _model_page(request, form, model, draft_context(request, form, counted=request.POST["do"] == "count"))
    uses = uses_of(request.tenant, AUDIENCE, audience_id)
    changes_rule = form.json() != form.builder.to_json(form.builder.show(model.rule))
    if changes_rule and uses.consent != request.POST.get("agree", ""):
        more = {**draft_context(request, form, counted=False), "asks": True}
        return _model_page(request, form, model, more, status=409)
    try:
        changed = actions.change_audience(
            request.tenant,
            audience_id,
            form.version,
            by=request.member,
            name=form.name,
            description=form.description,
            rule=form.json(),
            now=request.now,
        )
    except Invalid as error:
        form.put(error.fields)
        return _model_page(request, form, model, draft_context(request, form, counted=False), status=422)
    except StaleVersion as error:
        words = draft_words(request.tenant, form.builder, error.current.rule)
        theirs = {"model": error.current, "parts": [("", words)]}
        more = {**draft_context(request, form, counted=False), "theirs": theirs}
        return _model_page(request, form, model, more, status=409)
    messages.success(request, _("“%(name)s” is saved.") % {"name": changed.name})
    return redirect(there(request, "audience", audience_id))


def _model_page(
    request: ConsoleRequest, form: AudienceForm, model: AudienceModel, more: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "model": model,
        "may_edit": request.member.may(Role.MARKETER, model.department_id) and model.archived_at is None,
        "may_change": request.member.may(Role.MARKETER, model.department_id),
        "uses": uses_of(request.tenant, AUDIENCE, model.public_id),
        "here": here(request, "audience", model.public_id),
        "action": here(request, "audience-save", model.public_id),
        "reach_url": here(request, "audience-reach", model.public_id),
        "draft_reach_url": here(request, "audience-draft-reach"),
        "last": AuditEntry.objects.of(request.tenant).about([model.public_id]).first(),
        **more,
    }
    return builder_answer(request, "audiences/model.html", context, status=status)


def builder_answer(request: ConsoleRequest, template: str, context: dict[str, Any], *, status: int) -> HttpResponse:
    """Answer with the page, or with the builder alone where one of its buttons was pressed."""
    defaults: dict[str, Any] = {"asks": False, "theirs": None, "last": None, "departments": [], "may_change": False}
    pressed = request.method == "POST" and "do" in request.POST
    part = f"{template.partition('/')[0]}/_builder.html" if pressed else None
    response = page(request, template, {**defaults, **context}, part=part, status=status)
    if pressed:
        response["HX-Trigger-After-Settle"] = "rule-changed"
    return response


def there(request: ConsoleRequest, name: str, model_id: UUID) -> str:
    """Lead to a model's page, still counting in the conversation that was chosen."""
    chosen = read_id(request.POST.get("conversation", ""))
    return with_query(here(request, name, model_id), conversation=chosen)


@needs(Role.MARKETER)
def copy(request: ConsoleRequest, audience_id: UUID) -> HttpResponse:
    """Copy a model and open the copy."""
    _to_change(request, audience_id)
    copied = actions.copy_audience(request.tenant, audience_id, by=request.member, now=request.now)
    messages.success(request, _("Copied as “%(name)s”.") % {"name": copied.name})
    return redirect(here(request, "audience", copied.public_id))


@needs(Role.MARKETER)
def archive(request: ConsoleRequest, audience_id: UUID) -> HttpResponse:
    """Take a model out of the lists."""
    model = _to_change(request, audience_id)
    actions.archive_audience(request.tenant, audience_id, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is archived. Campaigns that use it go on.") % {"name": model.name})
    return redirect(here(request, "audiences"))


@needs(Role.MARKETER)
def restore(request: ConsoleRequest, audience_id: UUID) -> HttpResponse:
    """Bring an archived model back."""
    model = _to_change(request, audience_id)
    actions.restore_audience(request.tenant, audience_id, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is back in use.") % {"name": model.name})
    return redirect(here(request, "audience", audience_id))


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


def _to_change(request: ConsoleRequest, audience_id: UUID) -> AudienceModel:
    model: AudienceModel = AudienceModel.objects.of(request.tenant).visible_to(request.member).public(audience_id)
    actions.access_as_marketer(model.department_id, request.member)
    return model


def _builder(request: ConsoleRequest) -> Builder:
    return Builder(vocabulary(request.tenant), request.tenant.default_zone)
