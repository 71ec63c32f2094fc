"""The demo's mails: three letters in two languages, made of one frame."""

from dataclasses import dataclass

FRAME = """<!doctype html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{heading}</title></head>
<body style="margin:0;background:#efece4">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px 8px">
<table role="presentation" width="600" cellpadding="0" cellspacing="0" style="width:100%;max-width:600px;background:#faf7ef;color:#2a3126">
<tr><td align="center" style="padding:22px;font:700 13px Helvetica,Arial,sans-serif;letter-spacing:3px;color:#24402f">NORTHWIND</td></tr>
<tr><td style="padding:0"><table role="presentation" width="100%" cellpadding="0" cellspacing="0">
<tr><td height="90" style="background:#e6dcc6;font-size:0">&nbsp;</td><td width="90" style="background:#d9773f;font-size:0">&nbsp;</td><td width="120" style="background:#e6dcc6;font-size:0">&nbsp;</td></tr>
<tr><td height="54" colspan="3" style="background:#8aa694;font-size:0">&nbsp;</td></tr>
<tr><td height="40" colspan="3" style="background:#4a7460;font-size:0">&nbsp;</td></tr>
<tr><td height="20" colspan="3" style="background:#24402f;font-size:0">&nbsp;</td></tr></table></td></tr>
<tr><td align="center" style="padding:28px 36px 4px;font:400 30px/36px Georgia,serif">{heading}</td></tr>
<tr><td style="padding:12px 44px;font:16px/25px Georgia,serif">
<p>{greeting}</p>
{paragraphs}
</td></tr>
<tr><td align="center" style="padding:8px 36px 28px"><a href="{main_url}" style="display:inline-block;padding:13px 26px;background:#24402f;color:#ffffff;font:700 14px Helvetica,Arial,sans-serif;text-decoration:none">{button}</a></td></tr>
<tr><td style="padding:0 28px 20px"><table role="presentation" width="100%" cellpadding="0" cellspacing="8"><tr>
{goods}
</tr></table></td></tr>
<tr><td align="center" style="padding:4px 36px 26px;font:13px/20px Helvetica,Arial,sans-serif;color:#62665c">{closing}</td></tr>
</table>
</td></tr></table>
</body></html>
"""

GOOD = (
    '<td width="33%" valign="top" style="font:13px/19px Helvetica,Arial,sans-serif">'
    '<a href="{url}" style="color:#2a3126;text-decoration:none"><span style="display:block;height:96px;background:{colour}">&nbsp;</span>'
    "<b>{name}</b><br>{price}</a></td>"
)


@dataclass(frozen=True)
class Letter:
    """One revision in one language, as the editor takes it."""

    language: str
    subject: str
    preheader: str
    html: str
    text: str


def _letter(
    language: str,
    subject: str,
    preheader: str,
    heading: str,
    paragraphs: list[str],
    button: str,
    path: str,
    closing: str,
) -> Letter:
    french = language == "fr"
    site = f"https://shop.northwind.example/{language}"
    greeting = (
        "{% if attributes.first_name %}" + ("Bonjour" if french else "Hello") + " {{ attributes.first_name }},"
        "{% else %}" + ("Bonjour," if french else "Hello,") + "{% endif %}"
    )
    goods = [
        ("Tuque mérinos" if french else "Merino toque", "38 $", "#c8553d", "/toque"),
        ("Tasse de camp" if french else "Camp mug", "24 $", "#5b8272", "/mug"),
        ("Lanterne" if french else "Lantern", "52 $", "#e3b34c", "/lantern"),
    ]
    points = (
        "<p>Vous avez <b>{{ attributes.points }}</b> points de sentier.</p>"
        if french
        else "<p>You have <b>{{ attributes.points }}</b> trail points.</p>"
    )
    html = FRAME.format(
        language=language,
        heading=heading,
        greeting=greeting,
        paragraphs="\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs) + points,
        main_url=site + path,
        button=button,
        goods="\n".join(
            GOOD.format(url=site + at, colour=colour, name=name, price=price) for name, price, colour, at in goods
        ),
        closing=closing,
    )
    text = "\n\n".join([heading, greeting, *paragraphs, f"{button}: {site}{path}", closing])
    return Letter(language, subject, preheader, html, text)


GUIDE = [
    _letter(
        "en", "The gift guide is here", "Order before the rush, delivered before the 24th", "Presents with a bit of trail dust on them",
        ["Parcels that leave by 12 December arrive before the 24th. After that it is up to the snow.",
         "We packed forty things that we use ourselves, from a mug that survives the tailgate to the shell that we test in Gros Morne."],
        "Open the gift guide", "/guide", "Visit a store near you: opening hours change in December.",
    ),
    _letter(
        "fr", "Le guide-cadeaux est arrivé", "Commandez avant la cohue, livré avant le 24", "Des cadeaux qui sentent bon le sentier",
        ["Les colis expédiés au plus tard le 12 décembre arrivent avant le 24. Ensuite, c’est la neige qui décide.",
         "Nous avons choisi quarante objets que nous utilisons nous-mêmes, de la tasse à toute épreuve à la coquille testée au Gros-Morne."],
        "Voir le guide-cadeaux", "/guide", "Passez en magasin : les heures changent en décembre.",
    ),
]  # fmt: skip
MEMBERS = [
    _letter(
        "en", "{{ attributes.first_name|default('Friend', true) }}, your members’ gift guide, three days early", "Three days before everyone else",
        "Three days before everyone else",
        ["As a Summit member you order three days before everyone else.", "Your tier, {{ attributes.tier }}, ships free."],
        "Order first", "/members", "Thank you for walking with us.",
    ),
    _letter(
        "fr", "{{ attributes.first_name|default('Bonjour', true) }}, votre guide-cadeaux, trois jours avant tout le monde", "Trois jours avant tout le monde",
        "Trois jours avant tout le monde",
        ["Membre Sommet, vous commandez trois jours avant tout le monde.", "Votre niveau, {{ attributes.tier }}, est livré sans frais."],
        "Commander en premier", "/members", "Merci de marcher avec nous.",
    ),
]  # fmt: skip
SKIERS = [
    _letter(
        "en", "Wax, edges, first snow", "Tune-up slots are open", "First snow, sharp edges",
        ["Tune-up slots in {{ customer.region }} are open for two weeks.", "Bring the skis in on a weekday and ski on Saturday."],
        "Book a tune-up", "/tune-up", "See you on the chairlift.",
    ),
    _letter(
        "fr", "Fart, carres, première neige", "Les mises au point sont ouvertes", "Première neige, carres affûtées",
        ["Les mises au point en {{ customer.region }} sont ouvertes pendant deux semaines.", "Apportez vos skis en semaine et skiez samedi."],
        "Réserver une mise au point", "/tune-up", "À bientôt sur le télésiège.",
    ),
]  # fmt: skip
