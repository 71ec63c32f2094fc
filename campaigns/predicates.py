"""Whether a run may hand messages over, as SQL that delivery puts into its permit statement."""

# Approvals are bound to the run's own fingerprint: what was frozen is what was approved, whatever was edited since.
_MAY_SEND = """EXISTS (
    SELECT FROM campaigns_run go_r
    JOIN campaigns_campaign go_k ON go_k.tenant_id = go_r.tenant_id AND go_k.id = go_r.campaign_id
    WHERE go_r.tenant_id = {tenant} AND go_r.id = {run} AND go_r.state = 'sending' AND go_k.state = 'sending'
      AND EXISTS ({content}) AND EXISTS ({launch})
)"""
_STANDS = (
    "SELECT FROM campaigns_approval go_a WHERE go_a.tenant_id = go_r.tenant_id AND go_a.campaign_id = go_r.campaign_id"
    " AND go_a.kind = '{kind}' AND go_a.state = 'approved' AND go_a.fingerprint = go_r.fingerprint"
)
_TENANT = "(SELECT nullif(current_setting('app.tenant', true), '')::bigint)"


def may_send(run: str) -> str:
    """Write the predicate over an expression for a run's id: run and campaign are sending, both approvals stand.

    Shape: one `EXISTS (…)` without parameters. `run` is our own SQL, never a user's words. Where it doesn't depend on
    the outer row, PostgreSQL asks once a statement.
    """
    return _MAY_SEND.format(
        run=run, tenant=_TENANT, content=_STANDS.format(kind="content"), launch=_STANDS.format(kind="launch")
    )
