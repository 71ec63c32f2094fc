"""An admin makes and renames departments; one goes only when nothing belongs to it; a role in one holds there alone."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.apps import apps
from django.test import Client

from connect.core import belongings
from connect.core.actions.departments import delete_department, make_department, rename_department
from connect.core.actions.members import GrantOf, change_roles
from connect.core.errors import Conflict, Invalid, StaleVersion
from connect.core.models import AuditEntry, Department, Grant, Member, Tenant
from connect.core.roles import Role
from connect.core.rows import TenantForeignKey
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Conversation
from tests.architecture.rows import make_row

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Member], Client]
LIST = "/t/northwind/admin/departments/"


def names(tenant: Tenant) -> list[str]:
    with open_tenant(tenant):
        return sorted(Department.objects.of(tenant).values_list("name", flat=True))


def deeds(tenant: Tenant, about: Department) -> list[tuple[str, dict[str, object]]]:
    with open_tenant(tenant):
        return [(one.did, one.details) for one in AuditEntry.objects.of(tenant).about([about.public_id])]


def test_every_table_that_belongs_to_a_department_is_counted() -> None:
    owned = {
        model
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, TenantForeignKey) and field.remote_field.model is Department and model is not Grant
    }
    assert owned == {kind.model for kind in belongings.kinds()}


def test_an_admin_makes_a_department(tenant: Tenant, admin: Member, client_of: ClientOf) -> None:
    answer = client_of(admin).post(f"{LIST}add/", {"name": "  Wholesale \n trade "})
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert names(tenant) == ["Northwind", "Wholesale trade"]
    with open_tenant(tenant):
        made = Department.objects.get(name="Wholesale trade")
    assert deeds(tenant, made) == [("department.made", {"name": "Wholesale trade"})]


@pytest.mark.parametrize(
    ("typed", "says"),
    [("", "This field is required."), ("Northwind", "There is a department of this name."), ("x" * 121, "at most 120")],
)
def test_a_bad_name_is_refused_at_the_field(
    tenant: Tenant, admin: Member, client_of: ClientOf, typed: str, says: str
) -> None:
    answer = client_of(admin).post(f"{LIST}add/", {"name": typed})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert names(tenant) == ["Northwind"]


def test_the_list_counts_what_belongs_to_each(
    tenant: Tenant, admin: Member, department: Department, viewer: Member, now: datetime, client_of: ClientOf
) -> None:
    with open_tenant(tenant):
        conversation = make_row(Conversation, tenant, "c")
        Conversation.objects.filter(pk=conversation.pk).update(department=department)
    grants = [GrantOf(Role.VIEWER, department.public_id), GrantOf(Role.MARKETER, department.public_id)]
    change_roles(tenant, viewer.public_id, grants=grants, by=admin, now=now)
    with open_tenant(tenant):
        counted = [(str(one.label), one.number) for one in belongings.counts(tenant, department.pk)]
    assert counted == [
        ("Conversations", 1),
        ("Audience models", 0),
        ("Segmentation models", 0),
        ("Content", 0),
        ("Seed lists", 0),
        ("Campaigns", 0),
        ("Members with a role here", 1),
    ]
    page = client_of(admin).get(LIST).content.decode()
    assert '<td class="n" data-label="Conversations">1</td>' in page
    assert '<td class="n" data-label="Members with a role here">1</td>' in page


def test_a_department_is_renamed(tenant: Tenant, admin: Member, department: Department, client_of: ClientOf) -> None:
    answer = client_of(admin).post(f"{LIST}{department.public_id}/", {"name": "Retail", "version": "1"})
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert names(tenant) == ["Retail"]
    assert deeds(tenant, department)[0] == ("department.renamed", {"was": "Northwind", "name": "Retail"})


def test_a_stale_rename_shows_both_names_and_changes_nothing(
    tenant: Tenant, admin: Member, department: Department, client_of: ClientOf, now: datetime
) -> None:
    rename_department(tenant, department.public_id, "Retail", version=1, by=admin, now=now)
    answer = client_of(admin).post(f"{LIST}{department.public_id}/", {"name": "Shops", "version": "1"})
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "It is now called “Retail”." in page
    assert 'value="Shops"' in page
    assert 'name="version" value="2"' in page
    assert names(tenant) == ["Retail"]
    with pytest.raises(StaleVersion):
        rename_department(tenant, department.public_id, "Shops", version=1, by=admin, now=now)


def test_an_empty_department_is_deleted(tenant: Tenant, admin: Member, client_of: ClientOf, now: datetime) -> None:
    made = make_department(tenant, "Wholesale", by=admin, now=now)
    answer = client_of(admin).post(f"{LIST}{made.public_id}/delete/")
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    assert names(tenant) == ["Northwind"]
    assert deeds(tenant, made)[0] == ("department.deleted", {"name": "Wholesale"})


def test_a_department_with_things_stays_and_the_refusal_counts_them(
    tenant: Tenant, admin: Member, viewer: Member, client_of: ClientOf, now: datetime
) -> None:
    made = make_department(tenant, "Wholesale", by=admin, now=now)
    with open_tenant(tenant):
        for marker in ("a", "b"):
            row = make_row(Conversation, tenant, marker)
            Conversation.objects.filter(pk=row.pk).update(department=made)
    change_roles(tenant, viewer.public_id, grants=[GrantOf(Role.VIEWER, made.public_id)], by=admin, now=now)
    answer = client_of(admin).post(f"{LIST}{made.public_id}/delete/")
    assert answer.status_code == 409
    assert "“Wholesale” can’t be deleted: Conversations 2, Members with a role here 1." in answer.content.decode()
    with open_tenant(tenant):
        assert Conversation.objects.of(tenant).filter(department=made).count() == 2
        assert Grant.objects.of(tenant).filter(department=made).count() == 1
    assert [did for did, _details in deeds(tenant, made)] == ["department.made"]


def test_the_only_department_stays(tenant: Tenant, admin: Member, department: Department, now: datetime) -> None:
    with pytest.raises(Conflict, match="keeps at least one department"):
        delete_department(tenant, department.public_id, by=admin, now=now)
    assert names(tenant) == ["Northwind"]


@pytest.mark.parametrize("role", ["marketer", "approver", "viewer"])
def test_only_an_admin_keeps_departments(
    tenant: Tenant,
    department: Department,
    admin: Member,
    client_of: ClientOf,
    request: pytest.FixtureRequest,
    role: str,
) -> None:
    browser = client_of(request.getfixturevalue(role))
    assert browser.get(LIST).status_code == 403
    assert browser.post(f"{LIST}add/", {"name": "Mine"}).status_code == 403
    assert browser.post(f"{LIST}{department.public_id}/", {"name": "Mine", "version": "1"}).status_code == 403
    assert browser.post(f"{LIST}{department.public_id}/delete/").status_code == 403
    assert names(tenant) == ["Northwind"]


def test_a_neighbours_department_is_a_missing_page(
    tenant: Tenant, neighbour: Tenant, admin: Member, neighbour_department: Department, client_of: ClientOf
) -> None:
    browser = client_of(admin)
    path = f"{LIST}{neighbour_department.public_id}/"
    assert browser.get(path).status_code == 404
    assert browser.post(path, {"name": "Taken", "version": "1"}).status_code == 404
    assert browser.post(f"{path}delete/").status_code == 404
    assert names(neighbour) == ["Southwind"]


def test_roles_are_given_for_a_department_on_the_members_page(
    tenant: Tenant, admin: Member, viewer: Member, department: Department, client_of: ClientOf
) -> None:
    browser = client_of(admin)
    path = f"/t/northwind/admin/members/{viewer.public_id}/"
    choice = f"marketer:{department.public_id}"
    assert f'value="{choice}"' in browser.get(path).content.decode()
    assert browser.post(path, {"roles": ["viewer", choice], "version": "1"}).status_code == 302
    with open_tenant(tenant):
        held = Member.objects.get(pk=viewer.pk)
        assert sorted((one.role, one.department_id) for one in held.grants) == [
            ("marketer", department.pk),
            ("viewer", None),
        ]
        assert held.version == 2
        entry = AuditEntry.objects.of(tenant).about([viewer.public_id])[0]
    assert (entry.did, entry.details) == ("member.roles_changed", {"roles": ["marketer in Northwind", "viewer"]})
    assert f'value="{choice}" checked' in browser.get(path).content.decode()


def test_a_stale_save_of_roles_shows_both_and_changes_nothing(
    tenant: Tenant, admin: Member, viewer: Member, client_of: ClientOf, now: datetime
) -> None:
    change_roles(tenant, viewer.public_id, grants=[GrantOf(Role.CONTENT_APPROVER)], version=1, by=admin, now=now)
    answer = client_of(admin).post(
        f"/t/northwind/admin/members/{viewer.public_id}/", {"roles": ["marketer"], "version": "1"}
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Now saved: Content approver." in page
    assert 'value="marketer" checked' in page
    with open_tenant(tenant):
        assert [one.role for one in Member.objects.get(pk=viewer.pk).grants] == ["content_approver"]


def test_nobody_is_an_admin_of_a_department(
    tenant: Tenant, admin: Member, viewer: Member, department: Department, client_of: ClientOf, now: datetime
) -> None:
    grants = [GrantOf(Role.ADMIN, department.public_id)]
    with pytest.raises(Invalid, match="admin of the whole tenant"):
        change_roles(tenant, viewer.public_id, grants=grants, by=admin, now=now)
    choice = f"admin:{department.public_id}"
    answer = client_of(admin).post(
        f"/t/northwind/admin/members/{viewer.public_id}/", {"roles": [choice], "version": "1"}
    )
    assert answer.status_code == 422
    with open_tenant(tenant):
        assert [one.role for one in Member.objects.get(pk=viewer.pk).grants] == ["viewer"]
