"""Forms of the ground floor's pages."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from connect.core.actions.members import GrantOf
from connect.core.errors import Invalid
from connect.core.models import Department, User
from connect.core.roles import LABELS, Role

#: Roles that can be held for one department; an admin is an admin of the whole tenant.
IN_DEPARTMENTS = [role for role in Role if role != Role.ADMIN]


class RolesForm(forms.Form):
    """Which roles a member holds: for the whole tenant, or for departments. A choice is `role` or `role:department`."""

    roles = forms.MultipleChoiceField(label=_("Roles"), error_messages={"required": _("Choose at least one role.")})
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, departments: Sequence[Department], **options: Any) -> None:
        super().__init__(*args, **options)
        self.departments = departments
        self.fields["roles"].choices = [  # type: ignore[attr-defined]  # it is the MultipleChoiceField above
            *((role.value, LABELS[role]) for role in Role),
            *(
                (f"{role.value}:{department.public_id}", f"{LABELS[role]}, {department.name}")
                for department in departments
                for role in IN_DEPARTMENTS
            ),
        ]

    def grants(self) -> list[GrantOf]:
        """Read the chosen roles."""
        pairs = [choice.partition(":") for choice in self.cleaned_data["roles"]]
        return [GrantOf(Role(role), UUID(department) if department else None) for role, _colon, department in pairs]

    def matrix(self) -> list[dict[str, Any]]:
        """Lay out the choices: a row for the whole tenant and for each department, a cell for each role or None."""
        chosen = set(self["roles"].value() or [])
        labels = dict(self.fields["roles"].choices)  # type: ignore[attr-defined]
        rows: list[tuple[Any, str]] = [(None, ""), *((one, f":{one.public_id}") for one in self.departments)]
        return [
            {
                "department": department,
                "cells": [
                    {"value": value, "chosen": value in chosen, "label": labels[value]} if value in labels else None
                    for value in (f"{role.value}{suffix}" for role in Role)
                ],
            }
            for department, suffix in rows
        ]


class InviteForm(RolesForm):
    """A new member: who, and with which roles."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("Email"), help_text=_("They sign in with it. One login serves all their tenants."))

    field_order = ("name", "email", "roles")


class DepartmentForm(forms.Form):
    """What a department is called."""

    name = forms.CharField(label=_("Name"), max_length=120)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class AuditFilterForm(forms.Form):
    """What to look for in the audit log."""

    who = forms.CharField(label=_("Member"), max_length=120, required=False)
    did = forms.CharField(label=_("Deed"), max_length=60, required=False)

    def clean(self) -> dict[str, Any]:
        """Strip what was typed."""
        return {name: value.strip() if isinstance(value, str) else value for name, value in self.cleaned_data.items()}


class PasswordForm(forms.Form):
    """The first password of an invited person, typed twice."""

    password = forms.CharField(label=_("Password"), widget=forms.PasswordInput, strip=False)
    again = forms.CharField(label=_("The same once more"), widget=forms.PasswordInput, strip=False)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user

    def clean_password(self) -> str:
        """Refuse what is too short or too common."""
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        """Refuse two different ones."""
        typed = self.cleaned_data
        if "password" in typed and typed.get("again") != typed["password"]:
            self.add_error("again", _("The two aren’t the same."))
        return typed


class OwnForm(forms.Form):
    """What people set of themselves."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, help_text=_("As colleagues see it, in all of your tenants.")
    )
    language = forms.ChoiceField(
        label=_("Language of the console"),
        choices=settings.LANGUAGES,
        help_text=_("For words, numbers and dates. What isn’t translated yet stays English."),
    )


class AdminForm(forms.Form):
    """Somebody who runs a tenant."""

    admin_name = forms.CharField(label=_("Admin’s name"), max_length=120)
    admin_email = forms.EmailField(label=_("Admin’s email"), help_text=_("An invitation goes there."))


class TenantForm(AdminForm):
    """A new tenant and its first admin."""

    name = forms.CharField(label=_("Name"), max_length=120)
    slug = forms.CharField(
        label=_("Address"),
        max_length=40,
        help_text=_("Small letters, digits and hyphens. It stands in every address of theirs and stays."),
        validators=[RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*\Z", _("Small letters, digits and single hyphens."))],
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    zone = forms.CharField(label=_("Time zone"), initial="UTC", widget=forms.TextInput(attrs={"list": "zones"}))

    field_order = ("name", "slug", "language", "zone", "admin_name", "admin_email")

    def clean_zone(self) -> str:
        """Refuse a zone that nobody knows."""
        zone: str = self.cleaned_data["zone"].strip()
        if zone not in available_timezones():
            raise forms.ValidationError(_("No such zone. It looks like Europe/Berlin."))
        return zone


class RenameTenantForm(forms.Form):
    """What a tenant is called."""

    name = forms.CharField(label=_("Name"), max_length=120)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)


def put_faults(form: forms.Form, error: Invalid, *, names: Mapping[str, str] | None = None) -> None:
    """Show an action's refusal at the fields; `names` maps the action's words to the form's."""
    for name, says in error.fields.items():
        for sentence in says:
            form.add_error((names or {}).get(name, name) or None, sentence)
