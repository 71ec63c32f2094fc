"""The form of one audience model: what was typed, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from audiences.forms.builder import Builder, GroupDraft
from audiences.models import AudienceModel
from audiences.rules.schema import EVERYBODY
from connect.core.models import Department


@dataclass
class AudienceForm:
    """A model as the page shows it, right or wrong."""

    builder: Builder
    rule: GroupDraft
    name: str = ""
    description: str = ""
    department: str = ""
    version: int = 0
    errors: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def empty(cls, builder: Builder, department: str) -> "AudienceForm":
        """Begin a model that lets everybody in."""
        return cls(builder, builder.show(EVERYBODY), department=department)

    @classmethod
    def of(cls, builder: Builder, audience: AudienceModel) -> "AudienceForm":
        """Show a stored model."""
        rule = builder.show(audience.rule)
        return cls(builder, rule, audience.name, audience.description, version=audience.version)

    @classmethod
    def read(cls, builder: Builder, data: QueryDict) -> "AudienceForm":
        """Read what was posted.

        Errors: Invalid where the rule's inputs aren't this form's own.
        """
        return cls(
            builder,
            builder.read(data),
            data.get("name", ""),
            data.get("description", ""),
            data.get("department", ""),
            read_version(data),
        )

    def json(self) -> dict[str, Any]:
        """Write the rule as JSON, right or wrong."""
        return self.builder.to_json(self.rule)

    def put(self, fields: Mapping[str, list[str]]) -> None:
        """Show a refusal at its fields and nodes."""
        self.errors = dict(fields)
        self.builder.put(self.rule, fields)

    def anchor(self, name: str) -> str:
        """Tell which element of the page a refusal leads to."""
        return anchor_of(name)

    def label(self, name: str) -> str:
        """Name what is refused: the field of the form, or the field that a rule asks about."""
        return self.builder.label(self.rule, name) or label_of(name)

    def department_options(self, departments: Sequence[Department]) -> list[tuple[str, str]]:
        """Write the departments for a list to choose from."""
        return [(str(one.public_id), one.name) for one in departments]


def anchor_of(name: str) -> str:
    """Tell which element of a page belongs to the name of a refused field."""
    return name if "." in name else f"id_{name}"


def label_of(name: str) -> str:
    """Name a field of a model's form."""
    labels = {"name": _("Name"), "description": _("Description"), "department": _("Department")}
    return labels.get(name, _("Rule"))


def read_version(data: QueryDict) -> int:
    """Read the version that a page was opened at, or that a person writes over; what is no number fits none."""
    typed = data.get("over", data.get("version", ""))
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def read_id(typed: str) -> UUID | None:
    """Read a public id; None where it isn't one."""
    try:
        return UUID(typed)
    except ValueError:
        return None
