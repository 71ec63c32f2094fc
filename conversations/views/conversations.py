"""Pages of conversations: the list, one conversation with its health, and the form that makes and changes it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from babel import Locale
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core import panels
from connect.core.errors import Invalid, StaleVersion
from connect.core.faults import put_faults
from connect.core.formats import current_locale
from connect.core.models import Department
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from conversations.actions import conversations as actions
from conversations.addresses import zones
from conversations.dkim import is_aligned, record_name
from conversations.forms.conversations import ConversationForm, KeyForm, initial_of
from conversations.health import Verdict, health_of, worst
from conversations.models import Conversation, DkimKey
from conversations.reach import reach_of, recent_reach

#: What the language field offers; any other tag may be typed.
OFFERED_LANGUAGES = """
    ar bg cs da de de-AT de-CH el en en-CA en-GB en-US es es-MX et fi fr fr-BE fr-CA fr-CH he hi hr hu
    id it ja ko lt lv nb nl nl-BE pl pt pt-BR ro ru sk sl sr sv th tr uk vi zh-Hans zh-Hant
"""
#: How long a look into DNS is waited for before the page says that no worker took it.
LOOK_PATIENCE = timedelta(seconds=20)
#: A preview shows no more of a field than a stored one could hold.
SHOWN_CHARACTERS = 1000
#: As a campaign's pre-flight list shows the same: nothing here blocks a launch.
LEVELS = {Verdict.GOOD: "good", Verdict.WARNING: "info", Verdict.BAD: "warning"}


@dataclass(frozen=True)
class Speaker:
    """What a message shows of its conversation, as it is being typed."""

    name: str
    from_name: str
    from_email: str
    footer: str
    postal_address: str

    @classmethod
    def read(cls, typed: Mapping[str, Any]) -> "Speaker":
        """Take what the form holds, cut to what a preview needs."""
        return cls(**{field.name: str(typed.get(field.name) or "")[:SHOWN_CHARACTERS].strip() for field in fields(cls)})


@needs(Role.VIEWER)
def conversations(request: ConsoleRequest) -> HttpResponse:
    """List the member's conversations with their reach and health. `?count=1` counts; otherwise a fragment does."""
    mine = Conversation.objects.of(request.tenant).visible_to(request.member).select_related("department")
    archived = request.GET.get("archived") == "1"
    shown = list(mine.filter(archived_at__isnull=not archived).order_by("name"))
    keys: dict[int, list[DkimKey]] = {}
    for key in DkimKey.objects.of(request.tenant).filter(conversation__in=shown):
        keys.setdefault(key.conversation_id, []).append(key)
    ids = [one.pk for one in shown]
    reached = reach_of(request.tenant, ids) if request.GET.get("count") else recent_reach(request.tenant, ids)
    rows = [
        {
            "conversation": one,
            "reach": reached.get(one.pk),
            "faults": [found for found in health_of(one, keys.get(one.pk, [])) if found.verdict != "good"],
            "verdict": worst(health_of(one, keys.get(one.pk, []))),
        }
        for one in shown
    ]
    context = {
        "rows": rows,
        "archived": archived,
        "counts": (mine.filter(archived_at=None).count(), mine.exclude(archived_at=None).count()),
        "counted": len(reached) == len(shown),
        "most": max((found.members for found in reached.values()), default=0),
        "several": len({one.department_id for one in shown}) > 1,
        "may_make": request.member.may(Role.ADMIN),
    }
    return page(request, "conversations/conversations.html", context, part="conversations/_conversations.html")


@needs(Role.VIEWER)
def conversation(request: ConsoleRequest, conversation_id: UUID) -> HttpResponse:
    """Show one conversation: as whom it speaks, its keys, its health, and what other parts of Connect add."""
    return show(request, access(request, conversation_id), KeyForm())


@needs(Role.ADMIN)
def new(request: ConsoleRequest) -> HttpResponse:
    """Make a conversation."""
    departments = _departments(request)
    if request.method != "POST":
        initial = {"default_language": request.tenant.default_language, "default_zone": request.tenant.default_zone}
        return _form(request, ConversationForm(initial=initial, departments=departments))
    form = ConversationForm(request.POST, departments=departments)
    if form.is_valid():
        try:
            made = actions.make_conversation(request.tenant, form.identity(), by=request.member, now=request.now)
        except Invalid as error:
            put_faults(form, error)
        else:
            messages.success(request, _("“%(name)s” is made. Give it a key to sign with.") % {"name": made.name})
            return redirect(here(request, "conversation", made.public_id))
    return _form(request, form, status=422)


@needs(Role.ADMIN)
def edit(request: ConsoleRequest, conversation_id: UUID) -> HttpResponse:
    """Change a conversation; a stale save shows both versions."""
    one = access(request, conversation_id)
    actions.access_as_admin(one, request.member)
    departments = _departments(request)
    if request.method != "POST":
        return _form(request, ConversationForm(initial=initial_of(one), departments=departments), one)
    form = ConversationForm(request.POST, departments=departments)
    if form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            actions.change_conversation(
                request.tenant, conversation_id, version, form.identity(), by=request.member, now=request.now
            )
        except Invalid as error:
            put_faults(form, error)
        except StaleVersion as error:
            return _both(request, form, error.current, departments)
        else:
            messages.success(request, _("Saved. It holds for every message from now on."))
            return redirect(here(request, "conversation", conversation_id))
    return _form(request, form, one, status=422)


@needs(Role.ADMIN)
def preview(request: ConsoleRequest) -> HttpResponse:
    """Show how a message would begin and end, with what is being typed."""
    context = {"speaker": Speaker.read(request.POST.dict())}
    return page(request, "conversations/_speaks.html", context, part="conversations/_speaks.html")


@needs(Role.ADMIN)
def archive(request: ConsoleRequest, conversation_id: UUID) -> HttpResponse:
    """Put a conversation away."""
    one = access(request, conversation_id)
    actions.archive_conversation(request.tenant, conversation_id, by=request.member, now=request.now)
    undo = here(request, "conversation-restore", conversation_id)
    messages.success(request, _("“%(name)s” is archived.") % {"name": one.name}, extra_tags=f"undo:{undo}")
    return redirect(here(request, "conversations"))


@needs(Role.ADMIN)
def restore(request: ConsoleRequest, conversation_id: UUID) -> HttpResponse:
    """Take a conversation out of the archive."""
    one = access(request, conversation_id)
    actions.restore_conversation(request.tenant, conversation_id, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is back.") % {"name": one.name})
    return redirect(here(request, "conversation", conversation_id))


def access(request: ConsoleRequest, conversation_id: UUID) -> Conversation:
    """Get a conversation that the member may see.

    Errors: Conversation.DoesNotExist.
    """
    mine = Conversation.objects.of(request.tenant).visible_to(request.member).select_related("department")
    return mine.get(public_id=conversation_id)


@needs(Role.VIEWER)
def reach(request: ConsoleRequest, conversation_id: UUID) -> HttpResponse:
    """Count a conversation's members for its page."""
    one = access(request, conversation_id)
    reach_of(request.tenant, [one.pk])
    return show(request, one, KeyForm(), part="conversations/_reach.html")


def show(
    request: ConsoleRequest, one: Conversation, form: KeyForm, status: int = 200, part: str = "conversations/_keys.html"
) -> HttpResponse:
    """Answer with a conversation's page, or with a part of it: its keys."""
    keys = list(DkimKey.objects.of(request.tenant).filter(conversation=one).order_by("-active", "-created_at", "-id"))
    findings = health_of(one, keys)
    lines = [key_lines(key, one, request.now) for key in keys]
    context = {
        "conversation": one,
        "keys": lines,
        "looking": any(line["looking"] for line in lines),
        "key_form": form,
        "reach": recent_reach(request.tenant, [one.pk]).get(one.pk),
        "findings": [{"level": LEVELS[found.verdict], "text": f"{found.what}: {found.says}"} for found in findings],
        "verdict": worst(findings),
        "may_edit": request.member.may(Role.ADMIN, one.department_id),
        "used_by": panels.used_by(request.tenant, "conversation", one.public_id),
        "panels": panels.panels(request.tenant, "conversation", one.public_id),
    }
    return page(request, "conversations/conversation.html", context, part=part, status=status)


def key_lines(key: DkimKey, one: Conversation, now: datetime) -> dict[str, Any]:
    """Gather what the page says about one key."""
    asked = key.dns_asked_at is not None and (key.dns_checked_at is None or key.dns_asked_at > key.dns_checked_at)
    late = asked and key.dns_asked_at is not None and now - key.dns_asked_at > LOOK_PATIENCE
    return {
        "key": key,
        "name": record_name(key.domain, key.selector),
        "aligned": is_aligned(key.domain, one.sending_domain),
        "looking": asked and not late,
        "late": late,
    }


def _departments(request: ConsoleRequest) -> list[Department]:
    mine = request.member.departments(Role.ADMIN)
    found = Department.objects.of(request.tenant).order_by("name")
    return list(found if mine is None else found.filter(pk__in=mine))


def _form(
    request: ConsoleRequest, form: ConversationForm, one: Conversation | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    uses = panels.used_by(request.tenant, "conversation", one.public_id) if one else []
    context = {
        "form": form,
        "conversation": one,
        "voided": [use for use in uses if use.voids],
        "languages": _languages(),
        "zones": sorted(zones().values()),
        "differences": None,
        "typed": Speaker.read({field.html_name: field.value() for field in form}),
        **more,
    }
    return page(request, "conversations/conversation_form.html", context, status=status)


def _both(
    request: ConsoleRequest, form: ConversationForm, now_stands: Conversation, departments: Iterable[Department]
) -> HttpResponse:
    """Show what was typed beside what stands now; saving again puts what was typed over it."""
    theirs = initial_of(now_stands)
    names = {str(department.public_id): department.name for department in departments}
    differences = [
        {
            "label": field.label,
            "yours": names.get(field.value(), field.value()),
            "theirs": names.get(theirs[field.name], theirs[field.name]),
        }
        for field in form
        if field.name != "version" and _as_stored(field.value()) != theirs[field.name]
    ]
    again = ConversationForm(
        {**{field.html_name: field.value() for field in form}, "version": now_stands.version}, departments=departments
    )
    return _form(request, again, now_stands, status=409, differences=differences)


def _as_stored(typed: str | None) -> str:
    return (typed or "").replace("\r\n", "\n").strip()


def _languages() -> list[tuple[str, str]]:
    shown = current_locale()
    return [(code, Locale.parse(code, sep="-").get_display_name(shown) or code) for code in OFFERED_LANGUAGES.split()]
