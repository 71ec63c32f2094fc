"""One audience model, the fields that its tests ask about, and campaigns that rest on it."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import pytest

from audiences.actions.models import create_audience
from audiences.models import AudienceModel
from connect import wiring
from connect.core import panels
from connect.core.models import Department, Member, Tenant
from connect.core.panels import Use
from conversations.models import Conversation
from tests.audiences.factories import declare_all, make_conversation, stuck_counts
from tests.audiences.pages import GERMANS


@pytest.fixture
def declared(tenant: Tenant, now: datetime) -> None:
    """Fields of every type."""
    declare_all(tenant, now=now)


@pytest.fixture
def germans(declared: None, tenant: Tenant, marketer: Member, department: Department, now: datetime) -> AudienceModel:
    """A model that lets in who lives in Germany."""
    return create_audience(
        tenant, by=marketer, name="Germans", rule=GERMANS, department_id=department.public_id, now=now
    )


@pytest.fixture
def spring() -> Iterator[None]:
    """Two campaigns rest on every model; a change voids the approvals of one."""

    def ask(_tenant: Tenant, _kind: str, _thing: UUID) -> list[Use]:
        return [Use("Spring sale", "/spring", "campaign", voids=True), Use("Last year", "/last", "campaign")]

    panels.wire(rail=panels.rail(), used_by=[ask], panels=[])
    yield
    wiring.wire()


@pytest.fixture
def news(tenant: Tenant, department: Department, now: datetime) -> Conversation:
    """A conversation to count in."""
    return make_conversation(tenant, department, now=now)


@pytest.fixture
def stuck(news: Conversation, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No count comes to an end by itself. Needs both databases."""
    with stuck_counts(monkeypatch):
        yield
