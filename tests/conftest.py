"""The fixed cast: one tenant with its marketer, approver, admin and viewer, and a neighbour with a stranger."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from connect.core.models import Department, Member, Tenant, User
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant
from tests.factories import make_cast_member, make_cast_tenant


@pytest.fixture
def now() -> datetime:
    """A Monday morning; the time that is passed in everywhere."""
    return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def tenant(now: datetime) -> Tenant:
    """Northwind, whose campaigns the tests are about."""
    return make_cast_tenant("Northwind", "northwind", now=now)


@pytest.fixture
def neighbour(now: datetime) -> Tenant:
    """Southwind, who must never see or be seen."""
    return make_cast_tenant("Southwind", "southwind", now=now)


@pytest.fixture
def department(tenant: Tenant) -> Department:
    """The first department of Northwind."""
    with open_tenant(tenant):
        return Department.objects.get()


@pytest.fixture
def neighbour_department(neighbour: Tenant) -> Department:
    """The first department of Southwind."""
    with open_tenant(neighbour):
        return Department.objects.get()


@pytest.fixture
def marketer(tenant: Tenant, now: datetime) -> Member:
    """Builds campaigns."""
    return make_cast_member(tenant, "Marta Lindt", [Role.MARKETER], now=now)


@pytest.fixture
def approver(tenant: Tenant, now: datetime) -> Member:
    """Signs off content and launches."""
    return make_cast_member(tenant, "Amélie Tremblay", [Role.CONTENT_APPROVER, Role.LAUNCH_APPROVER], now=now)


@pytest.fixture
def admin(tenant: Tenant, now: datetime) -> Member:
    """Runs the tenant."""
    return make_cast_member(tenant, "Ada Okafor", [Role.ADMIN], now=now)


@pytest.fixture
def viewer(tenant: Tenant, now: datetime) -> Member:
    """Looks, and changes nothing."""
    return make_cast_member(tenant, "Viktor Chen", [Role.VIEWER], now=now)


@pytest.fixture
def stranger(neighbour: Tenant, now: datetime) -> Member:
    """A marketer and admin of the neighbour."""
    return make_cast_member(neighbour, "Stella Ngo", [Role.MARKETER, Role.ADMIN], now=now)


@pytest.fixture
def client_of() -> Callable[[Member], Client]:
    """Log a member in and hand out their browser."""

    def client(member: Member) -> Client:
        browser = Client()
        browser.force_login(User.objects.get(pk=member.user_id), backend="django.contrib.auth.backends.ModelBackend")
        return browser

    return client
