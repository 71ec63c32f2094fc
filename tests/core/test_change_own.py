"""People set their own name and language, for all of their tenants, and nobody else's."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.test import Client

from connect.core.actions.members import GrantOf, add_member
from connect.core.models import AuditEntry, Member, Tenant, User
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant

pytestmark = pytest.mark.django_db

ClientOf = Callable[[Member], Client]


def name_in(tenant: Tenant, member: Member) -> str:
    with open_tenant(tenant):
        return Member.objects.get(pk=member.pk).name


def test_a_person_is_called_alike_in_all_of_their_tenants(
    tenant: Tenant, neighbour: Tenant, viewer: Member, admin: Member, client_of: ClientOf, now: datetime
) -> None:
    grants = [GrantOf(Role.VIEWER)]
    other = add_member(neighbour, email="viktor@northwind.example", name="V", grants=grants, by=None, now=now)
    answer = client_of(viewer).post(
        "/me/", {"name": " Viktor  Chen-Ito ", "language": "de", "next": "/t/northwind/customers/"}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/t/northwind/customers/")
    user = User.objects.get(pk=viewer.user_id)
    assert (user.name, user.language) == ("Viktor Chen-Ito", "de")
    assert (name_in(tenant, viewer), name_in(neighbour, other)) == ("Viktor Chen-Ito", "Viktor Chen-Ito")
    assert name_in(tenant, admin) == "Ada Okafor"
    with open_tenant(tenant):
        entry = AuditEntry.objects.of(tenant).about([viewer.public_id])[0]
    assert (entry.did, entry.member_id) == ("member.renamed", viewer.pk)


@pytest.mark.parametrize("typed", [{"name": " ", "language": "en"}, {"name": "Viktor", "language": "xx"}])
def test_a_bad_name_or_language_changes_nothing(
    tenant: Tenant, viewer: Member, client_of: ClientOf, typed: dict[str, str]
) -> None:
    assert client_of(viewer).post("/me/", typed).status_code == 422
    user = User.objects.get(pk=viewer.user_id)
    assert (user.name, user.language, name_in(tenant, viewer)) == ("Viktor Chen", "en", "Viktor Chen")


def test_the_way_back_stays_on_this_site(viewer: Member, client_of: ClientOf) -> None:
    typed = {"name": "Viktor", "language": "en", "next": "https://elsewhere.example/"}
    assert client_of(viewer).post("/me/", typed)["Location"] == "/"


def test_nobody_changes_a_person_without_login() -> None:
    assert Client().post("/me/", {"name": "x", "language": "en"})["Location"] == "/accounts/login/?next=/me/"
