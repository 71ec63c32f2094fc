"""Makes one row of any tenant model, whatever it is, for the sweeps."""

import uuid
from datetime import UTC, date, datetime, time
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from connect.core.models import Tenant, User
from connect.core.rows import TenantForeignKey

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MONTH = date(2026, 3, 1)


def tenant_models() -> list[type[models.Model]]:
    """List every model whose rows belong to a tenant."""
    return [
        model for model in apps.get_models() if any(field.name == "tenant" for field in model._meta.concrete_fields)
    ]


def make_row(model: type[models.Model], tenant: Tenant, marker: str) -> Any:
    """Make one row in the open tenant, with what it refers to; text fields carry the marker."""
    if not model._meta.managed:
        with connection.cursor() as cursor:
            cursor.execute("SELECT make_month(%s)", [MONTH])
    values = {
        field.name: _value(field, tenant, marker)
        for field in model._meta.concrete_fields
        if not field.primary_key and field.name != "tenant" and not field.null
    }
    return model._base_manager.create(tenant=tenant, **values)


#: What a field of a kind is filled with; the first kind that fits counts.
FILLINGS: list[tuple[type, Any]] = [
    (models.UUIDField, uuid.uuid4),
    (models.DateTimeField, lambda: NOW),
    (models.DateField, lambda: MONTH),
    (models.TimeField, lambda: time(9, 0)),
    (models.BinaryField, lambda: b"x"),
    (ArrayField, list),
    (models.JSONField, dict),
    (models.BooleanField, lambda: False),
    (models.IntegerField, lambda: 1),
]


def _value(field: "models.Field[Any, Any]", tenant: Tenant, marker: str) -> Any:
    if isinstance(field, TenantForeignKey):
        return make_row(field.remote_field.model, tenant, marker)
    if isinstance(field, models.ForeignKey):
        return _user()
    for kind, fill in FILLINGS:
        if isinstance(field, kind):
            return fill()
    return _text(field, marker)


def _user() -> User:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_user(%s, 'Sweep')", [f"{uuid.uuid4().hex}@sweep.example"])
        return User.objects.get(pk=cursor.fetchone()[0])


def _text(field: "models.Field[Any, Any]", marker: str) -> str:
    if field.choices:
        return str(next(iter(field.choices))[0])
    if field.has_default():
        return str(field.get_default())
    longest = field.max_length or 40
    return f"{marker}{uuid.uuid4().hex}"[:longest]
