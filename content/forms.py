"""Forms of the content pages. They read what was typed; what it must be, the actions say."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from connect.core.models import Department
from content.checks import Draft

#: Beyond the longest template there is, so that the check itself can say what is too long.
MAX_TYPED_CHARACTERS = 1_000_000


class FilterForm(forms.Form):
    """What the list is narrowed down to."""

    q = forms.CharField(label=_("Name"), max_length=120, required=False)
    archived = forms.BooleanField(label=_("Archived"), required=False)
    sort = forms.ChoiceField(
        choices=[(name, name) for name in ("name", "-name", "changed", "-changed")], required=False
    )
    page = forms.IntegerField(required=False, min_value=1, max_value=100_000)


class ContentForm(forms.Form):
    """New content: what it is called and whose it is."""

    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("For your colleagues; readers never see it."), strip=True
    )
    department = forms.ModelChoiceField(
        Department.objects.none(), label=_("Department"), empty_label=None, to_field_name="public_id"
    )

    def __init__(self, departments: list[Department], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["department"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Department.objects.filter(pk__in=[one.pk for one in departments]).order_by("name")
        if len(departments) == 1:
            field.widget = forms.HiddenInput()
            field.initial = departments[0].public_id


class NameForm(forms.Form):
    """Another name for content that still is as it was at `version`."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)
    name = forms.CharField(label=_("Name"), max_length=120)


class LanguageForm(forms.Form):
    """A language to write in."""

    language = forms.CharField(
        label=_("Language tag"),
        max_length=40,
        help_text=_("Such as en, fr-CA or zh-Hant. Readers get the variant that is nearest to their own language."),
    )


class DraftForm(forms.Form):
    """What an author writes in one language. Nothing is stripped: a refused draft comes back as it was typed."""

    language = forms.CharField(widget=forms.HiddenInput, max_length=40)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=2**31 - 1)
    subject = forms.CharField(label=_("Subject"), max_length=MAX_TYPED_CHARACTERS, required=False, strip=False)
    preheader = forms.CharField(
        label=_("Preheader"),
        max_length=MAX_TYPED_CHARACTERS,
        required=False,
        strip=False,
        help_text=_("What mailboxes show behind the subject."),
    )
    html = forms.CharField(
        label=_("HTML"), max_length=MAX_TYPED_CHARACTERS, required=False, strip=False, widget=forms.Textarea
    )
    text = forms.CharField(
        label=_("Plain text"),
        max_length=MAX_TYPED_CHARACTERS,
        required=False,
        strip=False,
        widget=forms.Textarea,
        help_text=_("Left empty, it is made from the HTML when you save."),
    )

    def draft(self) -> Draft:
        """Read what was typed."""
        typed = self.cleaned_data
        return Draft(subject=typed["subject"], preheader=typed["preheader"], html=typed["html"], text=typed["text"])


class PreviewForm(forms.Form):
    """What a preview shows: which revision, for whom, under which footer, on what."""

    revision = forms.UUIDField(required=False)
    language = forms.CharField(max_length=12, required=False)
    customer = forms.CharField(max_length=254, required=False)
    nobody = forms.BooleanField(required=False)
    conversation = forms.UUIDField(required=False)
    on = forms.ChoiceField(
        choices=[("desktop", _("Computer")), ("phone", _("Phone")), ("both", _("Both"))], required=False
    )
    wide = forms.BooleanField(required=False)
    part = forms.ChoiceField(choices=[("html", _("HTML")), ("text", _("Plain text"))], required=False)


class CompareForm(forms.Form):
    """Two revisions of one content."""

    before = forms.UUIDField()
    after = forms.UUIDField()
