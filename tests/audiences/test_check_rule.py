"""What the door of the rule language lets in, and how it names what it doesn't."""

import json
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from audiences.rules.schema import EVERYBODY, MAX_DEPTH, MAX_NODES, canonical, check_rule, parse_rule
from connect.core.errors import Invalid
from connect.core.models import Tenant
from connect.core.tenancy import tenant as open_tenant
from tests.audiences.factories import declare_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def opened(tenant: Tenant, now: datetime) -> Iterator[None]:
    declare_all(tenant, now=now)
    with open_tenant(tenant):
        yield


def rule(field: Any, operator: Any = "equals", value: Any = None, **more: Any) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value, **more}


def group(*rules: Any, combinator: Any = "and", **more: Any) -> dict[str, Any]:
    return {"combinator": combinator, "rules": list(rules), **more}


GERMANS = rule("country", "equals", "DE")


def refused(tenant: Tenant, tree: object) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as error:
        check_rule(tenant, tree)
    return error.value.fields


def test_nothing_asked_is_everybody(tenant: Tenant) -> None:
    assert canonical(check_rule(tenant, EVERYBODY)) == {"combinator": "and", "rules": []}


def test_a_query_builders_own_keys_are_left_out_of_what_is_stored(tenant: Tenant) -> None:
    tree = group({**GERMANS, "id": "r1", "valueSource": "value"}, id="g1")
    tree["not"] = False
    assert canonical(check_rule(tenant, tree)) == {"combinator": "and", "rules": [GERMANS]}


@pytest.mark.parametrize(
    ("tree", "node"),
    [
        ([], ""),
        ("1", ""),
        (None, ""),
        (GERMANS, ""),
        (group(7), "rules.0"),
        (group(GERMANS, group(GERMANS, None)), "rules.1.rules.1"),
        (group(combinator="AND 1=1"), "combinator"),
        (group(combinator=["and"]), "combinator"),
        (group(**{"not": "yes"}), "not"),
        ({"combinator": "and", "rules": {}}, "rules"),
        (group(group()), "rules.0"),
        (group({"field": "country"}), "rules.0.operator"),
        (group({**GERMANS, "valueSource": "field"}), "rules.0.valueSource"),
        (group({**GERMANS, "_connector": "OR"}), "rules.0"),
        (group(GERMANS, _negated=True), ""),
        (group({**GERMANS, 'as "x"\x00': 1}), "rules.0"),
    ],
)
def test_a_wrong_shape_is_refused_by_its_place(tenant: Tenant, tree: object, node: str) -> None:
    assert list(refused(tenant, tree)) == [node]


@pytest.mark.parametrize(
    "field",
    [
        "name'; SELECT pg_sleep(5)--",
        "attributes.a'->>'b",
        "attributes.nobody_declared_this",
        "attributes.",
        "interests.tier",
        "tenant__users__password__startswith",
        "tenant.name",
        "password",
        "email",
        "c.id",
        "",
        None,
        7,
        ["country"],
        {"country": 1},
        "x" * 100_000,
    ],
)
def test_a_field_that_nobody_declared_is_refused(tenant: Tenant, field: object) -> None:
    assert list(refused(tenant, group(GERMANS, group(rule(field, "equals", "x"))))) == ["rules.1.rules.0.field"]


@pytest.mark.parametrize(
    "operator", ["OR 1=1", "regex", "like", "between", "greater", "__class__", "", None, 7, ["equals"]]
)
def test_an_operator_that_does_not_fit_is_refused(tenant: Tenant, operator: object) -> None:
    assert list(refused(tenant, group(rule("country", operator, "DE")))) == ["rules.0.operator"]


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        ("country", "equals", "ZZ"),
        ("country", "equals", "de"),
        ("country", "equals", None),
        ("country", "equals", ["DE"]),
        ("country", "one_of", "DE"),
        ("country", "one_of", []),
        ("country", "one_of", ["DE", "XX"]),
        ("country", "one_of", ["DE"] * 501),
        ("attributes.tier", "equals", "platinum"),
        ("attributes.city", "contains", ""),
        ("attributes.city", "contains", "a\x00b"),
        ("attributes.city", "contains", "\ud800"),
        ("attributes.city", "contains", "x" * 201),
        ("attributes.city", "equals", 7),
        ("attributes.city", "equals", {"$ne": ""}),
        ("attributes.points", "equals", "7"),
        ("attributes.points", "equals", True),
        ("attributes.points", "equals", float("nan")),
        ("attributes.points", "equals", float("inf")),
        pytest.param("attributes.points", "equals", 10**400, id="huge"),
        ("attributes.points", "between", [1]),
        ("attributes.points", "between", [2, 1]),
        ("attributes.points", "between", "1,2"),
        ("attributes.vip", "equals", "true"),
        ("attributes.vip", "equals", 1),
        ("attributes.birthday", "equals", "2026-02-30"),
        ("attributes.birthday", "equals", "2026-2-3"),
        ("attributes.birthday", "equals", "today"),
        ("attributes.birthday", "in_last_days", 0),
        ("attributes.birthday", "in_last_days", 36_501),
        ("attributes.birthday", "in_last_days", 1.5),
        ("attributes.birthday", "in_last_days", True),
        ("attributes.birthday", "in_last_days", "7"),
        ("attributes.last_visit", "before", "2026-03-02T09:00:00"),
        ("attributes.last_visit", "before", "2026-02-30T09:00:00Z"),
        ("attributes.last_visit", "before", "now"),
        ("interests.ski", "equals", "yes"),
        ("language", "equals", "fr; DROP TABLE"),
        ("language", "equals", "zz-ZZ"),
        ("zone", "equals", "Mars/Olympus"),
        ("email.domain", "equals", "a@b.example"),
        ("subscription.state", "equals", "anything"),
    ],
)
def test_a_value_that_does_not_fit_its_field_is_refused(
    tenant: Tenant, field: str, operator: str, value: object
) -> None:
    assert list(refused(tenant, group(group(rule(field, operator, value))))) == ["rules.0.rules.0.value"]


def test_all_wrong_nodes_are_named_at_once(tenant: Tenant) -> None:
    tree = group(rule("nowhere"), GERMANS, group(rule("country", "equals", "XX"), rule("region", "like", "x")))
    assert list(refused(tenant, tree)) == ["rules.0.field", "rules.2.rules.0.value", "rules.2.rules.1.operator"]


def test_where_the_rule_stands_goes_before_the_node(tenant: Tenant) -> None:
    with pytest.raises(Invalid) as error:
        check_rule(tenant, group(rule("nowhere")), at="segments.2.rule.")
    assert list(error.value.fields) == ["segments.2.rule.rules.0.field"]


def nested(levels: int) -> dict[str, Any]:
    tree = group(GERMANS)
    for _ in range(levels - 1):
        tree = group(tree)
    return tree


def test_ten_levels_are_let_in_and_eleven_refused(tenant: Tenant) -> None:
    assert canonical(check_rule(tenant, nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    assert list(refused(tenant, nested(MAX_DEPTH + 1))) == [".".join(["rules.0"] * MAX_DEPTH)]


def test_ten_thousand_levels_are_refused_at_once(tenant: Tenant) -> None:
    tree = nested(10_000)
    began = time.perf_counter()
    assert list(refused(tenant, tree)) == [".".join(["rules.0"] * MAX_DEPTH)]
    assert time.perf_counter() - began < 0.1
    while tree["rules"][0] is not GERMANS:  # taken apart by hand, so that nothing frees it by recursion
        tree = tree["rules"][0]


def test_a_wide_tree_is_refused_at_once(tenant: Tenant) -> None:
    began = time.perf_counter()
    assert list(refused(tenant, group(*[GERMANS] * 1_000_000))) == ["rules"]
    assert time.perf_counter() - began < 0.5


def test_two_hundred_parts_are_let_in_and_one_more_refused(tenant: Tenant) -> None:
    check_rule(tenant, group(*[GERMANS] * (MAX_NODES - 1)))
    assert list(refused(tenant, group(group(*[GERMANS] * (MAX_NODES - 2)), GERMANS))) == [""]


def test_text_of_ten_thousand_levels_is_refused_at_once() -> None:
    for text in ('{"combinator":"and","rules":[' * 10_000, "[" * 100_000, '{"a":' * 30_000):
        began = time.perf_counter()
        with pytest.raises(Invalid):
            parse_rule(text)
        assert time.perf_counter() - began < 0.1


@pytest.mark.parametrize("text", ["", "{", "{'a': 1}", "\x00"])
def test_text_that_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_rule(text)


def test_json_text_becomes_a_rule(tenant: Tenant) -> None:
    assert canonical(check_rule(tenant, parse_rule(json.dumps(group(GERMANS))))) == group(GERMANS)
