from django.db import migrations, models


class Migration(migrations.Migration):
    """Serve the pages of a list's entries, and its counts by reason, from indexes."""

    dependencies = [("suppression", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(fields=["tenant", "suppression_list", "id"], name="suppression_entry_page_ix"),
        ),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                fields=["tenant", "suppression_list", "reason", "id"], name="suppression_entry_reason_ix"
            ),
        ),
        # The first of the two begins like the foreign key's own index.
        migrations.RunSQL(
            "DROP INDEX suppression_entry_suppression_list_id_ix",
            "CREATE INDEX suppression_entry_suppression_list_id_ix ON suppression_entry (tenant_id, suppression_list_id)",
        ),
    ]
