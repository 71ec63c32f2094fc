"""What is true of a tenant, as SQL that upper floors put into their statements."""

from connect.core.fence import is_ours


def is_open(tenant: str) -> str:
    """Write the predicate over an expression for a tenant's id: no operator has suspended it, and the fence holds.

    Shape: one `EXISTS (…)` without parameters. `tenant` is our own SQL; PostgreSQL asks once a statement.
    """
    return (
        f"EXISTS (SELECT FROM core_tenant open_t WHERE open_t.id = {tenant} AND open_t.suspended_at IS NULL"
        f" AND {is_ours()})"
    )
