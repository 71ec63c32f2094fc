"""One segmentation model of two segments, and the fields that its tests ask about."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from connect.core.models import Department, Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Conversation
from segments.actions.models import create_segmentation
from segments.models import SegmentationModel
from tests.audiences.factories import declare_all, make_conversation, stuck_counts
from tests.segments.pages import living_in, segment_form


@pytest.fixture
def declared(tenant: Tenant, now: datetime) -> None:
    """Fields of every type."""
    declare_all(tenant, now=now)


@pytest.fixture
def split(declared: None, tenant: Tenant, marketer: Member, department: Department, now: datetime) -> SegmentationModel:
    """Who lives in Germany, who lives in France, and the rest."""
    return create_segmentation(
        tenant,
        by=marketer,
        name="Countries",
        segments=[("Germany", living_in("DE")), ("France", living_in("FR"))],
        leftovers_get_content=True,
        department_id=department.public_id,
        now=now,
    )


@pytest.fixture
def form(tenant: Tenant, split: SegmentationModel) -> dict[str, str]:
    """The stored model as its page would post it."""
    with open_tenant(tenant):
        germany, france = split.segments()
    return {
        "name": "Countries",
        "version": "1",
        "leftovers": "1",
        **segment_form(0, "Germany", "DE", germany.public_id),
        **segment_form(1, "France", "FR", france.public_id),
    }


@pytest.fixture
def news(tenant: Tenant, department: Department, now: datetime) -> Conversation:
    """A conversation to count in."""
    return make_conversation(tenant, department, now=now)


@pytest.fixture
def stuck(news: Conversation, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No count comes to an end by itself. Needs both databases."""
    with stuck_counts(monkeypatch):
        yield
