"""Keep a member's own filters of the list of campaigns, and take them away."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from campaigns.did import Did
from campaigns.models import SavedFilter
from connect.core.audit import audit
from connect.core.errors import Conflict, Invalid
from connect.core.models import Member, Tenant
from connect.core.tenancy import in_tenant
from conversations.addresses import check_storable

NAME_CHARACTERS = 60
MOST_FILTERS = 50


@in_tenant
def save_filter(tenant: Tenant, name: str, query: str, *, by: Member, now: datetime) -> SavedFilter:
    """Keep a filter under a name; the same name again replaces it.

    Errors: Invalid naming `name`, or `query` where nothing is narrowed; Conflict when there are too many.
    """
    text = check_storable(name, "name").strip()
    if not text or len(text) > NAME_CHARACTERS:
        raise Invalid({"name": _("Enter a name of at most %(limit)d characters.") % {"limit": NAME_CHARACTERS}})
    if not query:
        raise Invalid({"query": _("Nothing is narrowed down: there is no filter to keep.")})
    mine = SavedFilter.objects.of(tenant).filter(member=by)
    if not mine.filter(name=text).exists() and mine.count() >= MOST_FILTERS:
        raise Conflict(_("You keep %(limit)d filters; remove one first.") % {"limit": MOST_FILTERS})
    saved, _made = SavedFilter.objects.update_or_create(tenant=tenant, member=by, name=text, defaults={"query": query})
    audit(tenant, by, Did.SAVED_FILTER, saved.public_id, now=now, name=text)
    return saved


@in_tenant
def remove_filter(tenant: Tenant, filter_id: UUID, *, by: Member, now: datetime) -> None:
    """Take a member's own filter away.

    Errors: SavedFilter.DoesNotExist, for another member's too.
    """
    saved = SavedFilter.objects.of(tenant).filter(member=by).public(filter_id)
    saved.delete()
    audit(tenant, by, Did.REMOVED_FILTER, filter_id, now=now, name=saved.name)
