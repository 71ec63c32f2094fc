"""Whether an address is suppressed, as SQL that plans, permits and pages put into their own statements.

An entry counts where its list protects the whole tenant or is applied to the conversation, and it hasn't expired.
A domain entry names exactly that domain: `shop.example` doesn't hold back `mail.shop.example`, which needs its own.
"""

# How this stays at microseconds per address, with a million entries and under row-level security:
# - The keys to look for come from VALUES that refer to the outer row. That keeps the planner from turning the whole
#   into a join, in which `split_part(…)` and `md5(…)`, not being leakproof, would lose the index of a protected table.
#   As it is, only plain `=` meets the table, and the policy's own `tenant_id = …` leads the unique index.
# - Hashes are worked out only where the tenant has entries of that kind; the inner EXISTS is asked once a statement.
_SUPPRESSED = """EXISTS (
    SELECT FROM (VALUES
        ('email', {address}),
        ('domain', split_part({address}, '@', 2)),
        ('sha256', CASE WHEN {any_sha256} THEN encode(sha256(convert_to({address}, 'UTF8')), 'hex') END),
        ('md5', CASE WHEN {any_md5} THEN md5({address}) END)
    ) AS sup_k (kind, value)
    JOIN suppression_entry sup_e ON sup_e.kind = sup_k.kind AND sup_e.value = sup_k.value
    JOIN suppression_suppressionlist sup_l
      ON sup_l.tenant_id = sup_e.tenant_id AND sup_l.id = sup_e.suppression_list_id
    WHERE sup_e.tenant_id = {tenant} AND (sup_e.expires_at IS NULL OR sup_e.expires_at > now())
      AND (sup_l.scope = 'tenant' OR EXISTS (
        SELECT FROM suppression_application sup_a
        WHERE sup_a.tenant_id = sup_l.tenant_id AND sup_a.conversation_id = {conversation}
          AND sup_a.suppression_list_id = sup_l.id))
)"""
_TENANT = "(SELECT nullif(current_setting('app.tenant', true), '')::bigint)"
_ANY = (
    "(SELECT EXISTS (SELECT FROM suppression_entry sup_h WHERE sup_h.tenant_id = {tenant} AND sup_h.kind = '{kind}'))"
)


def suppressed(address: str, conversation: str) -> str:
    """Write the predicate over two column expressions: a normalised address and the id of a conversation.

    Shape: one `EXISTS (…)` without parameters; false where the address is NULL or "". Both arguments are our own SQL,
    never a user's words.
    """
    return _SUPPRESSED.format(
        address=address,
        conversation=conversation,
        tenant=_TENANT,
        any_sha256=_ANY.format(tenant=_TENANT, kind="sha256"),
        any_md5=_ANY.format(tenant=_TENANT, kind="md5"),
    )
