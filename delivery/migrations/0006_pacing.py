import django.db.models.deletion
from connect.core.rowsecurity import ProtectTables
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0005_notices'),
        ('delivery', '0005_breakers'),
    ]

    operations = [
        migrations.AddField(
            model_name='chunk',
            name='lane',
            field=models.CharField(db_default='', default='', max_length=253),
        ),
        migrations.CreateModel(
            name='Pace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('domain', 'domain'), ('run', 'run'), ('conversation', 'conversation')], max_length=12)),
                ('key', models.CharField(max_length=253)),
                ('per_minute', models.PositiveIntegerField(null=True)),
                ('connections', models.PositiveSmallIntegerField(null=True)),
                ('daily_first', models.PositiveIntegerField(null=True)),
                ('daily_most', models.PositiveIntegerField(null=True)),
                ('daily_since', models.DateField(null=True)),
                ('day', models.DateField(null=True)),
                ('day_count', models.PositiveIntegerField(db_default=0, default=0)),
                ('next_at', models.DateTimeField(null=True)),
                ('slow_until', models.DateTimeField(null=True)),
                ('level', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('said', models.CharField(db_default='', default='', max_length=500)),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'kind', 'key'), name='delivery_pace_key')],
            },
        ),
        ProtectTables(["pace"]),
    ]
