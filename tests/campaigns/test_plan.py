"""The one plan query: who gets what, from when, or why not; and its sums are the waterfall and the run's books."""

import json
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
from campaigns.forecast import books, read, write
from campaigns.frozen import (
    Audience,
    CellContent,
    Frozen,
    Segmentation,
    SegmentRule,
    Speaker,
    Start,
    from_json,
    to_json,
)
from campaigns.gather import gather_one
from campaigns.members import people_planned
from campaigns.models import Run
from campaigns.plan import Page, next_windows, plan_query, planned
from campaigns.states import ExclusionReason, StartKind
from campaigns.waterfall import Waterfall, waterfall
from connect.core.models import Department, Tenant
from connect.core.sql import rows
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Conversation, Customer, Subscription
from conversations.states import SubscriptionState
from delivery.actions.plan import plan_run
from suppression.models import Entry, SuppressionList
from suppression.states import Reason, Scope
from tests.audiences.factories import add_customer, declare_all, make_conversation
from tests.campaigns.factories import GERMANY, Stage, quiet, rule

pytestmark = pytest.mark.django_db

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


@pytest.fixture
def news(tenant: Tenant, department: Department, now: datetime) -> Conversation:
    declare_all(tenant, now=now)
    return make_conversation(tenant, department, now=now)


def suppress(tenant: Tenant, *addresses: str, now: datetime) -> None:
    made = SuppressionList.objects.create(
        tenant=tenant, name="Never", scope=Scope.TENANT, created_at=now, updated_at=now
    )
    Entry.objects.bulk_create(
        Entry(tenant=tenant, suppression_list=made, kind="email", value=address, reason=Reason.MANUAL, created_at=now)
        for address in addresses
    )


def test_reasons_come_in_the_order_of_the_waterfall(tenant: Tenant, news: Conversation, now: datetime) -> None:
    bad: dict[str, Any] = {"state": SubscriptionState.UNSUBSCRIBED, "email": "bad@x.example", "country": "FR"}
    add_customer(tenant, "left", news, now=now, **bad)
    add_customer(tenant, "pending", news, now=now, state=SubscriptionState.PENDING)
    add_customer(tenant, "bounced", news, now=now, state=SubscriptionState.BOUNCED_OUT)
    add_customer(tenant, "suppressed", news, now=now, email="Bad@X.example", country="FR")
    add_customer(tenant, "filtered", news, now=now, email="", country="FR")
    add_customer(tenant, "no address", news, now=now, email="", country="DE")
    add_customer(tenant, "leftover", news, now=now, country="DE", zone="Europe/Paris")
    add_customer(tenant, "no content", news, now=now, country="DE", zone="Asia/Tokyo", language="fr")
    add_customer(tenant, "gets it", news, now=now, country="DE", zone="Asia/Dubai")
    add_customer(tenant, "twin", news, now=now, email="gets it@customer.example", country="DE", zone="Asia/Dubai")
    add_customer(tenant, "elsewhere", now=now, country="DE")
    with open_tenant(tenant):
        suppress(tenant, "bad@x.example", now=now)
        frozen = frozen_for(
            news,
            audience=Audience(1, "a", "Germany", 1, GERMANY),
            segmentation=segments(
                rule("zone", "equals", "Asia/Tokyo"), rule("zone", "equals", "Asia/Dubai"), leftovers=False
            ),
            cells=(cell(101, "en", 7),),
        )
        found = reasons(tenant, frozen, at=now)
        counted = waterfall(tenant, frozen, at=now)
    assert found == {
        "left": "no_consent",
        "pending": "no_consent",
        "bounced": "no_consent",
        "suppressed": "suppressed",
        "filtered": "filtered",
        "no address": "no_address",
        "leftover": "leftover",
        "no content": "no_content",
        "gets it": None,
        "twin": None,
    }
    assert counted.out == {
        R.NO_CONSENT: 3,
        R.SUPPRESSED: 1,
        R.FILTERED: 1,
        R.NO_ADDRESS: 1,
        R.LEFTOVER: 1,
        R.NO_CONTENT: 1,
        R.EXPIRED: 0,
        R.DUPLICATE: 1,
    }
    assert (counted.members, counted.recipients) == (10, 1)
    assert counted.bare == ((100, 1),)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("fr-CA", "fr-CA"),
        ("fr-BE", "fr"),
        ("fr", "fr"),
        ("zh-Hant-TW", "zh-Hant"),
        ("zh-Hans-CN", "zh"),
        ("de", "en"),
        ("", "en"),
        ("frr", "en"),
    ],
)
def test_a_language_falls_back_by_its_tag_then_to_the_campaigns(
    tenant: Tenant, news: Conversation, now: datetime, language: str, expected: str
) -> None:
    tags = ["en", "fr", "fr-CA", "zh", "zh-Hant"]
    add_customer(tenant, "reader", news, now=now, language=language)
    with open_tenant(tenant):
        frozen = frozen_for(news, cells=tuple(cell(None, tag, 10 + place) for place, tag in enumerate(tags)))
        [found] = rows("SELECT language, revision_id FROM (" + planned(tenant, frozen, at=now) + ") p")
    assert found == (expected, 10 + tags.index(expected))


def test_a_segment_without_the_tag_falls_back_for_itself(tenant: Tenant, news: Conversation, now: datetime) -> None:
    add_customer(tenant, "one", news, now=now, language="fr-CA", zone="Asia/Tokyo")
    add_customer(tenant, "two", news, now=now, language="fr-CA", zone="Asia/Dubai")
    add_customer(tenant, "rest", news, now=now, language="fr-CA")
    with open_tenant(tenant):
        frozen = frozen_for(
            news,
            segmentation=segments(rule("zone", "equals", "Asia/Tokyo"), rule("zone", "equals", "Asia/Dubai")),
            cells=(cell(100, "fr-CA", 1), cell(101, "fr", 2), cell(101, "en", 3), cell(None, "en", 4)),
        )
        found = rows(
            "SELECT segment_id, tag, language, revision_id FROM ("
            + planned(tenant, frozen, at=now, page=Page(0, None))
            + ") p"
        )
        counted = waterfall(tenant, frozen, at=now)
    assert found == [(100, "fr-CA", "fr-CA", 1), (101, "fr-CA", "fr", 2), (None, "fr-CA", "en", 4)]
    assert counted.of_segment(101) == 1
    assert counted.of_segment(101, "fr") == 1
    assert counted.of_segment(None, "fr") == 0
    assert counted.reading(None, "fr-CA") == 1


def test_each_zone_starts_on_its_own_clock_and_waits_for_the_end_of_its_quiet_period(
    tenant: Tenant, news: Conversation, now: datetime
) -> None:
    for name, zone in (("tokyo", "Asia/Tokyo"), ("toronto", "America/Toronto"), ("nowhere", "")):
        add_customer(tenant, name, news, now=now, zone=zone)
    with open_tenant(tenant):
        frozen = frozen_for(
            news, start=Start(StartKind.LOCAL, "2026-03-05T22:30"), quiet=Quiet(*quiet("22:00", "07:15"))
        )
        run = Run(tenant=tenant, frozen=to_json(frozen), started_at=now)
        found = [(row[7], row[10]) for row in plan(run)]
    local = [
        (datetime(2026, 3, 6, 7, 15, tzinfo=ZoneInfo(zone)), datetime(2026, 3, 6, 22, 0, tzinfo=ZoneInfo(zone)))
        for zone in ("Asia/Tokyo", "America/Toronto", "Europe/Berlin")
    ]
    assert found == local


def test_one_zone_for_all_starts_everybody_at_once_but_each_keeps_their_quiet(
    tenant: Tenant, news: Conversation, now: datetime
) -> None:
    for name, zone in (("berlin", "Europe/Berlin"), ("tokyo", "Asia/Tokyo")):
        add_customer(tenant, name, news, now=now, zone=zone)
    with open_tenant(tenant):
        frozen = frozen_for(
            news, start=Start(StartKind.FIXED, "2026-03-05T15:00"), quiet=Quiet(*quiet("22:00", "08:00"))
        )
        run = Run(tenant=tenant, frozen=to_json(frozen), started_at=now)
        found = [row[7] for row in plan(run)]
    assert found == [datetime(2026, 3, 5, 14, 0, tzinfo=UTC), datetime(2026, 3, 5, 23, 0, tzinfo=UTC)]


def test_a_zone_whose_start_has_passed_goes_when_the_run_starts(
    tenant: Tenant, news: Conversation, now: datetime
) -> None:
    add_customer(tenant, "kiritimati", news, now=now, zone="Pacific/Kiritimati")
    with open_tenant(tenant):
        frozen = frozen_for(news, start=Start(StartKind.LOCAL, "2026-03-02T10:00"))
        [row] = plan(Run(tenant=tenant, frozen=to_json(frozen), started_at=now))
    assert row[7] == now


def test_whose_turn_comes_at_the_expiry_or_later_is_expired(tenant: Tenant, news: Conversation, now: datetime) -> None:
    for name, zone in (("tokyo", "Asia/Tokyo"), ("berlin", "Europe/Berlin"), ("toronto", "America/Toronto")):
        add_customer(tenant, name, news, now=now, zone=zone)
    with open_tenant(tenant):
        expiry = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)
        frozen = frozen_for(news, start=Start(StartKind.LOCAL, "2026-03-05T19:00"), expires_at=expiry)
        assert reasons(tenant, frozen, at=now) == {"tokyo": None, "berlin": "expired", "toronto": "expired"}
        counted = waterfall(tenant, frozen, at=now)
        [row] = plan(Run(tenant=tenant, frozen=to_json(frozen), started_at=now), limit=1)
    assert row[8] == expiry
    assert counted.late == {"Europe/Berlin": 1, "America/Toronto": 1}
    assert (counted.out[R.EXPIRED], counted.recipients) == (2, 1)


def test_only_the_fields_that_a_revision_uses_are_frozen(tenant: Tenant, news: Conversation, now: datetime) -> None:
    person: dict[str, Any] = {"attributes": {"city": "Ulm", "points": 3}, "region": "BW"}
    add_customer(tenant, "en", news, now=now, language="en", **person)
    add_customer(tenant, "fr", news, now=now, language="fr", **person)
    with open_tenant(tenant):
        frozen = frozen_for(
            news, cells=(cell(None, "en", 1, "attributes.city", "customer.region"), cell(None, "fr", 2))
        )
        found = [json.loads(row[9]) for row in plan(Run(tenant=tenant, frozen=to_json(frozen), started_at=now))]
    assert found == [{"attributes": {"city": "Ulm"}, "customer": {"region": "BW"}}, {}]


def test_addresses_are_normalised_and_their_domain_told(tenant: Tenant, news: Conversation, now: datetime) -> None:
    add_customer(tenant, "one", news, now=now, email="Ann@Mail.Example")
    with open_tenant(tenant):
        [row] = plan(Run(tenant=tenant, frozen=to_json(frozen_for(news)), started_at=now))
    assert row[5:7] == ("ann@mail.example", "mail.example")


def test_pages_cover_each_member_once_in_the_order_of_ids(tenant: Tenant, news: Conversation, now: datetime) -> None:
    made = [add_customer(tenant, f"c{number}", news, now=now).pk for number in range(23)]
    with open_tenant(tenant):
        run = Run(tenant=tenant, frozen=to_json(frozen_for(news)), started_at=now)
        seen: list[int] = []
        while page := plan(run, after=seen[-1] if seen else 0, limit=7):
            assert len(page) <= 7
            seen += [row[0] for row in page]
    assert seen == made


def test_a_neighbours_members_are_never_planned(
    tenant: Tenant, news: Conversation, neighbour: Tenant, neighbour_department: Department, now: datetime
) -> None:
    theirs = make_conversation(neighbour, neighbour_department, now=now)
    add_customer(neighbour, "stranger", theirs, now=now)
    add_customer(tenant, "ours", news, now=now)
    with open_tenant(tenant):
        stolen = frozen_for(theirs)
        assert rows(planned(tenant, stolen, at=now)) == []
        assert reasons(tenant, frozen_for(news), at=now) == {"ours": None}


def test_the_next_windows_are_those_of_an_instant(tenant: Tenant, news: Conversation, now: datetime) -> None:
    with open_tenant(tenant):
        frozen = frozen_for(news, quiet=Quiet(*quiet("21:00", "08:00")))
        run = Run(tenant=tenant, frozen=to_json(frozen), started_at=now)
        late = datetime(2026, 3, 3, 20, 0, tzinfo=UTC)
        table = {zone: (opens, closes) for zone, opens, closes in rows(next_windows(run, at=late))}
    berlin = (datetime(2026, 3, 4, 7, 0, tzinfo=UTC), datetime(2026, 3, 4, 20, 0, tzinfo=UTC))
    assert table[""] == table["Europe/Berlin"] == berlin
    assert table["UTC"] == (late, datetime(2026, 3, 3, 21, 0, tzinfo=UTC))


def test_what_a_run_froze_reads_back_as_it_was(stage: Stage) -> None:
    made = stage.schedule(
        stage.campaign(),
        start="2026-12-03T19:00",
        quiet=quiet("21:00", "08:00"),
        expires_at=datetime(2026, 12, 4, 12, 0, tzinfo=UTC),
    )
    with open_tenant(stage.tenant):
        frozen = gather_one(stage.tenant, made)
    assert from_json(to_json(frozen)) == frozen


def test_a_forecast_reads_back_as_it_was(tenant: Tenant, news: Conversation, now: datetime) -> None:
    add_customer(tenant, "a", news, now=now, zone="Asia/Tokyo", language="fr")
    add_customer(tenant, "b", news, now=now, email="")
    with open_tenant(tenant):
        counted = waterfall(tenant, frozen_for(news), at=now)
    assert read(write(counted), now) == counted


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


# --- Any model, any people: the plan, its sums, and an oracle in Python --------------------------------------------


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
