"""The relays page: which there are and how they fare; one of them, with its trial; adding, changing, removing."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core.errors import Invalid, StaleVersion
from connect.core.faults import put_faults
from connect.core.formats import as_time
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from delivery.actions import relays as actions
from delivery.forms import RelayForm, RemoveForm
from delivery.models import Relay
from delivery.states import TlsMode
from delivery.words import TLS_WORDS

#: A trial that no worker has taken after so long is said to be late.
LATE = timedelta(seconds=60)


class Standing(NamedTuple):
    """How a relay fares: a word, its tone and icon."""

    word: str
    tone: str = ""
    icon: str = "ring"


class Line(NamedTuple):
    """A relay with what is said about it: how it fares, which TLS was asked for, and which was seen last."""

    relay: Relay
    standing: Standing
    tls: str
    seen: str


@needs(Role.VIEWER)
def relays(request: ConsoleRequest) -> HttpResponse:
    """List the tenant's relays, in the order in which they are used."""
    found = list(Relay.objects.of(request.tenant).order_by("-active", "priority", "id"))
    active = [relay for relay in found if relay.active]
    context = {
        "lines": [_line(relay, active, request.now) for relay in found],
        "none_active": bool(found) and not active,
        "all_away": bool(active) and all(_is_away(relay, request.now) for relay in active),
        "may_change": _may_change(request),
    }
    return page(request, "delivery/relays.html", context, part="delivery/_relays.html")


@needs(Role.ADMIN)
def relay(request: ConsoleRequest, relay_id: UUID) -> HttpResponse:
    """Show one relay and its last trial; asks again by itself while one is under way."""
    _access(request, relay_id)
    return _show(request, relay_id)


@needs(Role.ADMIN)
def new(request: ConsoleRequest) -> HttpResponse:
    """Add a relay."""
    actions.access_relays(request.member)
    if request.method != "POST":
        initial = {"port": 587, "tls": TlsMode.REQUIRED.value, "priority": _free_priority(request), "active": True}
        return _form(request, RelayForm(initial=initial))
    form = RelayForm(request.POST)
    if form.is_valid():
        try:
            made = actions.add_relay(request.tenant, form.fields_of(), by=request.member, now=request.now)
        except Invalid as error:
            put_faults(form, error)
        else:
            messages.success(request, _("“%(name)s” is added. Try it before the next run.") % {"name": made.name})
            return redirect(here(request, "relay", made.public_id))
    return _form(request, form, status=422)


@needs(Role.ADMIN)
def edit(request: ConsoleRequest, relay_id: UUID) -> HttpResponse:
    """Change a relay; a stale save shows both versions."""
    one = _access(request, relay_id)
    if request.method != "POST":
        return _form(request, RelayForm(initial=_initial(one)), one)
    form = RelayForm(request.POST)
    if form.is_valid():
        version = form.cleaned_data["version"] or 0
        try:
            actions.change_relay(
                request.tenant, relay_id, version, form.fields_of(), by=request.member, now=request.now
            )
        except Invalid as error:
            put_faults(form, error)
        except StaleVersion as error:
            again = RelayForm({**form.cleaned_data, "version": error.current.version})
            return _form(request, again, error.current, status=409, theirs=error.current)
        else:
            messages.success(request, _("Saved. Senders take it over within seconds."))
            return redirect(here(request, "relay", relay_id))
    return _form(request, form, one, status=422)


@needs(Role.ADMIN)
def remove(request: ConsoleRequest, relay_id: UUID) -> HttpResponse:
    """Remove a relay."""
    one = _access(request, relay_id)
    form = RemoveForm(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else 0
    actions.remove_relay(request.tenant, relay_id, version, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is removed, with its password.") % {"name": one.name})
    return redirect(here(request, "relays"))


@needs(Role.ADMIN)
def try_it(request: ConsoleRequest, relay_id: UUID) -> HttpResponse:
    """Have a worker try a relay, and show it while it does."""
    _access(request, relay_id)
    actions.ask_trial(request.tenant, relay_id, by=request.member, now=request.now)
    return _show(request, relay_id) if request.htmx else redirect(here(request, "relay", relay_id) + "#trial")


def _show(request: ConsoleRequest, relay_id: UUID) -> HttpResponse:
    one = Relay.objects.of(request.tenant).public(relay_id)
    active = list(Relay.objects.of(request.tenant).filter(active=True).order_by("priority", "id"))
    asked = one.trial_asked_at
    is_asked = asked is not None and (one.tried_at is None or one.tried_at < asked)
    is_late = is_asked and asked is not None and request.now - asked > LATE
    context = {
        "line": _line(one, active, request.now),
        "facts": _facts(one),
        "trying": is_asked and not is_late,
        "late": is_late,
    }
    return page(request, "delivery/relay.html", context, part="delivery/_relay.html")


def _access(request: ConsoleRequest, relay_id: UUID) -> Relay:
    found = Relay.objects.of(request.tenant).public(relay_id)
    actions.access_relays(request.member)
    return found


def _may_change(request: ConsoleRequest) -> bool:
    return request.member.may(Role.ADMIN) and request.member.departments(Role.ADMIN) is None


def _is_away(relay: Relay, now: datetime) -> bool:
    return relay.away_until is not None and relay.away_until > now


def _line(relay: Relay, active: Sequence[Relay], now: datetime) -> Line:
    return Line(relay, _standing(relay, active, now), str(TLS_WORDS[TlsMode(relay.tls)]), _seen(relay))


def _seen(relay: Relay) -> str:
    if relay.tls_seen:
        return relay.tls_seen.partition(" ")[0].replace("TLSv", "TLS ")
    return _("in the clear") if relay.answered_at and not relay.failures else ""


def _standing(relay: Relay, active: Sequence[Relay], now: datetime) -> Standing:
    if not relay.active:
        return Standing(_("Switched off"), "", "void")
    if relay.away_until and relay.away_until > now:
        return Standing(_("Set aside until %(when)s") % {"when": as_time(relay.away_until)}, "bad", "clock")
    if relay.failures:
        return Standing(_("About to be tried again"), "warn", "half")
    first = next((other for other in active if not _is_away(other, now)), None)
    if first is not None and first.pk == relay.pk:
        return Standing(_("In use"), "good", "check-circle")
    return Standing(_("In reserve"))


def _facts(relay: Relay) -> list[tuple[str, str]]:
    none = _("no limit")
    return [
        (_("Host"), relay.host),
        (_("Port"), str(relay.port)),
        (_("TLS"), str(TLS_WORDS[TlsMode(relay.tls)])),
        (_("User name"), relay.user or _("none")),
        (_("Password"), _("kept, sealed") if relay.sealed_password else _("none")),
        (_("Priority"), str(relay.priority)),
        (_("Connections of a sender"), str(relay.connections or none)),
        (_("Messages a connection"), str(relay.messages or none)),
    ]


def _free_priority(request: ConsoleRequest) -> int:
    taken = list(Relay.objects.of(request.tenant).values_list("priority", flat=True))
    return min(max(taken, default=0) + 10, actions.MOST_PRIORITY)


def _initial(relay: Relay) -> dict[str, Any]:
    return {name: getattr(relay, name) for name in RelayForm.base_fields if name != "password"}


def _form(
    request: ConsoleRequest,
    form: RelayForm,
    relay: Relay | None = None,
    status: int = 200,
    theirs: Relay | None = None,
) -> HttpResponse:
    context = {
        "form": form,
        "relay": relay,
        "differences": _differences(form, theirs) if theirs else None,
        "keeps_password": bool(relay and relay.sealed_password),
    }
    return page(request, "delivery/relay_form.html", context, status=status)


def _differences(form: RelayForm, theirs: Relay) -> list[tuple[str, str, str]]:
    """List (field, ours, theirs) where they differ; secrets stay out."""
    found = []
    for name, field in form.fields.items():
        if name in {"version", "password"}:
            continue
        mine = form.cleaned_data.get(name) if form.is_valid() else form.data.get(name)
        saved = getattr(theirs, name)
        if (mine or "") != (saved or ""):
            found.append((str(field.label), _shown(mine), _shown(saved)))
    return found


def _shown(told: Any) -> str:
    return "–" if told in {None, ""} else str(told)
