"""What a customer reads on our pages, in the language of the mail that led there; English where we don't speak it.

Like the footer of the mails, these words are the customers', not the console's: they don't go through its catalogues.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The sentences of the unsubscribe page. `{name}` is the conversation, `{address}` the masked address."""

    title: str
    ask: str
    leave: str
    done_title: str
    done: str
    back: str
    back_title: str
    back_done: str
    seed: str
    gone_title: str
    gone: str


WORDINGS = {
    "en": Words(
        title="Unsubscribe",
        ask="Do you want no more email from {name} to {address}?",
        leave="Unsubscribe",
        done_title="You are unsubscribed",
        done="{name} will send no more email to {address}.",
        back="That was a mistake: subscribe again",
        back_title="Welcome back",
        back_done="{address} gets email from {name} again.",
        seed="This is a copy for checking. Nothing has been changed.",
        gone_title="This link leads nowhere",
        gone="It is incomplete, has been changed, or is too old.",
    ),
    "de": Words(
        title="Abmelden",
        ask="Möchten Sie keine E-Mails von {name} mehr an {address} erhalten?",
        leave="Abmelden",
        done_title="Sie sind abgemeldet",
        done="{name} schickt keine E-Mails mehr an {address}.",
        back="Das war ein Versehen: wieder anmelden",
        back_title="Willkommen zurück",
        back_done="{address} erhält wieder E-Mails von {name}.",
        seed="Dies ist eine Kopie zur Kontrolle. Es wurde nichts geändert.",
        gone_title="Dieser Link führt nirgendwohin",
        gone="Er ist unvollständig, wurde verändert oder ist zu alt.",
    ),
    "fr": Words(
        title="Se désabonner",
        ask="Souhaitez-vous ne plus recevoir d’e-mails de {name} à {address} ?",
        leave="Me désabonner",
        done_title="Vous êtes désabonné",
        done="{name} n’enverra plus d’e-mails à {address}.",
        back="C’était une erreur : me réabonner",
        back_title="Heureux de vous revoir",
        back_done="{address} reçoit de nouveau les e-mails de {name}.",
        seed="Ceci est une copie de contrôle. Rien n’a été modifié.",
        gone_title="Ce lien ne mène nulle part",
        gone="Il est incomplet, a été modifié ou est trop ancien.",
    ),
    "es": Words(
        title="Darse de baja",
        ask="¿No quiere recibir más correos de {name} en {address}?",
        leave="Darme de baja",
        done_title="Se ha dado de baja",
        done="{name} no enviará más correos a {address}.",
        back="Ha sido un error: suscribirme de nuevo",
        back_title="Bienvenido de nuevo",
        back_done="{address} vuelve a recibir correos de {name}.",
        seed="Esta es una copia de control. No se ha cambiado nada.",
        gone_title="Este enlace no lleva a ninguna parte",
        gone="Está incompleto, ha sido modificado o es demasiado antiguo.",
    ),
    "it": Words(
        title="Annulla l’iscrizione",
        ask="Non vuole più ricevere e-mail da {name} all’indirizzo {address}?",
        leave="Annulla l’iscrizione",
        done_title="Iscrizione annullata",
        done="{name} non invierà più e-mail a {address}.",
        back="È stato un errore: iscrivimi di nuovo",
        back_title="Bentornato",
        back_done="{address} riceve di nuovo le e-mail di {name}.",
        seed="Questa è una copia di controllo. Non è stato modificato nulla.",
        gone_title="Questo link non porta da nessuna parte",
        gone="È incompleto, è stato modificato o è troppo vecchio.",
    ),
    "nl": Words(
        title="Uitschrijven",
        ask="Wilt u geen e-mail van {name} meer ontvangen op {address}?",
        leave="Uitschrijven",
        done_title="U bent uitgeschreven",
        done="{name} stuurt geen e-mail meer naar {address}.",
        back="Dat was een vergissing: weer inschrijven",
        back_title="Welkom terug",
        back_done="{address} ontvangt weer e-mail van {name}.",
        seed="Dit is een controlekopie. Er is niets gewijzigd.",
        gone_title="Deze link leidt nergens heen",
        gone="Hij is onvolledig, gewijzigd of te oud.",
    ),
    "pt": Words(
        title="Cancelar subscrição",
        ask="Não quer receber mais e-mails de {name} em {address}?",
        leave="Cancelar subscrição",
        done_title="Subscrição cancelada",
        done="{name} não enviará mais e-mails para {address}.",
        back="Foi um engano: subscrever de novo",
        back_title="Bem-vindo de volta",
        back_done="{address} volta a receber e-mails de {name}.",
        seed="Esta é uma cópia de controlo. Nada foi alterado.",
        gone_title="Esta ligação não leva a lado nenhum",
        gone="Está incompleta, foi alterada ou é demasiado antiga.",
    ),
}


def language_of(tag: str) -> str:
    """The language of ours that serves a tag best."""
    first = tag.split("-")[0].lower()
    return first if first in WORDINGS else "en"


def masked(address: str) -> str:
    """Show whose address it is to its owner, and to nobody else: links are forwarded."""
    local, _, domain = address.partition("@")
    return f"{local[:1]}•••@{domain}"
