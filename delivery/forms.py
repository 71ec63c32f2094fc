"""Forms of delivery's pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from delivery.actions.relays import (
    MOST_CONNECTIONS,
    MOST_MESSAGES,
    MOST_PRIORITY,
    NAME_CHARACTERS,
    PASSWORD_CHARACTERS,
    USER_CHARACTERS,
    RelayFields,
)
from delivery.states import TlsMode
from delivery.words import TLS_MODES


def _number(label: object, help_text: object, most: int, **options: object) -> forms.IntegerField:
    return forms.IntegerField(label=label, help_text=help_text, min_value=1, max_value=most, **options)  # type: ignore[arg-type]


class RelayForm(forms.Form):
    """Where a relay is, how it is talked to, and when it is used."""

    name = forms.CharField(label=_("Name"), max_length=NAME_CHARACTERS)
    host = forms.CharField(
        label=_("Host"),
        max_length=253,
        help_text=_("A name such as smtp.example.com, or an IP address."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
    )
    port = _number(_("Port"), _("Often 587; 465 where TLS begins at once."), 65535)
    tls = forms.TypedChoiceField(
        label=_("TLS"),
        coerce=TlsMode,
        choices=[(mode.value, words) for mode, words in TLS_MODES.items()],
        widget=forms.RadioSelect,
    )
    user = forms.CharField(
        label=_("User name"),
        max_length=USER_CHARACTERS,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=PASSWORD_CHARACTERS,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    priority = _number(_("Priority"), _("The lowest number is used first."), MOST_PRIORITY)
    active = forms.BooleanField(label=_("In use"), required=False)
    connections = _number(
        _("Connections"), _("The most that one sender keeps open. Empty: no limit."), MOST_CONNECTIONS, required=False
    )
    messages = _number(
        _("Messages a connection"), _("After so many it says goodbye. Empty: no limit."), MOST_MESSAGES, required=False
    )
    version = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    def fields_of(self) -> RelayFields:
        """Read what was filled in."""
        told = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return RelayFields(**told)


class RemoveForm(forms.Form):
    """Which version is to be removed."""

    version = forms.IntegerField(min_value=1)
