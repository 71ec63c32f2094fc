"""Names and descriptions of models: one line, storable, not too long. Segments take their names through here too."""

from django.utils.translation import gettext as _

from connect.core.errors import Invalid
from conversations.addresses import check_storable

MAX_NAME_CHARACTERS = 120
MAX_DESCRIPTION_CHARACTERS = 240


def check_name(raw: str, field: str = "name") -> str:
    """Let a name through that fits on one line.

    Errors: Invalid naming `field`.
    """
    name = " ".join(check_storable(raw, field).split())
    if not name or not name.isprintable():
        raise Invalid({field: _("Enter a name.") if not name else _("A name has no control characters.")})
    if len(name) > MAX_NAME_CHARACTERS:
        raise Invalid({field: _("Enter at most %(most)d characters.") % {"most": MAX_NAME_CHARACTERS}})
    return name


def check_description(raw: str, field: str = "description") -> str:
    """Let a description through.

    Errors: Invalid naming `field`.
    """
    text = check_storable(raw, field).strip()
    if len(text) > MAX_DESCRIPTION_CHARACTERS:
        raise Invalid({field: _("Enter at most %(most)d characters.") % {"most": MAX_DESCRIPTION_CHARACTERS}})
    return text


def name_of_copy(name: str, taken: set[str]) -> str:
    """Find a free name for a copy: `Germans (copy)`, `Germans (copy 2)`."""
    number = 1
    while True:
        mark = _("(copy)") if number == 1 else _("(copy %(number)d)") % {"number": number}
        copied = f"{name[: MAX_NAME_CHARACTERS - len(mark) - 1]} {mark}"
        if copied not in taken:
            return copied
        number += 1
