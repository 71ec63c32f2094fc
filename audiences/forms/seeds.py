"""The form of a seed list: its people stand in one text, one a line."""

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from audiences.actions.seeds import SeedListOf, SeedOf
from audiences.models import Seed, SeedList
from connect.core.errors import Invalid
from connect.core.faults import put_faults
from connect.core.models import Department

#: Fifty names and addresses, each as long as may be, fit twice.
MAX_PEOPLE_CHARACTERS = 40_000

_NAMED = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^<>]*)>[ \t]*")
_PLACE = re.compile(r"seeds\.(\d+)\.")


class SeedListForm(forms.Form):
    """What a seed list is called, where it belongs, and who stands on it."""

    name = forms.CharField(label=_("Name"), max_length=120)
    department = forms.ChoiceField(label=_("Department"))
    people = forms.CharField(
        label=_("People"),
        strip=False,
        max_length=MAX_PEOPLE_CHARACTERS,
        help_text=_("One a line: Kim Berg <kim@shop.example>, or the address alone."),
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "autocomplete": "off"}),
    )
    mark_subject = forms.BooleanField(
        label=_("Put [SEED] before the subject"),
        required=False,
        initial=True,
        help_text=_("So that nobody takes a copy for the customer’s own message."),
    )
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, departments: Iterable[Department], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(str(one.public_id), one.name) for one in departments]
        field = self.fields["department"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        if len(choices) == 1:
            field.widget = forms.HiddenInput()
            field.initial = choices[0][0]

    def wanted(self) -> SeedListOf:
        """Read what was filled in."""
        told = self.cleaned_data
        seeds = [seed for _line, seed in read_people(told["people"])]
        return SeedListOf(told["name"], UUID(told["department"]), told["mark_subject"], seeds)

    def put(self, error: Invalid) -> None:
        """Show a refusal, a seed's by the line on which it stands."""
        lines = [line for line, _seed in read_people(self.cleaned_data["people"])]
        told: dict[str, list[str]] = {}
        for name, says in error.fields.items():
            place = _PLACE.match(name)
            if place:
                line = lines[int(place[1])]
                says = [_t("Line %(line)d: %(says)s") % {"line": line, "says": sentence} for sentence in says]
            told.setdefault("people" if name.startswith("seeds") else name, []).extend(says)
        put_faults(self, Invalid(told))


def initial_of(listed: SeedList, seeds: Sequence[Seed]) -> dict[str, Any]:
    """Fill the form with a stored list."""
    return {
        "name": listed.name,
        "department": str(listed.department.public_id),
        "people": write_people(seeds),
        "mark_subject": listed.mark_subject,
        "version": listed.version,
    }


def read_people(text: str) -> list[tuple[int, SeedOf]]:
    """Read people, one a line, blank lines aside.

    Shape: the number of each line, from 1, beside who stands there. What can't be read is taken for an address, and
    refused as one.
    """
    lines = enumerate(text.replace("\r\n", "\n").split("\n"), start=1)
    return [(number, _read_line(line)) for number, line in lines if line.strip()]


def write_people(seeds: Iterable[Seed]) -> str:
    """Write people so that `read_people` reads the same ones."""
    return "\n".join(seed.email if seed.name == seed.email else f"{seed.name} <{seed.email}>" for seed in seeds)


def _read_line(line: str) -> SeedOf:
    named = _NAMED.fullmatch(line)
    if named is None:
        return SeedOf("", line)
    name = named["name"].strip(" \t")
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1]
    return SeedOf(name, named["email"])
