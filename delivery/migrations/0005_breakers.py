import connect.core.rows
import django.db.models.deletion
from connect.core.rowsecurity import ProtectTables
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0002_rights'),
        ('delivery', '0004_chunk_counts'),
    ]

    operations = [
        migrations.CreateModel(
            name='BreakerLimits',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('first', models.PositiveIntegerField()),
                ('hard_bounces', models.DecimalField(decimal_places=2, max_digits=5, null=True)),
                ('complaints', models.DecimalField(decimal_places=2, max_digits=5, null=True)),
                ('unsubscribes', models.DecimalField(decimal_places=2, max_digits=5, null=True)),
                ('refusals', models.DecimalField(decimal_places=2, max_digits=5, null=True)),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant',), name='delivery_breakerlimits_key')],
            },
        ),
        migrations.CreateModel(
            name='BreakerTrip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run_id', models.BigIntegerField()),
                ('sign', models.CharField(choices=[('hard_bounces', 'hard_bounces'), ('complaints', 'complaints'), ('unsubscribes', 'unsubscribes'), ('refusals', 'refusals')], max_length=12)),
                ('bad', models.PositiveIntegerField()),
                ('attempted', models.PositiveIntegerField()),
                ('at', models.DateTimeField()),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
            options={
                'indexes': [models.Index(fields=['tenant', 'run_id', 'id'], name='delivery_breakertrip_run_ix')],
            },
        ),
        ProtectTables(["breakerlimits", "breakertrip"]),
    ]
