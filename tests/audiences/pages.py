"""What the tests of audience models' pages say to them, and what they find stored."""

from collections.abc import Callable
from typing import Any

from django.test import Client

from audiences.models import AudienceModel
from connect.core.models import Member, Tenant
from connect.core.tenancy import tenant as open_tenant

Browser = Callable[[Member], Client]
LIST = "/t/northwind/audiences/"
WRITES = ["save/", "copy/", "archive/", "restore/"]


def living_in(country: str) -> dict[str, Any]:
    """Write a rule."""
    return {"combinator": "and", "rules": [{"field": "country", "operator": "equals", "value": country}]}


def living_in_form(country: str) -> dict[str, str]:
    """Write the same rule as its page posts it."""
    at = "rule.rules.0"
    return {
        "rule.combinator": "and",
        f"{at}.field": "country",
        f"{at}.was": "country",
        f"{at}.operator": "equals",
        f"{at}.value": country,
    }


GERMANS, FRENCH = living_in("DE"), living_in("FR")
GERMANS_FORM, FRENCH_FORM = living_in_form("DE"), living_in_form("FR")


def stored(tenant: Tenant) -> list[tuple[Any, ...]]:
    """List what is stored of each model."""
    with open_tenant(tenant):
        return [*AudienceModel.objects.order_by("id").values_list("name", "rule", "version")]


def page_of(model: AudienceModel, action: str = "") -> str:
    """Write the address of a model's page, or of what is done there."""
    return f"{LIST}{model.public_id}/{action}"
