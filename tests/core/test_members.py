"""An admin adds members and gives roles; a tenant keeps an admin; nobody else may."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from connect.core.actions.members import GrantOf, add_member, change_roles, stop_member
from connect.core.errors import Invalid
from connect.core.models import AuditEntry, Department, Grant, Member, Tenant, User
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Member], Client]


def test_an_admin_adds_a_member_with_roles(tenant: Tenant, admin: Member, client_of: ClientOf) -> None:
    answer = client_of(admin).post(
        "/t/northwind/admin/members/add/",
        {"name": "Nia Cole", "email": "Nia@Shop.example", "roles": ["viewer", "marketer"]},
    )
    assert (answer.status_code, answer["Location"]) == (302, "/t/northwind/admin/members/")
    user = User.objects.get(email="nia@shop.example")
    assert not user.has_usable_password()
    with open_tenant(tenant):
        member = Member.objects.get(user_id=user.pk)
        assert sorted(grant.role for grant in member.grants) == ["marketer", "viewer"]
        entry = AuditEntry.objects.of(tenant).about([member.public_id]).get()
    assert (entry.did, entry.member_id, entry.details) == ("member.added", admin.pk, {"roles": ["marketer", "viewer"]})


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"name": "Nia", "email": "no address", "roles": ["viewer"]}, "Enter a valid email address."),
        ({"name": "Nia", "email": "nia@shop.example"}, "Choose at least one role."),
        ({"name": "", "email": "nia@shop.example", "roles": ["viewer"]}, "This field is required."),
        ({"name": "Nia", "email": "ada@northwind.example", "roles": ["viewer"]}, "This person is a member already."),
        ({"name": "Nia", "email": "nia@shop.example", "roles": ["emperor"]}, "Select a valid choice."),
    ],
)
def test_a_bad_member_is_refused_at_the_field(
    tenant: Tenant, admin: Member, client_of: ClientOf, typed: dict[str, object], says: str
) -> None:
    with open_tenant(tenant):
        before = Member.objects.count()
    answer = client_of(admin).post("/t/northwind/admin/members/add/", typed)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    with open_tenant(tenant):
        assert Member.objects.count() == before


@pytest.mark.parametrize("role", ["marketer", "approver", "viewer"])
def test_only_an_admin_sees_and_adds_members(
    tenant: Tenant, admin: Member, client_of: ClientOf, request: pytest.FixtureRequest, role: str
) -> None:
    browser = client_of(request.getfixturevalue(role))
    answer = browser.get("/t/northwind/admin/members/")
    assert answer.status_code == 403
    assert "Ada Okafor" in answer.content.decode()
    assert browser.post("/t/northwind/admin/members/add/", {"name": "x", "email": "x@y.example"}).status_code == 403
    assert not User.objects.filter(email="x@y.example").exists()


def test_the_last_admin_stays(tenant: Tenant, admin: Member, now: datetime) -> None:
    with open_tenant(tenant), pytest.raises(Invalid):
        change_roles(tenant, admin.public_id, grants=[GrantOf(Role.VIEWER)], by=admin, now=now)
    with open_tenant(tenant), pytest.raises(Invalid):
        stop_member(tenant, admin.public_id, by=admin, now=now)
    with open_tenant(tenant):
        assert [grant.role for grant in Grant.objects.of(tenant).filter(member=admin)] == ["admin"]
        assert Member.objects.get(pk=admin.pk).active


def test_a_stopped_member_is_a_stranger_at_once(
    tenant: Tenant, admin: Member, viewer: Member, client_of: ClientOf, now: datetime
) -> None:
    browser = client_of(viewer)
    assert browser.get("/t/northwind/").status_code == 200
    stop_member(tenant, viewer.public_id, by=admin, now=now)
    assert browser.get("/t/northwind/").status_code == 404


def test_a_neighbours_member_is_a_missing_page(
    tenant: Tenant, admin: Member, stranger: Member, client_of: ClientOf
) -> None:
    browser = client_of(admin)
    for path in ("", "stop/", "restore/"):
        answer = browser.post(f"/t/northwind/admin/members/{stranger.public_id}/{path}", {"roles": ["viewer"]})
        assert answer.status_code == 404


def test_a_role_for_one_department_holds_there_alone(tenant: Tenant, department: Department, now: datetime) -> None:
    with open_tenant(tenant):
        other = Department.objects.create(tenant=tenant, name="Other")
        member = add_member(
            tenant,
            email="dee@northwind.example",
            name="Dee",
            grants=[GrantOf(Role.MARKETER, department.public_id)],
            by=None,
            now=now,
        )
        assert member.may(Role.MARKETER)
        assert member.may(Role.MARKETER, department.pk)
        assert not member.may(Role.MARKETER, other.pk)
        assert not member.may(Role.ADMIN)
        assert member.departments(Role.VIEWER) == {department.pk}


def test_a_role_in_a_neighbours_department_is_refused(
    tenant: Tenant, neighbour_department: Department, now: datetime
) -> None:
    with open_tenant(tenant), pytest.raises(Invalid):
        add_member(
            tenant,
            email="dee@northwind.example",
            name="Dee",
            grants=[GrantOf(Role.MARKETER, neighbour_department.public_id)],
            by=None,
            now=now,
        )
