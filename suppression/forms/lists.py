"""Forms of suppression lists, single entries, files of them, and the check of one address."""

from datetime import UTC, date, datetime, time
from io import BytesIO
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from django import forms
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from suppression.actions.lists import DESCRIPTION_CHARACTERS, NAME_CHARACTERS, ListFields
from suppression.reading import SOURCE_CHARACTERS, Defaults
from suppression.states import Reason, Scope
from suppression.words import REASONS, SCOPES

#: A million addresses are some 30 MB. What is larger comes in several files.
FILE_BYTES = 64 * 1024 * 1024
#: Some 17,000 addresses, which take about a second: so much is put in while its sender waits, more in the background.
AT_ONCE_BYTES = 512 * 1024


class ListForm(forms.Form):
    """A list's name, and whom it protects."""

    name = forms.CharField(label=_("Name"), max_length=NAME_CHARACTERS)
    description = forms.CharField(
        label=_("Description"),
        max_length=DESCRIPTION_CHARACTERS,
        required=False,
        help_text=_("Where its entries come from, for whoever finds it in two years."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    scope = forms.TypedChoiceField(
        label=_("Holds for"),
        coerce=Scope,
        choices=[(scope.value, SCOPES[scope]) for scope in Scope],
        initial=Scope.TENANT.value,
        widget=forms.RadioSelect,
    )
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def fields_of(self) -> ListFields:
        """Read what was filled in."""
        told = self.cleaned_data
        return ListFields(name=told["name"], scope=told["scope"], description=told["description"])


class _Why(forms.Form):
    reason = forms.TypedChoiceField(
        label=_("Reason"), coerce=Reason, choices=[(reason.value, REASONS[reason]) for reason in Reason]
    )
    source = forms.CharField(
        label=_("Source"),
        max_length=SOURCE_CHARACTERS,
        required=False,
        help_text=_("A letter, a file, a request: what one would look for."),
    )
    until = forms.DateField(
        label=_("Until"),
        required=False,
        help_text=_("The last day on which it holds. Empty: for good."),
        widget=forms.DateInput,
    )

    def expires_at(self) -> datetime | None:
        """Tell the end of the last day in the reader's zone."""
        until: date | None = self.cleaned_data["until"]
        zone = get_current_timezone()
        assert isinstance(zone, ZoneInfo)
        return datetime.combine(until, time.max, tzinfo=zone).astimezone(UTC) if until else None


class EntryForm(_Why):
    """One address, domain or hash."""

    value = forms.CharField(
        label=_("Address, domain or hash"),
        max_length=254,
        strip=False,
        help_text=_("kim@shop.example, shop.example, or the SHA-256 or MD5 of an address in small letters."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    field_order = ("value", "reason", "source", "until")


class ImportForm(_Why):
    """A file of entries, or the same pasted, and what holds for lines that don't say for themselves."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"}),
    )
    pasted = forms.CharField(
        label=_("Or paste lines"),
        required=False,
        max_length=2_000_000,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    field_order = ("file", "pasted", "reason", "source", "until")

    def clean(self) -> dict[str, Any]:
        """Want one of the two, and not too large a file."""
        told: dict[str, Any] = self.cleaned_data
        upload = told.get("file")
        if "file" in told and "pasted" in told and not upload and not told["pasted"].strip():
            self.add_error("file", _t("Choose a file or paste some lines."))
        if upload and told.get("pasted", "").strip():
            self.add_error("pasted", _t("Either a file or pasted lines, not both at once."))
        if upload and upload.size > FILE_BYTES:
            self.add_error("file", _t("A file has at most 64 MB; split it."))
        return told

    @property
    def at_once(self) -> bool:
        """Tell whether the content is small enough to be put in while its sender waits."""
        upload = self.cleaned_data["file"]
        return int(upload.size if upload else len(self.cleaned_data["pasted"])) <= AT_ONCE_BYTES

    @property
    def name(self) -> str:
        """Name the file, or say that its lines were pasted."""
        upload = self.cleaned_data["file"]
        return str(upload.name) if upload else _t("pasted")

    def content(self) -> BinaryIO:
        """Hand out what was uploaded or pasted."""
        upload = self.cleaned_data["file"]
        if upload:
            opened: BinaryIO = upload.file
            return opened
        return BytesIO(self.cleaned_data["pasted"].encode())

    def defaults(self) -> Defaults:
        """Read what holds for lines that don't say for themselves; the file's name where no source is given."""
        told = self.cleaned_data
        return Defaults(told["reason"], told["source"] or self.name[:SOURCE_CHARACTERS], self.expires_at())


class FindForm(forms.Form):
    """What to look for in a list."""

    reason = forms.ChoiceField(required=False, choices=[("", ""), *[(reason.value, reason.value) for reason in Reason]])
    value = forms.CharField(required=False, max_length=254)
    after = forms.CharField(required=False, max_length=40)
    before = forms.CharField(required=False, max_length=40)


class CheckForm(forms.Form):
    """One address to check."""

    address = forms.CharField(
        label=_("Address"),
        max_length=254,
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off", "spellcheck": "false"}),
    )


class ApplyForm(forms.Form):
    """A list to apply to a conversation."""

    suppression_list = forms.UUIDField(label=_("List"))
