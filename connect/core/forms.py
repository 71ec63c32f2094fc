"""Forms of the ground floor's pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from connect.core.actions.members import GrantOf
from connect.core.roles import LABELS, Role


class RolesForm(forms.Form):
    """Which roles a member holds for the whole tenant."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"),
        choices=[(role.value, LABELS[role]) for role in Role],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one role.")},
    )

    def grants(self) -> list[GrantOf]:
        """Read the chosen roles."""
        return [GrantOf(Role(role)) for role in self.cleaned_data["roles"]]


class MemberForm(RolesForm):
    """A new member: who, and with which roles."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("Email"), help_text=_("They log in with it. One login serves all their tenants."))

    field_order = ("name", "email", "roles")


class AuditFilterForm(forms.Form):
    """What to look for in the audit log."""

    who = forms.CharField(label=_("Member"), max_length=120, required=False)
    did = forms.CharField(label=_("Deed"), max_length=60, required=False)

    def clean(self) -> dict[str, Any]:
        """Strip what was typed."""
        return {name: value.strip() if isinstance(value, str) else value for name, value in self.cleaned_data.items()}
