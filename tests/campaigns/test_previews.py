"""A cell's preview shows somebody who would get it, and of whom the message knows what it names."""

from datetime import datetime

import pytest

from campaigns.gather import gather_one
from campaigns.models import Campaign
from campaigns.previews import sample_reader
from connect.core.tenancy import tenant as open_tenant
from tests.audiences.factories import add_customer
from tests.campaigns.factories import Stage

pytestmark = pytest.mark.django_db


def _shown_in(stage: Stage, campaign: Campaign, segment: str, now: datetime) -> str | None:
    with open_tenant(stage.tenant):
        frozen = gather_one(stage.tenant, campaign)
        named = {one.id: one.name for one in frozen.segmentation.segments} if frozen.segmentation else {}
        cell = next(one for one in frozen.cells if named.get(one.segment or 0, "Leftovers") == segment)
        found = sample_reader(stage.tenant, frozen, cell, now=now)
        return found.external_id if found else None


def test_the_reader_falls_into_the_segment_and_is_let_in_by_the_audience(stage: Stage, now: datetime) -> None:
    add_customer(stage.tenant, "a-not-in-germany", stage.conversation, now=now, country="FR", zone="Asia/Tokyo")
    add_customer(stage.tenant, "b-leftover", stage.conversation, now=now, country="DE")
    add_customer(stage.tenant, "c-tokyo", stage.conversation, now=now, country="DE", zone="Asia/Tokyo")
    campaign = stage.campaign()
    assert _shown_in(stage, campaign, "Tokyo", now) == "c-tokyo"
    assert _shown_in(stage, campaign, "Leftovers", now) == "b-leftover"


def test_of_those_the_one_is_shown_of_whom_most_is_known(stage: Stage, now: datetime) -> None:
    for name, attributes in [("a-unknown", {}), ("b-empty", {"first_name": ""}), ("c-known", {"first_name": "Kim"})]:
        add_customer(stage.tenant, name, stage.conversation, now=now, country="DE", attributes=attributes)
    assert _shown_in(stage, stage.campaign(), "Leftovers", now) == "c-known"


def test_where_nobody_falls_into_the_segment_somebody_else_is_shown(stage: Stage, now: datetime) -> None:
    campaign = stage.campaign()
    assert _shown_in(stage, campaign, "Tokyo", now) is None
    add_customer(stage.tenant, "a-filtered", stage.conversation, now=now, country="FR")
    assert _shown_in(stage, campaign, "Tokyo", now) == "a-filtered"
    add_customer(stage.tenant, "b-leftover", stage.conversation, now=now, country="DE")
    assert _shown_in(stage, campaign, "Tokyo", now) == "b-leftover"
