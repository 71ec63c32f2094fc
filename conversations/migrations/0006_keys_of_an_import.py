from django.db import migrations

# Each key is an index that every imported row is entered into. What row-level security makes every question begin with
# is the tenant, so a key over the id alone answers none: (tenant_id, id) and the natural keys do.
WITHOUT_ID_KEY = ("conversations_customer", "conversations_subscription", "conversations_consententry")

# Instead of a foreign key, which is looked at once a row: row-level security lets nobody write another tenant than the
# one that is open, so it's enough that this one exists. Tenants only go where no foreign key of another table names
# them, and one with customers has a department, which does.
TENANT_EXISTS = """
CREATE FUNCTION conversations_tenant_exists() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM core_tenant WHERE id = nullif(current_setting('app.tenant', true), '')::bigint) THEN
        RAISE foreign_key_violation USING MESSAGE = TG_TABLE_NAME || ': no such tenant';
    END IF;
    RETURN NULL;
END $$
"""

# As in 0005, for all rows of a statement at once: their customers' ids are looked up as one sorted array, which reads
# each leaf of the index once. One statement writes one tenant's rows, says row-level security; another is refused.
BY_ARRAY = """
CREATE OR REPLACE FUNCTION conversations_no_orphans() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp SET enable_sort = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
DECLARE
    first_tenant bigint;
    last_tenant bigint;
    customers bigint[];
    conversations bigint[];
BEGIN
    SELECT min(tenant_id), max(tenant_id), array_agg(DISTINCT customer_id), array_agg(DISTINCT conversation_id)
    INTO first_tenant, last_tenant, customers, conversations FROM written;
    IF first_tenant IS NULL THEN
        RETURN NULL;
    END IF;
    IF first_tenant <> last_tenant OR cardinality(customers) <> (
        SELECT count(*) FROM (
            SELECT c.id FROM conversations_customer c
            WHERE c.tenant_id = first_tenant AND c.id = ANY (customers) ORDER BY c.id OFFSET 0
        ) found
    ) OR cardinality(conversations) <> (
        SELECT count(*) FROM conversations_conversation k
        WHERE k.tenant_id = first_tenant AND k.id = ANY (conversations)
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = TG_TABLE_NAME || ': no such customer or conversation';
    END IF;
    RETURN NULL;
END $$
"""
ONE_BY_ONE = """
CREATE OR REPLACE FUNCTION conversations_no_orphans() RETURNS trigger LANGUAGE plpgsql
SET search_path = public, pg_temp SET enable_sort = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM written w
        WHERE (SELECT c.id FROM conversations_customer c
               WHERE c.tenant_id = w.tenant_id AND c.id >= w.customer_id AND c.id <= w.customer_id
               ORDER BY c.id LIMIT 1) IS NULL
    ) OR EXISTS (
        SELECT FROM (SELECT DISTINCT tenant_id, conversation_id FROM written) w
        WHERE (SELECT k.id FROM conversations_conversation k
               WHERE k.tenant_id = w.tenant_id AND k.id = w.conversation_id) IS NULL
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = TG_TABLE_NAME || ': no such customer or conversation';
    END IF;
    RETURN NULL;
END $$
"""


def forwards():
    for table in WITHOUT_ID_KEY:
        yield f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey"
    # What replication tells rows apart by, now that there is no primary key.
    yield "ALTER TABLE conversations_customer REPLICA IDENTITY USING INDEX conversations_customer_tenant_id_key"
    yield "ALTER TABLE conversations_subscription REPLICA IDENTITY USING INDEX conversations_subscription_key"
    yield "ALTER TABLE conversations_customer DROP CONSTRAINT conversations_customer_tenant_fk"
    yield TENANT_EXISTS
    yield (
        "CREATE TRIGGER tenant_exists AFTER INSERT OR UPDATE ON conversations_customer"
        " FOR EACH STATEMENT EXECUTE FUNCTION conversations_tenant_exists()"
    )
    yield BY_ARRAY


def backwards():
    yield ONE_BY_ONE
    yield "DROP TRIGGER tenant_exists ON conversations_customer"
    yield "DROP FUNCTION conversations_tenant_exists()"
    yield (
        "ALTER TABLE conversations_customer ADD CONSTRAINT conversations_customer_tenant_fk FOREIGN KEY (tenant_id)"
        " REFERENCES core_tenant (id) DEFERRABLE INITIALLY DEFERRED"
    )
    for table in WITHOUT_ID_KEY:
        yield f"ALTER TABLE {table} REPLICA IDENTITY DEFAULT"
        yield f"ALTER TABLE {table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id)"


class Migration(migrations.Migration):
    """Leave to the tables that an import fills the keys that some question needs, and check parents by array."""

    dependencies = [("conversations", "0005_parents_one_by_one")]

    operations = [migrations.RunSQL(list(forwards()), list(backwards()))]
