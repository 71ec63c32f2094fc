"""Tell members what happened to what is theirs: the bell in the top bar counts what they haven't read."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.utils.translation import override

from connect.core.models import Member, Notice, Tenant

SAYS_CHARACTERS = 300


def tell(tenant: Tenant, members: Iterable[Member], says: Callable[[], str], url: str, *, now: datetime) -> None:
    """Write a notice to each of these members. Wants the tenant open.

    Shape: `says` is asked once a member, in that member's language; `url` is a path below the tenant's own.
    """
    notices = []
    for member in {member.pk: member for member in members if member.active}.values():
        with override(member.user.language):
            notices.append(Notice(tenant=tenant, member=member, says=says()[:SAYS_CHARACTERS], url=url, at=now))
    Notice.objects.bulk_create(notices)


def unread(tenant: Tenant, member: Member) -> int:
    """Count what a member hasn't read."""
    return Notice.objects.of(tenant).filter(member=member, read_at=None).count()
