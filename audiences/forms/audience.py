"""The form of one audience model: what was typed, and what is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from audiences.forms.builder import Builder, GroupDraft
from audiences.forms.model import ModelForm, heading_of, read_heading
from audiences.models import AudienceModel
from audiences.rules.fields import Field
from audiences.rules.schema import EVERYBODY


@dataclass(kw_only=True)
class AudienceForm(ModelForm):
    """A model as the page shows it, right or wrong."""

    builder: Builder
    rule: GroupDraft

    @classmethod
    def empty(cls, builder: Builder, department: str) -> "AudienceForm":
        """Begin a model that lets everybody in."""
        return cls(builder=builder, rule=builder.show(EVERYBODY), department=department)

    @classmethod
    def of(cls, builder: Builder, audience: AudienceModel) -> "AudienceForm":
        """Show a stored model."""
        return cls(builder=builder, rule=builder.show(audience.rule), **heading_of(audience))

    @classmethod
    def read(cls, builder: Builder, data: QueryDict) -> "AudienceForm":
        """Read what was posted.

        Errors: Invalid where the rule's inputs aren't this form's own.
        """
        return cls(builder=builder, rule=builder.read(data), **read_heading(data))

    def json(self) -> dict[str, Any]:
        """Write the rule as JSON, right or wrong."""
        return self.builder.to_json(self.rule)

    @property
    def suggesting(self) -> list[Field]:
        """The fields whose inputs suggest values while one types."""
        return self.builder.suggesting

    @property
    def meaning(self) -> object:
        """The rule alone: names void nothing."""
        return self.json()

    def press(self, buttons: Sequence[str]) -> None:
        """Press buttons of the rule."""
        self.builder.press(self.rule, buttons)

    def place(self, fields: Mapping[str, list[str]]) -> None:
        """Show refusals at the rule's nodes."""
        self.builder.put(self.rule, fields)

    def drafts(self) -> list[tuple[str, GroupDraft]]:
        """List the one rule."""
        return [("", self.rule)]
