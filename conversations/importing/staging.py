"""The SQL of an import: checked rows go into a temporary table by COPY, and from there into customers in one statement.

What is in the file and empty changes nothing. A row that says nothing new isn't written. Whoever has a subscription,
whatever its state, keeps it: an import never brings back who left.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from django.db import connection

from connect.core.models import Tenant
from conversations.importing.checking import Checked

# COPY into a table under row-level security is refused, so it goes into one of our own, which is gone at commit.
_STAGE = """
CREATE TEMPORARY TABLE staged (
    external_id varchar(120) COLLATE "C" NOT NULL, email varchar(254) NOT NULL DEFAULT '',
    email_key varchar(254) COLLATE "C" NOT NULL DEFAULT '', phone varchar(20) COLLATE "C" NOT NULL DEFAULT '',
    language varchar(12) COLLATE "C" NOT NULL DEFAULT '', zone varchar(64) COLLATE "C" NOT NULL DEFAULT '',
    country varchar(2) COLLATE "C" NOT NULL DEFAULT '', region varchar(60) NOT NULL DEFAULT '',
    attributes jsonb NOT NULL DEFAULT '{}', interests varchar(60)[], preferences jsonb NOT NULL DEFAULT '{}'
) ON COMMIT DROP
"""
_UNSTAGE = "DROP TABLE staged"
# The planner can't know the sizes: of a table that was filled a second ago, or by another batch at this moment. Whatever
# they are, each staged row is looked up by index: a scan for each would take minutes, a hash of all customers seconds.
_LOOK_UP = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;"
    " SET LOCAL enable_bitmapscan = off"
)
_LOOK_UP_NO_MORE = (
    "SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL enable_hashjoin TO DEFAULT; SET LOCAL enable_mergejoin TO DEFAULT;"
    " SET LOCAL enable_bitmapscan TO DEFAULT"
)
_MAY_BE_NULL = frozenset({"interests", "attributes", "preferences"})
_TEXTS = ("email", "email_key", "phone", "language", "zone", "country", "region")


def _kept(name: str) -> str:
    return f"coalesce(nullif(s.{name}, ''), c.{name})"


_NEW_VALUES = {
    **{name: _kept(name) for name in _TEXTS},
    "attributes": "c.attributes || s.attributes",
    "interests": "coalesce(s.interests, c.interests)",
    "preferences": "c.preferences || s.preferences",
}
_DIFFERS = " OR ".join(f"{value} <> c.{name}" for name, value in _NEW_VALUES.items() if name != "email_key")

#: Each staged row beside the customer that has its id, and whether it says anything new about them.
_MATCHED = f"""
matched AS MATERIALIZED (
    SELECT s.*, c.id AS customer_id, c.id IS NOT NULL AND ({_DIFFERS}) AS differs
    FROM staged s
    LEFT JOIN conversations_customer c ON c.tenant_id = %(tenant)s AND c.external_id = s.external_id
)"""

_NOT_YET = """
    NOT EXISTS (
        SELECT FROM conversations_subscription m
        WHERE m.tenant_id = %(tenant)s AND m.conversation_id = %(conversation)s AND m.channel = 'email'
          AND m.customer_id = {customer})
"""

_COUNT = f"""
WITH {_MATCHED}
SELECT count(*) FILTER (WHERE t.customer_id IS NULL), count(*) FILTER (WHERE t.differs),
       count(*) FILTER (WHERE %(conversation)s::bigint IS NOT NULL
                        AND (t.customer_id IS NULL OR {_NOT_YET.format(customer="t.customer_id")}))
FROM matched t
"""

_WRITE = f"""
WITH {_MATCHED},
made AS (
    INSERT INTO conversations_customer (tenant_id, public_id, external_id, {", ".join(_TEXTS)},
        attributes, interests, preferences, created_at, updated_at, version)
    SELECT %(tenant)s, gen_random_uuid(), t.external_id, {", ".join(f"t.{name}" for name in _TEXTS)},
           t.attributes, coalesce(t.interests, '{{}}'), t.preferences, %(now)s, %(now)s, 1
    FROM matched t WHERE t.customer_id IS NULL
    RETURNING id
),
changed AS (
    UPDATE conversations_customer c
    SET {", ".join(f"{name} = {value}" for name, value in _NEW_VALUES.items())},
        updated_at = %(now)s, version = c.version + 1
    FROM matched s
    WHERE c.tenant_id = %(tenant)s AND c.id = s.customer_id AND s.differs
    RETURNING c.id
),
joined AS (
    INSERT INTO conversations_subscription (tenant_id, conversation_id, customer_id, channel, state, source, changed_at)
    SELECT %(tenant)s, %(conversation)s, new.id, 'email', 'subscribed', %(source)s, %(now)s
    FROM (
        SELECT id FROM made
        UNION ALL
        SELECT t.customer_id FROM matched t
        WHERE t.customer_id IS NOT NULL AND {_NOT_YET.format(customer="t.customer_id")}
    ) new
    WHERE %(conversation)s::bigint IS NOT NULL
    ON CONFLICT (tenant_id, conversation_id, channel, customer_id) DO NOTHING
    RETURNING customer_id
),
noted AS (
    INSERT INTO conversations_consententry
        (tenant_id, conversation_id, customer_id, channel, was, became, source, wording, proof, at)
    SELECT %(tenant)s, %(conversation)s, customer_id, 'email', '', 'subscribed', %(source)s, %(wording)s,
           jsonb_build_object('import', %(import)s::text, 'file', %(file)s::text), %(now)s
    FROM joined
    RETURNING 1
)
SELECT (SELECT count(*) FROM made), (SELECT count(*) FROM changed), (SELECT count(*) FROM noted)
"""


@dataclass(frozen=True)
class Consent:
    """What new customers of a file are subscribed to, and what is written into the ledger about it."""

    conversation_id: int | None
    source: str
    wording: str
    proof_import: str
    proof_file: str


@dataclass(frozen=True)
class Counts:
    """What came of the lines of a file, or would come of them."""

    lines: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    subscribed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        mine, others = asdict(self), asdict(other)
        return Counts(**{name: mine[name] + others[name] for name in mine})

    @classmethod
    def read(cls, stored: dict[str, int]) -> Self:
        """Read what was stored; what isn't there is nought."""
        return cls(**{name: stored.get(name, 0) for name in asdict(cls())})


def apply(tenant: Tenant, checked: Checked, consent: Consent, *, dry: bool, now: datetime) -> Counts:
    """Write a batch, or count what writing it would do. Belongs into the tenant's transaction.

    Errors: UniqueViolation where somebody made one of the customers just now: the batch is to be done again.
    """
    if not checked.text:
        return Counts(lines=checked.lines, refused=checked.refused)
    _stage(checked)
    values: dict[str, int | str | datetime | None] = {
        "tenant": tenant.pk,
        "now": now,
        "conversation": consent.conversation_id,
        "source": consent.source,
        "wording": consent.wording,
        "import": consent.proof_import,
        "file": consent.proof_file,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_UP)
        cursor.execute(_COUNT if dry else _WRITE, values)
        created, updated, subscribed = cursor.fetchone()
        cursor.execute(_LOOK_UP_NO_MORE)
        cursor.execute(_UNSTAGE)
    good = checked.lines - checked.refused
    return Counts(checked.lines, created, updated, good - created - updated, checked.refused, subscribed)


def _stage(checked: Checked) -> None:
    names = ", ".join(checked.columns)
    texts = ", ".join(name for name in checked.columns if name not in _MAY_BE_NULL)
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy(f"COPY staged ({names}) FROM STDIN (FORMAT csv, FORCE_NOT_NULL ({texts}))") as copy:
            copy.write(checked.text)
