import connect.core.rows
import django.db.models.deletion
import suppression.states
from connect.core.rowsecurity import DefinerFunction, ProtectTables
from django.db import migrations, models

OPEN_IMPORTS = """
SELECT i.tenant_id, i.id FROM suppression_entryimport i
JOIN core_tenant t ON t.id = i.tenant_id
WHERE i.state = 'importing' AND (i.claimed_until IS NULL OR i.claimed_until < now()) AND t.suspended_at IS NULL
"""


class Migration(migrations.Migration):
    """Keep large files of suppressions while they are put on their lists in the background."""

    dependencies = [
        ('core', '0006_fence'),
        ('suppression', '0002_entry_pages'),
    ]

    operations = [
        migrations.CreateModel(
            name='EntryImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('file_name', models.CharField(max_length=200)),
                ('path', models.CharField(max_length=200)),
                ('size', models.PositiveBigIntegerField()),
                ('reason', models.CharField(max_length=16)),
                ('source', models.CharField(blank=True, max_length=120)),
                ('expires_at', models.DateTimeField(null=True)),
                ('state', models.CharField(default=suppression.states.ImportState['IMPORTING'], max_length=12)),
                ('note', models.CharField(blank=True, max_length=240)),
                ('counts', models.JSONField(default=dict)),
                ('position', models.PositiveBigIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('claim', models.UUIDField(null=True)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('member', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.member')),
                ('suppression_list', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='suppression.suppressionlist')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='EntryFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('value', models.CharField(max_length=120)),
                ('reason', models.CharField(max_length=240)),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
                ('entry_import', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='suppression.entryimport')),
            ],
            options={
                'abstract': False,
            },
        ),
        ProtectTables(["entryimport", "entryfault"]),
        DefinerFunction(
            "open_entry_imports()",
            returns="TABLE (tenant bigint, import bigint)",
            body=OPEN_IMPORTS,
            reads=["suppression_entryimport"],
        ),
    ]
