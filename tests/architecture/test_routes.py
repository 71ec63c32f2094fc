"""Every route has a role or a reason to be public, and never answers for another tenant."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from connect.core.models import Member, Tenant
from connect.core.roles import Role
from tests.architecture.routes import Route, routes

pytestmark = pytest.mark.django_db

ROUTES = routes()
IN_TENANT = [route for route in ROUTES if route.in_tenant]
METHODS = ["get", "post"]


def _path(route: Route, slug: str, ids: dict[str, str]) -> str:
    path = route.route.replace("<slug:slug>", slug)
    for name, kind in route.parameters.items():
        path = path.replace(f"<{kind}:{name}>", ids[kind])
    return "/" + path


def _random_ids() -> dict[str, str]:
    return {"uuid": str(uuid.uuid4()), "int": "987654321", "str": "nothing", "slug": "nothing", "path": "nothing"}


def test_every_route_has_a_role_or_a_reason_to_be_public() -> None:
    without = [route.route for route in ROUTES if not hasattr(route.view, "role")]
    assert without == []
    unexplained = [route.route for route in ROUTES if route.view.role == "public" and not route.view.why_public]
    assert unexplained == []


def test_every_route_of_a_tenant_needs_a_members_role() -> None:
    assert [route.route for route in IN_TENANT if route.view.role not in set(Role)] == []


@pytest.mark.parametrize("method", METHODS)
def test_nobody_gets_in_without_login(tenant: Tenant, method: str) -> None:
    for route in IN_TENANT:
        answer = getattr(Client(), method)(_path(route, tenant.slug, _random_ids()))
        assert (answer.status_code, route.route) in {(302, route.route), (405, route.route)}
        assert answer.status_code == 405 or answer["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("method", METHODS)
def test_a_strangers_tenant_is_a_missing_page(
    tenant: Tenant, stranger: Member, client_of: Callable[[Member], Client], method: str
) -> None:
    browser = client_of(stranger)
    missing = browser.get("/t/no-such-tenant/").content
    for route in IN_TENANT:
        answer = getattr(browser, method)(_path(route, tenant.slug, _random_ids()))
        assert (answer.status_code, route.route) in {(404, route.route), (405, route.route)}
        assert answer.status_code == 405 or answer.content == missing
