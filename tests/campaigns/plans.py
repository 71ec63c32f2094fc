"""What the tests of the plan share: campaigns frozen by hand, and readings of the plan query."""

from datetime import datetime
from typing import Any

from campaigns.frozen import (
    CellContent,
    Frozen,
    Segmentation,
    SegmentRule,
    Speaker,
    Start,
)
from campaigns.models import Run
from campaigns.plan import Page, plan_query, planned
from campaigns.states import ExclusionReason, StartKind
from connect.core.models import Tenant
from connect.core.sql import rows
from conversations.models import Conversation, Customer
from suppression.models import Entry, SuppressionList
from suppression.states import Reason, Scope

COLUMNS = (
    "customer_id, reason, segment_id, language, revision_id, address, domain, not_before, not_after, values, quiet_at"
)
R = ExclusionReason


def plan(run: Run, *, after: int = 0, limit: int = 1000) -> list[tuple[Any, ...]]:
    return rows(f"SELECT {COLUMNS} FROM (" + plan_query(run, after=after, limit=limit) + ") p")


def reasons(tenant: Tenant, frozen: Frozen, *, at: datetime) -> dict[str, str | None]:
    found = rows("SELECT customer_id, reason FROM (" + planned(tenant, frozen, at=at, page=Page(0, None)) + ") p")
    names = dict(Customer.objects.of(tenant).values_list("pk", "external_id"))
    return {names[key]: reason for key, reason in found}


def frozen_for(conversation: Conversation, **parts: Any) -> Frozen:
    """Freeze a campaign that gives everybody in a conversation one English revision, other parts by keyword."""
    zone = conversation.default_zone
    speaker = Speaker(conversation.pk, str(conversation.public_id), "News", zone, "N", "n@n.example", "", "", "", "")
    given_parts: dict[str, Any] = {
        "speaker": speaker,
        "audience": None,
        "segmentation": None,
        "language": "en",
        "cells": (cell(None, "en", 1),),
        "seeds": None,
        "start": Start(StartKind.NOW, ""),
        "quiet": None,
        "expires_at": None,
        **parts,
    }
    return Frozen(**given_parts)


def cell(segment: int | None, language: str, revision: int, *fields: str) -> CellContent:
    return CellContent(segment, language, revision, f"hash{revision}", "Letter", 1, fields)


def segments(*rules: Any, leftovers: bool = True) -> Segmentation:
    listed = tuple(SegmentRule(100 + place, str(place), f"S{place}", one) for place, one in enumerate(rules))
    return Segmentation(1, "m", "Model", 1, leftovers, listed)


def suppress(tenant: Tenant, *addresses: str, now: datetime) -> None:
    made = SuppressionList.objects.create(
        tenant=tenant, name="Never", scope=Scope.TENANT, created_at=now, updated_at=now
    )
    Entry.objects.bulk_create(
        Entry(tenant=tenant, suppression_list=made, kind="email", value=address, reason=Reason.MANUAL, created_at=now)
        for address in addresses
    )
