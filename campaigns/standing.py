"""Where a campaign's two approvals stand, worked out on each look: one whose fingerprint no longer fits is void.

Lower floors can't tell campaigns that a shared model was changed; this comparison can't be forgotten.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _

from campaigns.fingerprint import Parts, changed_parts, fingerprint, parts_of
from campaigns.frozen import Frozen, from_json
from campaigns.gather import gather
from campaigns.models import Approval, Campaign, Run
from campaigns.queries import LIVE_APPROVAL, RUNNING
from campaigns.states import ApprovalKind, ApprovalState
from campaigns.words import PART_NAMES
from connect.core.models import Tenant


class Stands(StrEnum):
    """What is to be said of one kind of approval."""

    NOT_ASKED = "not_asked"
    ASKED = "asked"
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"
    VOIDED = "voided"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Standing:
    """One kind's last approval, and what it is worth now. `since` is when it came to that."""

    kind: ApprovalKind
    stands: Stands
    approval: Approval | None
    reason: str = ""

    @property
    def holds(self) -> bool:
        """Tell whether it is given for what the campaign is made of now."""
        return self.stands == Stands.APPROVED

    @property
    def is_open(self) -> bool:
        """Tell whether it has to be asked for before the campaign can go."""
        return self.stands not in (Stands.APPROVED, Stands.ASKED)

    @property
    def since(self) -> datetime | None:
        """When it was decided, else when it was asked."""
        return (self.approval.decided_at or self.approval.asked_at) if self.approval else None


@dataclass(frozen=True)
class Review:
    """What a campaign is made of now, and where its approvals stand."""

    frozen: Frozen
    parts: Parts
    fingerprint: str
    content: Standing
    launch: Standing

    @property
    def both(self) -> tuple[Standing, Standing]:
        """Content first, then launch."""
        return self.content, self.launch

    def of(self, kind: ApprovalKind) -> Standing:
        """Pick one kind's."""
        return self.content if kind == ApprovalKind.CONTENT else self.launch

    @property
    def holds(self) -> bool:
        """Tell whether both are given for what the campaign is made of now."""
        return self.content.holds and self.launch.holds


def review(tenant: Tenant, campaign: Campaign) -> Review:
    """Work out where one campaign's approvals stand."""
    return reviews(tenant, [campaign])[campaign.pk]


def reviews(tenant: Tenant, campaigns: Collection[Campaign]) -> Mapping[int, Review]:
    """Work out where the approvals of campaigns stand, by their keys, with few queries for many."""
    made_of = what_counts(tenant, campaigns)
    last: dict[int, dict[str, Approval]] = defaultdict(dict)
    found = Approval.objects.of(tenant).filter(campaign__in=[campaign.pk for campaign in campaigns])
    for approval in found.select_related("asked_by", "decided_by").order_by("asked_at", "id"):
        last[approval.campaign_id][approval.kind] = approval
    answers = {}
    for campaign in campaigns:
        frozen = made_of[campaign.pk]
        parts = parts_of(frozen)
        mark = fingerprint(parts)
        content, launch = (_standing(kind, last[campaign.pk].get(kind), parts, mark) for kind in ApprovalKind)
        answers[campaign.pk] = Review(frozen, parts, mark, content, launch)
    return answers


def what_counts(tenant: Tenant, campaigns: Collection[Campaign]) -> Mapping[int, Frozen]:
    """Gather what approvals are about: what a run froze once there is one, else what the campaign is made of now."""
    running = [campaign for campaign in campaigns if campaign.state in RUNNING]
    runs = Run.objects.of(tenant).filter(campaign__in=[campaign.pk for campaign in running]).order_by("id")
    frozen = {run.campaign_id: from_json(run.frozen) for run in runs} if running else {}
    return {**gather(tenant, [campaign for campaign in campaigns if campaign.pk not in frozen]), **frozen}


def _standing(kind: ApprovalKind, approval: Approval | None, parts: Parts, mark: str) -> Standing:
    if approval is None:
        return Standing(kind, Stands.NOT_ASKED, None)
    if approval.state in LIVE_APPROVAL and approval.fingerprint != mark:
        return Standing(kind, Stands.VOIDED, approval, what_changed(approval.parts, parts))
    reason = approval.void_reason if approval.state == ApprovalState.VOIDED else ""
    return Standing(kind, Stands(approval.state), approval, reason)


def what_changed(before: Parts, after: Parts) -> str:
    """Say which parts differ, for people."""
    names = [str(PART_NAMES[part]) for part in changed_parts(before, after)]
    return _("Changed since: %(parts)s.") % {"parts": ", ".join(names)} if names else ""
