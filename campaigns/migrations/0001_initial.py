import campaigns.states
import connect.core.rows
import django.contrib.postgres.fields
import django.db.models.deletion
from connect.core.rowsecurity import ProtectTables
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('audiences', '0001_initial'),
        ('content', '0001_initial'),
        ('conversations', '0001_initial'),
        ('core', '0001_initial'),
        ('segments', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('description', models.CharField(blank=True, max_length=240, verbose_name='description')),
                ('type', models.CharField(default='one_time', max_length=12)),
                ('state', models.CharField(default=campaigns.states.CampaignState['DRAFT'], max_length=12)),
                ('language', models.CharField(max_length=12, verbose_name='language')),
                ('priority', models.PositiveSmallIntegerField(default=50, verbose_name='priority')),
                ('tags', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expiry')),
                ('start_kind', models.CharField(choices=[('now', 'now'), ('local', 'local'), ('fixed', 'fixed')], default=campaigns.states.StartKind['NOW'], max_length=8)),
                ('start_at', models.CharField(blank=True, max_length=16, verbose_name='start')),
                ('quiet_from', models.TimeField(blank=True, null=True, verbose_name='quiet from')),
                ('quiet_until', models.TimeField(blank=True, null=True, verbose_name='quiet until')),
                ('fires_at', models.DateTimeField(null=True)),
                ('held_reason', models.CharField(blank=True, max_length=240)),
                ('audience', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audiences.audiencemodel')),
                ('conversation', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conversations.conversation')),
                ('created_by', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.member')),
                ('department', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.department')),
                ('seed_list', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='audiences.seedlist')),
                ('segmentation', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='segments.segmentationmodel')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('kind', models.CharField(choices=[('content', 'content'), ('launch', 'launch')], max_length=8)),
                ('state', models.CharField(default=campaigns.states.ApprovalState['ASKED'], max_length=20)),
                ('fingerprint', models.CharField(max_length=64)),
                ('parts', models.JSONField(default=dict)),
                ('asked_at', models.DateTimeField()),
                ('deadline', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('void_reason', models.CharField(blank=True, max_length=240)),
                ('asked_by', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.member')),
                ('decided_by', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.member')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
                ('campaign', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign')),
            ],
        ),
        migrations.CreateModel(
            name='Cell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(db_collation='C', max_length=12)),
                ('campaign', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign')),
                ('revision', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='content.revision')),
                ('segment', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='segments.segment')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='Edit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.CharField(max_length=40)),
                ('at', models.DateTimeField()),
                ('campaign', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign')),
                ('member', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.member')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=20)),
                ('text', models.TextField(blank=True)),
                ('at', models.DateTimeField()),
                ('approval', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.approval')),
                ('campaign', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='campaigns.campaign')),
                ('member', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.member')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('launch_key', models.CharField(max_length=64)),
                ('state', models.CharField(default=campaigns.states.RunState['PLANNING'], max_length=12)),
                ('fingerprint', models.CharField(max_length=64)),
                ('frozen', models.JSONField()),
                ('month', models.DateField()),
                ('started_at', models.DateTimeField()),
                ('planned_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('plan_cursor', models.BigIntegerField(default=0)),
                ('members', models.PositiveIntegerField(default=0)),
                ('filtered', models.PositiveIntegerField(default=0)),
                ('recipients', models.PositiveIntegerField(default=0)),
                ('stop_reason', models.CharField(blank=True, max_length=240)),
                ('campaign', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.campaign')),
                ('conversation', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conversations.conversation')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='Exclusion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('customer_id', models.BigIntegerField()),
                ('reason', models.CharField(choices=[('no_consent', 'no_consent'), ('suppressed', 'suppressed'), ('filtered', 'filtered'), ('no_address', 'no_address'), ('leftover', 'leftover'), ('no_content', 'no_content'), ('expired', 'expired'), ('duplicate', 'duplicate')], max_length=12)),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
                ('run', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='campaigns.run')),
            ],
        ),
        migrations.AddIndex(
            model_name='campaign',
            index=models.Index(fields=['tenant', 'state'], name='campaigns_campaign_state'),
        ),
        migrations.AddIndex(
            model_name='campaign',
            index=models.Index(condition=models.Q(('state', 'scheduled')), fields=['fires_at'], name='campaigns_campaign_due'),
        ),
        migrations.AddIndex(
            model_name='approval',
            index=models.Index(fields=['tenant', 'state'], name='campaigns_approval_state'),
        ),
        migrations.AddConstraint(
            model_name='cell',
            constraint=models.UniqueConstraint(fields=('tenant', 'campaign', 'segment', 'language'), name='campaigns_cell_key', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='run',
            index=models.Index(fields=['tenant', 'state'], name='campaigns_run_state'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.UniqueConstraint(fields=('tenant', 'campaign', 'launch_key'), name='campaigns_run_launch_key'),
        ),
        migrations.AddConstraint(
            model_name='exclusion',
            constraint=models.UniqueConstraint(fields=('tenant', 'run', 'customer_id'), name='campaigns_exclusion_key'),
        ),
        ProtectTables(["campaign", "cell", "edit", "approval", "note", "run"]),
        ProtectTables(["exclusion"], bulk=True),
    ]
