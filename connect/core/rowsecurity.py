"""Row-level security as migration operations, and the check that refuses to start without it.

Source: docs/decisions/0001-row-level-security.md
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from connect.core.rows import TenantForeignKey

#: Tables without a tenant, on purpose. Everything else must have one.
INSTALLATION_TABLES = frozenset(
    {
        "core_user",
        "core_tenant",
        "core_fence",
        "django_migrations",
        "django_content_type",
        "django_session",
        "auth_group",
        "auth_group_permissions",
        "auth_permission",
        "account_emailaddress",
        "account_emailconfirmation",
    }
)

TENANT_IS_OPEN = "tenant_id = (SELECT nullif(current_setting('app.tenant', true), '')::bigint)"


class ProtectTables(Operation):
    """Put models' tables under row-level security.

    For each model: unique (tenant_id, id), unique (tenant_id, public_id) where it has one, a foreign key
    (tenant_id, x_id) and an index for each `TenantForeignKey`, ENABLE and FORCE, one policy for all commands.
    `bulk` leaves the foreign keys out, for tables that are only written by set-based SQL inside one tenant.
    """

    reversible = True

    def __init__(
        self, models: Sequence[str], rights: str = "SELECT, INSERT, UPDATE, DELETE", *, bulk: bool = False
    ) -> None:
        self.models = models
        self.rights = rights
        self.bulk = bulk

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing in Django's picture of the models."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Create keys, policy and rights."""
        for name in self.models:
            for statement in protect(to_state.apps.get_model(app_label, name), self.rights, bulk=self.bulk):
                schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Drop the policy; keys go with their table."""
        for name in self.models:
            table = from_state.apps.get_model(app_label, name)._meta.db_table
            schema_editor.execute(f'DROP POLICY IF EXISTS tenant ON "{table}"', params=None)
            schema_editor.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY', params=None)
            schema_editor.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY', params=None)

    def describe(self) -> str:
        """Say what the operation does."""
        return f"Put {', '.join(self.models)} under row-level security"


def protect(model: type[models.Model], rights: str, *, bulk: bool) -> list[str]:
    """Write the statements that protect one model's table, in order."""
    table = model._meta.db_table
    names = {field.name for field in model._meta.concrete_fields}
    statements = [f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_tenant_id_key" UNIQUE (tenant_id, id)']
    if "public_id" in names:
        statements.append(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_tenant_public_key" UNIQUE (tenant_id, public_id)'
        )
    if not bulk:
        statements.append(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_tenant_fk" FOREIGN KEY (tenant_id)'
            " REFERENCES core_tenant (id) DEFERRABLE INITIALLY DEFERRED"
        )
        for field in model._meta.concrete_fields:
            if isinstance(field, TenantForeignKey):
                statements += foreign_key(model, field)
    return [*statements, *secure(table, rights)]


def foreign_key(model: type[models.Model], field: TenantForeignKey) -> list[str]:
    """Write the composite foreign key of one field, and its index where no other begins alike."""
    table = model._meta.db_table
    column = field.column
    other = field.remote_field.model._meta.db_table
    constraint = (
        f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_{column}_fk" FOREIGN KEY (tenant_id, "{column}")'
        f' REFERENCES "{other}" (tenant_id, id) DEFERRABLE INITIALLY DEFERRED'
    )
    leads = [list(key.fields[:2]) for key in (*model._meta.constraints, *model._meta.indexes) if hasattr(key, "fields")]
    if ["tenant", field.name] in leads:
        return [constraint]
    return [constraint, f'CREATE INDEX "{table}_{column}_ix" ON "{table}" (tenant_id, "{column}")']


def secure(table: str, rights: str) -> list[str]:
    """Write policy and rights of one table with a tenant_id."""
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY tenant ON "{table}" FOR ALL USING ({TENANT_IS_OPEN}) WITH CHECK ({TENANT_IS_OPEN})',
        f'GRANT {rights} ON "{table}" TO connect_app',
        f'GRANT SELECT ON "{table}" TO connect_backup',
    ]


class DefinerFunction(Operation):
    """Create a SECURITY DEFINER function that sees all tenants, for the short list of jobs that must.

    `signature` is `name(arg type, …)`, `returns` its type, `body` one SQL statement, `reads` the tables it may touch
    with the rights it needs on them. Only ids come back. `owner` is the table owner where partitions are made.
    """

    reversible = True

    def __init__(
        self,
        signature: str,
        *,
        returns: str,
        body: str,
        reads: Sequence[str] = (),
        writes: Sequence[str] = (),
        language: str = "sql",
        owner: str = "connect_definer",
    ) -> None:
        self.signature = signature
        self.returns = returns
        self.body = body
        self.reads = reads
        self.writes = writes
        self.language = language
        self.owner = owner

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing in Django's picture of the models."""

    def database_forwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *_: Any) -> None:
        """Create the function, give it to the definer role, and let the app call it."""
        for table in self.reads:
            schema_editor.execute(f'GRANT SELECT ON "{table}" TO connect_definer', params=None)
        for table in self.writes:
            schema_editor.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO connect_definer', params=None)
        schema_editor.execute(
            f"CREATE OR REPLACE FUNCTION {self.signature} RETURNS {self.returns} LANGUAGE {self.language}"
            f" SECURITY DEFINER SET search_path = public, pg_temp AS $body$ {self.body} $body$",
            params=None,
        )
        schema_editor.execute(f"REVOKE ALL ON FUNCTION {self.called} FROM PUBLIC", params=None)
        schema_editor.execute(f"GRANT EXECUTE ON FUNCTION {self.called} TO connect_app", params=None)
        schema_editor.execute(f"ALTER FUNCTION {self.called} OWNER TO {self.owner}", params=None)

    def database_backwards(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *_: Any) -> None:
        """Drop the function."""
        schema_editor.execute(f"DROP FUNCTION IF EXISTS {self.called}", params=None)

    def describe(self) -> str:
        """Say what the operation does."""
        return f"Create the definer function {self.signature}"

    @property
    def called(self) -> str:
        """The signature as PostgreSQL names it: types only."""
        name, _, arguments = self.signature.rstrip(")").partition("(")
        types = [argument.strip().partition(" ")[2] for argument in arguments.split(",") if argument.strip()]
        return f"{name}({', '.join(types)})"


#: Every SECURITY DEFINER function that may exist.
DEFINER_FUNCTIONS: frozenset[str] = frozenset(
    {
        "memberships_of",
        "ensure_user",
        "member_counts",
        "open_imports",
        "open_entry_imports",
        "tenant_of_message",
        "tenants_with_due_campaigns",
        "tenants_with_open_runs",
        "tenants_with_due_chunks",
        "delivery_figures",
        "delivery_stalled",
        "analyse_month",
        "make_month",
        "drop_month",
    }
)


@dataclass(frozen=True)
class Fault:
    """One reason not to start."""

    what: str
    fact: str


def faults() -> list[Fault]:
    """Look in the catalogue for whatever would let one tenant see another. Empty means safe."""
    return [*_role_faults(), *_table_faults(), *_view_faults(), *_function_faults()]


def _rows(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())


def _role_faults() -> list[Fault]:
    found = []
    for name, is_super, bypasses in _rows(
        "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    ):
        if is_super or bypasses:
            found.append(Fault("role", f"{name} passes by row-level security"))
    owned = _rows(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND pg_has_role(current_user, c.relowner, 'MEMBER')"
    )
    return found + [Fault("role", f"owns the table {name}") for (name,) in owned]


def _table_faults() -> list[Fault]:
    tables = _rows(
        """
        SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity,
               EXISTS (SELECT FROM pg_attribute a
                       WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped),
               EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*'
                       AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL),
               (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid),
               c.relispartition, has_table_privilege(current_user, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')
        """
    )
    found = []
    for name, enabled, forced, has_tenant, has_policy, policies, is_partition, granted in tables:
        if is_partition:
            if granted:
                found.append(Fault("table", f"{name} is a partition with rights of its own"))
        elif not has_tenant:
            if name not in INSTALLATION_TABLES:
                found.append(Fault("table", f"{name} has no tenant_id and is not on the list"))
        elif not (enabled and forced and has_policy and policies == 1):
            found.append(Fault("table", f"{name} lacks FORCE or its one policy with USING and WITH CHECK"))
    return found


def _view_faults() -> list[Fault]:
    views = _rows(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public'"
        " AND c.relkind IN ('v', 'm') AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)"
    )
    return [Fault("view", f"{name} runs with its owner's rights") for (name,) in views]


def _function_faults() -> list[Fault]:
    functions = _rows(
        "SELECT p.proname, p.proconfig FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = 'public' AND p.prosecdef"
    )
    found = [Fault("function", f"{name} is not on the list") for name, _ in functions if name not in DEFINER_FUNCTIONS]
    return found + [
        Fault("function", f"{name} has no fixed search_path")
        for name, settings in functions
        if not any(setting.startswith("search_path=") for setting in settings or ())
    ]
