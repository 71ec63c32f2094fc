"""Who answers which bell, and what upper floors show on lower ones' pages. The one place that knows all apps."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from audiences.did import WORDS as AUDIENCE_WORDS
from audiences.models import AudienceModel, SeedList
from campaigns import figures
from campaigns import panels as campaigns_panels
from campaigns.did import WORDS as CAMPAIGN_WORDS
from campaigns.models import Campaign
from connect.celery import app as celery_app
from connect.core import belongings, deeds, handoff, panels
from connect.core.belongings import Belonging
from connect.core.deeds import Kind
from connect.core.did import WORDS as CORE_WORDS
from connect.core.handoff import Bell
from connect.core.models import Department, Member
from connect.core.panels import RailLink
from connect.core.roles import Role
from content.did import WORDS as CONTENT_WORDS
from content.models import MessageContent
from conversations.did import WORDS as CONVERSATION_WORDS
from conversations.models import Attribute, Conversation, Customer, CustomerImport
from delivery.did import WORDS as DELIVERY_WORDS
from delivery.figures import progress
from delivery.models import Relay
from delivery.panels import panels as delivery_panels
from reports import panels as reports_panels
from segments.did import WORDS as SEGMENT_WORDS
from segments.models import SegmentationModel
from suppression.did import WORDS as SUPPRESSION_WORDS
from suppression.models import SuppressionList
from suppression.panels import panels_of as suppression_panels

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def wire() -> None:
    """Fill the registries of the lower floors. Called once, at start-up."""
    handoff.wire(
        {
            Bell.MEMBER_INVITED: _send("connect.core.tasks.send_invitation"),
            Bell.IMPORT_UPLOADED: _send("conversations.tasks.run_import"),
            Bell.SUPPRESSIONS_UPLOADED: _send("suppression.tasks.run_import"),
            Bell.KEY_CHECK_ASKED: _send("conversations.tasks.check_key"),
            Bell.CAMPAIGN_DUE: _send("campaigns.tasks.start_due"),
            Bell.RUN_STARTED: _send("delivery.tasks.plan_run"),
            Bell.SEND_DUE: _send("delivery.tasks.drain"),
            Bell.RELAY_TRIAL_ASKED: _send("delivery.tasks.try_relay"),
        }
    )
    panels.wire(
        rail=[*RAIL, [MAILBOX]] if settings.CATCHER_FOLDER else RAIL,
        used_by=[campaigns_panels.used_by],
        panels=[suppression_panels, delivery_panels, reports_panels.panels],
        use_counts=[campaigns_panels.use_counts],
    )
    belongings.wire(BELONGINGS)
    deeds.wire(WORDS, THINGS)
    figures.wire(progress=progress, results=reports_panels.results_of)


def _send(task: str) -> Callable[[int, int], object]:
    def ring(tenant_id: int, thing_id: int) -> object:
        return celery_app.send_task(task, args=[tenant_id, thing_id])

    return ring


#: What belongs to departments, in the order of the departments' page.
BELONGINGS = [
    Belonging(_("Conversations"), Conversation),
    Belonging(_("Audience models"), AudienceModel),
    Belonging(_("Segmentation models"), SegmentationModel),
    Belonging(_("Content"), MessageContent),
    Belonging(_("Seed lists"), SeedList),
    Belonging(_("Campaigns"), Campaign),
]
#: Where the demo's mail catcher runs, its mailbox stands below everything else.
MAILBOX = RailLink(_("Mailbox"), "inbox", "mailbox", "mailbox/")
RAIL = [
    [
        RailLink(_("Home"), "home", "home", ""),
        RailLink(_("Campaigns"), "flag", "campaigns", "campaigns/"),
        RailLink(_("Review"), "clipboard-document-check", "review", "review/", campaigns_panels.waiting_count),
    ],
    [
        RailLink(_("Content"), "document-text", "contents", "content/"),
        RailLink(_("Conversations"), "chat-bubble-left-right", "conversations", "conversations/"),
        RailLink(_("Customers"), "user", "customers", "customers/"),
    ],
    [
        RailLink(_("Audiences"), "funnel", "audiences", "audiences/"),
        RailLink(_("Segments"), "chart-pie", "segmentations", "segments/"),
        RailLink(_("Suppression"), "no-symbol", "suppression", "suppression/"),
        RailLink(_("Seeds"), "eye", "seeds", "seeds/"),
    ],
    [
        RailLink(_("Delivery"), "paper-airplane", "delivery", "delivery/"),
        RailLink(_("Reports"), "chart-bar", "reports", "reports/"),
        RailLink(_("Admin"), "adjustments-horizontal", "members", "admin/", role=Role.ADMIN),
    ],
]

WORDS: "list[Mapping[Any, StrOrPromise]]" = [
    AUDIENCE_WORDS,
    CAMPAIGN_WORDS,
    CONTENT_WORDS,
    CONVERSATION_WORDS,
    CORE_WORDS,
    DELIVERY_WORDS,
    SEGMENT_WORDS,
    SUPPRESSION_WORDS,
]
_CAMPAIGN = Kind(Campaign, "campaign")
#: What deeds speak of, by what stands before the dot of their code.
THINGS = {
    "approval": [_CAMPAIGN],
    "attribute": [Kind(Attribute, "attribute")],
    "audience": [Kind(AudienceModel, "audience")],
    "campaign": [_CAMPAIGN],
    "content": [Kind(MessageContent, "content")],
    "conversation": [Kind(Conversation, "conversation")],
    "customer": [Kind(Customer, "customer")],
    "department": [Kind(Department, "department")],
    "import": [Kind(CustomerImport, "import")],
    "member": [Kind(Member, "member")],
    "pace": [Kind(Conversation, "conversation")],
    "relay": [Kind(Relay, "relay")],
    "run": [_CAMPAIGN],
    "seed_list": [Kind(SeedList, "seed-list")],
    "segmentation": [Kind(SegmentationModel, "segmentation")],
    "suppression": [Kind(SuppressionList, "suppression-list"), Kind(Conversation, "suppression-of-conversation")],
}
