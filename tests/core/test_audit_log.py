"""The audit log: each deed in words, with the thing that it was done to."""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from uuid import uuid4

import pytest
from django.test import Client

from connect.core import deeds
from connect.core.audit import audit
from connect.core.did import Did
from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Member], Client]
AUDIT = "/t/northwind/admin/audit/"
APPS = ("connect.core", "conversations", "audiences", "suppression", "segments", "content", "campaigns", "delivery")


def test_each_deed_of_each_app_has_words() -> None:
    deeds_of_apps = [did for app in APPS for did in import_module(f"{app}.did").Did]

    assert [did.value for did in deeds_of_apps if str(deeds.words(did.value)) == did.value] == []


def test_a_deed_of_an_earlier_version_keeps_its_code() -> None:
    assert deeds.words("newsletter.burnt") == "newsletter.burnt"


def test_a_deed_names_the_thing_as_it_is_called_now_and_leads_there(
    tenant: Tenant, admin: Member, department: Department, now: datetime, client_of: ClientOf
) -> None:
    with open_tenant(tenant):
        audit(tenant, admin, Did.RENAMED_DEPARTMENT, department.public_id, now=now, was="Old", name="Retail")

    html = client_of(admin).get(AUDIT).text

    assert "Renamed a department" in html
    assert f'<a href="/t/northwind/admin/departments/{department.public_id}/">{department.name}</a>' in html


def test_a_thing_that_is_gone_keeps_the_name_of_its_deed(
    tenant: Tenant, admin: Member, now: datetime, client_of: ClientOf
) -> None:
    with open_tenant(tenant):
        audit(tenant, admin, Did.DELETED_DEPARTMENT, uuid4(), now=now, name="Wholesale")

    html = client_of(admin).get(AUDIT).text

    assert '<td data-label="To what">Wholesale</td>' in html


def test_a_neighbours_thing_is_not_named(
    tenant: Tenant, admin: Member, neighbour_department: Department, now: datetime
) -> None:
    with open_tenant(tenant):
        audit(tenant, admin, Did.RENAMED_DEPARTMENT, neighbour_department.public_id, now=now)
        entries = list(AuditEntry.objects.of(tenant))

        assert deeds.things(tenant, entries).get(neighbour_department.public_id) is None


def test_deeds_are_chosen_by_their_words(tenant: Tenant, admin: Member, now: datetime, client_of: ClientOf) -> None:
    with open_tenant(tenant):
        audit(tenant, admin, Did.SUSPENDED_TENANT, tenant.public_id, now=now)
        audit(tenant, admin, Did.RESUMED_TENANT, tenant.public_id, now=now)

    html = client_of(admin).get(AUDIT, {"did": "tenant.resumed"}).text

    assert '<option value="tenant.resumed" selected>Resumed the tenant</option>' in html
    assert 'title="tenant.resumed"' in html
    assert 'title="tenant.suspended"' not in html


def test_details_say_what_else_was_written_down() -> None:
    told = {"name": "Gift guide", "new_hash": "4f" * 32, "parts": ["seeds", "start"], "kept": [], "to": {"a": 1}}
    entry = AuditEntry(did="x.y", details=told)

    assert deeds.details(entry) == ["new hash: 4f4f4f4f4f4f", "parts: seeds, start", "to: a → 1"]
    assert deeds.details(entry, deeds.Thing("Winter guide", ""))[0] == "name: Gift guide"
