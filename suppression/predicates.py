"""Whether an address is suppressed, as SQL that plans, permits and pages put into their own statements.

An entry counts where its list protects the whole tenant or is applied to the conversation, and it hasn't expired.
A domain entry names exactly that domain: `shop.example` doesn't hold back `mail.shop.example`, which needs its own.

`suppressed` looks each address up by the index; `suppressed_in_bulk` reads the entries once, for counts of everybody.
"""

from connect.core.models import Tenant
from connect.core.sql import Sql, join, rows

#: More entries than this aren't held in memory for a statement (about 20 MB, in each process that works on it).
HELD_ENTRIES = 200_000

# How this stays at microseconds per address, with a million entries and under row-level security:
# - OFFSET 0 keeps each look for entries in a piece of its own. Without it the planner may make a join of the whole, in
#   which `split_part(…)` and `md5(…)`, not being leakproof, lose the index of a protected table; or start from the
#   lists, because it takes a table that nobody has analysed yet for a small one. As it is, there is nothing to start
#   from but the key, and only plain `=` meets the table.
# - Most entries are addresses, so they are looked for first and directly. Domain and hashes are looked for only where
#   the tenant has entries of that kind at all, which is asked once a statement.
_SUPPRESSED = """(EXISTS (
    SELECT FROM (
        SELECT sup_e.tenant_id, sup_e.suppression_list_id FROM suppression_entry sup_e
        WHERE sup_e.tenant_id = {tenant} AND sup_e.kind = 'email' AND sup_e.value = {address}
          AND (sup_e.expires_at IS NULL OR sup_e.expires_at > now())
        OFFSET 0
    ) sup_f
    {in_force}
    OFFSET 0
) OR ({any_other} AND EXISTS (
    SELECT FROM (VALUES
        ('domain', CASE WHEN {any_domain} THEN split_part({address}, '@', 2) END),
        ('sha256', CASE WHEN {any_sha256} THEN encode(sha256(convert_to({address}, 'UTF8')), 'hex') END),
        ('md5', CASE WHEN {any_md5} THEN md5({address}) END)
    ) AS sup_k (kind, value)
    CROSS JOIN LATERAL (
        SELECT sup_e.tenant_id, sup_e.suppression_list_id FROM suppression_entry sup_e
        WHERE sup_e.tenant_id = {tenant} AND sup_e.kind = sup_k.kind AND sup_e.value = sup_k.value
          AND (sup_e.expires_at IS NULL OR sup_e.expires_at > now())
        OFFSET 0
    ) sup_f
    {in_force} AND sup_k.value IS NOT NULL
)))"""
_IN_FORCE = """JOIN suppression_suppressionlist sup_l
      ON sup_l.tenant_id = sup_f.tenant_id AND sup_l.id = sup_f.suppression_list_id
    WHERE (sup_l.scope = 'tenant' OR EXISTS (
        SELECT FROM suppression_application sup_a
        WHERE sup_a.tenant_id = sup_l.tenant_id AND sup_a.conversation_id = {conversation}
          AND sup_a.suppression_list_id = sup_l.id))"""
# The limit never cuts, as entries were counted before. It keeps the planner's estimate of a set down, so that it makes
# a hash table of it; it would go through a set that it takes for large one by one, for each address.
# Nothing in it is correlated, so that parallel workers may run it.
_VALUES = f"""SELECT sup_e.value FROM suppression_entry sup_e
    WHERE sup_e.tenant_id = {{tenant}} AND sup_e.kind = '{{kind}}'
      AND (sup_e.expires_at IS NULL OR sup_e.expires_at > now())
      AND sup_e.suppression_list_id IN (
        SELECT sup_l.id FROM suppression_suppressionlist sup_l
        WHERE sup_l.tenant_id = {{tenant}} AND sup_l.scope = 'tenant'
        UNION ALL
        SELECT sup_a.suppression_list_id FROM suppression_application sup_a
        WHERE sup_a.tenant_id = {{tenant}} AND sup_a.conversation_id = %s)
    LIMIT {HELD_ENTRIES + 1}"""
_TENANT = "(SELECT nullif(current_setting('app.tenant', true), '')::bigint)"
_ANY = (
    "(SELECT EXISTS (SELECT FROM suppression_entry sup_h WHERE sup_h.tenant_id = {tenant} AND sup_h.kind IN ({kinds})))"
)


def suppressed(address: str, conversation: str) -> str:
    """Write the predicate over two column expressions: a normalised address and the id of a conversation.

    Shape: one condition in brackets, without parameters; false where the address is NULL or "". Both arguments are our
    own SQL, never a user's words.
    """
    return _SUPPRESSED.format(
        address=address,
        tenant=_TENANT,
        in_force=_IN_FORCE.format(conversation=conversation),
        any_other=_any("'domain', 'sha256', 'md5'"),
        any_domain=_any("'domain'"),
        any_sha256=_any("'sha256'"),
        any_md5=_any("'md5'"),
    )


def suppressed_in_bulk(tenant: Tenant, address: str, conversation: str, conversation_id: int) -> Sql:
    """Write the same condition for a statement that asks about a whole conversation.

    `conversation` is its column expression, for tenants whose entries are too many to hold.
    """
    if not _can_hold_entries(tenant):
        return Sql(suppressed(address, conversation))
    keys = {
        "email": address,
        "domain": f"split_part({address}, '@', 2)",
        "sha256": f"encode(sha256(convert_to({address}, 'UTF8')), 'hex')",
        "md5": f"md5({address})",
    }
    return "((" + join(" OR ", [_held(kind, key, conversation_id) for kind, key in keys.items()]) + ") IS TRUE)"


def _held(kind: str, key: str, conversation_id: int) -> Sql:
    values = Sql(_VALUES.format(tenant=_TENANT, kind=kind), (conversation_id,))
    any_at_all = _any(f"'{kind}'")
    return f"({any_at_all} AND {key} IN (" + values + "))"


def _can_hold_entries(tenant: Tenant) -> bool:
    counted = "SELECT count(*) FROM (SELECT FROM suppression_entry WHERE tenant_id = %s LIMIT %s) e"
    [(entries,)] = rows(Sql(counted, (tenant.pk, HELD_ENTRIES + 1)))
    return bool(entries <= HELD_ENTRIES)


def _any(kinds: str) -> str:
    return _ANY.format(tenant=_TENANT, kinds=kinds)
