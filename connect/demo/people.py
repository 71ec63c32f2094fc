"""The demo's customers: who they are, the file they come in, and what must become of each of them.

What must become of them is worked out here from the people alone, without asking the product: the demo compares.
"""

import csv
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

COLUMNS = [
    "customer_id",
    "email",
    "first_name",
    "last_name",
    "language",
    "time_zone",
    "country",
    "region",
    "tier",
    "points",
    "birthday",
    "interests",
]

#: Country, region, zone, language, weight.
PLACES = [
    ("CA", "Ontario", "America/Toronto", "en", 24),
    ("CA", "Quebec", "America/Toronto", "fr", 18),
    ("CA", "Nova Scotia", "America/Halifax", "en", 6),
    ("CA", "British Columbia", "America/Vancouver", "en", 12),
    ("US", "New York", "America/New_York", "en", 14),
    ("US", "Colorado", "America/Denver", "en", 10),
    ("FR", "Auvergne-Rhône-Alpes", "Europe/Paris", "fr", 10),
    ("FR", "Bretagne", "Europe/Paris", "fr", 6),
]
FIRST = {
    "en": [
        "Olivia",
        "Noah",
        "Emma",
        "Liam",
        "Ava",
        "Jack",
        "Grace",
        "Owen",
        "Chloe",
        "Ethan",
        "Maya",
        "Lucas",
        "Nora",
        "Henry",
        "Zoe",
        "Daniel",
        "Priya",
        "Kenji",
        "Aisha",
        "Tom",
    ],
    "fr": [
        "Léa",
        "Hugo",
        "Manon",
        "Louis",
        "Camille",
        "Jules",
        "Inès",
        "Gabriel",
        "Chloé",
        "Arthur",
        "Zoé",
        "Étienne",
        "Aurélie",
        "Mathis",
        "Océane",
        "Rémi",
    ],
}
LAST = {
    "en": [
        "Smith",
        "Brown",
        "Tremblay",
        "Wilson",
        "Martin",
        "Roy",
        "Taylor",
        "Campbell",
        "Lee",
        "Singh",
        "Chen",
        "MacDonald",
        "Murphy",
        "Walker",
        "Patel",
        "King",
    ],
    "fr": [
        "Gagnon",
        "Bouchard",
        "Côté",
        "Fortin",
        "Lefèvre",
        "Moreau",
        "Girard",
        "Bonnet",
        "Dupont",
        "Lambert",
        "Fontaine",
        "Rousseau",
        "Leroy",
    ],
}
DOMAINS = [
    "gmail.example",
    "outlook.example",
    "icloud.example",
    "yahoo.example",
    "videotron.example",
    "orange.example",
    "bell.example",
]
DOMAIN_WEIGHTS = [40, 20, 12, 9, 7, 7, 5]
TIERS = ["", "bronze", "silver", "gold"]
TIER_WEIGHTS = [55, 22, 15, 8]
INTERESTS = ["skiing", "hiking", "climbing", "camping", "running", "cycling"]

#: A domain that the demo suppresses as a whole.
CLOSED_DOMAIN = "closed.example"
LEFT_AT_MOST = 200

#: Lines that no import can take, each with the column to blame.
BROKEN = [
    ({"email": "not-an-address"}, "email"),
    ({"time_zone": "Mars/Olympus"}, "time_zone"),
    ({"country": "XX"}, "country"),
    ({"language": "klingon!"}, "language"),
    ({"points": "many"}, "points"),
    ({"birthday": "31.02.1990"}, "birthday"),
    ({"customer_id": ""}, "customer_id"),
]


@dataclass(frozen=True)
class Person:
    """One line of the file, and what the demo does to them before the launch."""

    customer_id: str
    email: str
    first_name: str
    last_name: str
    language: str
    zone: str
    country: str
    region: str
    tier: str
    points: int
    birthday: str
    interests: tuple[str, ...]
    suppressed: bool
    left: bool

    def line(self) -> dict[str, str]:
        """Write the person as a line of the file."""
        return {
            "customer_id": self.customer_id,
            "email": self.email,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "language": self.language,
            "time_zone": self.zone,
            "country": self.country,
            "region": self.region,
            "tier": self.tier,
            "points": str(self.points),
            "birthday": self.birthday,
            "interests": ";".join(self.interests),
        }


def people(count: int, *, seed: int = 2026) -> Iterator[Person]:
    """Make `count` people, always the same ones for a seed.

    Shape: about 3 % have no address, 1.5 % share one with an earlier person, 2 % are suppressed (half of them by
    domain), up to 200 have left the conversation.
    """
    draw = random.Random(seed)  # noqa: S311 - made-up people, nothing secret
    weights = [place[4] for place in PLACES]
    leavers = set(draw.sample(range(count), min(LEFT_AT_MOST, count // 25)))
    earlier = ""
    for number in range(count):
        country, region, zone, language, _ = draw.choices(PLACES, weights)[0]
        first, last = draw.choice(FIRST[language]), draw.choice(LAST[language])
        chance = draw.random()
        suppressed = 0.045 <= chance < 0.065
        domain = CLOSED_DOMAIN if 0.055 <= chance < 0.065 else draw.choices(DOMAINS, DOMAIN_WEIGHTS)[0]
        email = f"{_plain(first)}.{_plain(last)}.{number}@{domain}"
        if chance < 0.03:
            email = ""
        elif chance < 0.045 and earlier:
            email = earlier
        elif not suppressed and number not in leavers:
            earlier = email
        yield Person(
            customer_id=f"NW-{number + 1:06d}",
            email=email,
            first_name=first,
            last_name=last,
            language=language,
            zone=zone,
            country=country,
            region=region,
            tier=draw.choices(TIERS, TIER_WEIGHTS)[0],
            points=draw.randrange(0, 1000),
            birthday=f"{draw.randrange(1950, 2006)}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}",
            interests=tuple(sorted(draw.sample(INTERESTS, draw.randrange(0, 4)))),
            suppressed=suppressed,
            left=number in leavers,
        )


def write_file(path: Path, made: Sequence[Person]) -> None:
    """Write the people as CSV, with the broken lines at the end."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(person.line() for person in made)
        for number, (fault, _) in enumerate(BROKEN):
            good = {**made[0].line(), "customer_id": f"NW-BROKEN-{number}", "email": f"broken{number}@gmail.example"}
            writer.writerow({**good, **fault})


@dataclass(frozen=True)
class Expected:
    """What the books must say, counted from the people alone."""

    members: int
    exclusions: Counter[str]
    filtered: int
    addresses: frozenset[str]
    cells: frozenset[tuple[str, str]]


def expect(made: Sequence[Person]) -> Expected:
    """Work out who gets the sample campaign and why the others don't, in the order of the waterfall."""
    exclusions: Counter[str] = Counter()
    filtered = 0
    addresses: set[str] = set()
    cells: set[tuple[str, str]] = set()
    for person in made:
        if person.left:
            exclusions["no_consent"] += 1
        elif person.suppressed:
            exclusions["suppressed"] += 1
        elif not in_audience(person):
            filtered += 1
        elif not person.email:
            exclusions["no_address"] += 1
        elif person.email in addresses:
            exclusions["duplicate"] += 1
        else:
            addresses.add(person.email)
            cells.add((segment_of(person), person.language))
    return Expected(len(made), exclusions, filtered, frozenset(addresses), frozenset(cells))


def in_audience(person: Person) -> bool:
    """Say whether the sample audience model lets this person in: see `AUDIENCE_RULE`."""
    return person.points >= 100 or person.tier == "gold"


def segment_of(person: Person) -> str:
    """Name the first segment that takes this person: see `SEGMENT_RULES`; "" is Leftovers."""
    if person.tier in {"gold", "silver"}:
        return "Summit members"
    if "skiing" in person.interests:
        return "Skiers"
    return ""


AUDIENCE_RULE = {
    "combinator": "or",
    "not": False,
    "rules": [
        {"field": "attributes.points", "operator": "at_least", "value": 100},
        {"field": "attributes.tier", "operator": "equals", "value": "gold"},
    ],
}
SEGMENT_RULES = [
    (
        "Summit members",
        {
            "combinator": "and",
            "not": False,
            "rules": [{"field": "attributes.tier", "operator": "one_of", "value": ["gold", "silver"]}],
        },
    ),
    (
        "Skiers",
        {
            "combinator": "and",
            "not": False,
            "rules": [{"field": "interests.skiing", "operator": "equals", "value": True}],
        },
    ),
]


def _plain(name: str) -> str:
    return name.lower().translate(str.maketrans("éèêëôöïîàâçù", "eeeeooiiaacu"))
