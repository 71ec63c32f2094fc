"""One segmentation model in the builder: begin, change, copy, archive. Its buttons change the draft alone."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audiences.actions.models import access_as_marketer
from audiences.forms.audience import read_id
from audiences.forms.builder import Builder
from audiences.rules.sources import vocabulary
from audiences.uses import SEGMENTATION, Uses, uses_of
from audiences.views.builder import NO_ID, builder_answer, departments_for, there
from audiences.views.reach import conversations_for, draft_words, pick
from connect.core.errors import Invalid, StaleVersion
from connect.core.models import AuditEntry, Department
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs
from segments.actions import models as actions
from segments.forms.segmentation import SegmentationForm
from segments.models import SegmentationModel
from segments.views.reach import Split, draft_context


@needs(Role.MARKETER)
def new(request: ConsoleRequest) -> HttpResponse:
    """Begin a model; on POST make it, or change the draft where one of the builder's buttons was pressed."""
    departments = departments_for(request.tenant, request.member)
    fields, zone = vocabulary(request.tenant), request.tenant.default_zone
    if request.method != "POST":
        return _new_page(request, SegmentationForm.empty(fields, zone, str(departments[0].public_id)), departments)
    form = SegmentationForm.read(fields, zone, request.POST)
    if "do" in request.POST:
        form.edit(request.POST["do"])
        return _new_page(request, form, departments, counted=request.POST["do"] == "count")
    try:
        made = actions.make_segmentation(
            request.tenant,
            form.wanted(),
            department_id=read_id(form.department) or NO_ID,
            by=request.member,
            now=request.now,
        )
    except Invalid as error:
        form.put(error.fields)
        return _new_page(request, form, departments, status=422)
    messages.success(request, _("“%(name)s” is made.") % {"name": made.name})
    return redirect(there(request, "segmentation", made.public_id))


def _new_page(
    request: ConsoleRequest,
    form: SegmentationForm,
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
        "action": here(request, "segmentation-new"),
        "reach_url": None,
        **draft_context(request, form, counted=counted),
    }
    return _answer(request, context, status=status)


@needs(Role.VIEWER)
def segmentation(request: ConsoleRequest, model_id: UUID) -> HttpResponse:
    """Show a model in the builder."""
    model = SegmentationModel.objects.of(request.tenant).visible_to(request.member).public(model_id)
    form = _form_of(request, model)
    conversations = conversations_for(request.tenant, request.member)
    more = {
        "names": [one.title for one in form.segments],
        "leftovers_get_content": form.leftovers_get_content,
        "conversations": conversations,
        "chosen": pick(conversations, request.GET),
        "found": Split(),
    }
    return _model_page(request, form, model, more)


@needs(Role.MARKETER)
def save(request: ConsoleRequest, model_id: UUID) -> HttpResponse:
    """Save a model, unless it was changed meanwhile or would void approvals that nobody agreed to lose."""
    model = _to_change(request, model_id)
    form = SegmentationForm.read(vocabulary(request.tenant), request.tenant.default_zone, request.POST)
    if "do" in request.POST:
        form.edit(request.POST["do"])
        return _model_page(request, form, model, draft_context(request, form, counted=request.POST["do"] == "count"))
    more = draft_context(request, form, counted=False)
    uses = uses_of(request.tenant, SEGMENTATION, model_id)
    if form.meaning() != _form_of(request, model).meaning() and uses.consent != request.POST.get("agree", ""):
        return _model_page(request, form, model, {**more, "asks": True}, status=409)
    try:
        changed = actions.change_segmentation(
            request.tenant, model_id, form.version, form.wanted(), by=request.member, now=request.now
        )
    except Invalid as error:
        form.put(error.fields)
        return _model_page(request, form, model, more, status=422)
    except StaleVersion as error:
        theirs = _form_of(request, error.current)
        parts = [(one.title, _words(request, one.builder, one.builder.to_json(one.rule))) for one in theirs.segments]
        more["theirs"] = {"model": error.current, "parts": parts}
        return _model_page(request, form, model, more, status=409)
    messages.success(request, _("“%(name)s” is saved.") % {"name": changed.name})
    return redirect(there(request, "segmentation", model_id))


def _model_page(
    request: ConsoleRequest,
    form: SegmentationForm,
    model: SegmentationModel,
    more: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    may_change = request.member.may(Role.MARKETER, model.department_id)
    context = {
        "form": form,
        "model": model,
        "may_change": may_change,
        "may_edit": may_change and model.archived_at is None,
        "uses": uses_of(request.tenant, SEGMENTATION, model.public_id),
        "last": AuditEntry.objects.of(request.tenant).about([model.public_id]).first(),
        "here": here(request, "segmentation", model.public_id),
        "action": here(request, "segmentation-save", model.public_id),
        "reach_url": here(request, "segmentation-reach", model.public_id),
        **more,
    }
    return _answer(request, context, status=status)


def _answer(request: ConsoleRequest, context: dict[str, Any], *, status: int) -> HttpResponse:
    form: SegmentationForm = context["form"]
    context["draft_reach_url"] = here(request, "segmentation-draft-reach")
    context["said"] = [_words(request, one.builder, one.builder.to_json(one.rule)) for one in form.segments]
    return builder_answer(request, "segments/model.html", context, status=status)


def _words(request: ConsoleRequest, builder: Builder, rule: object) -> Any:
    return draft_words(request.tenant, builder, rule)


@needs(Role.MARKETER)
def copy(request: ConsoleRequest, model_id: UUID) -> HttpResponse:
    """Copy a model and open the copy."""
    _to_change(request, model_id)
    copied = actions.copy_segmentation(request.tenant, model_id, by=request.member, now=request.now)
    messages.success(request, _("Copied as “%(name)s”.") % {"name": copied.name})
    return redirect(here(request, "segmentation", copied.public_id))


@needs(Role.MARKETER)
def archive(request: ConsoleRequest, model_id: UUID) -> HttpResponse:
    """Take a model out of the lists."""
    model = _to_change(request, model_id)
    actions.archive_segmentation(request.tenant, model_id, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is archived. Campaigns that use it go on.") % {"name": model.name})
    return redirect(here(request, "segmentations"))


@needs(Role.MARKETER)
def restore(request: ConsoleRequest, model_id: UUID) -> HttpResponse:
    """Bring an archived model back."""
    model = _to_change(request, model_id)
    actions.restore_segmentation(request.tenant, model_id, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is back in use.") % {"name": model.name})
    return redirect(here(request, "segmentation", model_id))


def _to_change(request: ConsoleRequest, model_id: UUID) -> SegmentationModel:
    found = SegmentationModel.objects.of(request.tenant).visible_to(request.member)
    model: SegmentationModel = found.public(model_id)
    access_as_marketer(model.department_id, request.member)
    return model


def _form_of(request: ConsoleRequest, model: SegmentationModel) -> SegmentationForm:
    return SegmentationForm.of(vocabulary(request.tenant), request.tenant.default_zone, model, model.segments())
