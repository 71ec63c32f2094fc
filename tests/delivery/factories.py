"""Runs ready to be planned: a conversation with customers, one revision, a campaign under way, its approvals."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from audiences.models import Seed, SeedList
from campaigns.fingerprint import fingerprint, parts_of
from campaigns.frozen import to_json
from campaigns.gather import gather_one
from campaigns.models import Approval, Campaign, Cell, Run
from campaigns.states import ApprovalKind, ApprovalState, CampaignState, RunState
from connect.core.models import Department, Tenant
from connect.core.rows import new_public_id
from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from content.models import MessageContent, Revision
from content.rendering.links import targets
from conversations.dkim import draw_key, seal_key
from conversations.models import Conversation, Customer, DkimKey
from conversations.states import DkimAlgorithm
from tests.delivery.letters import HTML, SUBJECT, TEXT

DOMAIN = "northwind.example"

_CUSTOMERS = """
WITH made AS (
    INSERT INTO conversations_customer (tenant_id, public_id, external_id, email, email_key, phone, language, zone,
        country, region, attributes, interests, preferences, created_at, updated_at, version)
    SELECT %(tenant)s, gen_random_uuid(), %(prefix)s || n, %(prefix)s || n || '@' || %(domain)s,
        %(prefix)s || n || '@' || %(domain)s, '', %(language)s, %(zone)s, 'DE', '',
        jsonb_build_object('first_name', 'Name' || n, 'tier', 'gold'), '{}', '{}', %(now)s, %(now)s, 1
    FROM generate_series(1, %(count)s) n
    RETURNING id
)
INSERT INTO conversations_subscription (tenant_id, conversation_id, customer_id, channel, state, source, changed_at)
SELECT %(tenant)s, %(conversation)s, id, 'email', 'subscribed', 'test', %(now)s FROM made
"""


@dataclass(frozen=True)
class Cast:
    """A run and what it stands on."""

    tenant: Tenant
    conversation: Conversation
    campaign: Campaign
    revision: Revision
    run: Run
    #: Selector → DNS record.
    records: dict[str, str]


def make_conversation(tenant: Tenant, department: Department, *, now: datetime, name: str = "News") -> Conversation:
    """Make a conversation of Northwind's."""
    return Conversation.objects.create(
        tenant=tenant,
        department=department,
        name=name,
        from_name="Northwind",
        from_email=f"news@{DOMAIN}",
        reply_to=f"help@{DOMAIN}",
        bounce_domain=f"bounce.{DOMAIN}",
        postal_address="1 Harbour Road, Bergen",
        footer="",
        default_language="en",
        default_zone="Europe/Berlin",
        created_at=now,
        updated_at=now,
    )


def make_keys(
    tenant: Tenant, conversation: Conversation, algorithms: list[DkimAlgorithm], *, now: datetime
) -> dict[str, str]:
    """Give a conversation active keys; map selectors to DNS records."""
    records = {}
    for algorithm in algorithms:
        drawn = draw_key(algorithm)
        public_id = new_public_id()
        selector = algorithm.value.split("-")[0]
        records[selector] = drawn.dns_record
        DkimKey.objects.create(
            tenant=tenant,
            public_id=public_id,
            conversation=conversation,
            domain=DOMAIN,
            selector=selector,
            algorithm=algorithm,
            sealed_private_key=seal_key(drawn.private_key_pem, tenant_id=tenant.pk, key_id=public_id),
            dns_record=drawn.dns_record,
            active=True,
            created_at=now,
        )
    return records


def make_customers(
    tenant: Tenant,
    conversation: Conversation,
    count: int,
    *,
    now: datetime,
    prefix: str = "c",
    domain: str = "inbox.example",
    language: str = "en",
    zone: str = "",
) -> None:
    """Make subscribed customers `<prefix><number>@<domain>`."""
    values = {
        "tenant": tenant.pk,
        "conversation": conversation.pk,
        "prefix": prefix,
        "domain": domain,
        "count": count,
        "language": language,
        "zone": zone,
        "now": now,
    }
    run_sql(Sql(_CUSTOMERS, values))  # type: ignore[arg-type]  # named parameters


def make_revision(tenant: Tenant, department: Department, *, now: datetime, **words: Any) -> Revision:
    """Make content with one revision."""
    content = MessageContent.objects.create(
        tenant=tenant, department=department, name=f"Letter {new_public_id().hex[:6]}", created_at=now, updated_at=now
    )
    texts = {"subject": SUBJECT, "preheader": "", "html": HTML, "text": TEXT, **words}
    return Revision.objects.create(
        tenant=tenant,
        content=content,
        language="en",
        number=1,
        **texts,
        hash=new_public_id().hex * 2,
        fields=["attributes.first_name", "customer.email"],
        links=targets(texts["html"], texts["text"]),
        created_at=now,
    )


def make_run(
    tenant: Tenant,
    department: Department,
    *,
    now: datetime,
    customers: int = 0,
    conversation: Conversation | None = None,
    algorithms: list[DkimAlgorithm] | None = None,
    seeds: list[str] | None = None,
    quiet: tuple[time, time] | None = None,
    expires_at: datetime | None = None,
    **words: Any,
) -> Cast:
    """Make a run that waits to be planned, of a campaign that is sending, both approvals standing."""
    with open_tenant(tenant):
        conversation = conversation or make_conversation(tenant, department, now=now)
        records = make_keys(tenant, conversation, [DkimAlgorithm.RSA] if algorithms is None else algorithms, now=now)
        if customers:
            make_customers(tenant, conversation, customers, now=now)
        revision = make_revision(tenant, department, now=now, **words)
        campaign = Campaign.objects.create(
            tenant=tenant,
            department=department,
            name=f"Campaign {new_public_id().hex[:6]}",
            language="en",
            state=CampaignState.SENDING,
            conversation=conversation,
            seed_list=_seed_list(tenant, department, seeds, now=now) if seeds else None,
            quiet_from=quiet[0] if quiet else None,
            quiet_until=quiet[1] if quiet else None,
            expires_at=expires_at,
            created_at=now,
            updated_at=now,
        )
        Cell.objects.create(tenant=tenant, campaign=campaign, segment=None, language="en", revision=revision)
        run = _run(tenant, campaign, now=now)
    return Cast(tenant, conversation, campaign, revision, run, records)


def _run(tenant: Tenant, campaign: Campaign, *, now: datetime) -> Run:
    frozen = gather_one(tenant, campaign)
    print_of = fingerprint(parts_of(frozen))
    for kind in ApprovalKind:
        Approval.objects.create(
            tenant=tenant,
            campaign=campaign,
            kind=kind,
            state=ApprovalState.APPROVED,
            fingerprint=print_of,
            asked_at=now,
            decided_at=now,
        )
    return Run.objects.create(
        tenant=tenant,
        campaign=campaign,
        conversation=campaign.conversation,
        launch_key=new_public_id().hex,
        state=RunState.PLANNING,
        fingerprint=print_of,
        frozen=to_json(frozen),
        month=now.date().replace(day=1),
        started_at=now,
    )


def _seed_list(tenant: Tenant, department: Department, addresses: list[str], *, now: datetime) -> SeedList:
    made = SeedList.objects.create(
        tenant=tenant, department=department, name=f"Seeds {new_public_id().hex[:6]}", created_at=now, updated_at=now
    )
    for address in addresses:
        Seed.objects.create(tenant=tenant, seed_list=made, name=address, email=address, email_key=address)
    return made


def customer(tenant: Tenant, external_id: str) -> Customer:
    """Read one customer."""
    with open_tenant(tenant):
        return Customer.objects.get(external_id=external_id)
