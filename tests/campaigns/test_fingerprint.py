"""The fingerprint changes with each part that was approved, and with nothing else."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from audiences.actions.models import change_audience as change_audience_model
from campaigns.changes import changes
from campaigns.clock import Quiet
from campaigns.fingerprint import changed_parts, fingerprint, fingerprint_of, parts_of
from campaigns.frozen import Frozen, SeedAddress, Seeds, Start, from_json, to_json
from campaigns.gather import gather_one
from campaigns.models import Campaign
from campaigns.states import StartKind
from connect.core.tenancy import tenant as open_tenant
from conversations.actions.dkim_keys import make_dkim_key
from conversations.models import Conversation
from conversations.states import DkimAlgorithm
from segments.actions.models import SegmentationOf, SegmentOf, change_segmentation
from segments.models import Segment
from tests.campaigns.factories import GERMANY, Stage, quiet, rule

pytestmark = pytest.mark.django_db


def frozen_of(stage: Stage, campaign: Campaign) -> Frozen:
    with open_tenant(stage.tenant):
        return gather_one(stage.tenant, Campaign.objects.get(pk=campaign.pk))


@pytest.fixture
def whole(stage: Stage) -> Frozen:
    """Everything set: audience, segments, content, seeds, start, quiet period, expiry."""
    campaign = stage.schedule(
        stage.campaign(),
        start="2026-12-03T19:00",
        quiet=quiet("21:00", "08:00"),
        expires_at=datetime(2026, 12, 5, 12, 0, tzinfo=UTC),
    )
    seeds = Seeds(1, "seeds", "Studio", True, (SeedAddress("Ann", "ann@x.example", "ann@x.example"),))
    return replace(frozen_of(stage, campaign), seeds=seeds)


def speaker(**values: str) -> Callable[[Frozen], Frozen]:
    return lambda frozen: replace(frozen, speaker=replace(frozen.speaker, **values))  # type: ignore[type-var]


CHANGES: dict[str, tuple[str, Callable[[Frozen], Frozen]]] = {
    "no conversation": ("conversation", lambda frozen: replace(frozen, speaker=None)),
    "another conversation": ("conversation", speaker(public_id="other")),
    "From name": ("conversation", speaker(from_name="Other")),
    "From address": ("conversation", speaker(from_email="other@news.example")),
    "reply-to": ("conversation", speaker(reply_to="other@news.example")),
    "bounce domain": ("conversation", speaker(bounce_domain="b.news.example")),
    "postal address": ("conversation", speaker(postal_address="2 Road")),
    "footer": ("conversation", speaker(footer="Why you get this")),
    "the conversation's zone": ("conversation", speaker(zone="Asia/Tokyo")),
    "no audience": ("audience", lambda frozen: replace(frozen, audience=None)),
    "the audience's rule": (
        "audience",
        lambda frozen: replace(frozen, audience=replace(frozen.audience, rule={"combinator": "and", "rules": []})),  # type: ignore[type-var]
    ),
    "another segmentation model": (
        "segments",
        lambda frozen: replace(frozen, segmentation=replace(frozen.segmentation, public_id="other")),  # type: ignore[type-var]
    ),
    "leftovers": (
        "segments",
        lambda frozen: replace(frozen, segmentation=replace(frozen.segmentation, leftovers=False)),  # type: ignore[type-var]
    ),
    "the campaign's language": ("content", lambda frozen: replace(frozen, language="fr")),
    "a revision": (
        "content",
        lambda frozen: replace(frozen, cells=(replace(frozen.cells[0], hash="0" * 64), *frozen.cells[1:])),
    ),
    "an empty cell": ("content", lambda frozen: replace(frozen, cells=frozen.cells[1:])),
    "no seeds": ("seeds", lambda frozen: replace(frozen, seeds=None)),
    "one more seed": (
        "seeds",
        lambda frozen: replace(
            frozen,
            seeds=replace(frozen.seeds, seeds=(*frozen.seeds.seeds, SeedAddress("B", "b@x.example", "b@x.example"))),  # type: ignore[type-var,union-attr]
        ),
    ),
    "the seeds' mark": (
        "seeds",
        lambda frozen: replace(frozen, seeds=replace(frozen.seeds, mark_subject=False)),  # type: ignore[type-var]
    ),
    "the start": ("start", lambda frozen: replace(frozen, start=Start(StartKind.LOCAL, "2026-12-03T19:01"))),
    "whose clock": ("start", lambda frozen: replace(frozen, start=Start(StartKind.FIXED, "2026-12-03T19:00"))),
    "the quiet period": ("quiet", lambda frozen: replace(frozen, quiet=Quiet(*quiet("21:00", "08:01")))),
    "no quiet period": ("quiet", lambda frozen: replace(frozen, quiet=None)),
    "the expiry": (
        "expiry",
        lambda frozen: replace(frozen, expires_at=frozen.expires_at + timedelta(minutes=1)),  # type: ignore[operator, arg-type]
    ),
    "no expiry": ("expiry", lambda frozen: replace(frozen, expires_at=None)),
    "the rate": ("rate", lambda frozen: replace(frozen, rate_per_minute=600)),
    "the channels": ("channels", lambda frozen: replace(frozen, channels=("email", "sms"))),
}


@pytest.mark.parametrize("what", CHANGES)
def test_each_part_changes_the_fingerprint(stage: Stage, whole: Frozen, what: str) -> None:
    part, change = CHANGES[what]
    changed = change(whole)
    assert changed_parts(parts_of(whole), parts_of(changed)) == [part]
    assert fingerprint_of(changed) != fingerprint_of(whole)
    with open_tenant(stage.tenant):
        assert changes(stage.tenant, parts_of(whole), parts_of(changed)) != []
        assert changes(stage.tenant, parts_of(changed), parts_of(whole)) != []


def test_every_part_of_the_fingerprint_is_tried_above(whole: Frozen) -> None:
    assert {part for part, _ in CHANGES.values()} == set(parts_of(whole))


def test_names_versions_and_keys_are_not_part_of_it(whole: Frozen) -> None:
    assert whole.speaker
    assert whole.audience
    assert whole.segmentation
    assert whole.seeds
    renamed = replace(
        whole,
        speaker=replace(whole.speaker, name="Other", id=99),
        audience=replace(whole.audience, name="Other", version=9, id=99),
        segmentation=replace(whole.segmentation, name="Other", version=9, id=99),
        cells=tuple(replace(cell, content="Other", number=9, revision=99) for cell in whole.cells),
        seeds=replace(whole.seeds, name="Other", id=99),
    )
    assert fingerprint_of(renamed) == fingerprint_of(whole)


def test_it_is_the_same_after_a_way_through_json_and_in_any_zone(whole: Frozen) -> None:
    assert fingerprint_of(from_json(to_json(whole))) == fingerprint_of(whole)
    assert whole.expires_at
    elsewhere = replace(whole, expires_at=whole.expires_at.astimezone(timezone(timedelta(hours=5))))
    assert fingerprint_of(elsewhere) == fingerprint_of(whole)


def test_it_is_sha_256_over_canonical_json() -> None:
    parts = {"b": [1, {"label": "x", "ä": None}], "a": "ü"}
    written = '{"a":"ü","b":[1,{"ä":null}]}'
    assert fingerprint(parts) == hashlib.sha256(written.encode()).hexdigest()
    assert fingerprint(parts) == fingerprint({"a": "ü", "b": [1, {"ä": None}]})


def test_a_new_signing_key_changes_nothing(stage: Stage) -> None:
    campaign = stage.campaign()
    before = fingerprint_of(frozen_of(stage, campaign))
    make_dkim_key(stage.tenant, stage.conversation.public_id, algorithm=DkimAlgorithm.ED25519, by=None, now=stage.now)
    assert fingerprint_of(frozen_of(stage, campaign)) == before


def test_a_shared_models_rule_changes_it_and_its_name_does_not(stage: Stage) -> None:
    campaign = stage.campaign()
    before = parts_of(frozen_of(stage, campaign))
    model = change_audience_model(
        stage.tenant, stage.audience.public_id, 1, by=stage.marketer, name="Renamed", rule=GERMANY, now=stage.now
    )
    assert changed_parts(before, parts_of(frozen_of(stage, campaign))) == []
    change_audience_model(
        stage.tenant,
        stage.audience.public_id,
        model.version,
        by=stage.marketer,
        name="Renamed",
        rule=rule("country", "equals", "FR"),
        now=stage.now,
    )
    assert changed_parts(before, parts_of(frozen_of(stage, campaign))) == ["audience"]


def test_a_segment_that_goes_takes_its_content_along(stage: Stage) -> None:
    campaign = stage.campaign()
    before = parts_of(frozen_of(stage, campaign))
    assert len(before["content"]["cells"]) == 2
    wanted = SegmentationOf("By zone", [SegmentOf("Dubai", rule("zone", "equals", "Asia/Dubai"))], True)
    change_segmentation(stage.tenant, stage.segmentation.public_id, 1, wanted, by=stage.marketer, now=stage.now)
    after = parts_of(frozen_of(stage, campaign))
    assert changed_parts(before, after) == ["segments", "content"]
    assert [cell["segment"] for cell in after["content"]["cells"]] == [""]
    with open_tenant(stage.tenant):
        assert Segment.objects.get().name == "Dubai"


def test_a_new_revision_changes_nothing_until_it_is_bound(stage: Stage) -> None:
    campaign = stage.campaign()
    before = fingerprint_of(frozen_of(stage, campaign))
    stage.revise("Other words")
    assert fingerprint_of(frozen_of(stage, campaign)) == before
    stage.assign(stage.fresh(campaign))
    assert fingerprint_of(frozen_of(stage, campaign)) != before


def test_changes_are_said_in_words(stage: Stage, whole: Frozen) -> None:
    before = parts_of(whole)
    later = replace(whole, start=Start(StartKind.LOCAL, "2026-12-03T20:00"), quiet=None)
    with open_tenant(stage.tenant):
        found = {
            change.name: (change.before, change.after) for change in changes(stage.tenant, before, parts_of(later))
        }
    assert found == {
        "Start": (
            "Thu 3 Dec 2026 19:00, each recipient’s clock",
            "Thu 3 Dec 2026 20:00, each recipient’s clock",
        ),
        "Quiet period": ("21:00–08:00", "None"),
    }


def test_a_changed_conversation_is_seen_by_name(stage: Stage) -> None:
    campaign = stage.campaign()
    before = parts_of(frozen_of(stage, campaign))
    with open_tenant(stage.tenant):
        Conversation.objects.filter(pk=stage.conversation.pk).update(from_name="Northwind Sales")
    after = parts_of(frozen_of(stage, campaign))
    with open_tenant(stage.tenant):
        [change] = changes(stage.tenant, before, after)
    assert (change.name, change.before, change.after) == ("From name", "News", "Northwind Sales")
