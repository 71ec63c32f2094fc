"""How HTTP becomes an action and an answer: roles, the tenant's transaction, pages, errors as status codes."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from zoneinfo import ZoneInfo

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.timezone import override as override_zone
from django.utils.translation import override as override_language
from django_htmx.middleware import HtmxDetails

from connect.core import fence, panels
from connect.core.actions.members import do_enter
from connect.core.errors import Conflict, Forbidden, Invalid, StaleVersion
from connect.core.models import Grant, Member, Tenant, User
from connect.core.notices import unread
from connect.core.roles import HOLDERS, LABELS, Role
from connect.core.tenancy import tenant as open_tenant

P = ParamSpec("P")


class ConsoleRequest(HttpRequest):
    """A request by a member of a tenant; `needs` puts both there."""

    htmx: HtmxDetails
    tenant: Tenant
    tenants: list[Tenant]  # all of which the user is a member, by name
    member: Member
    user: User  # logged in, or `needs` has sent them away
    now: datetime


TenantView = Callable[Concatenate[ConsoleRequest, P], HttpResponse]
View = Callable[..., HttpResponse]


def needs(role: Role) -> Callable[[TenantView[P]], View]:
    """Let only members with this role in, and run the view, rendering included, in the tenant's transaction.

    A stranger, a missing thing and a neighbour's thing all get the same 404.
    """

    def decorate(view: TenantView[P]) -> View:
        @wraps(view)
        def guarded(request: ConsoleRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            request.now = datetime.now(UTC)
            member_id = _enter(request, slug)
            if request.tenant.suspended_at:
                return _suspended(request)
            zone = ZoneInfo(request.tenant.default_zone)
            with override_language(request.user.language), override_zone(zone):
                try:
                    with open_tenant(request.tenant):
                        request.member = Member.objects.get(pk=member_id)
                        if request.member.entered_at is None:
                            do_enter(request.tenant, member_id, now=request.now)
                        _demand(request.member, role)
                        return view(request, *args, **kwargs)
                except ObjectDoesNotExist as error:
                    raise Http404 from error
                except (Forbidden, Conflict, Invalid) as error:
                    return _refuse(request, error)

        guarded.role = role  # type: ignore[attr-defined]  # read by the test that lists the role of every URL
        return guarded

    return decorate


def public(why: str) -> Callable[[View], View]:
    """Mark a view that needs no member, and say why."""

    def decorate(view: View) -> View:
        view.role = "public"  # type: ignore[attr-defined]  # read by the test that lists the role of every URL
        view.why_public = why  # type: ignore[attr-defined]
        return view

    return decorate


def page(
    request: ConsoleRequest, template: str, context: Mapping[str, Any], *, part: str | None = None, status: int = 200
) -> HttpResponse:
    """Answer with the page, or with its part where htmx asks for it."""
    wants_part = part is not None and bool(request.htmx) and not request.htmx.boosted
    if wants_part and part is not None:
        response = render(request, part, {**frame_context(request, rail=False), **context}, status=status)
    else:
        response = render(request, template, {**frame_context(request), **context}, status=status)
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return uncached(response)


def _suspended(request: ConsoleRequest) -> HttpResponse:
    """Tell a member that an operator has suspended their tenant; nothing of it is opened."""
    with override_language(request.user.language), override_zone(ZoneInfo(request.tenant.default_zone)):
        context = {"tenant": request.tenant, "others": [one for one in request.tenants if one != request.tenant]}
        return uncached(render(request, "core/suspended.html", context, status=403))


def uncached(response: HttpResponse) -> HttpResponse:
    """Keep an answer out of every store."""
    response["Cache-Control"] = "private, no-store"
    return response


def _demand(member: Member, role: Role) -> None:
    if not member.may(role):
        raise Forbidden(_who_may(role))


def _refuse(request: ConsoleRequest, error: Forbidden | Conflict | Invalid) -> HttpResponse:
    """Answer a refusal after its transaction was rolled back."""
    context: dict[str, Any] = {"reason": str(error)}
    if isinstance(error, Invalid):
        status, context = 422, {"fields": error.fields}
    elif isinstance(error, Forbidden):
        status = 403
    else:
        status, context = 409, {**context, "current": error.current if isinstance(error, StaleVersion) else None}
    with open_tenant(request.tenant):
        return page(request, f"errors/{status}.html", context, status=status)


def here(request: ConsoleRequest, name: str, *args: Any) -> str:
    """Reverse a URL inside the request's tenant."""
    return reverse(name, args=[request.tenant.slug, *args])


def frame_context(request: ConsoleRequest, *, rail: bool = True) -> dict[str, Any]:
    """Gather what the frame around each page shows."""
    return {
        "tenants": _tenants(request) if rail else [],
        "rail": _rail(request) if rail else [],
        "search_url": here(request, "search") if rail else "",
        "fenced": rail and not fence.holds(),
        "bell": {"url": here(request, "notices"), "count": unread(request.tenant, request.member)} if rail else None,
        "locale": request.user.language,
        "zone": request.tenant.default_zone,
    }


def _tenants(request: ConsoleRequest) -> list[dict[str, Any]]:
    return [
        {
            "name": tenant.name,
            "slug": tenant.slug,
            "url": reverse("home", args=[tenant.slug]),
            "current": tenant.pk == request.tenant.pk,
        }
        for tenant in request.tenants
    ]


def _rail(request: ConsoleRequest) -> list[list[dict[str, Any]]]:
    return [
        [
            {
                "label": link.label,
                "url": here(request, link.url_name),
                "icon": link.icon,
                "current": _is_current(request, link),
                "count": link.count(request.tenant, request.member) if link.count else None,
            }
            for link in group
            if request.member.may(link.role)
        ]
        for group in panels.rail()
    ]


def _is_current(request: ConsoleRequest, link: panels.RailLink) -> bool:
    rest = request.path.removeprefix(f"/t/{request.tenant.slug}/")
    return rest == "" if link.prefix == "" else rest.startswith(link.prefix)


def memberships(user: User) -> list[tuple[int, int]]:
    """List (tenant id, member id) of a user's live memberships, over all tenants."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant, member FROM memberships_of(%s)", [user.pk])
        return [(int(tenant), int(member)) for tenant, member in cursor.fetchall()]


def _enter(request: ConsoleRequest, slug: str) -> int:
    """Put the tenant of this address on the request; tell the user's member id there.

    Errors: Http404 for a tenant that isn't theirs, as for one that isn't.
    """
    mine = dict(memberships(request.user))
    request.tenants = list(Tenant.objects.filter(pk__in=mine).order_by("name"))
    found = next((tenant for tenant in request.tenants if tenant.slug == slug), None)
    if found is None:
        raise Http404
    request.tenant = found
    return mine[found.pk]


def _who_may(role: Role) -> str:
    holders = HOLDERS[role]
    names = Member.objects.filter(
        active=True, pk__in=Grant.objects.filter(role__in=holders).values("member_id")
    ).values_list("name", flat=True)
    who = ", ".join(sorted(names)[:5])
    return f"{LABELS[role]}: {who}" if who else str(LABELS[role])
