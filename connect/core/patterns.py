"""`/_patterns/`: every component in every state, with data as it comes; wired only where DEBUG is on.

The names and numbers are made up. What a component can be given stands at the head of its macro file.
"""

from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from connect.core import charts, looks
from connect.core.bands import Quiet, band
from connect.core.charts import Frame, Group, Note, Series, Span, Step
from connect.core.figures import Part
from connect.core.web import public

PARTS = ("controls", "data", "charts", "overlays")
NOW = datetime(2026, 11, 24, 15, 41, tzinfo=UTC)
HOURS = [*range(17, 24), *range(11)]


class PatternForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("At most 120 characters."))
    expiry = forms.DateTimeField(label=_("Expiry"))
    day = forms.DateField(label=_("Date"))
    at = forms.TimeField(label=_("Time"), help_text=_("On their clock; first at 17:30 EST."))
    language = forms.ChoiceField(label=_("Language"), choices=[("en", _("English")), ("fr-CA", _("French (Canada)"))])
    rate = forms.IntegerField(label=_("Rate"))
    outside = forms.CharField(label=_("Customer ID"), disabled=True, help_text=_("Set by the import."), required=False)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    clock = forms.ChoiceField(
        label=_("Whose clock"),
        choices=[("each", _("Each recipient’s")), ("one", _("One zone for all")), ("now", _("As soon as approved"))],
        widget=forms.RadioSelect,
    )
    quiet = forms.ChoiceField(
        label=_("In quiet hours"),
        choices=[("wait", _("Wait for the next morning")), ("drop", _("Drop the message"))],
        widget=forms.RadioSelect,
    )
    channels = forms.MultipleChoiceField(
        label=_("Channels"),
        choices=[("email", "Email"), ("sms", "SMS"), ("push", "Push")],
        widget=forms.CheckboxSelectMultiple,
    )
    hold_out = forms.BooleanField(
        label=_("Universal hold-out, 2%"), required=False, help_text=_("The same people in each run.")
    )
    file = forms.FileField(label=_("Customers"), help_text=_("CSV, with one line of column names."), required=False)

    def clean_expiry(self) -> datetime:
        """Show what an error looks like."""
        raise forms.ValidationError(_("Expiry is an hour before the start. Choose Thu 3 Dec 19:00 or later."))


@public("it shows made-up data, and only where DEBUG is on")
def patterns(request: HttpRequest) -> HttpResponse:
    """Show the components, all of them or one part."""
    part = request.GET.get("part", "")
    _pretend(request)
    context = {
        "part": part if part in PARTS else "",
        "parts": PARTS,
        "form": _form(),
        "families": looks.FAMILIES,
        "now": NOW,
        "messages": [],
        "rail": _rail(),
        "tenants": [
            {"name": "Northwind Outfitters", "slug": "northwind", "url": "#", "current": True},
            {"name": "Northwind Rentals", "slug": "rentals", "url": "#", "current": False},
        ],
        "search_url": "#",
        "bell": {"url": "#", "count": 3},
        **_charts(),
    }
    return render(request, "patterns/index.html", context)


def _pretend(request: Any) -> None:
    """Give the frame somebody to show."""
    request.tenant = SimpleNamespace(name="Northwind Outfitters", slug="northwind")
    request.member = SimpleNamespace(name="Josée Bouchard", initials="JB")
    request.user = SimpleNamespace(email="josee@northwind.example", is_authenticated=True, is_operator=False)


def _rail() -> list[list[dict[str, Any]]]:
    groups = [
        [("Home", "home"), ("Campaigns", "flag"), ("Calendar", "calendar"), ("Review", "chat-bubble-bottom-center")],
        [("Content", "document-text"), ("Conversations", "chat-bubble-left-right"), ("Customers", "user")],
        [("Audiences", "funnel"), ("Segments", "chart-pie"), ("Suppression", "no-symbol"), ("Seeds", "sparkles")],
        [("Delivery", "paper-airplane"), ("Reports", "chart-bar"), ("Admin", "adjustments-horizontal")],
    ]
    return [
        [
            {
                "label": label,
                "url": "#",
                "icon": icon,
                "current": label == "Campaigns",
                "count": 4 if label == "Review" else None,
            }
            for label, icon in group
        ]
        for group in groups
    ]


def _form() -> PatternForm:
    data = {
        "name": "Winter layers, early access",
        "expiry": "2026-12-03T18:00",
        "day": "2026-12-03",
        "at": time(19, 0),
        "language": "fr-CA",
        "rate": "11000",
        "clock": "each",
        "quiet": "wait",
        "channels": ["email"],
        "hold_out": "on",
    }
    form = PatternForm(data, initial={"outside": "88-40217"})
    form.is_valid()
    return form


def _charts() -> dict[str, Any]:
    start = Step("Northwind News", 214_380, href="#people")
    outs = [
        Step("Suppressed", 6_912, "On one of 4 lists in force", "#people"),
        Step("No consent", 38_204, "No email subscription, or not confirmed", "#people"),
        Step("Not in audience", 96_117, "Audience model, version 7", "#people"),
        Step("Hold-out", 1_463, "Universal hold-out, 2% of the tenant", "#people"),
        Step("Capped", 4_871, "3 messages in 7 days; higher priority goes first", "#people"),
        Step("Same address", 312, "One message for one address", "#people"),
        Step("Leftovers", 2_204, "Match no segment; leftovers get nothing", "#people"),
    ]
    left = Step("Will get it", 64_297, "4 segments, 2 languages", "#people")
    return {
        "water": charts.waterfall(start, outs, left),
        "water_narrow": charts.waterfall(start, outs, left, narrow=True),
        "flight": _flight(),
        "opens": _opens(),
        "heat": _heat(),
        "spark": charts.sparkline([12, 18, 17, 24, 31, 29, 44, 52, 49, 66]),
        "quiet": band(
            [
                Quiet("Email", [(21 * 60, 8 * 60)]),
                Quiet("SMS", [(20 * 60, 9 * 60)]),
                Quiet("Push", [(22 * 60, 7 * 60)]),
            ],
            start=19 * 60,
        ),
        "going": charts.progress([Part("handed over", 73_409)], 118_402),
        "settled": charts.progress(
            [Part("delivered", 33_902, "good"), Part("queued", 29_771, "away"), Part("bounced", 1_257, "loss")], 64_930
        ),
        "nothing": charts.progress([], 0),
    }


def _flight() -> Any:
    going = [1102, 4318, 11000, 11000, 9600, 10300, 0, 0, 0, 0, 0, 0, 0, 0, 0, 11000, 5347, 0]
    waiting = [0, 0, 22904, 17200, 17000, 17130, *[17130] * 9, 6130, 0, 0]
    expiring = [0] * 16 + [630, 0]
    capped = [83, 240, 2568, 310, 780, 890, *[0] * 12]
    names = [f"{'Thu' if hour >= 17 else 'Fri'} {hour:02}:00" for hour in HOURS]
    return charts.bars(
        Frame(
            heading="Hour, Eastern",
            labels=[f"{hour:02}" for hour in HOURS],
            names=names,
            groups=[Group(0, "Thu 3 Dec, Eastern"), Group(7, "Fri 4 Dec")],
            spans=[Span(7, 13.5, "quiet in every zone, 00:00–06:30")],
            notes=[
                Note(2, "11,000 going", value=11_000, side="left"),
                Note(2, "2,568 capped", "away", side="right"),
                Note(10, "17,130 waiting", "stock"),
                Note(16, "630 expire", "loss"),
            ],
        ),
        [
            Series("Going", going, "flow"),
            Series("Waiting at the end of the hour", waiting, "stock"),
            Series("Expiring", expiring, "loss"),
            Series("Capped", capped, "away"),
        ],
    )


def _opens() -> Any:
    day = [2229, 1960, 1260, 1010, 820, 780, 860, 930, 980, 1130, 1060, 760, 430, 220, 120, 80, 60, 50]
    later = [80, 190, 420, 640, 680, 590, 480, 420, 360, 345, 360, 400, 490, 560, 440, 380, 210, 110, 60, 40, 30]
    last = [35, 60, 110, 190, 260, 270, 240, 200, 160, 150]
    opened = [*day, *later, *last]
    usual = [round(value * (0.86 if index < 6 else 0.94)) for index, value in enumerate(opened)]
    clicked = [round(value * 0.17) + 8 for value in opened]
    begin = datetime(2026, 11, 14, 9, tzinfo=UTC)
    hours = [begin + timedelta(hours=index) for index in range(len(opened))]
    return charts.lines(
        Frame(
            heading="Hour",
            labels=[f"{hour:%H:%M}" for hour in hours],
            names=[f"{hour:%a %H:%M}" for hour in hours],
            groups=[Group(0, "Sat 14 Nov"), Group(15, "Sun 15 Nov"), Group(39, "Mon 16 Nov")],
            notes=[
                Note(1, "Opened, 2,229 in the first hour", "first", value=2_229, side="right"),
                Note(9, "usual", "usual"),
                Note(9, "Clicked", "second", value=240),
            ],
            every=6,
            height=250,
        ),
        [Series("Opened", opened, "first"), Series("Clicked", clicked, "second"), Series("Usual", usual, "usual")],
    )


def _heat() -> Any:
    shape = [0, 0, 0, 0, 0, 8, 60, 230, 260, 420, 440, 330, 280, 290, 250, 240, 260, 320, 380, 460, 430, 260, 90, 20]
    weight = {"Mon": 0.9, "Tue": 0.8, "Wed": 0.95, "Thu": 0.8, "Fri": 0.7, "Sat": 1.9, "Sun": 2.4}
    return charts.heatmap(
        "Day",
        list(weight),
        [f"{hour:02}" for hour in range(24)],
        [[round(value * by) for value in shape] for by in weight.values()],
        every=3,
    )
