"""Make, change, copy and archive audience models. A rule is checked here, whoever brings it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from audiences.did import Did
from audiences.models import AudienceModel
from audiences.naming import check_description, check_name, name_of_copy
from audiences.queries import ModelQuerySet
from audiences.rules.schema import canonical, check_rule
from connect.core.audit import audit
from connect.core.constraints import unique
from connect.core.errors import Conflict, Forbidden, Invalid
from connect.core.models import Department, Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import in_tenant

NAME_KEY = "audiences_model_name_key"


@in_tenant
def create_audience(
    tenant: Tenant,
    *,
    by: Member | None,
    name: str,
    rule: object,
    department_id: UUID,
    now: datetime,
    description: str = "",
) -> AudienceModel:
    """Make an audience model.

    Errors: Invalid naming each field, a bad node of the rule as `rule.rules.1.value`; Forbidden unless `by` is a
    marketer in the department.
    """
    values = _check(tenant, name, description, rule)
    department = find_department(tenant, department_id, by)
    with unique(NAME_KEY, {"name": _("Another audience model has this name.")}):
        made = AudienceModel.objects.create(
            tenant=tenant, department=department, created_at=now, updated_at=now, **values
        )
    audit(tenant, by, Did.MADE_AUDIENCE, made.public_id, now=now, name=made.name)
    return made


@in_tenant
def change_audience(
    tenant: Tenant,
    audience_id: UUID,
    version: int,
    *,
    by: Member | None,
    name: str,
    rule: object,
    now: datetime,
    description: str = "",
) -> AudienceModel:
    """Change an audience model that still is as it was at `version`. Approvals that rest on its rule fall with it.

    Errors: AudienceModel.DoesNotExist; StaleVersion with the model as it is now; Conflict when it is archived;
    Invalid and Forbidden as above.
    """
    one = AudienceModel.objects.of(tenant).filter(public_id=audience_id)
    before = one.get()
    access_as_marketer(before.department_id, by)
    if before.archived_at:
        raise Conflict(_("It is archived. Bring it back before you change it."))
    values = _check(tenant, name, description, rule)
    with unique(NAME_KEY, {"name": _("Another audience model has this name.")}):
        one.save_version(version, updated_at=now, **values)
    changed = sorted(field for field, value in values.items() if getattr(before, field) != value)
    audit(tenant, by, Did.CHANGED_AUDIENCE, audience_id, now=now, fields=changed)
    after: AudienceModel = one.get()
    return after


@in_tenant
def copy_audience(tenant: Tenant, audience_id: UUID, *, by: Member | None, now: datetime) -> AudienceModel:
    """Make a second model with the same rule, under a name of its own.

    Errors: AudienceModel.DoesNotExist; Forbidden unless `by` is a marketer in its department.
    """
    first = AudienceModel.objects.of(tenant).public(audience_id)
    access_as_marketer(first.department_id, by)
    taken = set(AudienceModel.objects.of(tenant).values_list("name", flat=True))
    made = AudienceModel.objects.create(
        tenant=tenant,
        department_id=first.department_id,
        name=name_of_copy(first.name, taken),
        description=first.description,
        rule=first.rule,
        created_at=now,
        updated_at=now,
    )
    audit(tenant, by, Did.COPIED_AUDIENCE, made.public_id, now=now, name=made.name, source=str(audience_id))
    return made


@in_tenant
def archive_audience(tenant: Tenant, audience_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Take a model out of the lists; campaigns that use it go on.

    Errors: AudienceModel.DoesNotExist; Conflict when it is archived already; Forbidden.
    """
    set_archived(AudienceModel.objects.of(tenant).filter(public_id=audience_id), now, by)
    audit(tenant, by, Did.ARCHIVED_AUDIENCE, audience_id, now=now)


@in_tenant
def restore_audience(tenant: Tenant, audience_id: UUID, *, by: Member | None, now: datetime) -> None:
    """Bring an archived model back.

    Errors: AudienceModel.DoesNotExist; Conflict when it isn't archived; Forbidden.
    """
    set_archived(AudienceModel.objects.of(tenant).filter(public_id=audience_id), None, by)
    audit(tenant, by, Did.RESTORED_AUDIENCE, audience_id, now=now)


def access_as_marketer(department_id: int, by: Member | None) -> None:
    """Let only a marketer of the department go on. `by` is None where the system acts.

    Errors: Forbidden.
    """
    if by and not by.may(Role.MARKETER, department_id):
        raise Forbidden(_("Only a marketer of its department changes this model."))


def find_department(tenant: Tenant, department_id: UUID, by: Member | None) -> Department:
    """Find the department that a new model will belong to.

    Errors: Invalid when there is none; Forbidden unless `by` is a marketer in it.
    """
    department = Department.objects.of(tenant).filter(public_id=department_id).first()
    if department is None:
        raise Invalid({"department": _("There is no such department.")})
    access_as_marketer(department.pk, by)
    return department


def set_archived(one: ModelQuerySet, at: datetime | None, by: Member | None) -> None:
    """Archive the one model of any kind that these rows hold, or bring it back (`at` None).

    Errors: DoesNotExist; Conflict when it is so already; Forbidden.
    """
    access_as_marketer(one.get().department_id, by)
    if one.filter(archived_at__isnull=at is not None).update(archived_at=at) != 1:
        raise Conflict(_("It is archived already.") if at else _("It isn’t archived."))


def gather(checks: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """Run each check and gather all that is wrong.

    Errors: Invalid with the fields of every check that failed.
    """
    values: dict[str, Any] = {}
    faults: dict[str, list[str]] = {}
    for name, check in checks.items():
        try:
            values[name] = check()
        except Invalid as error:
            faults |= error.fields
    if faults:
        raise Invalid(faults)
    return values


def _check(tenant: Tenant, name: str, description: str, rule: object) -> dict[str, Any]:
    return gather(
        {
            "name": lambda: check_name(name),
            "description": lambda: check_description(description),
            "rule": lambda: canonical(check_rule(tenant, rule, at="rule.")),
        }
    )
