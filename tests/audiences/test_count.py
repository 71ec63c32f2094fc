"""Counts and samples of a rule over a conversation's members, exact and within their time."""

from datetime import datetime

import pytest
from django.db import connection

from audiences.counts import Count, TooSlow, bounded, count, sample
from connect.core.errors import Invalid
from connect.core.models import Department, Tenant
from connect.core.sql import Sql, rows
from connect.core.tenancy import tenant as open_tenant
from conversations.states import SubscriptionState
from tests.audiences.factories import add_customer, declare_all, make_conversation

pytestmark = pytest.mark.django_db

GERMANS = {"combinator": "and", "rules": [{"field": "country", "operator": "equals", "value": "DE"}]}


def test_members_of_the_conversation_are_counted_and_nobody_else(
    tenant: Tenant, department: Department, neighbour: Tenant, neighbour_department: Department, now: datetime
) -> None:
    news = make_conversation(tenant, department, now=now)
    other = make_conversation(tenant, department, "Other", now=now)
    add_customer(tenant, "a", news, now=now, country="DE")
    add_customer(tenant, "b", news, now=now, country="DE", state=SubscriptionState.UNSUBSCRIBED)
    add_customer(tenant, "c", news, now=now, country="FR")
    add_customer(tenant, "d", other, now=now, country="DE")
    add_customer(tenant, "e", now=now, country="DE")
    theirs = make_conversation(neighbour, neighbour_department, now=now)
    add_customer(neighbour, "f", theirs, now=now, country="DE")
    assert count(tenant, news, GERMANS, now=now) == Count(2, 3, now)
    assert count(tenant, news, {"combinator": "and", "rules": []}, now=now) == Count(3, 3, now)
    assert count(tenant, theirs, GERMANS, now=now) == Count(0, 0, now)
    assert sorted(one.external_id for one in sample(tenant, news, GERMANS, now=now)) == ["a", "b"]


def test_a_sample_is_ten_and_the_same_ten(tenant: Tenant, department: Department, now: datetime) -> None:
    news = make_conversation(tenant, department, now=now)
    for number in range(15):
        add_customer(tenant, f"c{number}", news, now=now, country="DE")
    first = sample(tenant, news, GERMANS, now=now)
    assert len(first) == 10
    assert sample(tenant, news, GERMANS, now=now) == first


def test_a_bad_rule_is_refused_by_its_node(tenant: Tenant, department: Department, now: datetime) -> None:
    declare_all(tenant, now=now)
    news = make_conversation(tenant, department, now=now)
    slow = {"combinator": "and", "rules": [{"field": "attributes.city", "operator": "regex", "value": "^(a+)+$"}]}
    for ask in (count, sample):
        with pytest.raises(Invalid) as error:
            ask(tenant, news, slow, now=now)
        assert list(error.value.fields) == ["rules.0.operator"]


def test_what_takes_too_long_is_stopped_and_the_transaction_lives_on(tenant: Tenant) -> None:
    with open_tenant(tenant):
        rows(Sql("SELECT set_config('app.marker', 'kept', true)"))
        before = rows(Sql("SELECT current_setting('statement_timeout')"))
        with pytest.raises(TooSlow), bounded(0.05):
            rows(Sql("SELECT pg_sleep(5)"))
        assert rows(Sql("SELECT current_setting('app.marker')")) == [("kept",)]
        assert rows(Sql("SELECT current_setting('statement_timeout')")) == before
        with bounded(1):
            assert rows(Sql("SELECT current_setting('statement_timeout')")) == [("1s",)]
        assert rows(Sql("SELECT current_setting('statement_timeout')")) == before
    assert not connection.needs_rollback
