from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0005_notices'),
    ]

    operations = [
        migrations.CreateModel(
            name='Fence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('epoch', models.PositiveIntegerField(unique=True)),
                ('at', models.DateTimeField()),
            ],
        ),
        # The app reads the number; only who owns the database counts it up.
        migrations.RunSQL(
            'GRANT SELECT ON core_fence TO connect_app, connect_backup',
            'REVOKE SELECT ON core_fence FROM connect_app, connect_backup',
        ),
    ]
