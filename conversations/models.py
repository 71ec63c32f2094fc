"""Customers, what is declared about them, the conversations they are in, and their consent."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from connect.core.models import Department, Member
from connect.core.rows import EditedRow, PublicRow, TenantForeignKey, TenantRow
from conversations.queries import NAME_KEY_CHARACTERS, AttributeQuerySet, CustomerQuerySet, NameKey
from conversations.states import (
    AttributeKind,
    AttributeType,
    Channel,
    DkimAlgorithm,
    DnsState,
    ImportState,
    SubscriptionState,
)


class Attribute(EditedRow):
    """A declared field of a customer: attribute, interest or preference. Undeclared names are refused."""

    kind = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in AttributeKind])
    name = models.SlugField(_("name"), max_length=60)
    label = models.CharField(_("label"), max_length=120)
    type = models.CharField(max_length=12, choices=[(kind.value, kind.value) for kind in AttributeType])
    choices = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    personal = models.BooleanField(_("personal data"), default=False)
    reportable = models.BooleanField(_("shown in reports"), default=False)

    objects = AttributeQuerySet.as_manager()  # type: ignore[misc, django-manager-missing, unused-ignore]  # as others

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "kind", "name"], name="conversations_attribute_name_key")
        ]

    def __str__(self) -> str:
        return self.label


class Customer(PublicRow):
    """A person whom the tenant may write to. `email_key` is the normalised address, "" where there is none."""

    external_id = models.CharField(_("customer id"), max_length=120, db_collation="C")
    email = models.CharField(_("email"), max_length=254, blank=True)
    email_key = models.CharField(max_length=254, blank=True, db_collation="C")
    phone = models.CharField(_("phone"), max_length=20, blank=True, db_collation="C")
    language = models.CharField(_("language"), max_length=12, blank=True, db_collation="C")
    zone = models.CharField(_("time zone"), max_length=64, blank=True, db_collation="C")
    country = models.CharField(_("country"), max_length=2, blank=True, db_collation="C")
    region = models.CharField(_("region"), max_length=60, blank=True)
    attributes = models.JSONField(default=dict)
    interests = ArrayField(models.CharField(max_length=60), default=list)
    preferences = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    #: A column of its own, since under row-level security no index serves a search in JSON.
    name_key = models.GeneratedField(
        expression=NameKey("attributes"),
        output_field=models.CharField(max_length=NAME_KEY_CHARACTERS, db_collation="C"),
        db_persist=True,
    )

    objects = CustomerQuerySet.as_manager()  # type: ignore[misc, django-manager-missing, unused-ignore]  # as others

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "external_id"], name="conversations_customer_external_key")
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "email_key"], name="conversations_customer_email"),
            models.Index(fields=["tenant", "name_key"], name="conversations_customer_name"),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def name(self) -> str:
        """First and last name where they are declared and known, otherwise ""."""
        parts = [self.attributes.get("first_name"), self.attributes.get("last_name")]
        return " ".join(part for part in parts if isinstance(part, str) and part)


class Conversation(EditedRow):
    """The customer space that campaigns draw from, and how it is spoken to."""

    department = TenantForeignKey(Department)
    name = models.CharField(_("name"), max_length=120)
    from_name = models.CharField(_("From name"), max_length=120)
    from_email = models.EmailField(_("From address"))
    reply_to = models.EmailField(_("reply-to address"), blank=True)
    bounce_domain = models.CharField(_("bounce domain"), max_length=253, blank=True)
    postal_address = models.CharField(_("postal address"), max_length=240)
    footer = models.TextField(_("footer"), max_length=1000, blank=True)
    default_language = models.CharField(_("default language"), max_length=12)
    default_zone = models.CharField(_("default time zone"), max_length=64)
    archived_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="conversations_conversation_name_key")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def sending_domain(self) -> str:
        """The domain that signs: that of the From address."""
        return self.from_email.rpartition("@")[2]


class DkimKey(PublicRow):
    """A key that signs a conversation's mail. The private half is sealed; the public half goes into DNS.

    `dns_state` is what the last look into DNS found, at `dns_checked_at`; `dns_seen` is what was published there.
    A look is under way where `dns_asked_at` is later.
    """

    conversation = TenantForeignKey(Conversation, models.CASCADE)
    domain = models.CharField(max_length=253)
    selector = models.CharField(max_length=63)
    algorithm = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in DkimAlgorithm])
    sealed_private_key = models.BinaryField()
    dns_record = models.TextField()
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    dns_state = models.CharField(
        max_length=12, choices=[(state.value, state.value) for state in DnsState], default=DnsState.UNCHECKED
    )
    dns_seen = models.TextField(blank=True, default="")
    dns_asked_at = models.DateTimeField(null=True)
    dns_checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "domain", "selector"], name="conversations_dkim_selector_key")
        ]


class Subscription(TenantRow):
    """Whether one customer wants one conversation on one channel. Being here makes a customer its member."""

    conversation = TenantForeignKey(Conversation)
    customer = TenantForeignKey(Customer, models.CASCADE)
    channel = models.CharField(max_length=8, choices=[(channel.value, channel.value) for channel in Channel])
    state = models.CharField(max_length=12, choices=[(state.value, state.value) for state in SubscriptionState])
    source = models.CharField(max_length=60)
    changed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "conversation", "channel", "customer"], name="conversations_subscription_key"
            )
        ]


class ConsentEntry(TenantRow):
    """One line of the consent ledger. The app's role can only add to it."""

    conversation = TenantForeignKey(Conversation)
    customer = TenantForeignKey(Customer, models.CASCADE)
    channel = models.CharField(max_length=8)
    was = models.CharField(max_length=12, blank=True)
    became = models.CharField(max_length=12)
    source = models.CharField(max_length=60)
    wording = models.TextField(blank=True)
    proof = models.JSONField(default=dict)
    at = models.DateTimeField()


class CustomerImport(PublicRow):
    """One uploaded file of customers: how its columns map, and what came of it.

    `mapping` is column header → field ("email", "attributes.tier", "interests", "" to leave out).
    `counts` holds lines, created, updated, unchanged, refused, subscribed; `faults` how many were wrong, the first
    of which are kept. `done` says which batches are in, so that another worker may go on where one was lost; a worker
    holds the import by `claim` until `claimed_until`.
    """

    conversation = TenantForeignKey(Conversation, null=True)
    member = TenantForeignKey(Member, null=True)
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    encoding = models.CharField(max_length=20)
    delimiter = models.CharField(max_length=1)
    size = models.PositiveBigIntegerField(default=0)
    columns = models.JSONField(default=list)
    mapping = models.JSONField(default=dict)
    source = models.CharField(max_length=60, blank=True, default="")
    wording = models.TextField(blank=True)
    state = models.CharField(max_length=12, default=ImportState.UPLOADED)
    reason = models.TextField(blank=True)
    counts = models.JSONField(default=dict)
    faults = models.PositiveBigIntegerField(default=0)
    position = models.PositiveBigIntegerField(default=0)
    done = models.JSONField(default=dict)
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.file_name


class ImportFault(TenantRow):
    """One thing wrong in an imported file, by line and column."""

    customer_import = TenantForeignKey(CustomerImport, models.CASCADE)
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=120)
    value = models.CharField(max_length=120)
    reason = models.CharField(max_length=240)
