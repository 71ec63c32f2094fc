"""The one plan query: who of a conversation gets what from a campaign, from when, or why not.

The lists of people and delivery's INSERT stand on `planned`, the waterfall and the flight plan on `counted`. Both are
made of the same conditions and the same steps: they can't disagree.
Rules compile to SQL (`audiences/rules`), zones and languages are resolved in Python and looked up in small constants,
and values travel as parameters only. One join, of members and customers, is all that poor statistics can spoil.

Reasons are asked in the order of `ExclusionReason`. The last one, a duplicate address, needs a look at others:
delivery's unique index finds it when messages are inserted by customer id, and `waterfall.py` counts alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audiences.rules.compile import compile_rule
from campaigns.frozen import CellContent, Frozen, Speaker, from_json
from campaigns.models import Run
from campaigns.states import ExclusionReason
from campaigns.timetable import Timetable, timetable
from connect.core.models import Tenant
from connect.core.sql import Sql, join
from content.fields import values_sql
from segments.compile import segment_case
from suppression.predicates import suppressed, suppressed_in_bulk

#: Stands for Leftovers, or for everybody, where SQL joins segments to content.
NO_SEGMENT = 0
#: From so many members on it costs less to read all suppressed values than to look each address up.
MANY_MEMBERS = 10_000
_TENANT = "(SELECT nullif(current_setting('app.tenant', true), '')::bigint)"


@dataclass(frozen=True)
class Page:
    """Members with ids after `after`, at most `limit` (None: all), in the order of their ids."""

    after: int
    limit: int | None


@dataclass(frozen=True)
class Cells:
    """The content by segment and language tag (longest tags first), and each piece of content once."""

    tags: tuple[str, ...]
    found: dict[tuple[int, str], CellContent]
    listed: tuple[CellContent, ...]


def plan_query(run: Run, *, after: int, limit: int) -> Sql:
    """Write the plan of the next members of a run's conversation.

    Shape: one row per member with an id after `after`, by id, at most `limit`: customer_id, reason (NULL: a recipient),
    segment_id (NULL: Leftovers or everybody), language, revision_id, address, domain, not_before, not_after, values,
    quiet_at (when the next quiet window begins in the recipient's zone; NULL: never).
    Errors: Invalid where a rule asks about a field that is declared no more.
    """
    return planned(run.tenant, from_json(run.frozen), at=run.started_at, page=Page(after, limit), with_values=True)


def next_windows(run: Run, *, at: datetime) -> Sql:
    """Write the table of each zone's next open window at an instant, for messages that wait at their `quiet_at`.

    Shape: rows (zone, not_before, quiet_at), to join with customers' zones; the row of zone "" is for all others.
    """
    clock = timetable(from_json(run.frozen), at=at)
    return "SELECT clock.zone, clock.not_before, clock.quiet_at FROM " + clock.table("clock")


def planned(
    tenant: Tenant,
    frozen: Frozen,
    *,
    at: datetime,
    page: Page | None = None,
    among: Sql | None = None,
    with_values: bool = False,
) -> Sql:
    """Write the plan, if the run started at `at`: of one page of members, or of all of them, in any order.

    `among` is a query of customers' keys, where only they are asked about.
    Shape: the columns of `plan_query` (values only where asked for) and tag (the language of the content that fits the
    customer's best, "" where none does) and zone.
    Errors: Invalid where a rule asks about a field that is declared no more; ValueError without a conversation.
    """
    speaker, clock, cells = _speaker(frozen), timetable(frozen, at=at), _cells(frozen)
    gate = _early(tenant, frozen, _held_back(tenant, speaker.id, page), at=at)
    early = "CASE " + join(" ", [_when(condition, reason) for condition, reason in gate]) + " END"
    segment = "CASE WHEN early.reason IS NULL THEN " + _segment(tenant, frozen, at=at) + " END"
    values = [", " + _values(cells) + " AS values"] if with_values else []
    return join(
        "",
        [
            "SELECT s.customer_id, coalesce(early.reason, " + _late(frozen, clock) + ") AS reason,"
            f" nullif(seg.segment, {NO_SEGMENT}) AS segment_id, seg.tag, c.zone, ",
            _pick("text", [cell.language for cell in cells.listed]) + " AS language, ",
            _pick("bigint", [cell.revision for cell in cells.listed]) + " AS revision_id,",
            Sql(" c.email_key AS address, split_part(c.email_key, '@', 2) AS domain, "),
            _not_before(clock) + " AS not_before, ",
            Sql("%s::timestamptz AS not_after, ", (frozen.expires_at,)),
            _quiet_at(clock) + " AS quiet_at",
            *values,
            " FROM " + _members(speaker.id, page, among),
            _steps(early, segment, cells, clock),
            Sql(" ORDER BY s.customer_id" if page else ""),
        ],
    )


def counted(tenant: Tenant, frozen: Frozen, *, at: datetime) -> Sql:
    """Write how many members the plan treats alike if the run started at `at`; duplicates pass for recipients.

    Members are asked for what only they can tell; what follows from segment, language and zone is asked once for all
    who have these in common.
    Shape: reason, segment_id, tag, language and zone as in `planned`, and people; several rows may be alike.
    Errors: as `planned`.
    """
    speaker, clock, cells = _speaker(frozen), timetable(frozen, at=at), _cells(frozen)
    gate = _early(tenant, frozen, _in_bulk(tenant, speaker.id), at=at)
    numbered = [Sql("WHEN ") + condition + f" THEN -{number}" for number, (condition, _) in enumerate(gate, 1)]
    early = Sql("(%s::text[])[-c.asked]", ([reason.value for _, reason in gate],))
    return join(
        "",
        [
            "SELECT coalesce(early.reason, " + _late(frozen, clock) + ") AS reason,"
            f" nullif(seg.segment, {NO_SEGMENT}) AS segment_id, seg.tag, ",
            _pick("text", [cell.language for cell in cells.listed]) + " AS language, c.zone, c.people FROM (",
            # One number says reason or segment: of each column without statistics the planner expects 200 values, of
            # several together so many groups that it would sort everybody. OFFSET 0 hides what it is made of.
            Sql("SELECT a.asked, a.language, a.zone, count(*) AS people FROM (SELECT CASE "),
            join(" ", numbered)
            + " ELSE "
            + _segment(tenant, frozen, at=at)
            + " END AS asked, c.language, c.zone FROM ",
            _members(speaker.id, None, None) + " OFFSET 0) a GROUP BY 1, 2, 3) c",
            _steps(early, Sql("CASE WHEN c.asked >= 0 THEN c.asked END"), cells, clock),
        ],
    )


def sharing(tenant: Tenant) -> Sql:
    """Write two tables for a WITH list: `shared` are addresses of several customers, `sharing` the keys of those.

    The former is read off the index, in its order; both are worked out once, whatever the planner knows of the tables.
    """
    return Sql(
        "shared AS MATERIALIZED (SELECT email_key FROM conversations_customer"
        " WHERE tenant_id = %s AND email_key <> '' GROUP BY email_key HAVING count(*) > 1),"
        " sharing AS MATERIALIZED (SELECT id FROM conversations_customer"
        " WHERE tenant_id = %s AND email_key = ANY(ARRAY(SELECT email_key FROM shared)))",
        (tenant.pk, tenant.pk),
    )


# --- Who is asked about --------------------------------------------------------------------------------------------


def _members(conversation_id: int, page: Page | None, among: Sql | None) -> Sql:
    """Write the members as `s`, joined with their customers as `c`.

    A page is cut first, along the unique index, so that each chunk reads only itself.
    """
    where = Sql(f"tenant_id = {_TENANT} AND conversation_id = %s AND channel = 'email'", (conversation_id,))
    chosen = "(SELECT * FROM conversations_subscription WHERE " + where
    if among:
        chosen += " AND customer_id IN (" + among + ")"
    if page:
        chosen += Sql(" AND customer_id > %s ORDER BY customer_id LIMIT %s", (page.after, page.limit))
    return chosen + ") s JOIN conversations_customer c ON c.tenant_id = s.tenant_id AND c.id = s.customer_id"


def _speaker(frozen: Frozen) -> Speaker:
    if frozen.speaker is None:
        raise ValueError("a campaign without a conversation has nobody to plan for")
    return frozen.speaker


def _steps(early: Sql, segment: Sql, cells: Cells, clock: Timetable) -> Sql:
    """Write the steps from `c` to a message: the early reason, segment with tag and clock, and the cell.

    OFFSET 0 keeps each step's answer, which would otherwise be worked out again wherever it is named.
    """
    steps = [
        ("early", early + " AS reason"),
        ("seg", segment + " AS segment, " + _tag(cells) + " AS tag, " + clock.look_up("c.zone") + " AS clock"),
        ("cell", _cell(cells) + " AS number"),
    ]
    return join("", [" CROSS JOIN LATERAL (SELECT " + step + f" OFFSET 0) {alias}" for alias, step in steps])


# --- Why not -------------------------------------------------------------------------------------------------------


def _early(tenant: Tenant, frozen: Frozen, held_back: Sql, *, at: datetime) -> list[tuple[Sql, ExclusionReason]]:
    """List the reasons that need only the member, each with its condition, in the order in which they are asked."""
    gate = [
        (Sql("s.state <> 'subscribed'"), ExclusionReason.NO_CONSENT),
        (held_back, ExclusionReason.SUPPRESSED),
    ]
    if frozen.audience:
        gate.append(("NOT " + compile_rule(tenant, frozen.audience.rule, now=at), ExclusionReason.FILTERED))
    return [*gate, (Sql("c.email_key = ''"), ExclusionReason.NO_ADDRESS)]


def _held_back(tenant: Tenant, conversation_id: int, page: Page | None) -> Sql:
    if page and page.limit and page.limit >= MANY_MEMBERS:
        return _in_bulk(tenant, conversation_id)
    return Sql(suppressed("c.email_key", "s.conversation_id"))


def _in_bulk(tenant: Tenant, conversation_id: int) -> Sql:
    return suppressed_in_bulk(tenant, "c.email_key", "s.conversation_id", conversation_id)


def _late(frozen: Frozen, clock: Timetable) -> Sql:
    """Write the reasons that need segment, content and clock, or NULL."""
    gate = []
    if frozen.segmentation and not frozen.segmentation.leftovers:
        gate.append(_when(Sql(f"seg.segment = {NO_SEGMENT}"), ExclusionReason.LEFTOVER))
    gate.append(_when(Sql("cell.number IS NULL"), ExclusionReason.NO_CONTENT))
    if frozen.expires_at:
        too_late = _not_before(clock) + Sql(" >= %s::timestamptz", (frozen.expires_at,))
        gate.append(_when(too_late, ExclusionReason.EXPIRED))
    return "CASE " + join(" ", gate) + " END"


def _when(condition: Sql, reason: ExclusionReason) -> Sql:
    return "WHEN " + condition + f" THEN '{reason.value}'"


# --- What: segment, language, content ------------------------------------------------------------------------------


def _segment(tenant: Tenant, frozen: Frozen, *, at: datetime) -> Sql:
    """Write the id of the first segment that matches; 0 where none does."""
    if frozen.segmentation is None or not frozen.segmentation.segments:
        return Sql(f"{NO_SEGMENT}::bigint")
    segments = [{"id": segment.id, "rule": segment.rule} for segment in frozen.segmentation.segments]
    return "coalesce(" + segment_case(tenant, {"segments": segments}, now=at) + f", {NO_SEGMENT})"


def _tag(cells: Cells) -> Sql:
    """Write the longest language tag with content that the customer's language begins with, or "".

    Tags are asked longest first, which is the look-up of RFC 4647, 3.4. A segment that lacks the tag falls back by the
    same look-up on the tag (`Frozen.cell_for`): what begins the customer's language and is shorter also begins the tag.
    """
    gate = [
        Sql("WHEN c.language = %s OR starts_with(c.language, %s) THEN %s", (tag, f"{tag}-", tag)) for tag in cells.tags
    ]
    return "CASE " + join(" ", gate) + " ELSE '' END" if gate else Sql("''")


def _cells(frozen: Frozen) -> Cells:
    tags = sorted({cell.language for cell in frozen.cells}, key=lambda tag: (-len(tag), tag))
    found = {
        (segment or NO_SEGMENT, tag): cell
        for segment in frozen.rows
        for tag in (*tags, "")
        if (cell := frozen.cell_for(segment, tag))
    }
    return Cells(tuple(tags), found, tuple(dict.fromkeys(found.values())))


def _cell(cells: Cells) -> Sql:
    """Write the number, from 1, of the content for a segment and a tag; NULL where there is none."""
    by_segment: dict[int, list[Sql]] = {}
    for (segment, tag), cell in cells.found.items():
        by_segment.setdefault(segment, []).append(Sql("WHEN %s THEN %s", (tag, cells.listed.index(cell) + 1)))
    gate = [
        Sql("WHEN %s THEN CASE seg.tag ", (segment,)) + join(" ", branches) + " END"
        for segment, branches in by_segment.items()
    ]
    return "CASE seg.segment " + join(" ", gate) + " END" if gate else Sql("NULL::int")


def _pick(kind: str, listed: Sequence[object]) -> Sql:
    """Write the content's property, from a list in the order of numbers."""
    return Sql(f"(%s::{kind}[])[cell.number]", (list(listed),))


def _values(cells: Cells) -> Sql:
    """Write the jsonb object of the fields that the chosen revision uses."""
    shapes = list(dict.fromkeys(tuple(sorted(set(cell.fields))) for cell in cells.listed))
    if not shapes:
        return Sql("NULL::jsonb")
    numbers = [shapes.index(tuple(sorted(set(cell.fields)))) for cell in cells.listed]
    gate = [f"WHEN {number} THEN " + values_sql(shape) for number, shape in enumerate(shapes)]
    return "CASE " + _pick("int", numbers) + " " + join(" ", gate) + " END"


# --- When ----------------------------------------------------------------------------------------------------------


def _not_before(clock: Timetable) -> Sql:
    return Sql("(%s::timestamptz[])[seg.clock]", ([window.not_before for window in clock.distinct],))


def _quiet_at(clock: Timetable) -> Sql:
    return Sql("(%s::timestamptz[])[seg.clock]", ([window.quiet_at for window in clock.distinct],))
