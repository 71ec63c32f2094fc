"""Audience models are made, changed, copied and archived; what is refused leaves no trace."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from audiences.actions.models import (
    archive_audience,
    change_audience,
    copy_audience,
    create_audience,
    restore_audience,
)
from audiences.models import AudienceModel
from connect.core.actions.members import GrantOf, change_roles
from connect.core.errors import Conflict, Forbidden, Invalid, StaleVersion
from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.roles import Role
from connect.core.tenancy import tenant as open_tenant

pytestmark = pytest.mark.django_db

GERMANS = {"combinator": "and", "rules": [{"field": "country", "operator": "equals", "value": "DE"}]}
WRONG = {"combinator": "and", "rules": [{"field": "country", "operator": "equals", "value": "XX"}]}


def make(tenant: Tenant, by: Member, department: Department, now: datetime, **values: Any) -> AudienceModel:
    values = {"name": "Germans", "rule": GERMANS, **values}
    return create_audience(tenant, by=by, department_id=department.public_id, now=now, **values)


def deeds(tenant: Tenant) -> list[str]:
    with open_tenant(tenant):
        return [*AuditEntry.objects.filter(did__startswith="audience.").order_by("id").values_list("did", flat=True)]


def stored(tenant: Tenant) -> list[tuple[Any, ...]]:
    with open_tenant(tenant):
        return [*AudienceModel.objects.order_by("id").values_list("name", "description", "rule", "version")]


def test_a_model_is_stored_with_the_rule_in_its_plain_form(
    tenant: Tenant, marketer: Member, department: Department, now: datetime
) -> None:
    rule = {**GERMANS, "id": "x", "not": False}
    made = make(tenant, marketer, department, now, name="  Germans \n only ", rule=rule, description=" At home ")
    assert stored(tenant) == [("Germans only", "At home", GERMANS, 1)]
    assert (made.department_id, made.created_at, made.updated_at) == (department.pk, now, now)
    assert deeds(tenant) == ["audience.made"]


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"name": " "}, ["name"]),
        ({"name": "x" * 121}, ["name"]),
        ({"name": "a\x00b"}, ["name"]),
        ({"description": "x" * 241}, ["description"]),
        ({"rule": WRONG}, ["rule.rules.0.value"]),
        ({"rule": []}, ["rule"]),
        ({"name": "", "description": "\ud800", "rule": WRONG}, ["name", "description", "rule.rules.0.value"]),
    ],
)
def test_a_bad_model_is_refused_by_field_and_not_stored(
    tenant: Tenant, marketer: Member, department: Department, now: datetime, values: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(Invalid) as error:
        make(tenant, marketer, department, now, **values)
    assert list(error.value.fields) == fields
    assert stored(tenant) == []
    assert deeds(tenant) == []


def test_two_models_dont_share_a_name(tenant: Tenant, marketer: Member, department: Department, now: datetime) -> None:
    make(tenant, marketer, department, now)
    with pytest.raises(Invalid) as error:
        make(tenant, marketer, department, now)
    assert list(error.value.fields) == ["name"]
    assert len(stored(tenant)) == 1


def test_a_neighbours_department_is_none(
    tenant: Tenant, marketer: Member, neighbour_department: Department, now: datetime
) -> None:
    with pytest.raises(Invalid) as error:
        make(tenant, marketer, neighbour_department, now)
    assert list(error.value.fields) == ["department"]
    assert stored(tenant) == []


@pytest.mark.parametrize("role", [Role.VIEWER, Role.CONTENT_APPROVER, Role.LAUNCH_APPROVER])
def test_who_is_no_marketer_changes_nothing(
    tenant: Tenant, marketer: Member, viewer: Member, admin: Member, department: Department, now: datetime, role: Role
) -> None:
    made = make(tenant, marketer, department, now)
    change_roles(tenant, viewer.public_id, grants=[GrantOf(role)], by=admin, now=now)
    with open_tenant(tenant):
        other = Member.objects.public(viewer.public_id)
    one: dict[str, Any] = {"by": other, "now": now}
    for refused in (
        lambda: make(tenant, other, department, now, name="Other"),
        lambda: change_audience(tenant, made.public_id, 1, name="Other", rule=GERMANS, **one),
        lambda: copy_audience(tenant, made.public_id, **one),
        lambda: archive_audience(tenant, made.public_id, **one),
        lambda: restore_audience(tenant, made.public_id, **one),
    ):
        with pytest.raises(Forbidden):
            refused()
    assert stored(tenant) == [("Germans", "", GERMANS, 1)]


def test_a_marketer_of_another_department_changes_nothing(
    tenant: Tenant, marketer: Member, admin: Member, department: Department, now: datetime
) -> None:
    made = make(tenant, marketer, department, now)
    with open_tenant(tenant):
        other = Department.objects.create(tenant=tenant, name="Elsewhere")
    change_roles(tenant, marketer.public_id, grants=[GrantOf(Role.MARKETER, other.public_id)], by=admin, now=now)
    with open_tenant(tenant):
        elsewhere = Member.objects.public(marketer.public_id)
    with pytest.raises(Forbidden):
        change_audience(tenant, made.public_id, 1, name="Mine", rule=GERMANS, by=elsewhere, now=now)
    with pytest.raises(Forbidden):
        make(tenant, elsewhere, department, now, name="Mine")
    assert stored(tenant) == [("Germans", "", GERMANS, 1)]


def test_a_change_counts_the_version_up_and_says_what_changed(
    tenant: Tenant, marketer: Member, department: Department, now: datetime
) -> None:
    made = make(tenant, marketer, department, now)
    everybody = {"combinator": "or", "rules": []}
    later = now + timedelta(hours=1)
    changed = change_audience(tenant, made.public_id, 1, name="All", rule=everybody, by=marketer, now=later)
    assert stored(tenant) == [("All", "", everybody, 2)]
    assert (changed.created_at, changed.updated_at) == (now, later)
    with open_tenant(tenant):
        assert AuditEntry.objects.get(did="audience.changed").details == {"fields": ["name", "rule"]}


def test_a_stale_change_is_refused_and_shows_the_model_as_it_is(
    tenant: Tenant, marketer: Member, admin: Member, department: Department, now: datetime
) -> None:
    made = make(tenant, marketer, department, now)
    change_audience(tenant, made.public_id, 1, name="First", rule=GERMANS, by=admin, now=now)
    with pytest.raises(StaleVersion) as error:
        change_audience(tenant, made.public_id, 1, name="Second", rule=GERMANS, by=marketer, now=now)
    assert error.value.current.name == "First"
    assert stored(tenant) == [("First", "", GERMANS, 2)]


def test_a_bad_change_changes_nothing(tenant: Tenant, marketer: Member, department: Department, now: datetime) -> None:
    made = make(tenant, marketer, department, now)
    with pytest.raises(Invalid) as error:
        change_audience(tenant, made.public_id, 1, name="Other", rule=WRONG, by=marketer, now=now)
    assert list(error.value.fields) == ["rule.rules.0.value"]
    assert stored(tenant) == [("Germans", "", GERMANS, 1)]


def test_copies_get_names_of_their_own(tenant: Tenant, marketer: Member, department: Department, now: datetime) -> None:
    made = make(tenant, marketer, department, now, name="x" * 120, description="Long")
    for _ in range(2):
        copy_audience(tenant, made.public_id, by=marketer, now=now)
    assert [(row[0], row[1], row[3]) for row in stored(tenant)] == [
        ("x" * 120, "Long", 1),
        ("x" * 113 + " (copy)", "Long", 1),
        ("x" * 111 + " (copy 2)", "Long", 1),
    ]


def test_archiving_is_undone_by_restoring(
    tenant: Tenant, marketer: Member, department: Department, now: datetime
) -> None:
    made = make(tenant, marketer, department, now)
    archive_audience(tenant, made.public_id, by=marketer, now=now)
    with pytest.raises(Conflict):
        archive_audience(tenant, made.public_id, by=marketer, now=now)
    with pytest.raises(Conflict):
        change_audience(tenant, made.public_id, 1, name="Other", rule=GERMANS, by=marketer, now=now)
    with open_tenant(tenant):
        assert AudienceModel.objects.get().archived_at == now
    restore_audience(tenant, made.public_id, by=marketer, now=now)
    with pytest.raises(Conflict):
        restore_audience(tenant, made.public_id, by=marketer, now=now)
    with open_tenant(tenant):
        assert AudienceModel.objects.get().archived_at is None
    assert deeds(tenant) == ["audience.made", "audience.archived", "audience.restored"]


def test_a_neighbours_model_does_not_exist(
    tenant: Tenant, marketer: Member, department: Department, neighbour: Tenant, stranger: Member, now: datetime
) -> None:
    made = make(tenant, marketer, department, now)
    for model_id in (made.public_id, uuid4()):
        one: dict[str, Any] = {"by": stranger, "now": now}
        for refused in (
            lambda model_id=model_id, one=one: change_audience(neighbour, model_id, 1, name="x", rule=GERMANS, **one),
            lambda model_id=model_id, one=one: copy_audience(neighbour, model_id, **one),
            lambda model_id=model_id, one=one: archive_audience(neighbour, model_id, **one),
        ):
            with pytest.raises(AudienceModel.DoesNotExist):
                refused()
    assert stored(tenant) == [("Germans", "", GERMANS, 1)]
