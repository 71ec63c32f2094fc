"""Message content and its immutable, hashed revisions, one line of revisions per language."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from connect.core.models import Department, Member
from connect.core.rows import EditedRow, PublicRow, TenantForeignKey
from content.queries import ContentQuerySet, RevisionQuerySet


class MessageContent(EditedRow):
    """One piece of content for one channel, in as many languages as it has revisions."""

    department = TenantForeignKey(Department)
    name = models.CharField(_("name"), max_length=120)
    channel = models.CharField(max_length=8, default="email")
    archived_at = models.DateTimeField(null=True)

    objects = ContentQuerySet.as_manager()  # type: ignore[misc]  # as every model's own manager

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["tenant", "name"], name="content_content_name_key")]

    def __str__(self) -> str:
        return self.name


class Revision(PublicRow):
    """What a message says in one language, exactly. The app's role can neither change nor delete it.

    `hash` is the SHA-256 of subject, preheader, html and text; `fields` the names of the fields it uses;
    `links` the targets of its links in order of appearance.
    """

    content = TenantForeignKey(MessageContent)
    language = models.CharField(max_length=12, db_collation="C")
    number = models.PositiveIntegerField()
    subject = models.CharField(_("subject"), max_length=250)
    preheader = models.CharField(_("preheader"), max_length=250, blank=True)
    html = models.TextField(_("HTML"))
    text = models.TextField(_("plain text"))
    hash = models.CharField(max_length=64)
    fields = models.JSONField(default=list)
    links = models.JSONField(default=list)
    member = TenantForeignKey(Member, null=True)
    created_at = models.DateTimeField()

    objects = RevisionQuerySet.as_manager()  # type: ignore[misc]  # as every model's own manager

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["tenant", "content", "language", "number"], name="content_revision_number_key"
            )
        ]
