import connect.core.rows
import django.db.models.deletion
from connect.core.rowsecurity import ProtectTables
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0004_suspended_tenants_wait'),
    ]

    operations = [
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('says', models.CharField(max_length=300)),
                ('url', models.CharField(max_length=300)),
                ('at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('member', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='core.member')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'member', '-id'], name='core_notice_member_ix'), models.Index(condition=models.Q(('read_at', None)), fields=['tenant', 'member'], name='core_notice_unread_ix')],
            },
        ),
        ProtectTables(["notice"]),
    ]
