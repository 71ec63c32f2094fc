"""What may stand in cells and in a schedule."""

from datetime import UTC, datetime, time
from typing import Any
from uuid import uuid4

import pytest

from campaigns.actions.campaigns import (
    Information,
    Schedule,
    change_schedule,
)
from campaigns.actions.content import Assignment, assign_cells, assign_content
from campaigns.models import Approval, Campaign, Cell, Edit
from campaigns.states import StartKind
from connect.core.errors import Invalid
from connect.core.models import AuditEntry
from connect.core.tenancy import tenant as open_tenant
from tests.campaigns.factories import Stage, segment_ids
from tests.content.factories import make_content

pytestmark = pytest.mark.django_db


def information(stage: Stage, **values: Any) -> Information:
    return Information(
        **{"name": "Winter layers", "department": stage.department.public_id, "language": "en", **values}
    )


def snapshot(stage: Stage) -> list[Any]:
    """Everything of the app that a refusal must leave alone."""
    with open_tenant(stage.tenant):
        return [list(model.objects.order_by("pk").values()) for model in (Campaign, Cell, Edit, Approval, AuditEntry)]


# --- Content -------------------------------------------------------------------------------------------------------


def test_a_content_is_assigned_in_all_its_languages(stage: Stage) -> None:
    stage.revise("L'hiver", "fr")
    newer = stage.revise("Winter is here!")
    campaign = stage.assign(stage.campaign())
    with open_tenant(stage.tenant):
        found = set(Cell.objects.filter(campaign=campaign).values_list("segment__name", "language", "revision__number"))
    assert found == {("Tokyo", "en", 2), ("Tokyo", "fr", 1), (None, "en", 2), (None, "fr", 1)}
    assert newer.number == 2


def test_one_cell_is_set_and_emptied(stage: Stage) -> None:
    campaign = stage.campaign()
    with open_tenant(stage.tenant):
        [tokyo] = segment_ids(stage.tenant, stage.segmentation)
    empty = [Assignment(tokyo, "en", None)]
    campaign = assign_cells(stage.tenant, campaign.public_id, campaign.version, empty, by=stage.marketer, now=stage.now)
    with open_tenant(stage.tenant):
        assert list(Cell.objects.values_list("segment", flat=True)) == [None]
    full = [Assignment(tokyo, "en", stage.english.public_id)]
    assign_cells(stage.tenant, campaign.public_id, campaign.version, full, by=stage.marketer, now=stage.now)
    with open_tenant(stage.tenant):
        assert Cell.objects.filter(segment__isnull=False).get().revision == stage.english


def test_content_that_doesnt_fit_is_refused(stage: Stage) -> None:
    french = stage.revise("L'hiver", "fr")
    with open_tenant(stage.tenant):
        unwritten = make_content(stage.tenant, stage.department, stage.marketer, now=stage.now, name="Unwritten")
    campaign = stage.campaign()
    before = snapshot(stage)

    def cells(*assignments: Assignment) -> None:
        assign_cells(stage.tenant, campaign.public_id, campaign.version, assignments, by=stage.marketer, now=stage.now)

    wrong = [
        Assignment(uuid4(), "en", stage.english.public_id),
        Assignment(None, "en", uuid4()),
        Assignment(None, "en", french.public_id),
        Assignment(None, "not a language", None),
    ]
    for assignment in wrong:
        with pytest.raises(Invalid) as refused:
            cells(Assignment(None, "en", None), assignment)
        assert set(refused.value.fields) == {"cells"}
    for content, rows, field in (
        (unwritten.public_id, [None], "content"),
        (uuid4(), [None], "content"),
        (stage.content.public_id, [], "segments"),
        (stage.content.public_id, [uuid4()], "segments"),
    ):
        with pytest.raises(Invalid) as refused:
            assign_content(
                stage.tenant,
                campaign.public_id,
                campaign.version,
                content,
                segments=rows,
                by=stage.marketer,
                now=stage.now,
            )
        assert set(refused.value.fields) == {field}
    assert snapshot(stage) == before


# --- Schedule ------------------------------------------------------------------------------------------------------

LATER = "2026-03-05T19:00"
BAD_SCHEDULES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "no start": ({"start_kind": StartKind.LOCAL}, {"start_at"}),
    "a start that is no time": ({"start_kind": StartKind.LOCAL, "start_at": "tomorrow"}, {"start_at"}),
    "a day that isn't": ({"start_kind": StartKind.LOCAL, "start_at": "2026-02-30T10:00"}, {"start_at"}),
    "a start that is past": ({"start_kind": StartKind.FIXED, "start_at": "2026-03-02T09:59"}, {"start_at"}),
    "a start that is now": ({"start_kind": StartKind.FIXED, "start_at": "2026-03-02T10:00"}, {"start_at"}),
    "a start in the year 9999": ({"start_kind": StartKind.FIXED, "start_at": "9999-12-31T23:59"}, {"start_at"}),
    "half a quiet period": ({"quiet": (time(21), None)}, {"quiet_until"}),
    "the other half": ({"quiet": (None, time(8))}, {"quiet_from"}),
    "a quiet period without a length": ({"quiet": (time(8), time(8))}, {"quiet_until"}),
    "no rate at all": ({"rate_per_minute": 0}, {"rate_per_minute"}),
    "a rate beyond all bounds": ({"rate_per_minute": 1_000_001}, {"rate_per_minute"}),
    "an expiry that is past": ({"expires_at": datetime(2026, 3, 2, 9, 0, tzinfo=UTC)}, {"expires_at"}),
    "an expiry before the start": (
        {
            "start_kind": StartKind.FIXED,
            "start_at": LATER,
            "expires_at": datetime(2026, 3, 5, 18, 0, tzinfo=UTC),
        },
        {"expires_at"},
    ),
    "a seed list that isn't there": ({"seed_list": uuid4()}, {"seed_list"}),
}


@pytest.mark.parametrize("what", BAD_SCHEDULES)
def test_a_bad_schedule_is_refused_by_field(stage: Stage, what: str) -> None:
    values, fields = BAD_SCHEDULES[what]
    campaign = stage.campaign()
    before = snapshot(stage)
    schedule = Schedule(**{"start_kind": StartKind.NOW, **values})
    with pytest.raises(Invalid) as refused:
        change_schedule(stage.tenant, campaign.public_id, campaign.version, schedule, by=stage.marketer, now=stage.now)
    assert set(refused.value.fields) == fields
    assert snapshot(stage) == before


def test_the_start_is_judged_on_the_conversations_clock(stage: Stage) -> None:
    saved = stage.schedule(stage.campaign(), start="2026-03-02T10:01", kind=StartKind.FIXED)
    assert (saved.start_kind, saved.start_at) == (StartKind.FIXED, "2026-03-02T10:01")
