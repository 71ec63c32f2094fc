import connect.core.rows
import django.db.models.deletion
from connect.core.rowsecurity import ProtectTables
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='MessageContent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('channel', models.CharField(default='email', max_length=8)),
                ('archived_at', models.DateTimeField(null=True)),
                ('department', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.department')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('language', models.CharField(db_collation='C', max_length=12)),
                ('number', models.PositiveIntegerField()),
                ('subject', models.CharField(max_length=250, verbose_name='subject')),
                ('preheader', models.CharField(blank=True, max_length=250, verbose_name='preheader')),
                ('html', models.TextField(verbose_name='HTML')),
                ('text', models.TextField(verbose_name='plain text')),
                ('hash', models.CharField(max_length=64)),
                ('fields', models.JSONField(default=list)),
                ('links', models.JSONField(default=list)),
                ('created_at', models.DateTimeField()),
                ('content', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='content.messagecontent')),
                ('member', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.member')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
        ),
        migrations.AddConstraint(
            model_name='messagecontent',
            constraint=models.UniqueConstraint(fields=('tenant', 'name'), name='content_content_name_key'),
        ),
        migrations.AddConstraint(
            model_name='revision',
            constraint=models.UniqueConstraint(fields=('tenant', 'content', 'language', 'number'), name='content_revision_number_key'),
        ),
        ProtectTables(["messagecontent"]),
        ProtectTables(["revision"], "SELECT, INSERT"),
    ]
