"""Campaigns, the approvals they rest on, and their runs with everything frozen."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from audiences.models import AudienceModel, SeedList
from campaigns.queries import ApprovalQuerySet, CampaignQuerySet, RunQuerySet
from campaigns.states import ApprovalKind, ApprovalState, CampaignState, ExclusionReason, RunState, StartKind
from connect.core.models import Department, Member
from connect.core.rows import EditedRow, PublicRow, TenantForeignKey, TenantRow
from content.models import Revision
from conversations.models import Conversation
from segments.models import Segment, SegmentationModel


class Campaign(EditedRow):
    """What goes to whom, when, once.

    `start_at` is a wall time: on each recipient's clock with `start_kind` local, on the conversation's with fixed.
    `quiet_from`–`quiet_until` is one daily window in the recipient's zone, over midnight where from > until.
    `checked_at` is when its approvals were last compared with what it is now made of.
    """

    department = TenantForeignKey(Department)
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=240, blank=True)
    type = models.CharField(max_length=12, default="one_time")
    state = models.CharField(max_length=12, default=CampaignState.DRAFT)
    language = models.CharField(_("language"), max_length=12)
    priority = models.PositiveSmallIntegerField(_("priority"), default=50)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    expires_at = models.DateTimeField(_("expiry"), null=True, blank=True)

    conversation = TenantForeignKey(Conversation, null=True)
    audience = TenantForeignKey(AudienceModel, null=True)
    segmentation = TenantForeignKey(SegmentationModel, null=True)
    seed_list = TenantForeignKey(SeedList, null=True)

    start_kind = models.CharField(
        max_length=8, default=StartKind.NOW, choices=[(kind.value, kind.value) for kind in StartKind]
    )
    start_at = models.CharField(_("start"), max_length=16, blank=True)
    rate_per_minute = models.PositiveIntegerField(_("rate"), null=True, blank=True)
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)

    fires_at = models.DateTimeField(null=True)
    held_reason = models.CharField(max_length=240, blank=True)
    checked_at = models.DateTimeField(null=True)
    created_by = TenantForeignKey(Member, null=True)

    objects = CampaignQuerySet.as_manager()  # type: ignore[misc]  # as every model's own manager

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["tenant", "state"], name="campaigns_campaign_state"),
            models.Index(fields=["fires_at"], condition=models.Q(state="scheduled"), name="campaigns_campaign_due"),
            models.Index(
                fields=["tenant"],
                condition=models.Q(state__in=["in_review", "approved", "scheduled", "held"]),
                name="campaigns_campaign_open",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Cell(TenantRow):
    """The revision that a segment gets in a language. No segment means Leftovers, or everybody without a model."""

    campaign = TenantForeignKey(Campaign, models.CASCADE)
    segment = TenantForeignKey(Segment, models.CASCADE, null=True)
    language = models.CharField(max_length=12, db_collation="C")
    revision = TenantForeignKey(Revision)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "campaign", "segment", "language"], nulls_distinct=False, name="campaigns_cell_key"
            )
        ]


class Forecast(TenantRow):
    """The waterfall of a campaign that hasn't run, as last counted; `basis` is the fingerprint it was counted for."""

    campaign = TenantForeignKey(Campaign, models.CASCADE)
    basis = models.CharField(max_length=64)
    as_of = models.DateTimeField()
    numbers = models.JSONField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "campaign"], name="campaigns_forecast_campaign_key")
        ]


class Edit(TenantRow):
    """Somebody changed a fingerprinted part: who did is an author until the next approval."""

    campaign = TenantForeignKey(Campaign, models.CASCADE)
    member = TenantForeignKey(Member, null=True)
    part = models.CharField(max_length=40)
    at = models.DateTimeField()


class Approval(PublicRow):
    """One asked sign-off of one fingerprint. `parts` is what the fingerprint was made of, part by part."""

    campaign = TenantForeignKey(Campaign, models.CASCADE)
    kind = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in ApprovalKind])
    state = models.CharField(max_length=20, default=ApprovalState.ASKED)
    fingerprint = models.CharField(max_length=64)
    parts = models.JSONField(default=dict)
    asked_by = TenantForeignKey(Member, null=True)
    asked_at = models.DateTimeField()
    deadline = models.DateTimeField(null=True)
    decided_by = TenantForeignKey(Member, null=True)
    decided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=240, blank=True)

    objects = ApprovalQuerySet.as_manager()  # type: ignore[misc]  # as every model's own manager

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "campaign", "kind"],
                condition=models.Q(state__in=["asked", "approved"]),
                name="campaigns_approval_live_key",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["tenant", "state"], name="campaigns_approval_state")]


class Note(TenantRow):
    """One word in the review's thread."""

    campaign = TenantForeignKey(Campaign, models.CASCADE)
    member = TenantForeignKey(Member, null=True)
    approval = TenantForeignKey(Approval, models.CASCADE, null=True)
    kind = models.CharField(max_length=20)
    text = models.TextField(blank=True)
    at = models.DateTimeField()


class SavedFilter(PublicRow):
    """A member's own filter of the list of campaigns: `query` is its address's query."""

    member = TenantForeignKey(Member, models.CASCADE)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "member", "name"], name="campaigns_savedfilter_name_key")
        ]


class Run(PublicRow):
    """One firing of a campaign, with everything frozen in `frozen`; planned in chunks up to `plan_cursor`.

    `members` = `filtered` + exclusions + `recipients`. `month` is the partition of its messages.
    """

    campaign = TenantForeignKey(Campaign)
    conversation = TenantForeignKey(Conversation)
    launch_key = models.CharField(max_length=64)
    state = models.CharField(max_length=12, default=RunState.PLANNING)
    fingerprint = models.CharField(max_length=64)
    frozen = models.JSONField()
    month = models.DateField()
    started_at = models.DateTimeField()
    planned_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    plan_cursor = models.BigIntegerField(default=0)
    members = models.PositiveIntegerField(default=0)
    filtered = models.PositiveIntegerField(default=0)
    recipients = models.PositiveIntegerField(default=0)
    stop_reason = models.CharField(max_length=240, blank=True)

    objects = RunQuerySet.as_manager()  # type: ignore[misc]  # as every model's own manager

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "campaign", "launch_key"], name="campaigns_run_launch_key")
        ]
        indexes: ClassVar = [models.Index(fields=["tenant", "state"], name="campaigns_run_state")]


class Exclusion(TenantRow):
    """A member of the conversation who gets nothing from a run, and why. Filtered ones are only counted."""

    run = TenantForeignKey(Run)
    customer_id = models.BigIntegerField()
    reason = models.CharField(max_length=12, choices=[(reason.value, reason.value) for reason in ExclusionReason])

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "run", "customer_id"], name="campaigns_exclusion_key")
        ]
