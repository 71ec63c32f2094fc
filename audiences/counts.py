"""How many members of a conversation a rule lets in, who some of them are, and by when that must be known."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import OperationalError, transaction
from django.utils.translation import gettext as _
from psycopg.errors import QueryCanceled

from audiences.rules.compile import compile_tree
from audiences.rules.operators import Moment
from audiences.rules.schema import read_rule
from audiences.rules.sources import vocabulary
from connect.core.errors import Retryable
from connect.core.models import Tenant
from connect.core.sql import Sql, rows
from connect.core.tenancy import in_tenant
from conversations.models import Conversation, Customer
from conversations.states import Channel

COUNT_TIMEOUT_SECONDS = 5
SAMPLE_SIZE = 10


class TooSlow(Retryable):
    """The count took longer than a page may wait."""


@dataclass(frozen=True)
class Count:
    """`people` of a conversation's `members` fit, as of an instant."""

    people: int
    members: int
    as_of: datetime


@in_tenant
def count(tenant: Tenant, conversation: Conversation, rule: object, *, now: datetime) -> Count:
    """Count the members of a conversation, and those of them who fit a rule's JSON.

    Errors: Invalid naming a node; TooSlow after COUNT_TIMEOUT_SECONDS.
    """
    fits = compile_tree(read_rule(vocabulary(tenant), rule), Moment.at(now, tenant.default_zone))
    with bounded():
        ((people, members),) = rows(
            "SELECT count(*) FILTER (WHERE " + fits + "), count(*) FROM " + members_of(tenant, conversation)
        )
    return Count(people, members, now)


@in_tenant
def sample(
    tenant: Tenant, conversation: Conversation, rule: object, *, now: datetime, size: int = SAMPLE_SIZE
) -> list[Customer]:
    """Pick some members who fit a rule's JSON: by their random id, so the same ones as long as they fit.

    Errors: Invalid naming a node; TooSlow after COUNT_TIMEOUT_SECONDS.
    """
    fits = compile_tree(read_rule(vocabulary(tenant), rule), Moment.at(now, tenant.default_zone))
    asked = "SELECT c.id FROM " + members_of(tenant, conversation) + " WHERE " + fits
    with bounded():
        found = rows(asked + Sql(" ORDER BY c.public_id LIMIT %s", (size,)))
    return list(Customer.objects.of(tenant).filter(pk__in=[row[0] for row in found]).order_by("public_id"))


def members_of(tenant: Tenant, conversation: Conversation) -> Sql:
    """Write the members of a conversation for FROM: `s` is the email subscription, `c` the customer."""
    return Sql(
        "(SELECT * FROM conversations_subscription WHERE tenant_id = %s AND conversation_id = %s AND channel = %s) s"
        " JOIN conversations_customer c ON c.tenant_id = s.tenant_id AND c.id = s.customer_id",
        (tenant.pk, conversation.pk, Channel.EMAIL.value),
    )


@contextmanager
def bounded(seconds: float | None = None) -> Iterator[None]:
    """Let each statement inside take so long and no longer; whatever else the transaction did stands.

    Without `seconds`, as long as COUNT_TIMEOUT_SECONDS says.

    Errors: TooSlow.
    """
    ((before,),) = rows(Sql("SELECT current_setting('statement_timeout')"))
    try:
        with transaction.atomic():
            _set_timeout(f"{int((COUNT_TIMEOUT_SECONDS if seconds is None else seconds) * 1000)}ms")
            yield
            _set_timeout(before)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow(
                _("Counting took longer than %(limit)d seconds and was stopped. A simpler rule counts faster.")
                % {"limit": COUNT_TIMEOUT_SECONDS}
            ) from error
        raise


def _set_timeout(value: str) -> None:
    rows(Sql("SELECT set_config('statement_timeout', %s, true)", (value,)))
