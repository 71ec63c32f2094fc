"""What delivery shows on pages of lower floors; `connect/wiring.py` puts it there."""

from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from connect.core.models import Tenant
from connect.core.panels import Panel


def panels(tenant: Tenant, kind: str, thing: UUID) -> list[Panel]:
    """Add the timeline to a customer's page, and the progress to a campaign's."""
    if kind == "customer":
        return [Panel(_("Timeline"), reverse("delivery-timeline", args=[tenant.slug, thing]))]
    if kind == "campaign":
        return [Panel(_("Handing over"), reverse("delivery-progress", args=[tenant.slug, thing]))]
    return []
