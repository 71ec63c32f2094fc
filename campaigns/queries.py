"""Query sets of campaigns, approvals and runs."""

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from django.db.models import DateTimeField, F, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from campaigns.narrowing import Narrowed
from campaigns.states import ApprovalState, CampaignState, RunState
from connect.core.queries import TenantQuerySet

if TYPE_CHECKING:
    from campaigns.models import Campaign, Run
    from connect.core.models import Member

#: States in which a campaign may still be changed; a change of a fingerprinted part brings it back to draft.
EDITABLE = frozenset(
    {
        CampaignState.DRAFT,
        CampaignState.IN_REVIEW,
        CampaignState.APPROVED,
        CampaignState.SCHEDULED,
        CampaignState.HELD,
        CampaignState.EXPIRED,
    }
)
#: States in which approvals are asked for or rested upon, and nothing has started.
UNDER_APPROVAL = frozenset(
    {CampaignState.IN_REVIEW, CampaignState.APPROVED, CampaignState.SCHEDULED, CampaignState.HELD}
)
RUNNING = frozenset({CampaignState.SENDING, CampaignState.PAUSED})
OVER = frozenset({CampaignState.FINISHED, CampaignState.CANCELLED, CampaignState.EXPIRED, CampaignState.ARCHIVED})
_STARTED_AT = """(
    SELECT max(r.started_at) FROM campaigns_run r
    WHERE r.tenant_id = campaigns_campaign.tenant_id AND r.campaign_id = campaigns_campaign.id
)"""
LIVE_APPROVAL = frozenset({ApprovalState.ASKED, ApprovalState.APPROVED})
OPEN_RUN = frozenset({RunState.PLANNING, RunState.SENDING, RunState.PAUSED})


class CampaignQuerySet(TenantQuerySet["Campaign"]):
    """Reads of campaigns."""

    def locked(self, public_id: uuid.UUID) -> "Campaign":
        """Get one and keep everybody else from changing it until the transaction ends. It is always locked first.

        Errors: DoesNotExist.
        """
        return self.select_for_update().get(public_id=public_id)

    def seen_by(self, member: "Member") -> Self:
        """Keep what the member may look at, with what lists show of it."""
        return self.visible_to(member).select_related("conversation", "department", "created_by")

    def narrowed(self, to: Narrowed, zone: str) -> Self:
        """Keep what a filter lets through, its state aside. `zone` is the clock of its days.

        A campaign starts when its run did, else when it is due; a wall time without an instant yet goes by its day.
        """
        found = self.matching(to.find)
        if to.tag:
            found = found.filter(tags__contains=[to.tag])
        if to.conversation:
            found = found.filter(conversation__public_id=to.conversation)
        begins, ends = to.instants(zone)
        if begins or ends:
            began = RawSQL(_STARTED_AT, (), output_field=DateTimeField())  # noqa: S611 - a constant of ours
            found = found.annotate(begins=Coalesce(began, F("fires_at")))
        if begins and to.since:
            found = found.filter(Q(begins__gte=begins) | Q(begins=None, start_at__gte=to.since.isoformat()))
        if ends and to.until:
            day_after = (to.until + timedelta(days=1)).isoformat()
            undated = Q(begins=None, start_at__lt=day_after) & ~Q(start_at="")
            found = found.filter(Q(begins__lt=ends) | undated)
        return found

    def matching(self, text: str) -> Self:
        """Keep those whose name holds the text, or that carry it as a tag."""
        word = text.strip().removeprefix("#")
        if not word:
            return self
        return self.filter(name__icontains=word) | self.filter(tags__contains=[word.lower()])


class ApprovalQuerySet(TenantQuerySet[Any]):
    """Reads of approvals."""

    def live(self) -> Self:
        """Keep those that are asked for or given."""
        return self.filter(state__in=LIVE_APPROVAL)


class RunQuerySet(TenantQuerySet["Run"]):
    """Reads of runs."""

    def open(self) -> Self:
        """Keep those that aren't over."""
        return self.filter(state__in=OPEN_RUN)

    def latest_of(self, campaign: Any) -> "Run | None":
        """Get a campaign's last run, if it has one."""
        return self.filter(campaign=campaign).order_by("-id").first()
