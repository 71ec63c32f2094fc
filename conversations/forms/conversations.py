"""Forms of a conversation and its keys. What their values may be is the actions' business; they name the field."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from connect.core.models import Department
from conversations.actions.conversations import Identity
from conversations.models import Conversation
from conversations.states import DkimAlgorithm


class AsTyped(forms.CharField):
    """Text in which a line break would be an attack: nothing is stripped before it is checked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)


class ConversationForm(forms.Form):
    """How a conversation is named and where it belongs, as whom it speaks, and what it falls back to."""

    name = AsTyped(
        label=_("Name"), help_text=_("Customers read it in the footer: what they subscribed to, and leave there.")
    )
    department = forms.ChoiceField(label=_("Department"))
    from_name = AsTyped(label=_("From name"), help_text=_("What an inbox shows first."))
    from_email = AsTyped(
        label=_("From address"),
        help_text=_("Its domain signs each message."),
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off", "spellcheck": "false"}),
    )
    reply_to = AsTyped(
        label=_("Reply-to address"),
        required=False,
        help_text=_("Where answers go, if not to the From address."),
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off", "spellcheck": "false"}),
    )
    bounce_domain = AsTyped(
        label=_("Bounce domain"),
        required=False,
        help_text=_("Where failed deliveries come back. Empty: the From address's domain."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    postal_address = AsTyped(
        label=_("Postal address"),
        help_text=_("Stands below each message, as the law asks."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    footer = AsTyped(
        label=_("Footer"),
        required=False,
        help_text=_("Stands below that sentence: a company number, a disclaimer, a phone."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    default_language = AsTyped(
        label=_("Language"),
        help_text=_("For customers whose language isn't known."),
        widget=forms.TextInput(attrs={"list": "languages", "autocomplete": "off", "spellcheck": "false"}),
    )
    default_zone = AsTyped(
        label=_("Time zone"),
        help_text=_("For customers whose time zone isn't known."),
        widget=forms.TextInput(attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
    )
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, departments: Iterable[Department], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(department.public_id), department.name) for department in departments]
        self.fields["department"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField has them
        if len(choices) == 1:
            self.initial.setdefault("department", choices[0][0])

    def identity(self) -> Identity:
        """Read what was filled in."""
        values = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return Identity(**{**values, "department": UUID(values["department"])})


def initial_of(conversation: Conversation) -> dict[str, Any]:
    """Show a conversation as it stands."""
    names = [name for name in ConversationForm.base_fields if name != "department"]
    values = {name: getattr(conversation, name) for name in names}
    return {**values, "department": str(conversation.department.public_id)}


class KeyForm(forms.Form):
    """A new DKIM key."""

    algorithm = forms.TypedChoiceField(
        label=_("Algorithm"),
        coerce=DkimAlgorithm,
        choices=[
            (DkimAlgorithm.RSA.value, _("RSA-2048, read by everybody")),
            (DkimAlgorithm.ED25519.value, _("Ed25519, short; beside an RSA key")),
        ],
        initial=DkimAlgorithm.RSA.value,
        widget=forms.RadioSelect,
    )
    selector = AsTyped(
        label=_("Selector"),
        required=False,
        help_text=_("Names the key in DNS. Empty: Connect chooses one."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
