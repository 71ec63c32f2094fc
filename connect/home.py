"""What a member finds when they come in: what waits for them, what is sending, what comes next, the last results."""

from dataclasses import dataclass
from datetime import timedelta

from campaigns.models import Approval, Campaign, Run
from campaigns.people import ROLE_OF
from campaigns.states import ApprovalState, CampaignState
from connect.core.figures import Progress
from connect.core.models import Member, Tenant
from connect.core.web import ConsoleRequest
from conversations.models import Customer
from reports import figures, queries, report
from reports.rates import Counts

SOON = timedelta(days=7)
MOST = 6


@dataclass(frozen=True)
class Sending:
    """A campaign that is going out: its bar, and what is handed over of what is planned."""

    campaign: Campaign
    bar: Progress
    handed_over: int
    planned: int


@dataclass(frozen=True)
class Home:
    """Everything on the page."""

    reviews: list[Approval]
    held: list[Campaign]
    sending: list[Sending]
    next: list[Campaign]
    drafts: list[Campaign]
    results: list[tuple[Campaign, Run, Counts]]
    has_customers: bool

    @property
    def is_new(self) -> bool:
        """Tell whether nothing was ever made here."""
        return not (self.has_customers or self.next or self.drafts or self.results or self.sending)


def gather(request: ConsoleRequest) -> Home:
    """Read the page's parts."""
    tenant, member = request.tenant, request.member
    seen = Campaign.objects.of(tenant).visible_to(member)
    ran = {
        campaign.pk: campaign for campaign in seen.filter(state__in=[CampaignState.FINISHED, CampaignState.CANCELLED])
    }
    return Home(
        reviews=waiting_reviews(tenant, member),
        held=list(seen.filter(state=CampaignState.HELD)[:MOST]),
        sending=[
            _sending(tenant, campaign)
            for campaign in seen.filter(state__in=[CampaignState.SENDING, CampaignState.PAUSED])[:MOST]
        ],
        next=list(
            seen.filter(state=CampaignState.SCHEDULED, fires_at__lte=request.now + SOON).order_by("fires_at")[:MOST]
        ),
        drafts=list(seen.filter(state=CampaignState.DRAFT).order_by("-updated_at")[:MOST]),
        results=report.ran(tenant, ran)[:MOST],
        has_customers=Customer.objects.of(tenant).exists(),
    )


def waiting_reviews(tenant: Tenant, member: Member) -> list[Approval]:
    """List the sign-offs that wait for this member."""
    asked = (
        Approval.objects.of(tenant).filter(state=ApprovalState.ASKED).select_related("campaign").order_by("asked_at")
    )
    return [one for one in asked if member.may(ROLE_OF[one.kind], one.campaign.department_id)]


def _sending(tenant: Tenant, campaign: Campaign) -> Sending:
    run = report.latest_run(tenant, campaign)
    states = queries.states(report.key_of(run)) if run else []
    planned = sum(state.count for state in states)
    taken = sum(state.count for state in states if state.state in queries.TAKEN)
    return Sending(campaign, figures.progress(states, planned), taken, planned)
