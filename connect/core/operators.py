"""How HTTP becomes an operator's action: no tenant is open around their views, and others find nothing there."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override as override_language

from connect.core.errors import Conflict, Invalid
from connect.core.models import User
from connect.core.web import memberships, uncached

P = ParamSpec("P")


class OperatorRequest(HttpRequest):
    """A request by somebody who runs the installation; `for_operators` lets nobody else in."""

    user: User
    now: datetime


def for_operators(view: Callable[Concatenate[OperatorRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """Let only operators in, and run the view in a transaction without a tenant. To all others nothing is here."""

    @wraps(view)
    def guarded(request: OperatorRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not request.user.is_operator:
            raise Http404
        request.now = datetime.now(UTC)
        with override_language(request.user.language):
            try:
                with transaction.atomic():
                    return view(request, *args, **kwargs)
            except ObjectDoesNotExist as error:
                raise Http404 from error
            except (Conflict, Invalid) as error:
                return _refuse(request, error)

    guarded.role = "operator"  # type: ignore[attr-defined]  # read by the test that lists the role of every URL
    return guarded


def operator_page(
    request: OperatorRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Answer with a page in the operators' frame."""
    mine = bool(memberships(request.user))
    return uncached(render(request, template, {"has_tenants": mine, **context}, status=status))


def member_counts(tenant_ids: list[int]) -> dict[int, int]:
    """Count the live members of tenants, over all of them. A tenant without any is left out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tenant, members FROM member_counts(%s)", [tenant_ids])
        return {int(tenant): int(members) for tenant, members in cursor.fetchall()}


def _refuse(request: OperatorRequest, error: Conflict | Invalid) -> HttpResponse:
    if isinstance(error, Invalid):
        return uncached(render(request, "errors/422.html", {"fields": error.fields}, status=422))
    return uncached(render(request, "errors/409.html", {"reason": str(error), "current": None}, status=409))
