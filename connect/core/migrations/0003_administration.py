"""Suspended tenants, invited members, versions for two editors, and how many members each tenant has."""

from django.db import migrations, models

from connect.core.rowsecurity import DefinerFunction


class Migration(migrations.Migration):
    dependencies = [("core", "0002_rights")]

    operations = [
        migrations.AddField("tenant", "suspended_at", models.DateTimeField(null=True)),
        migrations.AddField("tenant", "version", models.PositiveIntegerField(default=1)),
        migrations.AddField("department", "version", models.PositiveIntegerField(default=1)),
        migrations.AddField("member", "version", models.PositiveIntegerField(default=1)),
        migrations.AddField("member", "invited_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "member", "invited_by", models.CharField(default="", max_length=120), preserve_default=False
        ),
        migrations.AddField("member", "mailed_at", models.DateTimeField(null=True)),
        migrations.AddField("member", "entered_at", models.DateTimeField(null=True)),
        DefinerFunction(
            "member_counts(of_tenants bigint[])",
            returns="TABLE (tenant bigint, members bigint)",
            body="SELECT tenant_id, count(*) FROM core_member WHERE tenant_id = ANY (of_tenants) AND active GROUP BY 1",
            reads=["core_member"],
        ),
    ]
