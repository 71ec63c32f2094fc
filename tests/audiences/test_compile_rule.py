"""The SQL of a rule holds our own words alone; what people typed travels as parameters."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from audiences.rules import schema
from audiences.rules.compile import compile_rule
from audiences.rules.evaluate import matches
from audiences.rules.sources import vocabulary
from connect.core.errors import Invalid
from connect.core.models import Department, Tenant
from connect.core.sql import Sql, rows
from connect.core.tenancy import tenant as open_tenant
from conversations.models import Attribute
from tests.audiences.factories import add_customer, add_many, declare_all, make_conversation

pytestmark = pytest.mark.django_db

JOIN = (
    " FROM conversations_subscription s JOIN conversations_customer c ON c.tenant_id = s.tenant_id"
    " AND c.id = s.customer_id WHERE s.tenant_id = %s AND s.conversation_id = %s AND s.channel = 'email' AND "
)


@pytest.fixture(autouse=True)
def opened(tenant: Tenant, now: datetime) -> Iterator[None]:
    declare_all(tenant, now=now)
    with open_tenant(tenant):
        yield


def rules(*asked: tuple[str, str, Any], combinator: str = "and") -> dict[str, Any]:
    return {
        "combinator": combinator,
        "rules": [{"field": field, "operator": operator, "value": value} for field, operator, value in asked],
    }


def test_nothing_typed_stands_in_the_sql(tenant: Tenant, now: datetime) -> None:
    typed = "x') OR 1=1; SELECT pg_sleep(5)--%s"
    asked = rules(
        *[("attributes.city", name, typed) for name in ("equals", "contains", "starts_with", "ends_with")],
        ("attributes.city", "one_of", [typed, "y"]),
        ("attributes.points", "greater", 41),
        ("external_id", "equals", typed),
        ("language", "equals", "fr"),
    )
    sql = compile_rule(tenant, asked, now=now)
    for words in ("pg_sleep", "OR 1=1", "41", "city", "points", "fr"):
        assert words not in sql.text
    assert sql.text.count("%s") == len(sql.params)
    assert rows(Sql("SELECT count(*) FROM conversations_customer c, conversations_subscription s WHERE ") + sql) == [
        (0,)
    ]


def test_signs_of_a_pattern_are_plain_letters(tenant: Tenant, department: Department, now: datetime) -> None:
    news = make_conversation(tenant, department, now=now)
    for name, city in [("a", "100%"), ("b", "1000"), ("c", "a_b"), ("d", "axb"), ("e", "a\\b")]:
        add_customer(tenant, name, news, now=now, attributes={"city": city})

    def found(operator: str, value: str) -> list[str]:
        fits = compile_rule(tenant, rules(("attributes.city", operator, value)), now=now)
        return [row[0] for row in rows(Sql("SELECT c.external_id" + JOIN, (tenant.pk, news.pk)) + fits + " ORDER BY 1")]

    assert found("contains", "0%") == ["a"]
    assert found("starts_with", "a_") == ["c"]
    assert found("ends_with", "\\b") == ["e"]
    assert found("contains", "_") == ["c"]


def test_everybody_and_nobody(tenant: Tenant, now: datetime) -> None:
    assert compile_rule(tenant, schema.EVERYBODY, now=now) == Sql("true")
    assert compile_rule(tenant, {**schema.EVERYBODY, "not": True}, now=now) == Sql("(NOT true)")


def test_a_day_begins_in_the_tenants_zone(tenant: Tenant, now: datetime) -> None:
    customer = add_customer(tenant, "a", now=now, attributes={"birthday": "2026-03-02"})
    today = rules(("attributes.birthday", "in_last_days", 1))
    just_before_midnight_in_berlin = now.replace(hour=22, minute=59)
    assert matches(tenant, today, customer, now=just_before_midnight_in_berlin)
    assert not matches(tenant, today, customer, now=now.replace(hour=23))
    for at, expected in ((just_before_midnight_in_berlin, [(1,)]), (now.replace(hour=23), [(0,)])):
        sql = "SELECT count(*) FROM conversations_customer c LEFT JOIN conversations_subscription s ON false WHERE "
        assert rows(Sql(sql) + compile_rule(tenant, today, now=at)) == expected


def test_a_stored_rule_outlives_its_choice_but_not_its_field(tenant: Tenant, now: datetime) -> None:
    golden = rules(("attributes.tier", "equals", "gold"))
    customer = add_customer(tenant, "a", now=now, attributes={"tier": "gold"})
    Attribute.objects.filter(name="tier").update(choices=["silver"])
    assert matches(tenant, golden, customer, now=now)
    with pytest.raises(Invalid):
        schema.check_rule(tenant, golden)
    Attribute.objects.filter(name="tier").delete()
    with pytest.raises(Invalid) as error:
        compile_rule(tenant, golden, now=now)
    assert list(error.value.fields) == ["rules.0.field"]


def test_the_schema_file_knows_every_operator_and_limit(tenant: Tenant) -> None:
    written = json.loads((Path(schema.__file__).parent / "rule.schema.json").read_text())["$defs"]
    offered = {name for field in vocabulary(tenant).values() for name in field.type.operators}
    assert set(written["rule"]["properties"]["operator"]["enum"]) == offered
    assert set(written["rule"]["properties"]) == schema.RULE_KEYS
    assert set(written["group"]["properties"]) == schema.GROUP_KEYS
    assert written["group"]["properties"]["rules"]["maxItems"] == schema.MAX_NODES


def test_both_tables_are_read_by_an_index_of_the_tenant(tenant: Tenant, department: Department, now: datetime) -> None:
    news = make_conversation(tenant, department, now=now)
    add_many(tenant, news, 3_000, now=now)
    asked = rules(("attributes.tier", "equals", "gold"), ("country", "equals", "DE"), ("language", "equals", "fr"))
    fits = compile_rule(tenant, asked, now=now)
    plan = "\n".join(row[0] for row in rows(Sql("EXPLAIN SELECT count(*)" + JOIN, (tenant.pk, news.pk)) + fits))
    scans = re.findall(r"(?:Index|Index Only|Bitmap Index) Scan .*\n +Index Cond: \(*tenant_id = (\d+)\)", plan)
    assert scans == [str(tenant.pk)] * 2, plan
    assert "Seq Scan" not in plan
