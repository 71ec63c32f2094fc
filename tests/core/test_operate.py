"""Operators make, rename, suspend and resume tenants, and see nothing of their customers; nobody else gets in."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.core import mail
from django.test import Client

from campaigns.models import Campaign, Run
from campaigns.states import CampaignState, RunState
from connect.core.actions.invitations import mail_invitation
from connect.core.actions.tenants import make_tenant, resume_tenant, suspend_tenant
from connect.core.actions.users import make_operator
from connect.core.errors import Invalid, WrongState
from connect.core.models import AuditEntry, Department, Member, Tenant, User
from connect.core.roles import Role
from connect.core.sql import Sql, rows
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Customer
from tests.architecture.routes import routes
from tests.architecture.rows import make_row
from tests.factories import make_cast_member

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Member], Client]
LIST = "/operator/tenants/"
BACKEND = "django.contrib.auth.backends.ModelBackend"
NEW = {
    "name": "Fjord Coffee",
    "slug": "fjord",
    "language": "en",
    "zone": "Europe/Oslo",
    "admin_name": "Frida Dahl",
    "admin_email": "frida@fjord.example",
}


@pytest.fixture
def operator() -> User:
    """Runs the installation; a member of no tenant."""
    return make_operator("olga@operators.example", "Olga Petrova")


@pytest.fixture
def browser(operator: User) -> Client:
    """The operator's browser."""
    client = Client()
    client.force_login(operator, backend=BACKEND)
    return client


def deeds(tenant: Tenant) -> list[tuple[str, str]]:
    with open_tenant(tenant):
        entries = AuditEntry.objects.of(tenant).filter(member_name__contains="operator").order_by("pk")
        return [(entry.did, entry.member_name) for entry in entries]


def operator_paths(tenant: Tenant) -> list[str]:
    ids = {"<uuid:tenant_id>": str(tenant.public_id), "<uuid:member_id>": str(tenant.public_id)}
    found = [route.route for route in routes() if route.route.startswith("operator/")]
    for name, value in ids.items():
        found = [route.replace(name, value) for route in found]
    return ["/" + route for route in found]


@pytest.mark.parametrize("method", ["get", "post"])
def test_to_everybody_else_nothing_is_here(tenant: Tenant, now: datetime, client_of: ClientOf, method: str) -> None:
    everything = client_of(make_cast_member(tenant, "Eve Ryrole", list(Role), now=now))
    paths = operator_paths(tenant)
    assert len(paths) == 7
    for path in paths:
        assert (path, getattr(everything, method)(path).status_code) in {(path, 404), (path, 405)}
        answer = getattr(Client(), method)(path)
        assert answer.status_code == 405 or answer["Location"].startswith("/accounts/login/")
    assert Tenant.objects.get(pk=tenant.pk).suspended_at is None


def test_the_list_shows_tenants_with_members_and_state(
    tenant: Tenant, neighbour: Tenant, admin: Member, viewer: Member, operator: User, browser: Client, now: datetime
) -> None:
    suspend_tenant(neighbour.public_id, by=operator, now=now)
    page = browser.get(LIST).content.decode()
    assert '<td class="n" data-label="Members">2</td>' in page
    assert '<td class="n" data-label="Members">0</td>' in page
    assert page.index("Northwind") < page.index("Southwind")
    assert "since 2 Mar" in page
    found = browser.get(LIST, {"q": "south"}).content.decode()
    assert "Southwind" in found
    assert "Northwind" not in found
    assert "Northwind" not in browser.get(LIST, {"state": "suspended"}).content.decode()


def test_a_tenant_is_made_and_its_admin_invited(operator: User, browser: Client) -> None:
    answer = browser.post(f"{LIST}new/", NEW)
    made = Tenant.objects.get(slug="fjord")
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{made.public_id}/")
    assert (made.name, made.default_zone) == ("Fjord Coffee", "Europe/Oslo")
    with open_tenant(made):
        assert [one.name for one in Department.objects.all()] == ["Fjord Coffee"]
        admin = Member.objects.get()
        assert [one.role for one in admin.grants] == ["admin"]
    mail_invitation(made, admin.pk, now=datetime.now(UTC))
    assert mail.outbox[0].subject == "Olga Petrova invites you to Fjord Coffee on Connect"
    assert deeds(made) == [("tenant.made", "Olga Petrova (operator)"), ("member.added", "Olga Petrova (operator)")]
    assert "Frida Dahl" in browser.get(f"{LIST}{made.public_id}/").content.decode()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"slug": "northwind"}, "This address is taken."),
        ({"slug": "Fjord!"}, "Small letters, digits and single hyphens."),
        ({"name": ""}, "This field is required."),
        ({"zone": "Oslo"}, "No such zone."),
        ({"admin_email": "frida"}, "Enter a valid email address."),
    ],
)
def test_a_bad_tenant_is_refused_at_the_field(
    tenant: Tenant, browser: Client, typed: dict[str, str], says: str
) -> None:
    answer = browser.post(f"{LIST}new/", {**NEW, **typed})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert [one.slug for one in Tenant.objects.all()] == ["northwind"]
    assert not User.objects.filter(email="frida@fjord.example").exists()


def test_a_tenant_is_renamed(tenant: Tenant, browser: Client) -> None:
    path = f"{LIST}{tenant.public_id}/"
    assert browser.post(path, {"name": "Northwind Outfitters", "version": "1"}).status_code == 302
    assert Tenant.objects.get(pk=tenant.pk).name == "Northwind Outfitters"
    assert deeds(tenant) == [("tenant.renamed", "Olga Petrova (operator)")]
    stale = browser.post(path, {"name": "Northwind Ltd", "version": "1"})
    assert stale.status_code == 409
    assert "It is now called “Northwind Outfitters”." in stale.content.decode()
    assert Tenant.objects.get(pk=tenant.pk).name == "Northwind Outfitters"


def test_a_suspended_tenants_members_get_a_clear_page_and_come_back_when_it_is_resumed(
    tenant: Tenant, admin: Member, browser: Client, client_of: ClientOf
) -> None:
    theirs = client_of(admin)
    assert browser.post(f"{LIST}{tenant.public_id}/suspend/").status_code == 302
    for method, path in [("get", ""), ("get", "admin/members/"), ("post", "admin/departments/add/")]:
        answer = getattr(theirs, method)(f"/t/northwind/{path}", {"name": "Sneaked in"})
        assert answer.status_code == 403
        assert "Northwind is suspended" in answer.content.decode()
    with open_tenant(tenant):
        assert [one.name for one in Department.objects.all()] == ["Northwind"]
    assert browser.post(f"{LIST}{tenant.public_id}/resume/").status_code == 302
    assert theirs.get("/t/northwind/").status_code == 200
    assert deeds(tenant) == [
        ("tenant.suspended", "Olga Petrova (operator)"),
        ("tenant.resumed", "Olga Petrova (operator)"),
    ]


def test_to_a_stranger_a_suspended_tenant_is_a_missing_page(
    tenant: Tenant, stranger: Member, operator: User, client_of: ClientOf, now: datetime
) -> None:
    browser = client_of(stranger)
    missing = browser.get("/t/no-such-tenant/").content
    suspend_tenant(tenant.public_id, by=operator, now=now)
    answer = browser.get("/t/northwind/")
    assert (answer.status_code, answer.content) == (404, missing)


def test_suspending_twice_is_refused(tenant: Tenant, operator: User, browser: Client, now: datetime) -> None:
    with pytest.raises(WrongState):
        resume_tenant(tenant.public_id, by=operator, now=now)
    suspend_tenant(tenant.public_id, by=operator, now=now)
    assert browser.post(f"{LIST}{tenant.public_id}/suspend/").status_code == 409
    assert Tenant.objects.get(pk=tenant.pk).suspended_at == now
    assert [did for did, _name in deeds(tenant)] == ["tenant.suspended"]


def test_what_looks_for_due_work_leaves_a_suspended_tenant_out(
    tenant: Tenant, neighbour: Tenant, operator: User, now: datetime
) -> None:
    for one in (tenant, neighbour):
        with open_tenant(one):
            run = make_row(Run, one, "r")
            Run.objects.filter(pk=run.pk).update(state=RunState.SENDING)
            campaign = make_row(Campaign, one, "c")
            Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.SCHEDULED, fires_at=now)
    asked = [Sql("SELECT tenants_with_open_runs()"), Sql("SELECT tenants_with_due_campaigns(%s)", (now,))]
    both = {(tenant.pk,), (neighbour.pk,)}
    assert [set(rows(one)) for one in asked] == [both, both]
    suspend_tenant(neighbour.public_id, by=operator, now=now)
    assert [rows(one) for one in asked] == [[(tenant.pk,)], [(tenant.pk,)]]
    resume_tenant(neighbour.public_id, by=operator, now=now)
    assert [set(rows(one)) for one in asked] == [both, both]


def test_another_admin_is_invited_where_the_first_has_gone(tenant: Tenant, admin: Member, browser: Client) -> None:
    path = f"{LIST}{tenant.public_id}/"
    typed = {"admin_name": "Nia Cole", "admin_email": "nia@shop.example"}
    assert browser.post(f"{path}admins/", typed).status_code == 302
    with open_tenant(tenant):
        made = Member.objects.get(name="Nia Cole")
        assert [one.role for one in made.grants] == ["admin"]
    assert browser.post(f"{path}admins/", typed).status_code == 422
    assert browser.post(f"{path}admins/{made.public_id}/").status_code == 409  # a moment ago
    with open_tenant(tenant):
        assert Member.objects.filter(name="Nia Cole").count() == 1


def test_only_admins_are_invited_again_and_only_within_their_tenant(
    tenant: Tenant, neighbour: Tenant, viewer: Member, stranger: Member, browser: Client
) -> None:
    for who in (viewer, stranger):
        assert browser.post(f"{LIST}{tenant.public_id}/admins/{who.public_id}/").status_code == 404
    with open_tenant(tenant):
        assert Member.objects.get(pk=viewer.pk).invited_at is None


def test_an_operator_sees_no_tenant_from_inside_and_no_customer(tenant: Tenant, admin: Member, browser: Client) -> None:
    with open_tenant(tenant):
        customer = make_row(Customer, tenant, "customer-of-theirs")
    for path in operator_paths(tenant)[:3]:
        assert "customer-of-theirs" not in browser.get(path).content.decode()
    assert browser.get("/t/northwind/").status_code == 404
    assert browser.get(f"/t/northwind/customers/{customer.public_id}/").status_code == 404


def test_an_installations_tables_are_not_written_from_inside_a_tenant(tenant: Tenant, now: datetime) -> None:
    with open_tenant(tenant):
        assert Tenant.objects.filter(pk=tenant.pk).update(suspended_at=now) == 0
        assert User.objects.all().update(is_operator=True) == 0
    assert Tenant.objects.get(pk=tenant.pk).suspended_at is None


def test_an_operator_is_made_of_a_login_that_is_there(admin: Member) -> None:
    user = make_operator("ADA@northwind.example", "Someone else")
    assert (user.pk, user.name, user.is_operator) == (admin.user_id, "Ada Okafor", True)


def test_a_taken_address_makes_no_tenant(tenant: Tenant, now: datetime) -> None:
    with pytest.raises(Invalid, match="taken"):
        make_tenant("Other", "northwind", language="en", zone="UTC", now=now)
    assert Tenant.objects.count() == 1
