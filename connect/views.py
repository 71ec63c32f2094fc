"""The front door, a tenant's home, and the health pages."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from connect.core.models import Tenant, User
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, memberships, needs, page, public
from connect.health import problems
from connect.home import gather


@public("it only leads on: to the login, or to the user's own tenants")
def door(request: HttpRequest) -> HttpResponse:
    """Lead a user to their tenant, or let them choose among several; an operator without any runs the installation."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path())
    mine = list(Tenant.objects.filter(pk__in=[tenant for tenant, _ in memberships(request.user)]).order_by("name"))
    if len(mine) == 1:
        return redirect(reverse("home", args=[mine[0].slug]))
    if not mine and request.user.is_operator:
        return redirect(reverse("operator-tenants"))
    return render(request, "door.html", {"mine": mine, "locale": request.user.language})


@needs(Role.VIEWER)
def home(request: ConsoleRequest) -> HttpResponse:
    """Show what needs the member, what is sending, and what comes next."""
    return page(request, "home.html", {"home": gather(request)})


@public("a load balancer asks it")
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok", content_type="text/plain")


@public("a load balancer asks it")
def readyz(request: HttpRequest) -> HttpResponse:
    """Say that all is there to plan and send, tenants kept apart; 503 with the reasons otherwise."""
    found = problems()
    return JsonResponse({"ready": not found, "faults": found}, status=503 if found else 200)
