"""What the sender needs: the end of each message's allowed time, ways to find due chunks, and numbers for chunks it plans."""

from django.db import migrations, models

from connect.core.rowsecurity import DefinerFunction

DUE_CHUNKS = """
SELECT k.tenant_id FROM delivery_chunk k
JOIN campaigns_run r ON r.tenant_id = k.tenant_id AND r.id = k.run_id
WHERE k.next_at <= at AND k.lease_until IS NULL AND r.state = 'sending'
UNION
SELECT k.tenant_id FROM delivery_chunk k WHERE k.lease_until < at - interval '5 seconds'
"""

OPEN_RUNS = """
SELECT r.tenant_id FROM campaigns_run r WHERE r.state IN ('planning', 'sending')
UNION
SELECT k.tenant_id FROM delivery_chunk k JOIN campaigns_run r ON r.tenant_id = k.tenant_id AND r.id = k.run_id
WHERE k.next_at IS NOT NULL AND r.state = 'cancelled'
"""


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial"), ("delivery", "0002_messages")]

    operations = [
        migrations.AddIndex(
            model_name="chunk",
            index=models.Index(
                fields=["tenant", "run_id", "next_at", "id"],
                condition=models.Q(("next_at__isnull", False)),
                name="delivery_chunk_due_ix",
            ),
        ),
        migrations.AddIndex(
            model_name="chunk",
            index=models.Index(
                fields=["next_at"], condition=models.Q(("next_at__isnull", False)), name="delivery_chunk_next_ix"
            ),
        ),
        migrations.AddIndex(
            model_name="chunk",
            index=models.Index(
                fields=["tenant", "lease_until"],
                condition=models.Q(("lease_until__isnull", False)),
                name="delivery_chunk_lease_ix",
            ),
        ),
        migrations.RunSQL(
            "ALTER TABLE delivery_message ADD COLUMN quiet_at timestamptz",
            "ALTER TABLE delivery_message DROP COLUMN quiet_at",
        ),
        migrations.RunSQL(
            "GRANT USAGE ON SEQUENCE delivery_chunk_id_seq TO connect_app",
            "REVOKE USAGE ON SEQUENCE delivery_chunk_id_seq FROM connect_app",
        ),
        DefinerFunction(
            "tenants_with_due_chunks(at timestamp with time zone)",
            returns="SETOF bigint",
            body=DUE_CHUNKS,
            reads=["delivery_chunk", "campaigns_run"],
        ),
        DefinerFunction(
            "tenants_with_open_runs()",
            returns="SETOF bigint",
            body=OPEN_RUNS,
            reads=["delivery_chunk", "campaigns_run"],
        ),
    ]
