"""What looks for due work leaves suspended tenants out; leases that ran out are still found, so that doubt is shown.

It stands on this floor because the tenant's state does: no app above needs to know more than its own rows.
"""

from django.db import migrations

from connect.core.rowsecurity import DefinerFunction

DUE_CAMPAIGNS = """
SELECT k.tenant_id FROM campaigns_campaign k WHERE k.state = 'scheduled' AND k.fires_at <= due_at
UNION
SELECT k.tenant_id FROM campaigns_campaign k
WHERE k.state IN ('in_review', 'approved', 'scheduled', 'held')
  AND k.state IN ('scheduled', 'held') AND k.expires_at <= due_at
UNION
SELECT k.tenant_id FROM campaigns_campaign k
LEFT JOIN audiences_audiencemodel a ON a.tenant_id = k.tenant_id AND a.id = k.audience_id
LEFT JOIN segments_segmentationmodel g ON g.tenant_id = k.tenant_id AND g.id = k.segmentation_id
LEFT JOIN conversations_conversation v ON v.tenant_id = k.tenant_id AND v.id = k.conversation_id
LEFT JOIN audiences_seedlist l ON l.tenant_id = k.tenant_id AND l.id = k.seed_list_id
WHERE k.state IN ('in_review', 'approved', 'scheduled', 'held')
  AND greatest(a.updated_at, g.updated_at, v.updated_at, l.updated_at) > k.checked_at - interval '1 minute'
"""
OPEN_RUNS = """
SELECT r.tenant_id FROM campaigns_run r WHERE r.state IN ('planning', 'sending')
UNION
SELECT k.tenant_id FROM delivery_chunk k JOIN campaigns_run r ON r.tenant_id = k.tenant_id AND r.id = k.run_id
WHERE k.next_at IS NOT NULL AND r.state = 'cancelled'
"""
DUE_CHUNKS = """
SELECT k.tenant_id FROM delivery_chunk k
JOIN campaigns_run r ON r.tenant_id = k.tenant_id AND r.id = k.run_id
WHERE k.next_at <= at AND k.lease_until IS NULL AND r.state = 'sending'
"""
LOST_LEASES = """
UNION
SELECT k.tenant_id FROM delivery_chunk k WHERE k.lease_until < at - interval '5 seconds'
"""


class Redefine(DefinerFunction):
    """Give a function that exists another body; going back gives it the former one again."""

    def __init__(self, signature, before, after):
        super().__init__(signature, returns="SETOF bigint", body=after)
        self.before = before
        self.after = after

    def deconstruct(self):
        return self.__class__.__qualname__, [], {}

    def database_forwards(self, app_label, schema_editor, *rest):
        self.body = self.after
        super().database_forwards(app_label, schema_editor, *rest)

    def database_backwards(self, app_label, schema_editor, *rest):
        self.body = self.before
        super().database_forwards(app_label, schema_editor, *rest)

    def describe(self):
        return f"Let {self.signature} leave suspended tenants out"


def open_ones(body):
    return (
        f"SELECT found.tenant_id FROM ({body}) AS found"
        " JOIN core_tenant t ON t.id = found.tenant_id WHERE t.suspended_at IS NULL"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_administration"),
        ("campaigns", "0002_review"),
        ("delivery", "0003_sender"),
    ]

    operations = [
        migrations.RunSQL(
            "GRANT SELECT ON core_tenant TO connect_definer", "REVOKE SELECT ON core_tenant FROM connect_definer"
        ),
        Redefine("tenants_with_due_campaigns(due_at timestamptz)", DUE_CAMPAIGNS, open_ones(DUE_CAMPAIGNS)),
        Redefine("tenants_with_open_runs()", OPEN_RUNS, open_ones(OPEN_RUNS)),
        Redefine(
            "tenants_with_due_chunks(at timestamp with time zone)",
            DUE_CHUNKS + LOST_LEASES,
            open_ones(DUE_CHUNKS) + LOST_LEASES,
        ),
    ]
