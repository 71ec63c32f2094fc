"""Icons by name: Heroicons, and the few glyphs of states that Heroicons doesn't draw.

`icon("flag")` gives the outline drawn for 24 px, `icon("flag", "solid")` the filled one. Colour and size come from the
style sheet (`.i`), so that an icon always takes the colour of the words beside it.
"""

from functools import cache

from heroicons.jinja import heroicon_micro, heroicon_outline
from markupsafe import Markup

#: On a grid of 24: what a thing is at, told by how much of a circle is drawn. `{}` is left to the outline's stroke.
_GLYPHS = {
    "draft": '<circle cx="12" cy="12" r="8.5" stroke-linecap="butt" stroke-dasharray="3.9 2.776"/>',
    "half": '<circle cx="12" cy="12" r="8.5"/>'
    '<path fill="currentColor" stroke="none" d="M12 3.5a8.5 8.5 0 0 1 0 17z"/>',
    "ring": '<circle cx="12" cy="12" r="8.5"/>',
    "full": '<circle cx="12" cy="12" r="8.5" fill="currentColor"/>',
    "going": '<path fill="currentColor" d="M7 4.5v15l12-7.5z"/>',
    "pause": '<path fill="currentColor" d="M7 5h2.5v14H7zM14.5 5H17v14h-2.5z"/>',
    "void": '<circle cx="12" cy="12" r="8.5"/><path d="M5 19 19 5"/>',
    "doubt": '<circle cx="12" cy="12" r="8.5" stroke-linecap="butt" stroke-dasharray="3.9 2.776"/>'
    '<path d="M9.8 10a2.3 2.3 0 1 1 3.3 2.1c-.8.4-1.1.9-1.1 1.7M12 16.4v.1"/>',
    "dots": '<path fill="currentColor" d="M4 11h2v2H4zM11 11h2v2h-2zM18 11h2v2h-2z"/>',
    "split": '<circle cx="5" cy="12" r="2.5"/><circle cx="19" cy="5" r="2.5"/><circle cx="19" cy="12" r="2.5"/>'
    '<circle cx="19" cy="19" r="2.5"/><path stroke-dasharray="2 2.5" d="M7.5 12h9M7 10.5l10-4.5M7 13.5l10 4.5"/>',
}
_OWN = (
    '<svg class="{cls}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round"'
    ' stroke-linejoin="round" aria-hidden="true">{body}</svg>'
)


@cache
def icon(name: str, style: str = "outline", size: str = "") -> Markup:
    """Draw an icon, silent to a screen reader; `size` is "" (16 px), "small" (12), "large" (24) or "huge" (40).

    Errors: heroicons.IconDoesNotExist for a name that nobody drew.
    """
    classes = f"i {size}".strip()
    if name in _GLYPHS:
        return Markup(_OWN.format(cls=classes, body=_GLYPHS[name]))  # noqa: S704 -- both are ours
    if style == "solid":
        return Markup(heroicon_micro(name, size=None, **{"class": f"{classes} solid"}))  # noqa: S704
    return Markup(heroicon_outline(name, size=None, **{"class": classes}))  # noqa: S704
