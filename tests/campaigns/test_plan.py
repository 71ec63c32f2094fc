"""The one plan query: who gets what, from when, or why not."""

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaigns.clock import Quiet
from campaigns.forecast import read, write
from campaigns.frozen import (
    Audience,
    Start,
    from_json,
    to_json,
)
from campaigns.gather import gather_one
from campaigns.models import Run
from campaigns.plan import Page, next_windows, planned
from campaigns.states import StartKind
from campaigns.waterfall import waterfall
from connect.core.models import Department, Tenant
from connect.core.sql import rows
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Conversation
from conversations.states import SubscriptionState
from tests.audiences.factories import add_customer, declare_all, make_conversation
from tests.campaigns.factories import GERMANY, Stage, quiet, rule
from tests.campaigns.plans import R, cell, frozen_for, plan, reasons, segments, suppress

pytestmark = pytest.mark.django_db


@pytest.fixture
def news(tenant: Tenant, department: Department, now: datetime) -> Conversation:
    declare_all(tenant, now=now)
    return make_conversation(tenant, department, now=now)


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
