"""What the tests of segmentation models' pages say to them, and what they find stored."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.test import Client

from connect.core.models import Member, Tenant
from connect.core.tenancy import tenant as open_tenant
from segments.models import Segment, SegmentationModel

Browser = Callable[[Member], Client]
LIST = "/t/northwind/segments/"


def living_in(country: str) -> dict[str, Any]:
    """Write a rule."""
    return {"combinator": "and", "rules": [{"field": "country", "operator": "equals", "value": country}]}


def segment_form(place: int, name: str, country: str, known: UUID | str = "") -> dict[str, str]:
    """Write a segment as its page posts it."""
    at = f"segments.{place}"
    return {
        f"{at}.name": name,
        f"{at}.id": str(known),
        f"{at}.rule.combinator": "and",
        f"{at}.rule.rules.0.field": "country",
        f"{at}.rule.rules.0.was": "country",
        f"{at}.rule.rules.0.operator": "equals",
        f"{at}.rule.rules.0.value": country,
    }


def stored(tenant: Tenant) -> list[tuple[Any, ...]]:
    """List the stored segments in their order."""
    with open_tenant(tenant):
        return [*Segment.objects.order_by("model_id", "position").values_list("position", "name", "rule")]


UNCHANGED = [(1, "Germany", living_in("DE")), (2, "France", living_in("FR"))]


def page_of(model: SegmentationModel, action: str = "") -> str:
    """Write the address of a model's page, or of what is done there."""
    return f"{LIST}{model.public_id}/{action}"
