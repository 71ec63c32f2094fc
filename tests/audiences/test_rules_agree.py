"""SQL and evaluator mean the same, on random rules and random customers, nulls and wrong types included."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiences.rules.compile import compile_tree
from audiences.rules.evaluate import fits
from audiences.rules.fields import Facts
from audiences.rules.operators import Moment, Takes
from audiences.rules.schema import canonical, check_in
from audiences.rules.sources import vocabulary
from audiences.rules.tree import Rule
from connect.core.models import Department, Tenant
from connect.core.sql import Sql, join, rows
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Conversation, Customer, Subscription
from conversations.states import SubscriptionState
from tests.audiences.factories import TIERS, declare_all, make_conversation

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 0, 0, 500_000, tzinfo=UTC)
WHOLE = NOW.replace(microsecond=0)

# --- Values that customers have and that rules ask about, so that many rules fit some --------------------------------

words = st.sampled_from(
    ["Straße", "STRASSE", "Berlin", "berlin", "Bern", "İzmir", "Ὀδυσσεύς", "50% _off\\", "a'b\"c", "x"]
)
texts = (
    words
    | words
    | st.text(st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\x00"), min_size=1, max_size=6)
)
numbers = st.integers(-3, 5) | st.sampled_from([0.1, 0.5, -2.25, 1e6, 1234567.125])
days = st.integers(-20, 20).map(lambda n: (NOW + timedelta(n)).date().isoformat())
instants = st.tuples(st.integers(-20, 20), st.sampled_from([0, 1, 43_200])).map(
    lambda at: (WHOLE + timedelta(days=at[0], seconds=at[1])).isoformat()
)
junk = st.sampled_from(
    [None, "", True, False, 0, 7, "7", "true", [], ["gold"], {}, {"a": 1}, "2026-02-31", "now", "NaN"]
)


def _held(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | values | junk


attributes = st.fixed_dictionaries(
    {},
    optional={
        "tier": _held(st.sampled_from(TIERS)),
        "city": _held(texts),
        "points": _held(numbers),
        "vip": _held(st.booleans()),
        "birthday": _held(days),
        "last_visit": _held(instants.map(lambda at: at.replace("+00:00", "Z"))),
    },
)
preferences = st.fixed_dictionaries(
    {}, optional={"paper": _held(st.booleans()), "channel": _held(st.sampled_from(["mail", "phone"]))}
)
countries = st.sampled_from(["DE", "FR", "CA"])
languages = st.sampled_from(["fr", "fr-CA", "en", "en-GB", "de"])
zones = st.sampled_from(["Europe/Berlin", "America/Toronto"])
domains = st.sampled_from(["shop.example", "mail.shop.example", "xn--bcher-kva.example"])
codes = st.sampled_from(["A-1", "a-1", "B-20", "B-21"])
sources = st.sampled_from(["import", "Form", "API"])
states = st.sampled_from([state.value for state in SubscriptionState])

person = st.fixed_dictionaries(
    {
        "attributes": attributes,
        "preferences": preferences,
        "interests": st.sets(st.sampled_from(["ski", "hiking", "chess"])).map(sorted),
        "country": countries | st.just(""),
        "region": texts | st.just(""),
        "language": languages | st.just(""),
        "zone": zones | st.just(""),
        "domain": domains | st.just(""),
        "code": codes,
        "subscription": st.none()
        | st.fixed_dictionaries({"state": states, "source": sources | st.just(""), "changed_at": instants}),
    }
)

# --- Rules -----------------------------------------------------------------------------------------------------------

one = ["equals", "not_equals"]
many = ["one_of", "none_of"]
part = ["contains", "not_contains", "starts_with", "ends_with"]
sizes = ["greater", "at_least", "less", "at_most"]
spans = ["in_last_days", "in_next_days", "days_ago"]
presence = ["set", "not_set"]


def _rule(field: str, values: st.SearchStrategy[Any], **offered: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    shapes = {
        "one": values,
        "many": st.lists(values, min_size=1, max_size=3),
        "two": st.lists(values, min_size=2, max_size=2).map(sorted),
        "days": st.integers(1, 25),
    }
    made = [
        st.fixed_dictionaries({"field": st.just(field), "operator": st.sampled_from(names), "value": shapes[takes]})
        for takes, names in offered.items()
        if takes != "none"
    ]
    if "none" in offered:
        made.append(st.fixed_dictionaries({"field": st.just(field), "operator": st.sampled_from(offered["none"])}))
    return st.one_of(made)


leaves = st.one_of(
    _rule("attributes.tier", st.sampled_from(TIERS), one=one, many=many, none=presence),
    _rule("attributes.city", texts, one=one + part, many=many, none=presence),
    _rule("attributes.points", numbers, one=one + sizes, many=many, two=["between"], none=presence),
    _rule("attributes.vip", st.booleans(), one=["equals"], none=presence),
    _rule("attributes.birthday", days, one=[*one, "before", "after"], two=["between"], days=spans, none=presence),
    _rule("attributes.last_visit", instants, one=["before", "after"], two=["between"], days=spans, none=presence),
    _rule("preferences.paper", st.booleans(), one=["equals"], none=presence),
    _rule("preferences.channel", st.sampled_from(["mail", "phone"]), one=one, many=many, none=presence),
    _rule("interests.ski", st.booleans(), one=["equals"]),
    _rule("country", countries, one=one, many=many, none=presence),
    _rule("region", texts, one=one + part, many=many, none=presence),
    _rule("language", languages, one=one, many=many, none=presence),
    _rule("zone", zones, one=one, many=many, none=presence),
    _rule("external_id", codes, one=one + part, many=many),
    _rule("email.domain", domains, one=[*one, "ends_with"], many=many, none=presence),
    _rule("subscription.state", states, one=one, many=many, none=presence),
    _rule("subscription.source", sources, one=one + part, many=many, none=presence),
    _rule("subscription.since", instants, one=["before", "after"], two=["between"], days=spans, none=presence),
)
groups: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.fixed_dictionaries(
        {
            "combinator": st.sampled_from(["and", "or"]),
            "not": st.booleans(),
            "rules": st.lists(leaves, min_size=1, max_size=3),
        }
    ),
    lambda inner: st.fixed_dictionaries(
        {
            "combinator": st.sampled_from(["and", "or"]),
            "not": st.booleans(),
            "rules": st.lists(inner | leaves, min_size=1, max_size=3),
        }
    ),
    max_leaves=6,
)


# --- Both sides ------------------------------------------------------------------------------------------------------

NOBODY: dict[str, Any] = {
    "attributes": {},
    "preferences": {},
    "interests": [],
    "country": "",
    "region": "",
    "language": "",
    "zone": "",
    "domain": "",
    "code": "A-1",
    "subscription": None,
}


def _store(tenant: Tenant, conversation: Conversation, people: list[dict[str, Any]]) -> list[Facts]:
    made = []
    for place, person in enumerate(people):
        address = f"c{place}@{person['domain']}" if person["domain"] else ""
        columns = {name: person[name] for name in ("attributes", "preferences", "interests", "country", "region")}
        customer = Customer(
            tenant=tenant,
            external_id=f"{person['code']}{' ' * place}",
            email=address,
            email_key=address,
            language=person["language"],
            zone=person["zone"],
            created_at=NOW,
            updated_at=NOW,
            **columns,
        )
        held = person["subscription"]
        made.append((customer, held))
    customers = Customer.objects.bulk_create([customer for customer, _ in made])
    Subscription.objects.bulk_create(
        Subscription(
            tenant=tenant,
            conversation=conversation,
            customer=customer,
            channel="email",
            **{**held, "changed_at": datetime.fromisoformat(held["changed_at"])},
        )
        for customer, held in made
        if held
    )
    subscriptions = {row.customer_id: row for row in Subscription.objects.all()}
    return [
        Facts(customer, subscriptions.get(customer.pk))
        for customer in Customer.objects.filter(pk__in=[one.pk for one in customers])
    ]


def _assert_agree(tenant: Tenant, facts: list[Facts], trees: list[Rule]) -> None:
    at = Moment.at(NOW, tenant.default_zone)
    found = rows(
        Sql("SELECT c.id")
        + join("", [", " + compile_tree(tree, at) for tree in trees])
        + Sql(
            " FROM conversations_customer c LEFT JOIN conversations_subscription s ON s.tenant_id = c.tenant_id"
            " AND s.customer_id = c.id WHERE c.tenant_id = %s",
            (tenant.pk,),
        )
    )
    in_sql = {row[0]: list(row[1:]) for row in found}
    for one in facts:
        for tree, answer in zip(trees, in_sql[one.customer.pk], strict=True):
            assert fits(tree, one, at) is answer, (canonical(tree), one.customer.__dict__, answer)


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(people=st.lists(person, min_size=8, max_size=8), asked=st.lists(groups, min_size=4, max_size=4))
def test_sql_and_evaluator_agree_on_every_customer(
    tenant: Tenant, department: Department, people: list[dict[str, Any]], asked: list[dict[str, Any]]
) -> None:
    with open_tenant(tenant), transaction.atomic():
        declare_all(tenant, now=NOW)
        conversation = make_conversation(tenant, department, now=NOW)
        facts = _store(tenant, conversation, people)
        fields = vocabulary(tenant)
        trees = [check_in(fields, rule) for rule in asked]
        _assert_agree(tenant, facts, trees)
        assert [check_in(fields, canonical(tree)) for tree in trees] == trees
        transaction.set_rollback(True)


WORDS = ["Straße", "STRASSE", "ss", "Berlin", "berlin", "lin", "İzmir", "i", "50% _off\\", "% _", "a'b\"c", "'b"]
DAYS = [(NOW + timedelta(n)).date().isoformat() for n in (-7, -6, -1, 0, 1, 6, 7)]
INSTANTS = [
    (WHOLE + timedelta(days=n, seconds=s)).isoformat() for n, s in [(-7, -1), (-7, 0), (0, 0), (0, 1), (7, 0), (7, 1)]
]
JUNK = [None, "", True, False, 0, 7, "7", "true", [], ["gold"], {}, {"a": 1}, "2026-02-31", "now", "NaN"]
LANGUAGES = ["fr", "fr-CA", "en", "en-GB"]
POOLS: dict[str, list[Any]] = {
    "attributes.tier": TIERS,
    "attributes.city": WORDS,
    "attributes.points": [-2.25, -1, 0, 0.1, 0.5, 1, 2, 1234567.125],
    "attributes.vip": [True, False],
    "attributes.birthday": DAYS,
    "attributes.last_visit": sorted([*INSTANTS, NOW.isoformat()]),
    "preferences.paper": [True, False],
    "preferences.channel": ["mail", "phone"],
    "country": ["DE", "FR", "CA"],
    "region": WORDS,
    "language": LANGUAGES,
    "zone": ["Europe/Berlin", "America/Toronto"],
    "external_id": ["A-1", "a-1", "A", "1", "B-20", "%"],
    "email.domain": ["shop.example", "mail.shop.example", "example"],
    "subscription.state": [state.value for state in SubscriptionState],
    "subscription.source": ["import", "Form", "form", "o"],
    "subscription.since": sorted([*INSTANTS, NOW.isoformat()]),
}


def _values(takes: Takes, pool: list[Any]) -> list[Any]:
    if takes is Takes.NOTHING:
        return [None]
    if takes is Takes.DAYS:
        return [1, 2, 6, 7, 8]
    if takes is Takes.TWO:
        return [[first, last] for place, first in enumerate(pool) for last in pool[place:]]
    return [pool[place : place + 2] for place in range(len(pool))] if takes is Takes.MANY else pool


def _person(key: str, value: Any) -> dict[str, Any]:
    column, _, name = key.partition(".")
    if column in ("attributes", "preferences"):
        return {**NOBODY, column: {name: value}}
    if column == "subscription":
        held = {"state": "pending", "source": "", "changed_at": NOW.isoformat()}
        return {**NOBODY, "subscription": {**held, "changed_at" if name == "since" else name: value}}
    return {**NOBODY, {"external_id": "code", "email": "domain"}.get(column, column): value}


@pytest.mark.parametrize("key", POOLS)
def test_each_operator_agrees_at_each_edge(tenant: Tenant, department: Department, key: str) -> None:
    declare_all(tenant, now=NOW)
    with open_tenant(tenant):
        conversation = make_conversation(tenant, department, now=NOW)
        pool = POOLS[key]
        held = [*pool, *JUNK] if key.startswith(("attributes", "preferences")) else pool
        if key == "attributes.last_visit":
            held = [*held, *[value.replace("+00:00", "Z") for value in INSTANTS]]
        facts = _store(tenant, conversation, [*[_person(key, value) for value in held], NOBODY])
        fields = vocabulary(tenant)
        asked = [
            {"field": key, "operator": operator.name, "value": value}
            for operator in fields[key].type.operators.values()
            for value in _values(operator.takes, pool)
        ]
        assert len(asked) > 3
        _assert_agree(tenant, facts, [check_in(fields, {"combinator": "and", "rules": [rule]}) for rule in asked])
