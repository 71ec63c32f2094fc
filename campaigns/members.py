"""The people behind a number: members of the conversation whom the plan sends one way, page by page."""

from dataclasses import dataclass
from datetime import datetime

from campaigns.frozen import Frozen
from campaigns.models import Run
from campaigns.plan import Page, planned, sharing
from campaigns.states import ExclusionReason
from connect.core.models import Tenant
from connect.core.sql import Sql, rows

PAGE_ROWS = 50


@dataclass(frozen=True)
class Person:
    """One member, and what the plan says of them. `reason` None is a recipient."""

    customer_id: int
    reason: ExclusionReason | None
    segment: int | None
    language: str
    not_before: datetime | None


def people_planned(
    tenant: Tenant,
    frozen: Frozen,
    *,
    reason: ExclusionReason | None,
    after: int,
    at: datetime,
    segment: int | str | None = "any",
    limit: int = PAGE_ROWS,
) -> list[Person]:
    """List the members who would go one way if the run started at `at`, by key, after a key.

    Shape: at most `limit`; `segment` "any", or one of the matrix's rows.
    Errors: as `planned`.
    """
    asked = _twice(tenant, frozen, at=at) if reason in (None, ExclusionReason.DUPLICATE) else Sql("")
    asked += "SELECT customer_id, segment_id, language, not_before FROM ("
    asked += planned(tenant, frozen, at=at, page=Page(after, None)) + ") p WHERE " + _goes(reason)
    if segment is None:
        asked += " AND segment_id IS NULL"
    elif isinstance(segment, int):
        asked += Sql(" AND segment_id = %s", (segment,))
    found = rows(asked + Sql(" ORDER BY customer_id LIMIT %s", (limit,)))
    return [Person(key, reason, in_segment, language or "", due) for key, in_segment, language, due in found]


def people_excluded(
    tenant: Tenant, run: Run, reason: ExclusionReason, *, after: int, limit: int = PAGE_ROWS
) -> list[Person]:
    """List whom a run left out for a reason, by key, after a key. Who was filtered out is only counted."""
    found = rows(
        Sql(
            "SELECT customer_id FROM campaigns_exclusion WHERE tenant_id = %s AND run_id = %s AND reason = %s"
            " AND customer_id > %s ORDER BY customer_id LIMIT %s",
            (tenant.pk, run.pk, reason.value, after, limit),
        )
    )
    return [Person(key, reason, None, "", None) for (key,) in found]


def _twice(tenant: Tenant, frozen: Frozen, *, at: datetime) -> Sql:
    """Write who would be a recipient but for a member with a lower key and the same address, as `twice`.

    Only few people share an address, so only they are asked about.
    """
    return (
        "WITH " + sharing(tenant) + ", twice AS MATERIALIZED (SELECT customer_id FROM (SELECT e.customer_id,"
        " row_number() OVER (PARTITION BY e.address ORDER BY e.customer_id) AS place FROM ("
        + planned(tenant, frozen, at=at, among=Sql("SELECT id FROM sharing"))
        + ") e WHERE e.reason IS NULL) placed WHERE place > 1) "
    )


def _goes(reason: ExclusionReason | None) -> Sql:
    if reason is None:
        return Sql("reason IS NULL AND customer_id NOT IN (SELECT customer_id FROM twice)")
    if reason == ExclusionReason.DUPLICATE:
        return Sql("customer_id IN (SELECT customer_id FROM twice)")
    return Sql("reason = %s", (reason.value,))
