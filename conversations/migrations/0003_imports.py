import conversations.queries
from connect.core.rowsecurity import DefinerFunction
from django.db import migrations, models

OPEN_IMPORTS = """
SELECT i.tenant_id, i.id FROM conversations_customerimport i
WHERE i.state IN ('checking', 'importing') AND (i.claimed_until IS NULL OR i.claimed_until < now())
"""

# Foreign keys of the two tables that an import fills, looked at once a statement and not once a row: row by row they
# take as long as all the rest of an import. The promise is the same. A child is only written where its parents are
# seen, and row-level security shows those of its own tenant alone. A parent only goes where no child is seen, and no
# child can come in between, since the lock waits for those who write children.
CHECKED_TABLES = ("conversations_subscription", "conversations_consententry")

NO_ORPHANS = """
CREATE FUNCTION conversations_no_orphans() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM written w WHERE NOT EXISTS (
            SELECT FROM conversations_customer c WHERE c.tenant_id = w.tenant_id AND c.id = w.customer_id)
    ) OR EXISTS (
        SELECT FROM (SELECT DISTINCT tenant_id, conversation_id FROM written) w WHERE NOT EXISTS (
            SELECT FROM conversations_conversation k WHERE k.tenant_id = w.tenant_id AND k.id = w.conversation_id)
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = TG_TABLE_NAME || ': no such customer or conversation';
    END IF;
    RETURN NULL;
END $$
"""
NOT_A_PARENT = """
CREATE FUNCTION conversations_not_a_parent() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
DECLARE
    found boolean;
BEGIN
    LOCK TABLE conversations_subscription IN SHARE ROW EXCLUSIVE MODE;
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM gone g JOIN conversations_subscription m ON m.tenant_id = g.tenant_id AND m.%1$I = g.id)'
        ' OR EXISTS (SELECT FROM gone g JOIN conversations_consententry e ON e.tenant_id = g.tenant_id AND e.%1$I = g.id)',
        TG_ARGV[0]) INTO found;
    IF found THEN
        RAISE foreign_key_violation USING MESSAGE = TG_TABLE_NAME || ': a subscription or the consent ledger names it';
    END IF;
    RETURN NULL;
END $$
"""


def forwards():
    yield NO_ORPHANS
    yield NOT_A_PARENT
    for table in CHECKED_TABLES:
        for key in ("tenant_fk", "conversation_id_fk", "customer_id_fk", "tenant_id_key"):
            yield f"ALTER TABLE {table} DROP CONSTRAINT {table}_{key}"
        for deed in ("INSERT", "UPDATE"):
            yield (
                f"CREATE TRIGGER no_orphans_{deed.lower()} AFTER {deed} ON {table} REFERENCING NEW TABLE AS written"
                " FOR EACH STATEMENT EXECUTE FUNCTION conversations_no_orphans()"
            )
    for parent, column in (("customer", "customer_id"), ("conversation", "conversation_id")):
        yield (
            f"CREATE TRIGGER not_a_parent AFTER DELETE ON conversations_{parent} REFERENCING OLD TABLE AS gone"
            f" FOR EACH STATEMENT EXECUTE FUNCTION conversations_not_a_parent('{column}')"
        )
    yield "DROP INDEX conversations_consententry_conversation_id_ix"


def backwards():
    yield (
        "CREATE INDEX conversations_consententry_conversation_id_ix"
        " ON conversations_consententry (tenant_id, conversation_id)"
    )
    for parent in ("customer", "conversation"):
        yield f"DROP TRIGGER not_a_parent ON conversations_{parent}"
    for table in CHECKED_TABLES:
        for deed in ("insert", "update"):
            yield f"DROP TRIGGER no_orphans_{deed} ON {table}"
        yield f"ALTER TABLE {table} ADD CONSTRAINT {table}_tenant_id_key UNIQUE (tenant_id, id)"
        for name, columns, parent in (
            ("tenant_fk", "tenant_id", "core_tenant (id)"),
            ("conversation_id_fk", "tenant_id, conversation_id", "conversations_conversation (tenant_id, id)"),
            ("customer_id_fk", "tenant_id, customer_id", "conversations_customer (tenant_id, id)"),
        ):
            yield (
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_{name} FOREIGN KEY ({columns})"
                f" REFERENCES {parent} DEFERRABLE INITIALLY DEFERRED"
            )
    yield "DROP FUNCTION conversations_no_orphans()"
    yield "DROP FUNCTION conversations_not_a_parent()"


class Migration(migrations.Migration):
    """Find customers by name, let an import go on where it was lost, and check its rows' parents by statement."""

    dependencies = [("conversations", "0002_dkim_dns")]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="name_key",
            field=models.GeneratedField(
                db_persist=True,
                expression=conversations.queries.NameKey("attributes"),
                output_field=models.CharField(db_collation="C", max_length=240),
            ),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["tenant", "name_key"], name="conversations_customer_name"),
        ),
        migrations.AddField(model_name="customerimport", name="claim", field=models.UUIDField(null=True)),
        migrations.AddField(model_name="customerimport", name="claimed_until", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="customerimport", name="done", field=models.JSONField(default=dict)),
        migrations.AddField(
            model_name="customerimport", name="faults", field=models.PositiveBigIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="customerimport", name="position", field=models.PositiveBigIntegerField(default=0)
        ),
        migrations.AddField(model_name="customerimport", name="size", field=models.PositiveBigIntegerField(default=0)),
        migrations.AddField(
            model_name="customerimport", name="source", field=models.CharField(blank=True, default="", max_length=60)
        ),
        migrations.AddField(model_name="customerimport", name="started_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="customerimport", name="version", field=models.PositiveIntegerField(default=1)),
        migrations.RunSQL(list(forwards()), list(backwards())),
        DefinerFunction(
            "open_imports()",
            returns="TABLE (tenant bigint, import bigint)",
            body=OPEN_IMPORTS,
            reads=["conversations_customerimport"],
        ),
    ]
