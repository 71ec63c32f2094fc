"""Make tenants and departments, and set a tenant's policies."""

from datetime import datetime

from django.db import transaction

from connect.core.audit import audit
from connect.core.did import Did
from connect.core.errors import Invalid
from connect.core.models import Department, Member, Tenant
from connect.core.tenancy import in_tenant
from connect.core.tenancy import tenant as open_tenant


@transaction.atomic
def make_tenant(name: str, slug: str, *, language: str, zone: str, now: datetime) -> Tenant:
    """Make a tenant with its first department, which bears the tenant's name.

    Errors: Invalid when the slug is taken.
    """
    if Tenant.objects.filter(slug=slug).exists():
        raise Invalid({"slug": "This address is taken."})
    made = Tenant.objects.create(name=name, slug=slug, default_language=language, default_zone=zone, created_at=now)
    with open_tenant(made):
        Department.objects.create(tenant=made, name=name)
        audit(made, None, Did.MADE_TENANT, made.public_id, now=now)
    return made


@in_tenant
def make_department(tenant: Tenant, name: str, *, by: Member, now: datetime) -> Department:
    """Make a department.

    Errors: Invalid when the name is taken.
    """
    if Department.objects.of(tenant).filter(name=name).exists():
        raise Invalid({"name": "There is a department of this name."})
    made = Department.objects.create(tenant=tenant, name=name)
    audit(tenant, by, Did.MADE_DEPARTMENT, made.public_id, now=now, name=name)
    return made
