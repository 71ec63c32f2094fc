from django.db import migrations


class Migration(migrations.Migration):
    """Look parents up by index, whatever the planner believed about their tables when it first met the question."""

    dependencies = [("conversations", "0003_imports")]

    operations = [
        migrations.RunSQL(
            "ALTER FUNCTION conversations_no_orphans() SET enable_seqscan = off",
            "ALTER FUNCTION conversations_no_orphans() RESET enable_seqscan",
        ),
    ]
