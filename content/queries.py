"""Reads of content and its revisions. Models import this; it never imports them."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Self

from connect.core.queries import TenantQuerySet

if TYPE_CHECKING:
    from content.models import MessageContent, Revision  # noqa: F401 - named in the bases below

#: What lists of revisions don't show and needn't read.
WORDS = ("html", "text", "fields", "links")


class ContentQuerySet(TenantQuerySet["MessageContent"]):
    """Reads of message content."""

    def kept(self, *, archived: bool) -> Self:
        """Keep what is in use, or with `archived` only what was put away."""
        return self.filter(archived_at__isnull=not archived)

    def named(self, words: str) -> Self:
        """Keep those whose name holds these words."""
        return self.filter(name__icontains=words) if words else self


class RevisionQuerySet(TenantQuerySet["Revision"]):
    """Reads of revisions."""

    def newest(self, contents: Collection[int]) -> Self:
        """Keep the newest revision of each language of these contents, by content and language."""
        found = self.filter(content_id__in=contents).order_by("content_id", "language", "-number")
        return found.distinct("content_id", "language")

    def without_words(self) -> Self:
        """Read no bodies: for lists."""
        return self.defer(*WORDS)
