"""What suppression adds to the pages of customers and conversations."""

from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from connect.core.models import Tenant
from connect.core.panels import Panel


def panels_of(tenant: Tenant, kind: str, thing: UUID) -> list[Panel]:
    """Tell what stands on the page of this thing."""
    if kind == "conversation":
        return [Panel(_("Suppression lists"), reverse("suppression-of-conversation", args=[tenant.slug, thing]))]
    if kind == "customer":
        return [Panel(_("Suppression"), reverse("suppression-of-customer", args=[tenant.slug, thing]))]
    return []
