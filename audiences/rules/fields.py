"""What a field of the rule language is: its SQL over `c` (customer) and `s` (email subscription), and its value.

**Not set** is one thing: a missing key, null, an empty text, a value of another type than declared, no subscription.
A field that is not set fits *is not set* and every operator that says *not* (they are exact complements), nothing else.
So each rule is true or false for each customer, never in between. Where next: `builtin.py`, `sources.py`.
Source: docs/decisions/0007-a-rule-is-true-or-false.md
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

from audiences.rules.types import FieldType
from connect.core.sql import Sql
from conversations.models import Customer, Subscription


@dataclass(frozen=True)
class Facts:
    """What the evaluator knows of one person: the customer, and their subscription to the conversation, if any."""

    customer: Customer
    subscription: Subscription | None


@dataclass(frozen=True)
class Field:
    """One thing that rules may ask about.

    `expr` gives the value, NULL or as stored; `guard` says that a stored value is of the declared type and is asked
    after the comparison, so only where that fits. `see` gives the same value in memory, None where it is not set.
    `choices` are the only values allowed, `suggestions` are offered beside others.
    """

    key: str
    label: str | Promise
    group: str | Promise
    type: FieldType
    expr: Sql
    see: Callable[[Facts], Any]
    guard: Sql | None = None
    nullable: bool = True
    choices: Mapping[str, str] | None = None
    suggestions: Mapping[str, str] | None = None
    unit: str | Promise = ""
