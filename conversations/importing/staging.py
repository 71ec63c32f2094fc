"""The SQL of an import: checked rows go into a temporary table by COPY, and from there into customers in one statement.

What is in the file and empty changes nothing. A row that says nothing new isn't written. Whoever has a subscription,
whatever its state, keeps it: an import never brings back who left.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Self

from django.db import connection
from django.db.backends.utils import CursorWrapper

from connect.core.models import Tenant
from conversations.importing.checking import Checked

Values = dict[str, int | str | datetime | None]

# COPY into a table under row-level security is refused, so it goes into one of our own, which is gone at commit.
_STAGE = """
CREATE TEMPORARY TABLE staged (
    public_id uuid NOT NULL, external_id varchar(120) COLLATE "C" NOT NULL, email varchar(254) NOT NULL DEFAULT '',
    email_key varchar(254) COLLATE "C" NOT NULL DEFAULT '', phone varchar(20) COLLATE "C" NOT NULL DEFAULT '',
    language varchar(12) COLLATE "C" NOT NULL DEFAULT '', zone varchar(64) COLLATE "C" NOT NULL DEFAULT '',
    country varchar(2) COLLATE "C" NOT NULL DEFAULT '', region varchar(60) NOT NULL DEFAULT '',
    attributes jsonb NOT NULL DEFAULT '{}', interests varchar(60)[], preferences jsonb NOT NULL DEFAULT '{}'
) ON COMMIT DROP
"""
_UNSTAGE = "DROP TABLE staged"
_TEXTS = ("email", "email_key", "phone", "language", "zone", "country", "region")

# The planner can't know how many customers a tenant has: one that began today is in no statistics, and a table that was
# filled a second ago looks empty. It then takes any index that begins with the tenant and compares each row with all
# customers, for hours. So the one right plan is forced: each staged row is looked up on its own (`LATERAL … LIMIT 1`),
# between two equal bounds, in the order of the unique key, which no other index gives while sorting is off.
_BY_INDEX = "SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"
_AS_BEFORE = (
    "SET LOCAL enable_sort TO DEFAULT; SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL enable_bitmapscan TO DEFAULT"
)

_SAYS_SOMETHING_NEW = " OR ".join(
    [
        *(f"(s.{name} <> '' AND s.{name} <> c.{name})" for name in _TEXTS),
        "c.attributes || s.attributes <> c.attributes",
        "c.preferences || s.preferences <> c.preferences",
        "s.interests <> c.interests",
    ]
)

#: Each staged row beside the customer that has its id, and whether it says anything new about them.
_MATCHED = f"""
matched AS MATERIALIZED (
    SELECT s.*, c.id AS customer_id, c.interests AS had_interests,
           c.id IS NOT NULL AND coalesce({_SAYS_SOMETHING_NEW}, false) AS differs
    FROM staged s
    LEFT JOIN LATERAL (
        SELECT c.* FROM conversations_customer c
        WHERE c.tenant_id = %(tenant)s AND c.external_id >= s.external_id AND c.external_id <= s.external_id
        ORDER BY c.external_id LIMIT 1
    ) c ON true
)"""

_COUNT = f"""
WITH {_MATCHED}
SELECT count(*) FILTER (WHERE t.customer_id IS NULL), count(*) FILTER (WHERE t.differs),
       count(*) FILTER (WHERE %(conversation)s::bigint IS NOT NULL AND m.customer_id IS NULL)
FROM matched t
LEFT JOIN LATERAL (
    SELECT m.customer_id FROM conversations_subscription m
    WHERE m.tenant_id = %(tenant)s AND m.conversation_id = %(conversation)s AND m.channel = 'email'
      AND m.customer_id >= t.customer_id AND m.customer_id <= t.customer_id
    ORDER BY m.conversation_id, m.channel, m.customer_id LIMIT 1
) m ON true
"""

# Whether any of these customers is there already. As one sorted array, since the planner then reads the unique key once
# from left to right, whatever it believes about the table.
_ANY_KNOWN = """
SELECT EXISTS (
    SELECT FROM (
        SELECT c.external_id FROM conversations_customer c
        WHERE c.tenant_id = %(tenant)s AND c.external_id = ANY (ARRAY(SELECT s.external_id::text FROM staged s))
        ORDER BY c.external_id LIMIT 1
    ) known
)
"""

_CUSTOMER = f"""conversations_customer (tenant_id, public_id, external_id, {", ".join(_TEXTS)},
        attributes, interests, preferences, created_at, updated_at, version)"""
_SUBSCRIPTION = (
    "conversations_subscription (tenant_id, conversation_id, customer_id, channel, state, source, changed_at)"
)
_SUBSCRIBED = "%(tenant)s, %(conversation)s, {id}, 'email', 'subscribed', %(source)s, %(now)s"
_NEW = f"""
    SELECT %(tenant)s, t.public_id, t.external_id, {", ".join(f"t.{name}" for name in _TEXTS)},
           t.attributes, coalesce(t.interests, '{{}}'), t.preferences, %(now)s, %(now)s, 1"""
_LEDGER = """
    INSERT INTO conversations_consententry
        (tenant_id, conversation_id, customer_id, channel, was, became, source, wording, proof, at)
    SELECT %(tenant)s, %(conversation)s, customer_id, 'email', '', 'subscribed', %(source)s, %(wording)s,
           %(proof)s, %(now)s"""
# Nobody can have subscribed who was only made in this statement: no conflict to look for.
_NEWCOMERS = f"""
    INSERT INTO {_SUBSCRIPTION}
    SELECT {_SUBSCRIBED.format(id="id")} FROM made WHERE %(conversation)s::bigint IS NOT NULL
    RETURNING customer_id"""

#: For a batch in which everybody is new. Where somebody was quicker, the unique key refuses it.
_WRITE_NEW = f"""
WITH made AS (
    INSERT INTO {_CUSTOMER} {_NEW}
    FROM staged t
    RETURNING id
),
joined AS ({_NEWCOMERS}),
noted AS ({_LEDGER}
    FROM joined
    RETURNING 1
)
SELECT (SELECT count(*) FROM made), 0, (SELECT count(*) FROM noted)
"""

_WRITE = f"""
WITH {_MATCHED},
made AS (
    INSERT INTO {_CUSTOMER} {_NEW}
    FROM matched t WHERE t.customer_id IS NULL
    RETURNING id
),
changed AS (
    -- Each of these conflicts: an update by the unique key that needs no join, and so no plan.
    INSERT INTO {_CUSTOMER.replace(" (", " AS c (", 1)}
    SELECT %(tenant)s, t.public_id, t.external_id, {", ".join(f"t.{name}" for name in _TEXTS)},
           t.attributes, coalesce(t.interests, t.had_interests), t.preferences, %(now)s, %(now)s, 1
    FROM matched t WHERE t.differs
    ON CONFLICT (tenant_id, external_id) DO UPDATE
    SET {", ".join(f"{name} = coalesce(nullif(excluded.{name}, ''), c.{name})" for name in _TEXTS)},
        attributes = c.attributes || excluded.attributes, preferences = c.preferences || excluded.preferences,
        interests = excluded.interests, updated_at = %(now)s, version = c.version + 1
    RETURNING id
),
joined AS ({_NEWCOMERS}),
joined_too AS (
    INSERT INTO {_SUBSCRIPTION}
    SELECT {_SUBSCRIBED.format(id="t.customer_id")} FROM matched t
    WHERE t.customer_id IS NOT NULL AND %(conversation)s::bigint IS NOT NULL
    ON CONFLICT (tenant_id, conversation_id, channel, customer_id) DO NOTHING
    RETURNING customer_id
),
noted AS ({_LEDGER}
    FROM (SELECT customer_id FROM joined UNION ALL SELECT customer_id FROM joined_too) both_of_them
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

    Errors: IntegrityError where somebody made one of the customers just now: the batch is to be done again.
    """
    if not checked.text:
        return Counts(lines=checked.lines, refused=checked.refused)
    _stage(checked)
    values: Values = {
        "tenant": tenant.pk,
        "now": now,
        "conversation": consent.conversation_id,
        "source": consent.source,
        "wording": consent.wording,
        "proof": json.dumps({"import": consent.proof_import, "file": consent.proof_file}),
    }
    with connection.cursor() as cursor:
        cursor.execute(_BY_INDEX)
        cursor.execute(_COUNT if dry else _statement(cursor, values), values)
        created, updated, subscribed = cursor.fetchone()
        cursor.execute(_AS_BEFORE)
        cursor.execute(_UNSTAGE)
    good = checked.lines - checked.refused
    return Counts(checked.lines, created, updated, good - created - updated, checked.refused, subscribed)


def _statement(cursor: CursorWrapper, values: Values) -> str:
    cursor.execute(_ANY_KNOWN, values)
    (known,) = cursor.fetchone()
    return _WRITE if known else _WRITE_NEW


def _stage(checked: Checked) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_STAGE)
        with cursor.copy(f"COPY staged ({', '.join(checked.columns)}) FROM STDIN (NULL E'\\x01')") as copy:
            copy.write(checked.text)
