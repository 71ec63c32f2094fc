"""What the forms of all models share: a name, a description, a department, and how a refusal is shown at its place."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict
from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from audiences.forms.builder import GroupDraft, RuleDraft, walk
from audiences.models import ReusableModel
from audiences.rules.fields import Field
from audiences.rules.operators import Takes
from connect.core.models import Department


class Heading(TypedDict, total=False):
    """What stands above a model's rules."""

    name: str
    description: str
    department: str
    version: int


@dataclass(kw_only=True)
class ModelForm(ABC):
    """A model as its page shows it, right or wrong."""

    name: str = ""
    description: str = ""
    department: str = ""
    version: int = 0
    errors: dict[str, list[str]] = field(default_factory=dict)

    @property
    @abstractmethod
    def suggesting(self) -> list[Field]:
        """The fields whose inputs suggest values while one types."""

    @property
    @abstractmethod
    def meaning(self) -> object:
        """What approvals rest on: two forms that mean the same void nothing."""

    @abstractmethod
    def press(self, buttons: Sequence[str]) -> None:
        """Press buttons of the builder, in order; nothing is stored. Each names a place as the form was posted."""

    @abstractmethod
    def place(self, fields: Mapping[str, list[str]]) -> None:
        """Show refusals at the nodes of the rules."""

    @abstractmethod
    def drafts(self) -> list[tuple[str, GroupDraft]]:
        """List the rules, each with the words that tell it from the others."""

    def put(self, fields: Mapping[str, list[str]]) -> None:
        """Show a refusal at its fields and nodes."""
        self.errors = dict(fields)
        self.place(fields)

    def anchor(self, name: str) -> str:
        """Tell which element of the page a refusal leads to."""
        if "." not in name and name != "rule":
            return f"id_{name}"
        comparison, _dot, part = name.rpartition(".")
        draft = self._draft_at(comparison)
        return f"{comparison}.first" if part == "value" and draft and draft.takes == Takes.TWO else name

    def label(self, name: str) -> str:
        """Name what is refused: a field of the form, or what a rule asks about."""
        for title, draft in self.drafts():
            if name == draft.name or name.startswith(f"{draft.name}."):
                found = self._draft_at(name) or self._draft_at(name.rpartition(".")[0])
                asked = str(found.field.label) if found and found.field else _("Rule")
                return f"{title}, {asked}" if title else asked
        labels = {"name": _("Name"), "description": _("Description"), "department": _("Department")}
        return labels.get(name, _("Rule"))

    def department_options(self, departments: Sequence[Department]) -> list[tuple[str, str]]:
        """Write the departments for a list to choose from."""
        return [(str(one.public_id), one.name) for one in departments]

    def _draft_at(self, name: str) -> RuleDraft | None:
        nodes = (node for _title, draft in self.drafts() for node in walk(draft))
        return next((node for node in nodes if isinstance(node, RuleDraft) and node.name == name), None)


def heading_of(model: ReusableModel) -> Heading:
    """Read what stands above a stored model's rules."""
    return {"name": model.name, "description": model.description, "version": model.version}


def read_heading(data: QueryDict) -> Heading:
    """Read what was typed above a model's rules."""
    return {
        "name": data.get("name", ""),
        "description": data.get("description", ""),
        "department": data.get("department", ""),
        "version": read_version(data),
    }


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
