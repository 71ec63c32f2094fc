"""Any model, any people: the plan, its sums, the lists of people, the books, and an oracle in Python agree."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiences.rules.evaluate import matches
from campaigns.actions.launch import start_due
from campaigns.clock import Quiet, open_window
from campaigns.forecast import books
from campaigns.frozen import (
    Audience,
    Frozen,
    Start,
    to_json,
)
from campaigns.gather import gather_one
from campaigns.members import people_planned
from campaigns.models import Run
from campaigns.states import ExclusionReason, StartKind
from campaigns.waterfall import Waterfall, waterfall
from connect.core.models import Department, Tenant
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Conversation, Subscription
from conversations.states import SubscriptionState
from delivery.actions.plan import plan_run
from suppression.models import Entry
from tests.audiences.factories import add_customer, declare_all, make_conversation
from tests.campaigns.factories import Stage
from tests.campaigns.plans import R, cell, frozen_for, plan, segments, suppress

pytestmark = pytest.mark.django_db


def small_rule(chance: random.Random) -> dict[str, Any]:
    leaves = [
        {"field": "country", "operator": "one_of", "value": chance.sample(["DE", "FR", "CA"], 2)},
        {"field": "language", "operator": "equals", "value": "fr"},
        {"field": "attributes.tier", "operator": "equals", "value": "gold"},
        {"field": "attributes.points", "operator": "gt", "value": 50},
        {"field": "interests.ski", "operator": "is_true"},
    ]
    picked = chance.sample(leaves[:3], chance.randint(0, 2))
    return {"combinator": chance.choice(["and", "or"]), "not": chance.random() < 0.2, "rules": picked}


def people(tenant: Tenant, conversation: Conversation, chance: random.Random, now: datetime) -> None:
    for number in range(chance.randint(0, 25)):
        add_customer(
            tenant,
            f"p{number}",
            conversation if chance.random() < 0.95 else None,
            now=now,
            state=chance.choice([SubscriptionState.SUBSCRIBED] * 4 + [SubscriptionState.UNSUBSCRIBED]),
            email=chance.choice(["", f"p{chance.randint(0, 8)}@x.example", f"u{number}@y.example"]),
            country=chance.choice(["DE", "FR", "CA", ""]),
            language=chance.choice(["en", "fr", "fr-CA", "de-AT", ""]),
            zone=chance.choice(["Asia/Tokyo", "America/Toronto", "Australia/Lord_Howe", ""]),
            attributes=chance.choice([{"tier": "gold"}, {"tier": "silver"}, {}]),
        )
    suppress(tenant, *{f"p{chance.randint(0, 8)}@x.example" for _ in range(2)}, now=now)


def people_more(tenant: Tenant, conversation: Conversation, chance: random.Random, now: datetime) -> None:
    for number in range(60):
        address = f"s{chance.randint(0, 20)}@x.example"
        add_customer(tenant, f"q{number}", conversation, now=now, email=address, country=chance.choice(["DE", "FR"]))


def any_frozen(conversation: Conversation, chance: random.Random, now: datetime) -> Frozen:
    model = None
    if chance.random() < 0.7:
        listed = [small_rule(chance) for _ in range(chance.randint(1, 3))]
        model = segments(*listed, leftovers=chance.random() < 0.6)
    keys: list[int | None] = [one.id for one in model.segments] if model else []
    if model is None or model.leftovers:
        keys.append(None)
    cells = [
        cell(key, tag, number)
        for number, (key, tag) in enumerate(((key, tag) for key in keys for tag in ("en", "fr", "fr-CA")), 1)
        if chance.random() < 0.7
    ]
    return frozen_for(
        conversation,
        audience=Audience(1, "a", "A", 1, small_rule(chance)) if chance.random() < 0.7 else None,
        segmentation=model,
        cells=tuple(cells),
        start=chance.choice([Start(StartKind.NOW, ""), Start(StartKind.LOCAL, "2026-03-04T21:30")]),
        quiet=chance.choice([None, Quiet(time(21), time(8)), Quiet(time(1), time(23, 30))]),
        expires_at=chance.choice([None, now + timedelta(days=2, hours=chance.randint(0, 40))]),
    )


def oracle(tenant: Tenant, frozen: Frozen, *, at: datetime) -> list[tuple[int, str | None, int | None, int | None]]:
    """Decide about each member in Python: key, reason, segment, revision; the lowest key keeps a shared address."""
    assert frozen.speaker is not None
    never = set(Entry.objects.values_list("value", flat=True))
    listed = Subscription.objects.filter(conversation_id=frozen.speaker.id).select_related("customer")
    decided: list[tuple[int, str | None, int | None, int | None]] = []
    taken: set[str] = set()
    for one in listed.order_by("customer_id"):
        reason, segment, revision = _decide(tenant, frozen, one, never, at)
        if reason is None and one.customer.email_key in taken:
            reason = "duplicate"
        elif reason is None:
            taken.add(one.customer.email_key)
        decided.append((one.customer_id, reason, segment, revision))
    return decided


def _decide(
    tenant: Tenant, frozen: Frozen, one: Subscription, never: set[str], at: datetime
) -> tuple[str | None, int | None, int | None]:
    who = one.customer
    if one.state != "subscribed":
        return "no_consent", None, None
    if who.email_key in never:
        return "suppressed", None, None
    if frozen.audience and not matches(tenant, frozen.audience.rule, who, one, now=at):
        return "filtered", None, None
    if not who.email_key:
        return "no_address", None, None
    model = frozen.segmentation
    hit = [item.id for item in model.segments if matches(tenant, item.rule, who, one, now=at)] if model else []
    segment = hit[0] if hit else None
    if model and not hit and not model.leftovers:
        return "leftover", None, None
    found = frozen.cell_for(segment, who.language)
    if found is None:
        return "no_content", segment, None
    zone = ZoneInfo(who.zone or "Europe/Berlin")
    begins = at if frozen.start.local is None else frozen.start.local.replace(tzinfo=zone).astimezone(UTC)
    due = open_window(max(at, begins), zone, frozen.quiet).not_before
    if frozen.expires_at and due >= frozen.expires_at:
        return "expired", segment, found.revision
    return None, segment, found.revision


def totals(decided: Sequence[tuple[int, str | None, int | None, int | None]]) -> Counter[str]:
    return Counter(reason or "gets it" for _, reason, _, _ in decided)


def of_waterfall(counted: Waterfall) -> Counter[str]:
    return Counter({"gets it": counted.recipients} | {reason.value: people for reason, people in counted.out.items()})


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6))
def test_plan_waterfall_and_lists_of_people_agree_with_an_oracle(
    tenant: Tenant, department: Department, now: datetime, seed: int
) -> None:
    chance = random.Random(seed)
    with open_tenant(tenant), transaction.atomic():
        mark = transaction.savepoint()
        declare_all(tenant, now=now)
        news = make_conversation(tenant, department, f"News {seed}", now=now)
        people(tenant, news, chance, now)
        frozen = any_frozen(news, chance, now)
        expected = oracle(tenant, frozen, at=now)
        run = Run(tenant=tenant, frozen=to_json(frozen), started_at=now)
        found = plan(run, limit=1000)
        twins = {key for key, reason, _, _ in expected if reason == "duplicate"}
        shown = [(row[0], "duplicate" if row[0] in twins and row[1] is None else row[1]) for row in found]
        assert shown == [(key, reason) for key, reason, _, _ in expected]
        sent = [(row[0], row[2], row[4]) for row in found if row[1] is None]
        assert sent == [
            (key, segment, revision) for key, reason, segment, revision in expected if reason in (None, "duplicate")
        ]
        counted = waterfall(tenant, frozen, at=now)
        assert +of_waterfall(counted) == totals(expected)
        assert counted.members == len(expected)
        assert counted.recipients == sum(group.people for group in counted.groups)
        for wanted in (None, *ExclusionReason):
            listed = people_planned(tenant, frozen, reason=wanted, after=0, at=now, limit=1000)
            assert [one.customer_id for one in listed] == [
                key for key, reason, _, _ in expected if reason == (wanted.value if wanted else None)
            ]
        transaction.savepoint_rollback(mark)


def test_the_waterfall_before_the_launch_is_the_runs_books_after_it(stage: Stage, now: datetime) -> None:
    chance = random.Random(7)
    with open_tenant(stage.tenant):
        people(stage.tenant, stage.conversation, chance, now)
        people_more(stage.tenant, stage.conversation, chance, now)
    campaign = stage.approve(stage.ask(stage.campaign()))
    with open_tenant(stage.tenant):
        before = waterfall(stage.tenant, gather_one(stage.tenant, campaign), at=now)
    [started] = start_due(stage.tenant, now=now)
    assert started.run is not None
    assert plan_run(stage.tenant, started.run.pk, now=now)
    with open_tenant(stage.tenant):
        run = Run.objects.get(pk=started.run.pk)
        after = books(stage.tenant, run, as_of=now)
    assert +of_waterfall(after) == +of_waterfall(before)
    assert after.members == before.members == sum(of_waterfall(before).values())
    assert before.out[R.DUPLICATE] > 0
