"""The fields on the ground: a customer's columns, declared attributes, interests and preferences, and consent."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from babel import Locale
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from audiences.rules import types
from audiences.rules.fields import Facts, Field
from audiences.rules.types import FieldType
from connect.core import formats
from connect.core.models import Tenant
from connect.core.sql import Sql
from conversations import addresses
from conversations.models import Attribute
from conversations.states import AttributeKind, AttributeType, SubscriptionState

#: Offered first; a rule may name any other language too.
COMMON_LANGUAGES = (
    *("ar", "bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "it", "ja"),
    *("ko", "lt", "lv", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "tr", "uk", "zh"),
)


def fields(tenant: Tenant) -> list[Field]:
    """List the built-in fields of a tenant, in the order in which pages show them."""
    declared = list(Attribute.objects.of(tenant).order_by("label", "name"))
    return [
        *_columns(),
        *[_declared(attribute) for attribute in declared if attribute.kind == AttributeKind.ATTRIBUTE],
        *[_interest(attribute) for attribute in declared if attribute.kind == AttributeKind.INTEREST],
        *[_declared(attribute) for attribute in declared if attribute.kind == AttributeKind.PREFERENCE],
        *_subscription(),
    ]


# --- Columns -------------------------------------------------------------------------------------------------------


def _columns() -> list[Field]:
    return [
        _column("country", _("Country"), types.CHOICE, choices=_country_names(str(formats.current_locale()))),
        _column("region", _("Region"), types.TEXT),
        _column("language", _("Language"), types.LANGUAGE, suggestions=_language_names(str(formats.current_locale()))),
        _column("zone", _("Time zone"), types.CHOICE, choices=_zone_names()),
        _column("external_id", _("Customer id"), types.CODE),
        Field(
            key="email.domain",
            label=_("Email domain"),
            group=_("Customer"),
            type=types.DOMAIN_NAME,
            expr=Sql("split_part(c.email_key, '@', 2)"),
            see=lambda facts: facts.customer.email_key.partition("@")[2] or None,
            nullable=False,
        ),
    ]


def _column(name: str, label: Promise, kind: FieldType, **more: Any) -> Field:
    """Make the field of a text column that is never NULL; "" is not set."""
    return Field(
        key=name,
        label=label,
        group=_("Customer"),
        type=kind,
        expr=Sql(f"c.{name}"),
        see=lambda facts: getattr(facts.customer, name) or None,
        nullable=False,
        **more,
    )


@cache
def _country_names(language: str) -> Mapping[str, str]:
    names = Locale.parse(language).territories
    named = {code: names.get(code, code) for code in addresses.countries()}
    return dict(sorted(named.items(), key=lambda item: item[1].casefold()))


@cache
def _language_names(language: str) -> Mapping[str, str]:
    names = Locale.parse(language).languages
    named = {code: names.get(code, code) for code in COMMON_LANGUAGES}
    return dict(sorted(named.items(), key=lambda item: item[1].casefold()))


@cache
def _zone_names() -> Mapping[str, str]:
    return {name: name.replace("_", " ") for name in sorted(addresses.zones().values())}


# --- Declared fields -----------------------------------------------------------------------------------------------


def _declared(attribute: Attribute) -> Field:
    column, group = _PLACES[AttributeKind(attribute.kind)]
    stored = _STORED[AttributeType(attribute.type)]
    name = attribute.name
    expr, guard = stored.sql(Sql(f"(c.{column} -> %s)", (name,)), Sql(f"(c.{column} ->> %s)", (name,)))
    return Field(
        key=f"{column}.{name}",
        label=attribute.label,
        group=group,
        type=stored.type,
        expr=expr,
        guard=guard,
        see=lambda facts: stored.see(getattr(facts.customer, column).get(name)),
        choices={choice: choice for choice in attribute.choices} if stored.type is types.CHOICE else None,
    )


_PLACES = {
    AttributeKind.ATTRIBUTE: ("attributes", _("Attributes")),
    AttributeKind.PREFERENCE: ("preferences", _("Preferences")),
}


def _interest(attribute: Attribute) -> Field:
    name = attribute.name
    return Field(
        key=f"interests.{name}",
        label=attribute.label,
        group=_("Interests"),
        type=types.FLAG,
        expr=Sql("(%s = ANY(c.interests))", (name,)),
        see=lambda facts: name in facts.customer.interests,
        nullable=False,
    )


# Nothing below can fail on what is stored: a value of another type is not set, in SQL as in memory.


@dataclass(frozen=True)
class _Stored:
    """How values of one declared type come out of jsonb: `sql` turns jsonb and text into expr and guard."""

    type: FieldType
    sql: Callable[[Sql, Sql], tuple[Sql, Sql | None]]
    see: Callable[[Any], Any]


def _text(json: Sql, text: Sql) -> tuple[Sql, Sql]:
    return text, "jsonb_typeof(" + json + ") = 'string'"


def _date(_json: Sql, text: Sql) -> tuple[Sql, Sql]:
    return text, text + Sql(" ~ %s", (f"^{types.ISO_DATE}$",))


def _number(json: Sql, _text: Sql) -> tuple[Sql, None]:
    return "(CASE jsonb_typeof(" + json + ") WHEN 'number' THEN " + json + "::numeric END)", None


def _boolean(json: Sql, _text: Sql) -> tuple[Sql, None]:
    return "(CASE " + json + " WHEN 'true'::jsonb THEN true WHEN 'false'::jsonb THEN false END)", None


def _instant(_json: Sql, text: Sql) -> tuple[Sql, Sql]:
    return text, text + Sql(" ~ %s", (f"^{types.STORED_INSTANT}$",))


def _see_text(raw: Any) -> str | None:
    return raw if isinstance(raw, str) and raw else None


def _see_date(raw: Any) -> str | None:
    return raw if isinstance(raw, str) and re.fullmatch(types.ISO_DATE, raw) else None


def _see_instant(raw: Any) -> str | None:
    return raw if isinstance(raw, str) and re.fullmatch(types.STORED_INSTANT, raw) else None


def _see_number(raw: Any) -> Decimal | None:
    return None if isinstance(raw, bool) or not isinstance(raw, int | float) else Decimal(str(raw))


def _see_boolean(raw: Any) -> bool | None:
    return raw if isinstance(raw, bool) else None


_STORED: Mapping[AttributeType, _Stored] = {
    AttributeType.TEXT: _Stored(types.TEXT, _text, _see_text),
    AttributeType.CHOICE: _Stored(types.CHOICE, _text, _see_text),
    AttributeType.NUMBER: _Stored(types.NUMBER, _number, _see_number),
    AttributeType.BOOLEAN: _Stored(types.BOOLEAN, _boolean, _see_boolean),
    AttributeType.DATE: _Stored(types.DATE, _date, _see_date),
    AttributeType.DATETIME: _Stored(types.STORED_DATETIME, _instant, _see_instant),
}


# --- Consent -------------------------------------------------------------------------------------------------------


def _subscription() -> list[Field]:
    group = _("Subscription")
    return [
        Field(
            key="subscription.state",
            label=_("Subscription"),
            group=group,
            type=types.CHOICE,
            expr=Sql("s.state"),
            see=_of_subscription(lambda subscription: subscription.state),
            choices=_states(),
        ),
        Field(
            key="subscription.since",
            label=_("Subscription changed"),
            group=group,
            type=types.DATETIME,
            expr=Sql("s.changed_at"),
            see=_of_subscription(lambda subscription: subscription.changed_at),
        ),
        Field(
            key="subscription.source",
            label=_("Subscription source"),
            group=group,
            type=types.TEXT,
            expr=Sql("s.source"),
            see=_of_subscription(lambda subscription: subscription.source),
        ),
    ]


def _of_subscription(part: Callable[[Any], Any]) -> Callable[[Facts], Any]:
    return lambda facts: (part(facts.subscription) or None) if facts.subscription else None


def _states() -> Mapping[str, str]:
    return {
        SubscriptionState.PENDING.value: pgettext("subscription", "pending"),
        SubscriptionState.SUBSCRIBED.value: pgettext("subscription", "subscribed"),
        SubscriptionState.UNSUBSCRIBED.value: pgettext("subscription", "unsubscribed"),
        SubscriptionState.BOUNCED_OUT.value: pgettext("subscription", "bounced out"),
    }
