"""Rights on the installation's tables: readable by all, writable only while no tenant is open."""

from django.db import migrations

from connect.core.rowsecurity import DefinerFunction

ENSURE_USER = """
INSERT INTO core_user (public_id, email, name, password, is_active, is_operator, language)
VALUES (gen_random_uuid(), of_email, of_name, '!', true, false, 'en')
ON CONFLICT (email) DO UPDATE SET email = excluded.email RETURNING id
"""

NO_TENANT = "nullif(current_setting('app.tenant', true), '') IS NULL"

GUARDED = ["core_user", "core_tenant"]
LOGIN = ["django_session", "account_emailaddress", "account_emailconfirmation"]
READ = ["django_content_type", "auth_permission", "auth_group", "auth_group_permissions", "django_migrations"]


def forwards():
    for table in GUARDED:
        yield f'GRANT SELECT, INSERT, UPDATE ON "{table}" TO connect_app'
        yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
        yield f'CREATE POLICY seen ON "{table}" FOR SELECT USING (true)'
        yield f'CREATE POLICY made ON "{table}" FOR INSERT WITH CHECK ({NO_TENANT})'
        yield f'CREATE POLICY changed ON "{table}" FOR UPDATE USING ({NO_TENANT}) WITH CHECK ({NO_TENANT})'
    for table in LOGIN:
        yield f'GRANT SELECT, INSERT, UPDATE, DELETE ON "{table}" TO connect_app'
    for table in READ:
        yield f'GRANT SELECT ON "{table}" TO connect_app'
    for table in [*GUARDED, *LOGIN, *READ]:
        yield f'GRANT SELECT ON "{table}" TO connect_backup'


def backwards():
    for table in GUARDED:
        for policy in ("seen", "made", "changed"):
            yield f'DROP POLICY {policy} ON "{table}"'
        yield f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY'
    for table in [*GUARDED, *LOGIN, *READ]:
        yield f'REVOKE ALL ON "{table}" FROM connect_app, connect_backup'


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0001_initial"),
        ("account", "0001_initial"),
        ("sessions", "0001_initial"),
        ("auth", "0001_initial"),
        ("contenttypes", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(";\n".join(forwards()), ";\n".join(backwards())),
        DefinerFunction(
            "ensure_user(of_email text, of_name text)",
            returns="bigint",
            body=ENSURE_USER,
            writes=["core_user"],
        ),
    ]
