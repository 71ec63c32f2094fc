"""A revision as one reader would see it: compiled and filled exactly as for sending, then decoded again."""

import json
import quopri
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connect.core.models import Tenant
from connect.core.sql import Sql, rows
from content.fields import values_sql
from content.rendering.compile import Source, compile_content
from content.rendering.footer import Imprint
from conversations.models import Customer


@dataclass(frozen=True)
class Preview:
    """What a reader sees. Links lead nowhere."""

    subject: str
    preheader: str
    html: str
    text: str


class _DeadLinks:
    """Stand where a message's own links would."""

    unsubscribe = "#unsubscribe"
    pixel = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="

    def __init__(self, targets: list[str]) -> None:
        self.targets = targets

    def click(self, number: int) -> str:
        """Show the target itself."""
        return self.targets[number]


def render_preview(source: Source, values: Mapping[str, Any], *, conversation: Imprint, language: str) -> Preview:
    """Write a revision for one set of frozen values."""
    compiled = compile_content(source, conversation=conversation, language=language)
    dead = _DeadLinks(compiled.links)
    return Preview(
        subject=compiled.subject(values),
        preheader=compiled.preheader(values),
        html=quopri.decodestring(compiled.html(values, dead)).decode(),
        text=quopri.decodestring(compiled.text(values, dead)).decode(),
    )


def values_of(tenant: Tenant, customer: Customer, fields: list[str]) -> dict[str, Any]:
    """Freeze the fields of one customer, as planning does."""
    sql = (
        Sql("SELECT ")
        + values_sql(fields)
        + Sql(" FROM conversations_customer c WHERE c.tenant_id = %s AND c.id = %s", (tenant.pk, customer.pk))
    )
    found = rows(sql)
    # Django leaves jsonb that no field of its own reads as text.
    return dict(json.loads(found[0][0])) if found else {}
