"""What members do with a conversation's keys: make, check, start, stop, remove."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core.errors import Invalid
from connect.core.faults import put_faults
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs
from conversations.actions import dkim_keys as actions
from conversations.forms.conversations import KeyForm
from conversations.models import Conversation, DkimKey
from conversations.views.conversations import access, show


@needs(Role.VIEWER)
def keys(request: ConsoleRequest, conversation_id: UUID) -> HttpResponse:
    """Show the part of a conversation's page that holds its keys."""
    return show(request, access(request, conversation_id), KeyForm())


@needs(Role.ADMIN)
def make(request: ConsoleRequest, conversation_id: UUID) -> HttpResponse:
    """Make a key."""
    one = access(request, conversation_id)
    form = KeyForm(request.POST)
    if form.is_valid():
        algorithm, selector = form.cleaned_data["algorithm"], form.cleaned_data["selector"]
        try:
            key = actions.make_dkim_key(
                request.tenant,
                conversation_id,
                algorithm=algorithm,
                selector=selector,
                by=request.member,
                now=request.now,
            )
        except Invalid as error:
            put_faults(form, error)
        else:
            told = _("Key %(selector)s is made. Publish its record, check it, then let it sign.")
            messages.success(request, told % {"selector": key.selector})
            return _back(request, one)
    return show(request, one, form, status=422)


@needs(Role.MARKETER)
def check(request: ConsoleRequest, key_id: UUID) -> HttpResponse:
    """Have a worker look into DNS, and show the keys while it does."""
    one = _of(request, key_id)
    actions.ask_dns_check(request.tenant, key_id, by=request.member, now=request.now)
    return show(request, one, KeyForm()) if request.htmx else _back(request, one)


@needs(Role.ADMIN)
def start(request: ConsoleRequest, key_id: UUID) -> HttpResponse:
    """Let a key sign."""
    one = _of(request, key_id)
    actions.start_signing(request.tenant, key_id, by=request.member, now=request.now)
    messages.success(request, _("The key signs every message from now on."))
    return _back(request, one)


@needs(Role.ADMIN)
def stop(request: ConsoleRequest, key_id: UUID) -> HttpResponse:
    """Let a key sign no more."""
    one = _of(request, key_id)
    actions.stop_signing(request.tenant, key_id, by=request.member, now=request.now)
    messages.success(
        request, _("The key signs no further message. Keep its record for a week: mail on its way needs it.")
    )
    return _back(request, one)


@needs(Role.ADMIN)
def remove(request: ConsoleRequest, key_id: UUID) -> HttpResponse:
    """Destroy a key that doesn't sign."""
    one = _of(request, key_id)
    actions.remove_dkim_key(request.tenant, key_id, by=request.member, now=request.now)
    messages.success(request, _("The key is destroyed. Its record in DNS is yours to take away."))
    return _back(request, one)


def _of(request: ConsoleRequest, key_id: UUID) -> Conversation:
    key = DkimKey.objects.of(request.tenant).select_related("conversation").get(public_id=key_id)
    return access(request, key.conversation.public_id)


def _back(request: ConsoleRequest, one: Conversation) -> HttpResponse:
    return redirect(here(request, "conversation", one.public_id) + "#keys")
