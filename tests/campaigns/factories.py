"""Campaigns made as a marketer makes them, through the product's own actions, up to any state."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from uuid import UUID

from audiences.actions.models import create_audience
from audiences.models import AudienceModel
from campaigns.actions.campaigns import (
    Choice,
    Information,
    Schedule,
    change_audience,
    change_schedule,
    make_campaign,
)
from campaigns.actions.content import assign_content
from campaigns.actions.review import approve, ask_approval
from campaigns.models import Approval, Campaign
from campaigns.states import ApprovalState, StartKind
from connect.core.models import Department, Member, Tenant
from connect.core.tenancy import in_tenant
from connect.core.tenancy import tenant as open_tenant
from content.models import MessageContent, Revision
from conversations.models import Conversation
from segments.actions.models import create_segmentation
from segments.models import Segment, SegmentationModel
from tests.content.factories import draft as words
from tests.content.factories import make_content, make_revision

EVERYBODY: dict[str, Any] = {"combinator": "and", "rules": []}


def rule(field: str, operator: str, value: Any) -> dict[str, Any]:
    """Write a rule with one comparison."""
    return {"combinator": "and", "rules": [{"field": field, "operator": operator, "value": value}]}


GERMANY = rule("country", "equals", "DE")


@dataclass
class Stage:
    """A tenant's usual things to build campaigns from, and the members who do."""

    tenant: Tenant
    department: Department
    marketer: Member
    approver: Member
    now: datetime
    conversation: Conversation
    audience: AudienceModel
    segmentation: SegmentationModel
    content: MessageContent
    english: Revision

    def campaign(self, name: str = "Winter layers", **choice: Any) -> Campaign:
        """Make a complete draft: German customers in two segments, English content for all, as soon as approved."""
        information = Information(name, self.department.public_id, "en")
        made = make_campaign(self.tenant, information, by=self.marketer, now=self.now)
        made = self.choose(made, **choice)
        return self.assign(made)

    def choose(self, campaign: Campaign, **choice: Any) -> Campaign:
        """Choose conversation, audience and segmentation; other public ids, or None, by keyword."""
        chosen = Choice(
            **{
                "conversation": self.conversation.public_id,
                "audience": self.audience.public_id,
                "segmentation": self.segmentation.public_id,
                **choice,
            }
        )
        return change_audience(
            self.tenant, campaign.public_id, campaign.version, chosen, by=self.marketer, now=self.now
        )

    def assign(self, campaign: Campaign, content: MessageContent | None = None) -> Campaign:
        """Give every row of the matrix the latest revisions of a content."""
        with open_tenant(self.tenant):
            model = campaign.segmentation
            rows: list[UUID | None] = segment_ids(self.tenant, model) if model else []
        if model is None or model.leftovers_get_content:
            rows.append(None)
        chosen = content or self.content
        return assign_content(
            self.tenant,
            campaign.public_id,
            campaign.version,
            chosen.public_id,
            segments=rows,
            by=self.marketer,
            now=self.now,
        )

    def schedule(self, campaign: Campaign, *, by: Member | None = None, **values: Any) -> Campaign:
        """Set the schedule; `start` is a wall time on each recipient's clock, `quiet` a pair of times."""
        start = values.pop("start", "")
        kind = values.pop("kind", StartKind.LOCAL if start else StartKind.NOW)
        schedule = Schedule(kind, start, **values)
        who = by or self.marketer
        return change_schedule(self.tenant, campaign.public_id, campaign.version, schedule, by=who, now=self.now)

    def ask(self, campaign: Campaign) -> Campaign:
        """Ask for both approvals."""
        return ask_approval(self.tenant, campaign.public_id, by=self.marketer, now=self.now)

    def approve(self, campaign: Campaign, *, now: datetime | None = None) -> Campaign:
        """Let the approver give all that is asked for."""
        for approval in self.asked(campaign):
            campaign = approve(
                self.tenant, approval.public_id, approval.fingerprint, by=self.approver, now=now or self.now
            )
        return campaign

    def asked(self, campaign: Campaign) -> list[Approval]:
        """Read what is asked for and not decided, content first."""
        with open_tenant(self.tenant):
            return list(Approval.objects.filter(campaign=campaign, state=ApprovalState.ASKED).order_by("pk"))

    def revise(self, subject: str, language: str = "en") -> Revision:
        """Save the content's next revision in a language."""
        with open_tenant(self.tenant):
            return make_revision(
                self.tenant, self.content, self.marketer, now=self.now, language=language, words=words(subject)
            )

    def fresh(self, campaign: Campaign) -> Campaign:
        """Read a campaign again."""
        with open_tenant(self.tenant):
            return Campaign.objects.get(pk=campaign.pk)


def segment_ids(tenant: Tenant, model: SegmentationModel) -> list[Any]:
    """List the public ids of a model's segments, in order."""
    return list(Segment.objects.of(tenant).filter(model=model).order_by("position").values_list("public_id", flat=True))


@in_tenant
def make_stage(
    tenant: Tenant,
    department: Department,
    marketer: Member,
    approver: Member,
    conversation: Conversation,
    now: datetime,
) -> Stage:
    """Make an audience (Germany), a segmentation (Night owls in Tokyo's zone; Leftovers get content), a content."""
    audience = create_audience(
        tenant, by=marketer, name="Germany", rule=GERMANY, department_id=department.public_id, now=now
    )
    segmentation = create_segmentation(
        tenant,
        by=marketer,
        name="By zone",
        segments=[("Tokyo", rule("zone", "equals", "Asia/Tokyo"))],
        leftovers_get_content=True,
        department_id=department.public_id,
        now=now,
    )
    content = make_content(tenant, department, marketer, now=now)
    english = make_revision(tenant, content, marketer, now=now, words=words("Winter is here"))
    return Stage(tenant, department, marketer, approver, now, conversation, audience, segmentation, content, english)


def quiet(start: str, end: str) -> tuple[time, time]:
    """Write a quiet period."""
    return time.fromisoformat(start), time.fromisoformat(end)
