"""Count a model's rule and remember the answer for the lists: no deed, it changes what is known, not what is meant."""

from datetime import datetime
from uuid import UUID

from audiences.counts import Count, count
from audiences.models import AudienceCount, AudienceModel
from connect.core.models import Tenant
from connect.core.tenancy import in_tenant
from conversations.models import Conversation


@in_tenant
def count_audience(tenant: Tenant, audience_id: UUID, conversation: Conversation, *, now: datetime) -> Count:
    """Count who of a conversation fits a stored model, and keep the count.

    Errors: AudienceModel.DoesNotExist; Invalid where the rule asks about a field that is declared no more; TooSlow.
    """
    audience = AudienceModel.objects.of(tenant).public(audience_id)
    counted = count(tenant, conversation, audience.rule, now=now)
    known = AudienceCount(
        tenant=tenant,
        audience=audience,
        conversation=conversation,
        version=audience.version,
        people=counted.people,
        members=counted.members,
        at=now,
    )
    AudienceCount.objects.bulk_create(
        [known],
        update_conflicts=True,
        unique_fields=["tenant", "audience", "conversation"],
        update_fields=["version", "people", "members", "at"],
    )
    return counted
