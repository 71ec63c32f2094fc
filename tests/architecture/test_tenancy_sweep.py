"""Every table and every model, one by one: a neighbour's row can't be read, changed, deleted, planted or counted."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection, models, transaction

from connect.core.errors import NoTenant
from connect.core.models import Tenant
from connect.core.rowsecurity import INSTALLATION_TABLES, faults
from connect.core.tenancy import tenant as open_tenant
from tests.architecture.rows import make_row, tenant_models

pytestmark = pytest.mark.django_db

MODELS = tenant_models()


@pytest.fixture(params=MODELS, ids=lambda model: model._meta.label)
def theirs(request: pytest.FixtureRequest, tenant: Tenant, neighbour: Tenant) -> Iterator[models.Model]:
    """One row of the model that belongs to the neighbour; still the same when the test ends."""
    with open_tenant(neighbour):
        row = make_row(request.param, neighbour, "neighbour")
        before = _line(row)
    yield row
    with open_tenant(neighbour):
        assert _line(row) == before


def _line(row: models.Model) -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{row._meta.db_table}" WHERE id = %s', [row.pk])
        return tuple(cursor.fetchone())


def test_the_catalogue_shows_every_tenant_table_protected() -> None:
    assert faults() == []


def test_every_table_has_a_tenant_or_stands_on_the_list() -> None:
    without = {model._meta.db_table for model in apps.get_models() if model not in MODELS}
    assert without - INSTALLATION_TABLES == set()


def test_a_neighbours_row_cannot_be_read(theirs: models.Model, tenant: Tenant) -> None:
    rows = type(theirs)._base_manager
    with open_tenant(tenant):
        assert not rows.filter(pk=theirs.pk).exists()
        assert rows.filter(pk=theirs.pk).count() == 0
        assert list(rows.filter(pk=theirs.pk).values()) == []
        assert rows.aggregate(newest=models.Max("pk"))["newest"] != theirs.pk
        assert list(rows.raw(f'SELECT * FROM "{theirs._meta.db_table}" WHERE id = {theirs.pk}')) == []
        with pytest.raises(ObjectDoesNotExist):
            rows.get(pk=theirs.pk)


@pytest.mark.parametrize("change", ["UPDATE {} SET tenant_id = {}", "DELETE FROM {}"])
def test_a_neighbours_row_cannot_be_changed_or_deleted(theirs: models.Model, tenant: Tenant, change: str) -> None:
    statement = change.format(theirs._meta.db_table, tenant.pk) + " WHERE id = %s"
    with open_tenant(tenant), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, %s)", [theirs._meta.db_table, change.split()[0]])
        if cursor.fetchone() == (True,):
            cursor.execute(statement, [theirs.pk])
            assert cursor.rowcount == 0
        else:
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                cursor.execute(statement, [theirs.pk])


def test_a_row_cannot_be_planted_at_a_neighbours(theirs: models.Model, tenant: Tenant) -> None:
    values = {field.attname: getattr(theirs, field.attname) for field in theirs._meta.concrete_fields}
    copy = type(theirs)(**{**values, "id": None})
    with open_tenant(tenant), pytest.raises(DatabaseError), transaction.atomic():
        type(theirs)._base_manager.bulk_create([copy])


def test_no_row_is_seen_without_a_tenant(theirs: models.Model) -> None:
    with pytest.raises(NoTenant):
        type(theirs)._base_manager.filter(pk=theirs.pk).exists()
    guards, connection.execute_wrappers = connection.execute_wrappers, []
    try:
        assert not type(theirs)._base_manager.filter(pk=theirs.pk).exists()
    finally:
        connection.execute_wrappers = guards
