"""What a list of models may be asked for in its address: words to find, an order, archived ones, a page."""

from collections.abc import Collection
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from connect.core.errors import Invalid

PARTS = frozenset({"q", "sort", "archived", "page"})
MAX_FIND_CHARACTERS = 120


@dataclass(frozen=True)
class Listing:
    """What was asked for."""

    find: str
    sort: str
    archived: bool
    page: int


def read_listing(query: QueryDict, orders: Collection[str], default: str) -> Listing:
    """Read a list's address.

    Errors: Invalid naming a part that no list has, an order that isn't offered, a page that is no number.
    """
    faults = {str(name)[:80]: _("This list can’t be narrowed down by that.") for name in query if name not in PARTS}
    sort = query.get("sort", default)
    if sort not in orders:
        faults["sort"] = _("This list can’t be sorted by that.")
    page = query.get("page", "1")
    if not (page.isascii() and page.isdigit() and len(page) < 7 and int(page)):
        faults["page"] = _("There is no such page.")
    find = query.get("q", "").strip()
    if len(find) > MAX_FIND_CHARACTERS or "\x00" in find:
        faults["q"] = _("Enter at most %(limit)d characters.") % {"limit": MAX_FIND_CHARACTERS}
    if faults:
        raise Invalid(faults)
    return Listing(find, sort, query.get("archived", "") == "1", int(page))
