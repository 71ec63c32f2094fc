"""How a cell's message looks: addresses of its frames, and its words in the list of an inbox."""

from dataclasses import dataclass
from datetime import datetime

from campaigns.frozen import CellContent, Frozen
from campaigns.models import Campaign
from campaigns.plan import Page, planned
from connect.core.errors import Invalid
from connect.core.links import with_query
from connect.core.models import Tenant
from connect.core.sql import Sql, rows
from connect.core.web import ConsoleRequest, here
from content.models import Revision
from content.reader import Reader, render_for
from conversations.models import Customer

#: A sample is looked for among so many members, those who came first.
EARLY_MEMBERS = 2000

#: First who gets this very cell, then whoever gets this language, then anybody who can be written to; and of those
#: the one about whom most of what the message names is known.
_SAMPLE = (
    " ORDER BY coalesce(p.reason IS NULL AND p.segment_id IS NOT DISTINCT FROM %s AND p.language = %s, false) DESC,"
    " coalesce(p.reason IS NULL AND p.language = %s, false) DESC, p.address <> '' DESC,"
    """ (SELECT count(*) FROM jsonb_path_query(p.values, '$.*.* ? (@ != null && @ != "")')) DESC, p.customer_id"""
    " LIMIT 1"
)


@dataclass(frozen=True)
class Shown:
    """One message as a reader of the conversation would see it. `src` is the address of its frame."""

    src: str
    text_src: str
    subject: str
    preheader: str
    sender: str
    text: str
    reader: str
    broken: str


def preview_of(request: ConsoleRequest, campaign: Campaign, frozen: Frozen, cell: CellContent) -> Shown:
    """Show what stands in a cell as an early member of the conversation who gets it would see it."""
    conversation = campaign.conversation
    revision = Revision.objects.of(request.tenant).get(pk=cell.revision)
    customer = sample_reader(request.tenant, frozen, cell, now=request.now)
    reader = Reader(customer, conversation)
    kept = {
        "conversation": conversation.public_id if conversation else None,
        "customer": customer.public_id if customer else None,
        "nobody": None if customer else "1",
    }
    subject = preheader = text = broken = ""
    try:
        shown = render_for(request.tenant, revision, reader)
        subject, preheader, text = shown.subject, shown.preheader, shown.text
    except Invalid as error:
        subject, broken = revision.subject, " ".join(word for says in error.fields.values() for word in says)
    return Shown(
        src=with_query(here(request, "revision-html", revision.public_id), **kept),
        text_src=with_query(here(request, "revision-text", revision.public_id), **kept),
        subject=subject,
        preheader=preheader,
        sender=f"{conversation.from_name} <{conversation.from_email}>" if conversation else "",
        text=text,
        reader=customer.external_id if customer else "",
        broken=broken,
    )


def sample_reader(tenant: Tenant, frozen: Frozen, cell: CellContent, *, now: datetime) -> Customer | None:
    """Pick an early member of the conversation: one who falls into the cell's segment and language where there is one.

    None where there is no conversation, no member, or a rule that can't be asked any more.
    """
    if frozen.speaker is None:
        return None
    try:
        plan = planned(tenant, frozen, at=now, page=Page(0, EARLY_MEMBERS), with_values=True)
    except Invalid:
        return None
    order = Sql(_SAMPLE, (cell.segment, cell.language, cell.language))
    found = rows("SELECT p.customer_id FROM (" + plan + ") p" + order)
    return Customer.objects.of(tenant).get(pk=found[0][0]) if found else None
