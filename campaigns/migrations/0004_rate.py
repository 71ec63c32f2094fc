from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('campaigns', '0003_saved_filters'),
    ]

    operations = [
        migrations.AddField(
            model_name='campaign',
            name='rate_per_minute',
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name='rate'),
        ),
    ]
