"""How the cast is made: through the same actions that the product uses."""

from collections.abc import Sequence
from datetime import datetime

from connect.core.actions.members import GrantOf, add_member
from connect.core.actions.tenants import make_tenant
from connect.core.models import Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant


def make_cast_tenant(name: str, slug: str, *, now: datetime) -> Tenant:
    """Make a tenant in Berlin's time, speaking English."""
    return make_tenant(name, slug, language="en", zone="Europe/Berlin", now=now)


def make_cast_member(tenant: Tenant, name: str, roles: Sequence[Role], *, now: datetime) -> Member:
    """Make a member of the whole tenant, with an address made of the name."""
    email = f"{name.split()[0].lower()}@{tenant.slug}.example"
    with open_tenant(tenant):
        member = add_member(tenant, email=email, name=name, grants=[GrantOf(role) for role in roles], by=None, now=now)
        return Member.objects.get(pk=member.pk)
