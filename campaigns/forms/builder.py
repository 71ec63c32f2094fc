"""The forms of the builder's steps. They read what was typed; the actions say what is wrong with it, by field."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from babel import Locale
from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from campaigns.actions.campaigns import Choice, Information, Schedule
from campaigns.checks import LAST_YEAR
from campaigns.clock import instant, zone_named
from campaigns.models import Campaign
from campaigns.states import StartKind
from campaigns.words import START_NAMES
from connect.core.models import Department

#: What the language field offers; any other tag may be typed.
OFFERED_LANGUAGES = """
    ar bg cs da de de-AT de-CH el en en-CA en-GB en-US es es-MX et fi fr fr-BE fr-CA fr-CH he hi hr hu
    id it ja ko lt lv nb nl nl-BE pl pt pt-BR ro ru sk sl sr sv th tr uk vi zh-Hans zh-Hant
"""


YEARS = range(2000, LAST_YEAR + 1)
YEAR_WORDS = {"first": YEARS[0], "last": YEARS[-1]}


class AsTyped(forms.CharField):
    """Text in which a line break would be an attack: nothing is stripped before it is checked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)


class VersionedForm(forms.Form):
    """A form that says which version of the campaign was opened."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)


class InformationForm(VersionedForm):
    """What a campaign is called, and what sorts it."""

    name = AsTyped(
        label=_("Name"), help_text=_("Only members see it."), widget=forms.TextInput(attrs={"maxlength": 120})
    )
    description = AsTyped(
        label=_("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 240}),
        help_text=_("What it is for, in a line or two."),
    )
    language = AsTyped(
        label=_("Language"),
        help_text=_("What those get for whose language there is no content."),
        widget=forms.TextInput(attrs={"list": "languages", "autocomplete": "off", "spellcheck": "false"}),
    )
    priority = forms.IntegerField(
        label=_("Priority"), help_text=_("0 to 100; where two campaigns want one customer, the higher goes first.")
    )
    tags = AsTyped(
        label=_("Tags"),
        required=False,
        help_text=_("Separated by commas."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    department = forms.ChoiceField(label=_("Department"))

    def __init__(self, *args: Any, departments: Iterable[Department], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(str(one.public_id), one.name) for one in departments]
        self.fields["department"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["department"].widget = forms.HiddenInput()
            self.fields["department"].initial = choices[0][0]

    def information(self) -> Information:
        """Read what was typed."""
        typed = self.cleaned_data
        return Information(
            name=typed["name"],
            department=UUID(typed["department"]),
            language=typed["language"],
            description=typed["description"],
            priority=typed["priority"],
            tags=tuple(typed["tags"].split(",")),
        )


class AudienceForm(VersionedForm):
    """To whom it goes."""

    conversation = forms.ChoiceField(label=_("Conversation"), required=False)
    audience = forms.ChoiceField(label=_("Audience model"), required=False)
    segmentation = forms.ChoiceField(label=_("Segmentation model"), required=False)

    def __init__(self, *args: Any, choices: dict[str, list[tuple[str, str]]], **options: Any) -> None:
        super().__init__(*args, **options)
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]

    def choice(self) -> Choice:
        """Read what was chosen."""
        typed = {name: self.cleaned_data[name] for name in ("conversation", "audience", "segmentation")}
        return Choice(**{name: UUID(value) if value else None for name, value in typed.items()})


class ScheduleForm(VersionedForm):
    """When it goes, when it doesn't, when it gives up. Times of expiry are on the conversation's clock."""

    start_kind = forms.ChoiceField(
        label=_("Start"), choices=[(kind.value, START_NAMES[kind]) for kind in StartKind], widget=forms.RadioSelect
    )
    start_on = forms.DateField(label=_("Date"), required=False)
    start_at = forms.TimeField(label=_("Time"), required=False)
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False)
    quiet_until = forms.TimeField(label=_("Quiet until"), required=False)
    expires_on = forms.DateField(label=_("Expiry"), required=False)
    expires_at = forms.TimeField(label=_("at"), required=False)
    rate_per_minute = forms.IntegerField(label=_("At most"), required=False)
    seed_list = forms.ChoiceField(label=_("Seed list"), required=False)

    def __init__(self, *args: Any, seed_lists: list[tuple[str, str]], zone: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.zone = zone
        self.fields["seed_list"].choices = seed_lists  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Ask for the half that is missing of a day with its time."""
        typed = self.cleaned_data
        for name in ("start_on", "expires_on"):
            if (day := typed.get(name)) and day.year not in YEARS:
                self.add_error(name, _now("Choose a day between %(first)s and %(last)s.") % YEAR_WORDS)
        if typed.get("start_kind") != StartKind.NOW:
            self._demand(typed, "start_on", "start_at")
        if typed.get("expires_on") or typed.get("expires_at"):
            self._demand(typed, "expires_on", "expires_at")
        return typed

    def schedule(self) -> Schedule:
        """Read what was set."""
        typed = self.cleaned_data
        start = "" if typed["start_kind"] == StartKind.NOW else _wall(typed["start_on"], typed["start_at"])
        return Schedule(
            start_kind=StartKind(typed["start_kind"]),
            start_at=start,
            quiet=(typed["quiet_from"], typed["quiet_until"]),
            expires_at=read_instant(typed["expires_on"], typed["expires_at"], self.zone),
            rate_per_minute=typed["rate_per_minute"],
            seed_list=UUID(typed["seed_list"]) if typed["seed_list"] else None,
        )

    def _demand(self, typed: dict[str, Any], *names: str) -> None:
        for name in names:
            if typed.get(name) is None and name not in self.errors:
                self.add_error(name, _now("Choose a day.") if name.endswith("_on") else _now("Choose a time."))


class ContentForm(VersionedForm):
    """Which content goes to which segments, in all its languages."""

    content = forms.ChoiceField(label=_("Content"))
    segments = forms.MultipleChoiceField(label=_("Segments"), widget=forms.CheckboxSelectMultiple)

    def __init__(
        self, *args: Any, contents: list[tuple[str, str]], rows: list[tuple[str, str]], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.fields["content"].choices = contents  # type: ignore[attr-defined]
        self.fields["segments"].choices = rows  # type: ignore[attr-defined]


class CellForm(VersionedForm):
    """What stands in one cell: a revision, or nothing."""

    revision = forms.ChoiceField(label=_("Content"), required=False)

    def __init__(self, *args: Any, revisions: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["revision"].choices = revisions  # type: ignore[attr-defined]


class AskForm(forms.Form):
    """Ask for approval: a word to the approvers, and by when."""

    note = AsTyped(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 2000}))
    deadline_on = forms.DateField(label=_("Decide by"), required=False)
    deadline_at = forms.TimeField(label=_("at"), required=False)

    def __init__(self, *args: Any, zone: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.zone = zone

    def deadline(self) -> datetime | None:
        """Read the deadline; without a time, the end of the working day."""
        day, at = self.cleaned_data["deadline_on"], self.cleaned_data["deadline_at"]
        if day and day.year not in YEARS:
            return None
        return read_instant(day, at or time(18, 0), self.zone) if day else None


def languages_offered(locale: Locale) -> list[tuple[str, str]]:
    """List the languages that the field offers, by name."""
    named = [(code, Locale.parse(code, sep="-").get_display_name(locale) or code) for code in OFFERED_LANGUAGES.split()]
    return sorted(named, key=lambda pair: pair[1].casefold())


def read_instant(day: date | None, at: time | None, zone: str) -> datetime | None:
    """Turn a day and a time on a zone's clock into an instant."""
    if day is None or at is None:
        return None
    return instant(datetime.combine(day, at.replace(second=0, microsecond=0)), zone_named(zone, "UTC"))


def initial_information(campaign: Campaign) -> dict[str, Any]:
    """Write a campaign's information as its form shows it."""
    return {
        "version": campaign.version,
        "name": campaign.name,
        "description": campaign.description,
        "language": campaign.language,
        "priority": campaign.priority,
        "tags": ", ".join(campaign.tags),
        "department": str(campaign.department.public_id),
    }


def initial_audience(campaign: Campaign) -> dict[str, Any]:
    """Write a campaign's audience as its form shows it."""
    return {
        "version": campaign.version,
        "conversation": _id(campaign.conversation),
        "audience": _id(campaign.audience),
        "segmentation": _id(campaign.segmentation),
    }


def initial_schedule(campaign: Campaign, zone: str) -> dict[str, Any]:
    """Write a campaign's schedule as its form shows it."""
    start = datetime.fromisoformat(campaign.start_at) if campaign.start_at else None
    expiry = campaign.expires_at.astimezone(ZoneInfo(zone)) if campaign.expires_at else None
    return {
        "version": campaign.version,
        "start_kind": campaign.start_kind,
        "start_on": start.date() if start else None,
        "start_at": start.time() if start else None,
        "quiet_from": campaign.quiet_from,
        "quiet_until": campaign.quiet_until,
        "expires_on": expiry.date() if expiry else None,
        "expires_at": expiry.time().replace(tzinfo=None) if expiry else None,
        "rate_per_minute": campaign.rate_per_minute,
        "seed_list": _id(campaign.seed_list),
    }


def _wall(day: date, at: time) -> str:
    return datetime.combine(day, at, UTC).strftime("%Y-%m-%dT%H:%M")


def _id(thing: Any) -> str:
    return str(thing.public_id) if thing else ""
