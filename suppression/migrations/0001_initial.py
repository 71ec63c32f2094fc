import connect.core.rows
import django.db.models.deletion
from connect.core.rowsecurity import ProtectTables
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('conversations', '0001_initial'),
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='SuppressionList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('description', models.CharField(blank=True, max_length=240, verbose_name='description')),
                ('scope', models.CharField(choices=[('tenant', 'tenant'), ('conversations', 'conversations')], max_length=16)),
                ('automatic', models.BooleanField(default=False)),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('kind', models.CharField(choices=[('email', 'email'), ('domain', 'domain'), ('sha256', 'sha256'), ('md5', 'md5')], db_collation='C', max_length=8)),
                ('value', models.CharField(db_collation='C', max_length=254)),
                ('reason', models.CharField(choices=[('hard_bounce', 'hard_bounce'), ('complaint', 'complaint'), ('unsubscribe', 'unsubscribe'), ('manual', 'manual'), ('legal', 'legal'), ('import', 'import')], max_length=16)),
                ('source', models.CharField(blank=True, max_length=120)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
                ('suppression_list', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='suppression.suppressionlist')),
            ],
        ),
        migrations.CreateModel(
            name='Application',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('conversation', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
                ('suppression_list', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='suppression.suppressionlist')),
            ],
        ),
        migrations.AddConstraint(
            model_name='suppressionlist',
            constraint=models.UniqueConstraint(fields=('tenant', 'name'), name='suppression_list_name_key'),
        ),
        migrations.AddConstraint(
            model_name='suppressionlist',
            constraint=models.UniqueConstraint(condition=models.Q(('automatic', True)), fields=('tenant',), name='suppression_list_automatic_key'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(fields=('tenant', 'kind', 'value', 'suppression_list'), name='suppression_entry_key'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.UniqueConstraint(fields=('tenant', 'conversation', 'suppression_list'), name='suppression_application_key'),
        ),
        ProtectTables(["suppressionlist", "application", "entry"]),
    ]
