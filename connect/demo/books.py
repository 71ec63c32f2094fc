"""Holds four accounts of one run against each other: file, people, states, and the receiver's log."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from campaigns.models import Run
from connect.catcher import Caught, caught
from connect.core.models import Tenant
from connect.core.tenancy import tenant as open_tenant
from connect.demo.people import BROKEN, Expected
from conversations.importing.staging import Counts
from delivery.models import Message
from delivery.states import MessageKind, MessageState
from reports import queries, report


@dataclass(frozen=True)
class Books:
    """What the product says of a run."""

    run: Run
    states: Counter[str]
    exclusions: Mapping[str, int]
    addresses: frozenset[str]
    seeds: Counter[str]


def read_books(tenant: Tenant, run: Run) -> Books:
    """Read a run's books."""
    with open_tenant(tenant):
        key = report.key_of(run)
        states: Counter[str] = Counter()
        for one in queries.states(key):
            states[one.state] += one.count
        messages = Message.objects.of(tenant).filter(month=run.month, run_id=run.pk)
        main = messages.filter(kind=MessageKind.MAIN).values_list("address", flat=True)
        seeds = messages.filter(kind=MessageKind.SEED).values_list("address", flat=True)
        return Books(run, states, queries.exclusions(key), frozenset(main), Counter(seeds))


def differences(books: Books, expected: Expected, counts: Counts, seeds: Sequence[str]) -> list[str]:
    """Say where the product's books differ from what was counted on its own. Empty means that they agree."""
    planned = sum(books.states.values())
    facts = [
        ("lines of the file", counts.lines, expected.members + len(BROKEN)),
        ("lines refused", counts.refused, len(BROKEN)),
        ("members", books.run.members, expected.members),
        ("left out by the audience model", books.run.filtered, expected.filtered),
        *(
            (f"left out, {reason}", books.exclusions.get(reason, 0), count)
            for reason, count in expected.exclusions.items()
        ),
        ("left out for other reasons", sum(books.exclusions.values()), sum(expected.exclusions.values())),
        ("recipients", books.run.recipients, len(expected.addresses)),
        ("messages", planned, len(expected.addresses)),
        (
            "members = left out + recipients",
            books.run.members,
            books.run.filtered + sum(books.exclusions.values()) + planned,
        ),
        ("addresses that aren't the expected ones", len(books.addresses ^ expected.addresses), 0),
        ("messages accepted", books.states[MessageState.ACCEPTED], planned),
        ("seed copies", sum(books.seeds.values()), len(seeds) * len(expected.cells)),
    ]
    return [f"{what}: {found:,} in the books, {wanted:,} counted" for what, found, wanted in facts if found != wanted]


def receiver_differences(books: Books, received: Iterable[Caught]) -> list[str]:
    """Say where the receiver's log differs from the books: each planned address once, each seed copy, nobody else."""
    got = Counter(mail.recipient for mail in received)
    wanted = Counter(books.addresses) + books.seeds
    twice = sum(count - wanted[address] for address, count in got.items() if count > wanted[address] > 0)
    unplanned = sum(count for address, count in got.items() if address not in wanted)
    missing = sum((wanted - got).values())
    facts = [("received twice", twice), ("received unplanned", unplanned), ("planned, not received", missing)]
    return [f"{what}: {count:,}" for what, count in facts if count]


def received_since(folder: Path, number: int) -> list[Caught]:
    """Read what the catcher got from a line of its log on."""
    return [mail for mail in caught(folder) if mail.number >= number]
