"""The bench's mail, compiled, with readers to write it for: what rendering and signing are measured on. No database."""

import uuid
from dataclasses import dataclass, field
from datetime import date

from content.rendering.compile import Compiled, compile_content
from content.rendering.footer import FrozenImprint
from content.rendering.links import targets
from conversations.dkim import SigningKey, draw_key
from conversations.states import DkimAlgorithm
from delivery.senders.compose import RunComposer, Voice
from delivery.senders.dkim import Signer
from delivery.senders.letters import Job, Lease
from delivery.tracking.links import LinkMaker
from tests.bench.letters import letter

REVISION, LANGUAGE = 1, "en"
READERS = 1_000


@dataclass
class Source:
    """A revision that was never saved."""

    subject: str
    preheader: str
    html: str
    text: str
    hash: str = "0" * 64
    links: list[str] = field(default_factory=list)


def compiled() -> Compiled:
    """Compile the bench's mail."""
    made = letter(LANGUAGE, "Dear {{ attributes.first_name|default('friend', true) }}, the gift guide is here")
    source = Source(made.subject, made.preheader, made.html, made.text)
    source.links = targets(made.html, made.text)
    imprint = FrozenImprint("Northwind News", "1200 Water Street\nHalifax NS\nCanada", "Prices in Canadian dollars.")
    return compile_content(source, conversation=imprint, language=LANGUAGE)


def signing_key() -> SigningKey:
    """Draw a key of RSA-2048."""
    drawn = draw_key(DkimAlgorithm.RSA)
    return SigningKey("northwind.example", "bench", DkimAlgorithm.RSA, drawn.private_key_pem)


def composer(signer: Signer) -> RunComposer:
    """Make the composer of one run."""
    voice = Voice(
        from_name="Northwind Outfitters",
        from_email="hello@news.northwind.example",
        reply_to="care@northwind.example",
        bounce_domain="",
        feedback_id="0123456789abcdef:fedcba9876543210:email:connect",
        marks_seeds=False,
    )
    links = LinkMaker("https://news.northwind.example", 1, date(2026, 3, 1))
    return RunComposer(voice, signer, links, {(REVISION, LANGUAGE): compiled()})


def jobs() -> list[Job]:
    """Make claimed messages of different readers."""
    lease = Lease(1, 1, 1)
    return [
        Job(lease, 7_000_000 + number, str(uuid.UUID(int=number)), "main", LANGUAGE, REVISION,
            f"olivia.tremblay.{number}@inbox.example", 0, _values(number))
        for number in range(READERS)
    ]  # fmt: skip


def _values(number: int) -> dict[str, dict[str, object]]:
    return {
        "attributes": {
            "first_name": ["Olivia", "Étienne", "Noah", "Léa"][number % 4],
            "last_name": ["Tremblay", "Côté", "Smith"][number % 3],
            "tier": ["gold", None, "silver"][number % 3],
            "points": number,
            "birthday": f"{1950 + number % 50}-02-0{1 + number % 9}",
        },
        "customer": {
            "region": "Nova Scotia",
            "country": "CA",
            "language": LANGUAGE,
            "external_id": f"NW-{number:06d}",
            "email": f"olivia.tremblay.{number}@inbox.example",
        },
    }
