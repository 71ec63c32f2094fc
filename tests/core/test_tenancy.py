"""`tenant()` is the one door, and it lets one tenant through at a time."""

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from connect.core.errors import NoTenant, OtherTenant
from connect.core.models import Department, Tenant
from connect.core.rowsecurity import faults
from connect.core.tenancy import open_tenant_id
from connect.core.tenancy import tenant as open_tenant

pytestmark = pytest.mark.django_db


def test_the_database_has_no_fault() -> None:
    assert faults() == []


def test_a_query_without_a_tenant_is_refused() -> None:
    with pytest.raises(NoTenant):
        Department.objects.count()


def test_another_tenant_inside_a_tenant_is_refused(tenant: Tenant, neighbour: Tenant) -> None:
    with open_tenant(tenant), pytest.raises(OtherTenant), open_tenant(neighbour):
        raise AssertionError("not reached")


def test_only_the_open_tenants_rows_exist(tenant: Tenant, neighbour: Tenant) -> None:
    with open_tenant(tenant):
        assert [row.name for row in Department.objects.all()] == ["Northwind"]
    with open_tenant(neighbour):
        assert [row.name for row in Department.objects.all()] == ["Southwind"]


def test_a_row_for_another_tenant_is_refused_by_the_database(tenant: Tenant, neighbour: Tenant) -> None:
    with open_tenant(tenant):
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            Department.objects.create(tenant=neighbour, name="Planted")
        assert Department.objects.count() == 1
    with open_tenant(neighbour):
        assert [row.name for row in Department.objects.all()] == ["Southwind"]


def test_leaving_closes_the_tenant(tenant: Tenant) -> None:
    with open_tenant(tenant):
        assert open_tenant_id() == tenant.pk
    assert open_tenant_id() is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.tenant', true)")
        assert cursor.fetchone() == ("",)


def test_a_failed_transaction_closes_the_tenant(tenant: Tenant) -> None:
    with pytest.raises(RuntimeError), open_tenant(tenant):
        raise RuntimeError
    with connection.cursor() as cursor:
        cursor.execute("SELECT nullif(current_setting('app.tenant', true), '')")
        assert cursor.fetchone() == (None,)


def test_tenants_are_readable_and_not_writable_inside_a_tenant(tenant: Tenant, neighbour: Tenant) -> None:
    with open_tenant(tenant):
        assert Tenant.objects.filter(pk=neighbour.pk).update(name="Taken over") == 0
    assert Tenant.objects.get(pk=neighbour.pk).name == "Southwind"
