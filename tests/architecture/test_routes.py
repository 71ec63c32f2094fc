"""Every route has a role or a reason to be public, and never answers for another tenant."""

import uuid
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import models
from django.test import Client

from audiences.models import AudienceModel, SeedList
from campaigns.models import Approval, Campaign, Run, SavedFilter
from connect.core.models import Department, Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from content.models import MessageContent, Revision
from conversations.models import Attribute, Conversation, Customer, CustomerImport, DkimKey
from delivery.models import DoubtProposal, Relay
from segments.models import SegmentationModel
from suppression.models import Entry, EntryImport, SuppressionList
from tests.architecture.routes import Route, routes
from tests.architecture.rows import make_row
from tests.factories import make_cast_member

pytestmark = pytest.mark.django_db

ROUTES = routes()
IN_TENANT = [route for route in ROUTES if route.in_tenant]
METHODS = ["get", "post"]
MARKER = "neighbours-own-words"


def _path(route: Route, slug: str, ids: dict[str, str]) -> str:
    """Fill a route, each parameter by its name or else by its kind."""
    path = route.route.replace("<slug:slug>", slug)
    for name, kind in route.parameters.items():
        path = path.replace(f"<{kind}:{name}>", ids.get(name, ids[kind]))
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


#: What a route's parameter names. A new parameter must be added here, or the sweep fails.
NAMED: dict[str, type[models.Model]] = {
    "approval_id": Approval,
    "attribute_id": Attribute,
    "audience_id": AudienceModel,
    "campaign_id": Campaign,
    "content_id": MessageContent,
    "conversation_id": Conversation,
    "customer_id": Customer,
    "department_id": Department,
    "doubt_id": DoubtProposal,
    "entry_id": Entry,
    "filter_id": SavedFilter,
    "file_id": EntryImport,
    "import_id": CustomerImport,
    "key_id": DkimKey,
    "list_id": SuppressionList,
    "member_id": Member,
    "model_id": SegmentationModel,
    "relay_id": Relay,
    "revision_id": Revision,
    "run_id": Run,
    "seed_list_id": SeedList,
    "segmentation_id": SegmentationModel,
}
WITH_THINGS = [route for route in IN_TENANT if set(route.parameters.values()) & {"uuid"}]


def test_every_id_in_a_route_is_known_to_the_sweep() -> None:
    unknown = {
        name for route in WITH_THINGS for name, kind in route.parameters.items() if kind == "uuid"
    } - NAMED.keys()
    assert unknown == set()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("route", WITH_THINGS, ids=lambda route: route.route)
def test_a_neighbours_thing_is_a_missing_page(
    route: Route, method: str, tenant: Tenant, neighbour: Tenant, now: datetime, client_of: Callable[[Member], Client]
) -> None:
    everything = make_cast_member(tenant, "Eve Ryrole", list(Role), now=now)
    with open_tenant(neighbour):
        theirs = {
            name: str(make_row(NAMED[name], neighbour, MARKER).public_id)
            for name, kind in route.parameters.items()
            if kind == "uuid"
        }
    browser = client_of(everything)
    theirs_path, missing_path = (
        _path(route, tenant.slug, {**_random_ids(), **ids})
        for ids in (theirs, dict.fromkeys(theirs, str(uuid.uuid4())))
    )
    answer, missing = (getattr(browser, method)(path) for path in (theirs_path, missing_path))
    assert answer.status_code in {404, 405}
    assert (answer.status_code, answer.content) == (missing.status_code, missing.content)
    assert MARKER.encode() not in answer.content
