"""Segmentation models keep order and identity through every change; what is refused leaves no trace."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from connect.core.errors import Conflict, Forbidden, Invalid, StaleVersion
from connect.core.models import AuditEntry, Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from segments.actions.models import (
    SegmentationOf,
    SegmentOf,
    archive_segmentation,
    change_segmentation,
    copy_segmentation,
    create_segmentation,
    restore_segmentation,
)
from segments.models import Segment, SegmentationModel

pytestmark = pytest.mark.django_db


def living_in(*countries: str) -> dict[str, Any]:
    return {"combinator": "and", "rules": [{"field": "country", "operator": "one_of", "value": list(countries)}]}


SPLIT = [("Germany", living_in("DE")), ("France", living_in("FR"))]


def make(tenant: Tenant, by: Member, department: Department, now: datetime, **values: Any) -> SegmentationModel:
    values = {"name": "Countries", "segments": SPLIT, "leftovers_get_content": True, **values}
    return create_segmentation(tenant, by=by, department_id=department.public_id, now=now, **values)


def stored(tenant: Tenant) -> list[tuple[Any, ...]]:
    with open_tenant(tenant):
        return [*Segment.objects.order_by("model_id", "position").values_list("position", "name", "rule")]


def ids(tenant: Tenant) -> dict[str, UUID]:
    with open_tenant(tenant):
        return dict(Segment.objects.values_list("name", "public_id"))


def test_segments_are_stored_in_their_order(
    tenant: Tenant, marketer: Member, department: Department, now: datetime
) -> None:
    made = make(tenant, marketer, department, now, leftovers_get_content=False, description="By home")
    assert stored(tenant) == [(1, "Germany", living_in("DE")), (2, "France", living_in("FR"))]
    assert (made.name, made.description, made.leftovers_get_content, made.version) == ("Countries", "By home", False, 1)
    with open_tenant(tenant):
        assert [one.name for one in made.segments()] == ["Germany", "France"]
        assert AuditEntry.objects.get(did="segmentation.made").details == {"name": "Countries", "segments": 2}


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"segments": []}, ["segments"]),
        ({"segments": [("x", living_in("DE"))] * 51}, ["segments"]),
        ({"segments": [("", living_in("DE"))]}, ["segments.0.name"]),
        ({"segments": [("A", living_in("DE")), ("a", living_in("FR"))]}, ["segments.1.name"]),
        ({"segments": [("A", living_in("DE")), ("B", living_in("XX"))]}, ["segments.1.rule.rules.0.value"]),
        (
            {"name": "", "segments": [("", None), ("B", living_in())]},
            ["name", "segments.0.name", "segments.0.rule", "segments.1.rule.rules.0.value"],
        ),
    ],
)
def test_a_bad_model_is_refused_by_field_and_not_stored(
    tenant: Tenant, marketer: Member, department: Department, now: datetime, values: dict[str, Any], fields: list[str]
) -> None:
    with pytest.raises(Invalid) as error:
        make(tenant, marketer, department, now, **values)
    assert list(error.value.fields) == fields
    with open_tenant(tenant):
        assert SegmentationModel.objects.count() == 0
        assert Segment.objects.count() == 0


def test_a_change_keeps_the_segments_that_stay(
    tenant: Tenant, marketer: Member, department: Department, now: datetime
) -> None:
    made = make(tenant, marketer, department, now)
    before = ids(tenant)
    wanted = SegmentationOf(
        "Countries",
        [SegmentOf("Canada", living_in("CA")), SegmentOf("Gaul", living_in("FR", "BE"), before["France"])],
        leftovers_get_content=True,
    )
    changed = change_segmentation(tenant, made.public_id, 1, wanted, by=marketer, now=now)
    assert stored(tenant) == [(1, "Canada", living_in("CA")), (2, "Gaul", living_in("FR", "BE"))]
    assert ids(tenant)["Gaul"] == before["France"]
    assert changed.version == 2
    with open_tenant(tenant):
        assert AuditEntry.objects.get(did="segmentation.changed").details == {"fields": ["segments"]}


def test_segments_change_places(tenant: Tenant, marketer: Member, department: Department, now: datetime) -> None:
    made = make(tenant, marketer, department, now)
    before = ids(tenant)
    turned = [SegmentOf(name, rule, before[name]) for name, rule in reversed(SPLIT)]
    change_segmentation(tenant, made.public_id, 1, SegmentationOf("Countries", turned, True), by=marketer, now=now)
    assert stored(tenant) == [(1, "France", living_in("FR")), (2, "Germany", living_in("DE"))]
    assert ids(tenant) == before


def test_nothing_changed_says_so(tenant: Tenant, marketer: Member, department: Department, now: datetime) -> None:
    made = make(tenant, marketer, department, now)
    before = ids(tenant)
    same = [SegmentOf(name, rule, before[name]) for name, rule in SPLIT]
    change_segmentation(tenant, made.public_id, 1, SegmentationOf("Countries", same, True), by=marketer, now=now)
    with open_tenant(tenant):
        assert AuditEntry.objects.get(did="segmentation.changed").details == {"fields": []}


def test_a_stale_change_is_refused(tenant: Tenant, marketer: Member, department: Department, now: datetime) -> None:
    made = make(tenant, marketer, department, now)
    wanted = SegmentationOf("Mine", [SegmentOf(*SPLIT[0])], True)
    change_segmentation(tenant, made.public_id, 1, wanted, by=marketer, now=now)
    with pytest.raises(StaleVersion) as error:
        change_segmentation(tenant, made.public_id, 1, wanted, by=marketer, now=now)
    assert error.value.current.name == "Mine"
    assert stored(tenant) == [(1, "Germany", living_in("DE"))]


def test_another_models_segment_is_refused(
    tenant: Tenant, marketer: Member, department: Department, now: datetime
) -> None:
    first = make(tenant, marketer, department, now)
    theirs = ids(tenant)["France"]
    second = make(tenant, marketer, department, now, name="Other", segments=[("Canada", living_in("CA"))])
    for strange in (theirs, uuid4()):
        wanted = SegmentationOf("Other", [SegmentOf("Canada", living_in("CA"), strange)], True)
        with pytest.raises(Invalid) as error:
            change_segmentation(tenant, second.public_id, 1, wanted, by=marketer, now=now)
        assert list(error.value.fields) == ["segments"]
    own = ids(tenant)["Canada"]
    twice = SegmentationOf("Other", [SegmentOf(name, living_in("CA"), own) for name in "ab"], True)
    with pytest.raises(Invalid):
        change_segmentation(tenant, second.public_id, 1, twice, by=marketer, now=now)
    assert [row[1] for row in stored(tenant)] == ["Germany", "France", "Canada"]
    with open_tenant(tenant):
        assert SegmentationModel.objects.get(pk=first.pk).version == 1
        assert SegmentationModel.objects.get(pk=second.pk).version == 1


def test_a_viewer_and_a_neighbour_change_nothing(
    tenant: Tenant,
    marketer: Member,
    viewer: Member,
    department: Department,
    neighbour: Tenant,
    stranger: Member,
    now: datetime,
) -> None:
    made = make(tenant, marketer, department, now)
    wanted = SegmentationOf("Mine", [SegmentOf(*SPLIT[0])], True)
    with pytest.raises(Forbidden):
        change_segmentation(tenant, made.public_id, 1, wanted, by=viewer, now=now)
    with pytest.raises(Forbidden):
        make(tenant, viewer, department, now, name="Mine")
    for model_id in (made.public_id, uuid4()):
        with pytest.raises(SegmentationModel.DoesNotExist):
            change_segmentation(neighbour, model_id, 1, wanted, by=stranger, now=now)
        with pytest.raises(SegmentationModel.DoesNotExist):
            copy_segmentation(neighbour, model_id, by=stranger, now=now)
        with pytest.raises(SegmentationModel.DoesNotExist):
            archive_segmentation(neighbour, model_id, by=stranger, now=now)
    assert [row[1] for row in stored(tenant)] == ["Germany", "France"]


def test_a_copy_has_segments_of_its_own(
    tenant: Tenant, marketer: Member, department: Department, now: datetime
) -> None:
    made = make(tenant, marketer, department, now, leftovers_get_content=False)
    copied = copy_segmentation(tenant, made.public_id, by=marketer, now=now)
    assert (copied.name, copied.leftovers_get_content) == ("Countries (copy)", False)
    with open_tenant(tenant):
        assert [(one.name, one.rule) for one in copied.segments()] == SPLIT
        assert Segment.objects.values("public_id").distinct().count() == 4


def test_archiving_is_undone_by_restoring(
    tenant: Tenant, marketer: Member, department: Department, now: datetime
) -> None:
    made = make(tenant, marketer, department, now)
    archive_segmentation(tenant, made.public_id, by=marketer, now=now)
    with pytest.raises(Conflict):
        archive_segmentation(tenant, made.public_id, by=marketer, now=now)
    wanted = SegmentationOf("Mine", [SegmentOf(*SPLIT[0])], True)
    with pytest.raises(Conflict):
        change_segmentation(tenant, made.public_id, 1, wanted, by=marketer, now=now)
    restore_segmentation(tenant, made.public_id, by=marketer, now=now)
    with open_tenant(tenant):
        assert SegmentationModel.objects.get().archived_at is None
