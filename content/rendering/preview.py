"""A revision as one reader would see it: compiled and filled exactly as for sending, then decoded again."""

import json
import quopri
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import escape

from connect.core.models import Tenant
from connect.core.sql import Sql, rows
from content.fields import values_sql
from content.rendering.compile import Source, compile_content
from content.rendering.footer import Imprint
from content.rendering.links import resolve
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

    def __init__(self, targets: list[str], values: Mapping[str, Any], escaped: Callable[[str], str]) -> None:
        self.targets, self.values, self.escaped = targets, values, escaped

    def click(self, number: int) -> str:
        """Show where the link would lead this reader."""
        return str(self.escaped(resolve(self.targets[number], self.values)))


def render_preview(source: Source, values: Mapping[str, Any], *, conversation: Imprint, language: str) -> Preview:
    """Write a revision for one set of frozen values."""
    compiled = compile_content(source, conversation=conversation, language=language)
    in_html, in_text = _DeadLinks(compiled.links, values, escape), _DeadLinks(compiled.links, values, str)
    return Preview(
        subject=compiled.subject(values),
        preheader=compiled.preheader(values),
        html=quopri.decodestring(compiled.html(values, in_html)).decode(),
        text=quopri.decodestring(compiled.text(values, in_text)).decode(),
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
