from django.db import migrations, models


class Migration(migrations.Migration):
    """Remember what the last look into DNS found for each key."""

    dependencies = [("conversations", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="dkimkey",
            name="dns_state",
            field=models.CharField(
                max_length=12,
                choices=[
                    ("unchecked", "unchecked"),
                    ("published", "published"),
                    ("different", "different"),
                    ("missing", "missing"),
                    ("unreachable", "unreachable"),
                ],
                default="unchecked",
            ),
        ),
        migrations.AddField(model_name="dkimkey", name="dns_seen", field=models.TextField(blank=True, default="")),
        migrations.AddField(model_name="dkimkey", name="dns_asked_at", field=models.DateTimeField(null=True)),
        migrations.AddField(model_name="dkimkey", name="dns_checked_at", field=models.DateTimeField(null=True)),
    ]
