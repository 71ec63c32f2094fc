"""How a cell's message looks: addresses of its frames, and its words in the list of an inbox."""

from dataclasses import dataclass

from campaigns.models import Campaign
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

_SAMPLE = """
SELECT c.id FROM (
    SELECT customer_id FROM conversations_subscription
    WHERE tenant_id = %s AND conversation_id = %s AND channel = 'email' AND state = 'subscribed'
    ORDER BY customer_id LIMIT %s) s
JOIN conversations_customer c ON c.tenant_id = %s AND c.id = s.customer_id
WHERE c.email_key <> ''
ORDER BY c.language = %s DESC, starts_with(c.language, %s) DESC, c.id LIMIT 1
"""


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


def preview_of(request: ConsoleRequest, campaign: Campaign, revision: Revision) -> Shown:
    """Show a revision as an early member of the conversation who reads its language would see it."""
    conversation = campaign.conversation
    customer = sample_reader(request.tenant, campaign, revision.language)
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


def sample_reader(tenant: Tenant, campaign: Campaign, language: str) -> Customer | None:
    """Pick a member of the campaign's conversation, one who reads the language where there is one."""
    if campaign.conversation_id is None:
        return None
    values = (tenant.pk, campaign.conversation_id, EARLY_MEMBERS, tenant.pk, language, language.partition("-")[0])
    found = rows(Sql(_SAMPLE, values))
    return Customer.objects.of(tenant).get(pk=found[0][0]) if found else None
