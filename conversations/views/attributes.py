"""Admin pages about what is declared of customers."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core.errors import Invalid
from connect.core.faults import put_faults
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from conversations.actions.attributes import change_attribute, declare_attribute
from conversations.forms.customers import KIND_LABELS, TYPE_LABELS, AttributeForm
from conversations.models import Attribute
from conversations.states import AttributeKind, AttributeType


@needs(Role.VIEWER)
def attributes(request: ConsoleRequest) -> HttpResponse:
    """List what is declared, and the form that declares more."""
    return _list(request, AttributeForm())


@needs(Role.ADMIN)
def declare(request: ConsoleRequest) -> HttpResponse:
    """Declare an attribute, interest or preference."""
    form = AttributeForm(request.POST)
    if not form.is_valid():
        return _list(request, form, status=422)
    try:
        made = declare_attribute(request.tenant, form.wanted(), by=request.member, now=request.now)
    except Invalid as error:
        put_faults(form, error)
        return _list(request, form, status=422)
    messages.success(request, _("%(label)s is declared.") % {"label": made.label})
    return redirect(here(request, "attributes"))


@needs(Role.ADMIN)
def attribute(request: ConsoleRequest, attribute_id: UUID) -> HttpResponse:
    """Change label, choices and marks of one."""
    found = Attribute.objects.of(request.tenant).public(attribute_id)
    fixed = {"kind": found.kind, "name": found.name, "type": found.type}
    if request.method != "POST":
        words = {"label": found.label, "choices": "\n".join(found.choices), "version": found.version}
        form = AttributeForm(initial={**fixed, **words, "personal": found.personal, "reportable": found.reportable})
        return _one(request, found, form)
    form = AttributeForm({**request.POST.dict(), **fixed})
    if not form.is_valid():
        return _one(request, found, form, status=422)
    version = form.cleaned_data["version"] or 0
    try:
        change_attribute(
            request.tenant, attribute_id, version=version, wanted=form.wanted(), by=request.member, now=request.now
        )
    except Invalid as error:
        put_faults(form, error)
        return _one(request, found, form, status=422)
    messages.success(request, _("Saved."))
    return redirect(here(request, "attributes"))


def _list(request: ConsoleRequest, form: AttributeForm, status: int = 200) -> HttpResponse:
    groups: dict[str, list[Attribute]] = {kind.value: [] for kind in AttributeKind}
    for one in Attribute.objects.of(request.tenant).in_order():
        groups[one.kind].append(one)
    context = {
        "groups": [(KIND_LABELS[AttributeKind(kind)], listed) for kind, listed in groups.items()],
        "types": {kind.value: TYPE_LABELS[kind] for kind in AttributeType},
        "form": form,
        "may_edit": request.member.may(Role.ADMIN),
    }
    return page(request, "conversations/attributes.html", context, status=status)


def _one(request: ConsoleRequest, found: Attribute, form: AttributeForm, status: int = 200) -> HttpResponse:
    context = {"found": found, "form": form, "type": TYPE_LABELS[AttributeType(found.type)]}
    return page(request, "conversations/attribute.html", context, status=status)
