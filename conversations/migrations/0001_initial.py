import connect.core.rows
import conversations.states
import django.contrib.postgres.fields
import django.db.models.deletion
from connect.core.rowsecurity import ProtectTables
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('core', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Conversation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('from_name', models.CharField(max_length=120, verbose_name='From name')),
                ('from_email', models.EmailField(max_length=254, verbose_name='From address')),
                ('reply_to', models.EmailField(blank=True, max_length=254, verbose_name='reply-to address')),
                ('bounce_domain', models.CharField(blank=True, max_length=253, verbose_name='bounce domain')),
                ('postal_address', models.CharField(max_length=240, verbose_name='postal address')),
                ('footer', models.TextField(blank=True, max_length=1000, verbose_name='footer')),
                ('default_language', models.CharField(max_length=12, verbose_name='default language')),
                ('default_zone', models.CharField(max_length=64, verbose_name='default time zone')),
                ('archived_at', models.DateTimeField(null=True)),
                ('department', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.department')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('external_id', models.CharField(db_collation='C', max_length=120, verbose_name='customer id')),
                ('email', models.CharField(blank=True, max_length=254, verbose_name='email')),
                ('email_key', models.CharField(blank=True, db_collation='C', max_length=254)),
                ('phone', models.CharField(blank=True, db_collation='C', max_length=20, verbose_name='phone')),
                ('language', models.CharField(blank=True, db_collation='C', max_length=12, verbose_name='language')),
                ('zone', models.CharField(blank=True, db_collation='C', max_length=64, verbose_name='time zone')),
                ('country', models.CharField(blank=True, db_collation='C', max_length=2, verbose_name='country')),
                ('region', models.CharField(blank=True, max_length=60, verbose_name='region')),
                ('attributes', models.JSONField(default=dict)),
                ('interests', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), default=list, size=None)),
                ('preferences', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('version', models.PositiveIntegerField(default=1)),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='ConsentEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(max_length=8)),
                ('was', models.CharField(blank=True, max_length=12)),
                ('became', models.CharField(max_length=12)),
                ('source', models.CharField(max_length=60)),
                ('wording', models.TextField(blank=True)),
                ('proof', models.JSONField(default=dict)),
                ('at', models.DateTimeField()),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
                ('conversation', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conversations.conversation')),
                ('customer', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.customer')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='CustomerImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('file_name', models.CharField(max_length=200)),
                ('path', models.CharField(max_length=200)),
                ('encoding', models.CharField(max_length=20)),
                ('delimiter', models.CharField(max_length=1)),
                ('columns', models.JSONField(default=list)),
                ('mapping', models.JSONField(default=dict)),
                ('wording', models.TextField(blank=True)),
                ('state', models.CharField(default=conversations.states.ImportState['UPLOADED'], max_length=12)),
                ('reason', models.TextField(blank=True)),
                ('counts', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('conversation', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conversations.conversation')),
                ('member', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.member')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='DkimKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('domain', models.CharField(max_length=253)),
                ('selector', models.CharField(max_length=63)),
                ('algorithm', models.CharField(choices=[('rsa-sha256', 'rsa-sha256'), ('ed25519-sha256', 'ed25519-sha256')], max_length=20)),
                ('sealed_private_key', models.BinaryField()),
                ('dns_record', models.TextField()),
                ('active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField()),
                ('conversation', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.conversation')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='ImportFault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('column', models.CharField(max_length=120)),
                ('value', models.CharField(max_length=120)),
                ('reason', models.CharField(max_length=240)),
                ('customer_import', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.customerimport')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('channel', models.CharField(choices=[('email', 'email')], max_length=8)),
                ('state', models.CharField(choices=[('pending', 'pending'), ('subscribed', 'subscribed'), ('unsubscribed', 'unsubscribed'), ('bounced_out', 'bounced_out')], max_length=12)),
                ('source', models.CharField(max_length=60)),
                ('changed_at', models.DateTimeField()),
                ('conversation', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='conversations.conversation')),
                ('customer', connect.core.rows.TenantForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.customer')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
        ),
        migrations.CreateModel(
            name='Attribute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=connect.core.rows.new_public_id, editable=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('kind', models.CharField(choices=[('attribute', 'attribute'), ('interest', 'interest'), ('preference', 'preference')], max_length=12)),
                ('name', models.SlugField(max_length=60, verbose_name='name')),
                ('label', models.CharField(max_length=120, verbose_name='label')),
                ('type', models.CharField(choices=[('text', 'text'), ('number', 'number'), ('boolean', 'boolean'), ('date', 'date'), ('datetime', 'datetime'), ('choice', 'choice')], max_length=12)),
                ('choices', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), blank=True, default=list, size=None)),
                ('personal', models.BooleanField(default=False, verbose_name='personal data')),
                ('reportable', models.BooleanField(default=False, verbose_name='shown in reports')),
                ('tenant', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.tenant')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('tenant', 'kind', 'name'), name='conversations_attribute_name_key')],
            },
        ),
        migrations.AddConstraint(
            model_name='conversation',
            constraint=models.UniqueConstraint(fields=('tenant', 'name'), name='conversations_conversation_name_key'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(fields=['tenant', 'email_key'], name='conversations_customer_email'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.UniqueConstraint(fields=('tenant', 'external_id'), name='conversations_customer_external_key'),
        ),
        migrations.AddConstraint(
            model_name='dkimkey',
            constraint=models.UniqueConstraint(fields=('tenant', 'domain', 'selector'), name='conversations_dkim_selector_key'),
        ),
        migrations.AddConstraint(
            model_name='subscription',
            constraint=models.UniqueConstraint(fields=('tenant', 'conversation', 'channel', 'customer'), name='conversations_subscription_key'),
        ),
        ProtectTables(["attribute", "customer", "conversation", "dkimkey", "subscription", "customerimport", "importfault"]),
        ProtectTables(["consententry"], "SELECT, INSERT"),
    ]
