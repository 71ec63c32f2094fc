"""The forms of one customer, of their consent, and of a declared attribute."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from conversations.actions.attributes import AttributeOf
from conversations.actions.customers import CustomerOf
from conversations.models import Attribute, Conversation, Customer
from conversations.states import AttributeKind, AttributeType, SubscriptionState

PLAIN = ("external_id", "email", "phone", "language", "zone", "country", "region")
KIND_LABELS = {
    AttributeKind.ATTRIBUTE: _("Attribute"),
    AttributeKind.INTEREST: _("Interest"),
    AttributeKind.PREFERENCE: _("Preference"),
}
TYPE_LABELS = {
    AttributeType.TEXT: _("Text"),
    AttributeType.NUMBER: _("Number"),
    AttributeType.BOOLEAN: _("Yes or no"),
    AttributeType.DATE: _("Day"),
    AttributeType.DATETIME: _("Day and time"),
    AttributeType.CHOICE: _("One of a list"),
}


class CustomerForm(forms.Form):
    """What is known about a customer; declared fields are added as the tenant declared them."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    external_id = forms.CharField(label=_("Customer id"), max_length=120)
    email = forms.CharField(label=_("Email"), required=False)
    phone = forms.CharField(label=_("Phone"), required=False, help_text=_("With its country, as in +1 902 555 0199"))
    language = forms.CharField(label=_("Language"), required=False, help_text=_("As in en or fr-CA"))
    zone = forms.CharField(label=_("Time zone"), required=False, help_text=_("As in America/Halifax"))
    country = forms.CharField(label=_("Country"), required=False, help_text=_("Two letters, as in CA"))
    region = forms.CharField(label=_("Region"), required=False, max_length=60)
    interests = forms.MultipleChoiceField(label=_("Interests"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, declared: Iterable[Attribute], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.declared: list[str] = []
        interests = []
        for one in declared:
            if one.kind == AttributeKind.INTEREST:
                interests.append((one.name, one.label))
            else:
                name = f"{one.kind}s.{one.name}"
                self.declared.append(name)
                self.fields[name] = _field_of(one)
        self.fields["interests"].choices = interests  # type: ignore[attr-defined]  # a MultipleChoiceField has them

    def declared_fields_bound(self) -> list[forms.BoundField]:
        """Bind the fields that the tenant declared, in order."""
        return [self[name] for name in self.declared]

    def wanted(self) -> CustomerOf:
        """Read what was written."""
        typed = {"attributes": {}, "preferences": {}}  # type: dict[str, dict[str, str]]
        for name in self.declared:
            kind, _dot, key = name.partition(".")
            typed[kind][key] = self.cleaned_data[name]
        plain = {name: self.cleaned_data[name] for name in PLAIN}
        return CustomerOf(**plain, **typed, interests=tuple(self.cleaned_data["interests"]))  # type: ignore[arg-type]


def initial_of(customer: Customer) -> dict[str, Any]:
    """Fill the form with what is known."""
    values: dict[str, Any] = {name: getattr(customer, name) for name in PLAIN}
    for kind in ("attributes", "preferences"):
        values |= {f"{kind}.{name}": _shown(value) for name, value in getattr(customer, kind).items()}
    return {**values, "interests": customer.interests, "version": customer.version}


def _shown(value: object) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _field_of(one: Attribute) -> forms.Field:
    if one.type == AttributeType.CHOICE:
        choices = [("", "–"), *((choice, choice) for choice in one.choices)]
        return forms.ChoiceField(label=one.label, choices=choices, required=False)
    if one.type == AttributeType.BOOLEAN:
        return forms.ChoiceField(
            label=one.label, choices=[("", "–"), ("yes", _("Yes")), ("no", _("No"))], required=False
        )
    return forms.CharField(label=one.label, required=False, help_text=TYPE_LABELS[AttributeType(one.type)])


class ConsentForm(forms.Form):
    """A change of a subscription that somebody at the company heard of."""

    conversation = forms.ChoiceField(label=_("Conversation"))
    to = forms.ChoiceField(
        label=_("They"),
        choices=[
            (SubscriptionState.UNSUBSCRIBED.value, _("want no more")),
            (SubscriptionState.SUBSCRIBED.value, _("want to hear from us")),
        ],
        widget=forms.RadioSelect,
    )
    wording = forms.CharField(
        label=_("What they agreed to"), required=False, widget=forms.Textarea, help_text=_("Needed to subscribe them.")
    )
    proof = forms.CharField(label=_("How you know"), help_text=_("A call, a letter, a form, with its date."))

    def __init__(self, *args: Any, conversations: Iterable[Conversation], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(one.public_id), one.name) for one in conversations]
        self.fields["conversation"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField has them


class AttributeForm(forms.Form):
    """What is declared about customers."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    kind = forms.ChoiceField(label=_("Kind"), choices=[(kind.value, label) for kind, label in KIND_LABELS.items()])
    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("For templates, rules and files, as in first_name")
    )
    label = forms.CharField(label=_("Label"), max_length=120, help_text=_("For people, as in First name"))
    type = forms.ChoiceField(label=_("Type"), choices=[(kind.value, label) for kind, label in TYPE_LABELS.items()])
    choices = forms.CharField(
        label=_("Choices"), required=False, widget=forms.Textarea, help_text=_("One a line, for “one of a list”.")
    )
    personal = forms.BooleanField(label=_("Personal data"), required=False)
    reportable = forms.BooleanField(label=_("Shown in reports"), required=False)

    def wanted(self) -> AttributeOf:
        """Read what was written."""
        typed = self.cleaned_data
        return AttributeOf(
            kind=AttributeKind(typed["kind"]),
            name=typed["name"],
            label=typed["label"],
            type=AttributeType(typed["type"]),
            choices=[line.strip() for line in typed["choices"].splitlines() if line.strip()],
            personal=typed["personal"],
            reportable=typed["reportable"],
        )
