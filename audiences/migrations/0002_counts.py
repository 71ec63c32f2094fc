import django.db.models.deletion
from django.db import migrations, models

import connect.core.rows
from connect.core.rowsecurity import ProtectTables


class Migration(migrations.Migration):
    """Keep the last count of each model, so that lists need none of their own."""

    dependencies = [
        ("audiences", "0001_initial"),
        ("conversations", "0001_initial"),
        ("core", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AudienceCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField()),
                ("people", models.PositiveIntegerField()),
                ("members", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "audience",
                    connect.core.rows.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="audiences.audiencemodel",
                    ),
                ),
                (
                    "conversation",
                    connect.core.rows.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="conversations.conversation",
                    ),
                ),
                (
                    "tenant",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="core.tenant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("tenant", "audience", "conversation"), name="audiences_count_key"
                    )
                ],
            },
        ),
        ProtectTables(["audiencecount"]),
    ]
