"""Addresses that may never be messaged. Keyed by normalised address: they outlive the customer."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from connect.core.models import Member
from connect.core.rows import EditedRow, PublicRow, TenantForeignKey, TenantRow
from conversations.models import Conversation
from suppression.queries import ApplicationQuerySet, EntryQuerySet
from suppression.states import EntryKind, ImportState, Reason, Scope


class SuppressionList(EditedRow):
    """A named list of entries, for the whole tenant or for the conversations it is applied to.

    `automatic` marks the one list per tenant to which bounces and complaints are written.
    """

    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("description"), max_length=240, blank=True)
    scope = models.CharField(max_length=16, choices=[(scope.value, scope.value) for scope in Scope])
    automatic = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "name"], name="suppression_list_name_key"),
            models.UniqueConstraint(
                fields=["tenant"], condition=models.Q(automatic=True), name="suppression_list_automatic_key"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Application(TenantRow):
    """A list applied to a conversation."""

    suppression_list = TenantForeignKey(SuppressionList, models.CASCADE)
    conversation = TenantForeignKey(Conversation, models.CASCADE)

    objects = ApplicationQuerySet.as_manager()  # type: ignore[misc]  # as every model's own manager

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "conversation", "suppression_list"], name="suppression_application_key"
            )
        ]


class Entry(PublicRow):
    """One suppressed address, domain, or hash of an address."""

    suppression_list = TenantForeignKey(SuppressionList, models.CASCADE)
    kind = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in EntryKind], db_collation="C")
    value = models.CharField(max_length=254, db_collation="C")
    reason = models.CharField(max_length=16, choices=[(reason.value, reason.value) for reason in Reason])
    source = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    objects = EntryQuerySet.as_manager()  # type: ignore[misc]  # as every model's own manager

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "kind", "value", "suppression_list"], name="suppression_entry_key"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "suppression_list", "id"], name="suppression_entry_page_ix"),
            models.Index(fields=["tenant", "suppression_list", "reason", "id"], name="suppression_entry_reason_ix"),
        ]

    def __str__(self) -> str:
        return self.value


class EntryImport(PublicRow):
    """A file that is put on a list in the background, and what came of it so far.

    `reason`, `source` and `expires_at` hold for lines that don't say. `done` counts the batches that are in, so that
    another worker may go on where one was lost; a worker holds the import by `claim` until `claimed_until`. `counts`
    holds lines, added, prolonged, unchanged, repeated, refused.
    """

    suppression_list = TenantForeignKey(SuppressionList, models.CASCADE)
    member = TenantForeignKey(Member, null=True)
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=16)
    source = models.CharField(max_length=120, blank=True)
    expires_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, default=ImportState.IMPORTING)
    note = models.CharField(max_length=240, blank=True)
    counts = models.JSONField(default=dict)
    position = models.PositiveBigIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)


class EntryFault(TenantRow):
    """A refused line of a file that is imported in the background."""

    entry_import = TenantForeignKey(EntryImport, models.CASCADE)
    line = models.PositiveIntegerField()
    value = models.CharField(max_length=120)
    reason = models.CharField(max_length=240)
