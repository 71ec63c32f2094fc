"""What every marketing mail ends with: who sends it, from where, and how to leave; in the reader's language."""

from dataclasses import dataclass
from typing import Protocol

from markupsafe import escape

from content.rendering.markup import Markup

#: Language → why you get this, how to leave.
WORDINGS = {
    "en": ("You get this because you subscribed to {name}.", "Unsubscribe"),
    "de": ("Sie erhalten diese Nachricht, weil Sie {name} abonniert haben.", "Abmelden"),
    "fr": ("Vous recevez ce message car vous êtes abonné à {name}.", "Se désabonner"),
    "es": ("Recibe este mensaje porque se suscribió a {name}.", "Darse de baja"),
    "it": ("Riceve questo messaggio perché è iscritto a {name}.", "Annulla l’iscrizione"),
    "nl": ("U ontvangt dit bericht omdat u bent ingeschreven voor {name}.", "Uitschrijven"),
    "pt": ("Recebe esta mensagem porque subscreveu {name}.", "Cancelar subscrição"),
}


class Imprint(Protocol):
    """What a footer needs of a conversation, as it is now or as a run froze it."""

    @property
    def name(self) -> str:
        """The conversation's name."""

    @property
    def postal_address(self) -> str:
        """Where its sender lives."""

    @property
    def footer(self) -> str:
        """What else stands below."""


@dataclass(frozen=True)
class FrozenImprint:
    """The footer's part of a conversation, frozen by a run."""

    name: str
    postal_address: str
    footer: str


@dataclass(frozen=True)
class Footer:
    """A footer in both forms; the unsubscribe link stands between `before` and `after`."""

    html_before: str
    html_after: str
    text_before: str


def opening(markup: Markup) -> int:
    """Tell the offset behind `<body>`, where the preheader goes; where there is none, that behind the head."""
    for name, closes in (("body", False), ("head", True), ("html", False)):
        found = [tag.end for tag in markup.tags if (tag.name, tag.closes) == (name, closes) and not tag.outlook]
        if found:
            return found[0]
    return markup.doctype_end


def ending(markup: Markup, length: int) -> int:
    """Tell the offset of the last `</body>`, where the footer goes; failing that, of `</html>` or the end."""
    for name in ("body", "html"):
        found = [
            tag.start for tag in markup.tags if tag.name == name and tag.closes and not (tag.outlook or tag.blocks)
        ]
        if found:
            return found[-1]
    return length


def footer(imprint: Imprint, language: str) -> Footer:
    """Write the footer of a conversation in a language, in English where we don't speak it."""
    why, leave = WORDINGS.get(language.split("-")[0].lower(), WORDINGS["en"])
    why = why.format(name=imprint.name)
    lines = [line for line in (why, *imprint.footer.splitlines(), *imprint.postal_address.splitlines()) if line.strip()]
    style = "padding:20px 24px;font:12px/18px Helvetica,Arial,sans-serif;color:#5f5b53"
    html = "<br>".join(str(escape(line)) for line in lines)
    return Footer(
        html_before='<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr>'
        f'<td align="center" style="{style}">'
        f'{html}<br><a style="color:#5f5b53" href="',
        html_after=f'">{escape(leave)}</a></td></tr></table>',
        text_before="\n\n-- \n" + "\n".join(lines) + f"\n{leave}: ",
    )
