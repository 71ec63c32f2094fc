"""Messages, the chunks that are claimed, and the events that come back, partitioned by the month of the run; relays.

These tables are made by hand in the migration (partitions, fill factor, no foreign keys on bulk tables): see
docs/decisions/0004-messages-by-month.md.
"""

from typing import ClassVar

from django.db import models

from connect.core.models import Member
from connect.core.rows import EditedRow, PublicRow, TenantForeignKey, TenantRow, new_public_id
from delivery.breakers import Sign
from delivery.queries import ChunkQuerySet, PaceQuerySet
from delivery.states import DoubtVerdict, EventKind, MessageKind, MessageState, PaceKind, ProposalState, TlsMode


class Chunk(TenantRow):
    """Some 200 messages that one sender claims at once: lease and fencing token of all of them.

    `next_at` is when its next message is due; None once none of its messages is queued or sending. `total` counts its
    messages; the other counts are those of `released_at`, when a sender last let go of it: pages add up chunks, which
    are few, and not messages. `is_seed`: it holds copies for seeds, which stand outside statistics.
    """

    run_id = models.BigIntegerField()
    month = models.DateField()
    next_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.BigIntegerField(default=0)
    is_seed = models.BooleanField(default=False)
    lane = models.CharField(max_length=253, default="", db_default="")
    released_at = models.DateTimeField(null=True)
    total = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    in_doubt = models.IntegerField(default=0)
    skipped = models.IntegerField(default=0)
    expired = models.IntegerField(default=0)
    cancelled = models.IntegerField(default=0)

    objects = ChunkQuerySet.as_manager()  # type: ignore[misc]  # as every model's own manager

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["tenant", "run_id", "next_at", "id"],
                condition=models.Q(next_at__isnull=False),
                name="delivery_chunk_due_ix",
            ),
            models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="delivery_chunk_next_ix"),
            models.Index(
                fields=["tenant", "lease_until"],
                condition=models.Q(lease_until__isnull=False),
                name="delivery_chunk_lease_ix",
            ),
            models.Index(
                fields=["tenant", "-released_at"],
                condition=models.Q(released_at__isnull=False),
                name="delivery_chunk_released_ix",
            ),
            models.Index(
                fields=["tenant", "-released_at"], condition=models.Q(rejected__gt=0), name="delivery_chunk_rejected_ix"
            ),
            models.Index(fields=["tenant", "id"], condition=models.Q(in_doubt__gt=0), name="delivery_chunk_doubt_ix"),
        ]


class Message(TenantRow):
    """One message to one recipient in one run, frozen when planned.

    It may go from `not_before` up to `quiet_at` or `not_after`, whichever comes first: a quiet window begins there, or
    it expires. `segment_id` None is Leftovers or everybody. `values` are the fields that the revision uses.
    `code` and `reply` are the last answer of the receiving side; `reason` says why it was skipped or expired.
    """

    public_id = models.UUIDField(default=new_public_id, editable=False)
    month = models.DateField()
    run_id = models.BigIntegerField()
    chunk_id = models.BigIntegerField()
    trigger = models.BigIntegerField(default=0)
    kind = models.CharField(max_length=8, default=MessageKind.MAIN)
    channel = models.CharField(max_length=8, default="email")
    customer_id = models.BigIntegerField()
    segment_id = models.BigIntegerField(null=True)
    language = models.CharField(max_length=12)
    revision_id = models.BigIntegerField()
    address = models.CharField(max_length=254)
    domain = models.CharField(max_length=253)
    values = models.JSONField(default=dict)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField(null=True)
    quiet_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, default=MessageState.QUEUED)
    reason = models.CharField(max_length=20, default="")
    attempt_no = models.PositiveSmallIntegerField(default=0)
    attempt_id = models.BigIntegerField(null=True)
    sending_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    code = models.CharField(max_length=16, default="")
    reply = models.CharField(max_length=500, default="")

    class Meta:
        managed = False
        db_table = "delivery_message"


class Event(TenantRow):
    """What came back about one message. `link` counts the revision's links from 0; `machine` marks scanners."""

    month = models.DateField()
    message_id = models.BigIntegerField()
    run_id = models.BigIntegerField()
    customer_id = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in EventKind])
    at = models.DateTimeField()
    link = models.PositiveSmallIntegerField(null=True)
    machine = models.CharField(max_length=40, default="")
    details = models.JSONField(default=dict)

    class Meta:
        managed = False
        db_table = "delivery_event"
        indexes: ClassVar = []


class BreakerLimits(EditedRow):
    """A tenant's own limits for runs, one row; each in percent of messages attempted, None where it isn't minded.

    Before `first` messages were attempted a limit is a share of those: see `breakers.py`.
    """

    first = models.PositiveIntegerField()
    hard_bounces = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    complaints = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    unsubscribes = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    refusals = models.DecimalField(max_digits=5, decimal_places=2, null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant"], name="delivery_breakerlimits_key")]


class BreakerTrip(TenantRow):
    """A run that stopped by itself: by which sign, and what had been counted then."""

    run_id = models.BigIntegerField()
    sign = models.CharField(max_length=12, choices=[(sign.value, sign.value) for sign in Sign])
    bad = models.PositiveIntegerField()
    attempted = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["tenant", "run_id", "id"], name="delivery_breakertrip_run_ix")]


class Pace(TenantRow):
    """How fast messages may go: to a lane, of a run, or of a conversation; and what a receiver's answers made of it.

    `per_minute`, `connections` (of one sender process) and the warm-up are what people set; None is no limit. The
    warm-up lets `daily_first` messages go on the day `daily_since` (UTC) and twice as many each day, up to
    `daily_most`; `day` and `day_count` are the last day's. `next_at` is when the next message may begin. Until
    `slow_until` nothing goes; `level` counts how often in a row it was slowed, and `said` is the answer that did it.
    """

    kind = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in PaceKind])
    key = models.CharField(max_length=253)
    per_minute = models.PositiveIntegerField(null=True)
    connections = models.PositiveSmallIntegerField(null=True)
    daily_first = models.PositiveIntegerField(null=True)
    daily_most = models.PositiveIntegerField(null=True)
    daily_since = models.DateField(null=True)
    day = models.DateField(null=True)
    day_count = models.PositiveIntegerField(default=0, db_default=0)
    next_at = models.DateTimeField(null=True)
    slow_until = models.DateTimeField(null=True)
    level = models.PositiveSmallIntegerField(default=0, db_default=0)
    said = models.CharField(max_length=500, default="", db_default="")

    objects = PaceQuerySet.as_manager()  # type: ignore[misc]  # as every model's own manager

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "kind", "key"], name="delivery_pace_key")]


class DoubtProposal(PublicRow):
    """What a member proposes for one message in doubt, or (`message_id` None) for all of a run; another decides.

    It is about what was in doubt by `up_to`, on the database's clock; `messages` counts those that moved.
    """

    run_id = models.BigIntegerField()
    message_id = models.BigIntegerField(null=True)
    verdict = models.CharField(max_length=10, choices=[(verdict.value, verdict.value) for verdict in DoubtVerdict])
    reason = models.CharField(max_length=240)
    state = models.CharField(max_length=10, default=ProposalState.PROPOSED)
    proposed_by = TenantForeignKey(Member)
    proposed_at = models.DateTimeField()
    up_to = models.DateTimeField()
    decided_by = TenantForeignKey(Member, null=True)
    decided_at = models.DateTimeField(null=True)
    messages = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "run_id", "message_id"],
                condition=models.Q(state="proposed"),
                nulls_distinct=False,
                name="delivery_doubtproposal_open_key",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["tenant", "-id"], name="delivery_doubtproposal_ix")]


class Relay(EditedRow):
    """A server that a tenant's messages are handed over to; the one with the lowest priority that isn't set aside.

    `connections` and `messages` (a connection) are limits, None for none. What senders found out stands beside what
    people entered and doesn't count as a change: how often it failed in a row, until when it is set aside, what it
    answered last and when, and over which TLS. A trial is asked for at `trial_asked_at` and done at `tried_at`.
    """

    name = models.CharField(max_length=120)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    tls = models.CharField(max_length=16, choices=[(mode.value, mode.value) for mode in TlsMode])
    user = models.CharField(max_length=254, default="")
    sealed_password = models.BinaryField(default=b"")
    priority = models.PositiveSmallIntegerField(default=10)
    active = models.BooleanField(default=True)
    connections = models.PositiveSmallIntegerField(null=True)
    messages = models.PositiveIntegerField(null=True)
    failures = models.PositiveIntegerField(default=0)
    away_until = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=500, default="")
    tls_seen = models.CharField(max_length=120, default="")
    trial_asked_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    trial_passed = models.BooleanField(default=False)
    transcript = models.TextField(default="")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "name"], name="delivery_relay_name_key")]

    def __str__(self) -> str:
        return self.name
