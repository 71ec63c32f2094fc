import connect.core.rows
import django.db.models.deletion
from connect.core.rowsecurity import DefinerFunction, ProtectTables
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audiences', '0001_initial'),
        ('campaigns', '0001_initial'),
        ('conversations', '0002_dkim_dns'),
        ('core', '0002_rights'),
        ('segments', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Forecast',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('basis', models.CharField(max_length=64)),
                ('as_of', models.DateTimeField()),
                ('numbers', models.JSONField()),
            ],
        ),
        migrations.AddField(
            model_name='campaign',
            name='checked_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='campaign',
            index=models.Index(condition=models.Q(('state__in', ['in_review', 'approved', 'scheduled', 'held'])), fields=['tenant'], name='campaigns_campaign_open'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['asked', 'approved'])), fields=('tenant', 'campaign', 'kind'), name='campaigns_approval_live_key'),
        ),
        migrations.AddField(
            model_name='forecast',
            name='campaign',
            field=connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign'),
        ),
        migrations.AddField(
            model_name='forecast',
            name='tenant',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant'),
        ),
        migrations.AddConstraint(
            model_name='forecast',
            constraint=models.UniqueConstraint(fields=('tenant', 'campaign'), name='campaigns_forecast_campaign_key'),
        ),
        ProtectTables(["forecast"]),
        # Due, expired, or with a shared model that was saved since the campaign was last compared with its approvals.
        # The minute is for a save that began before and ended after that comparison.
        DefinerFunction(
            "tenants_with_due_campaigns(due_at timestamptz)",
            returns="SETOF bigint",
            body="""
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
            """,
            reads=[
                "campaigns_campaign",
                "audiences_audiencemodel",
                "audiences_seedlist",
                "segments_segmentationmodel",
                "conversations_conversation",
            ],
        ),
    ]
