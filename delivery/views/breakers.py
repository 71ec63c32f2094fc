"""The breakers page: the limits at which runs pause by themselves, and those that did."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.models import Campaign, Run
from connect.core.errors import Invalid
from connect.core.faults import put_faults
from connect.core.formats import number, percent
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from delivery.actions.breakers import limits_of, set_limits
from delivery.breakers import Limits, Sign
from delivery.models import BreakerLimits, BreakerTrip
from delivery.words import SIGNS

MOST_TRIPS = 50


def _percent(label: Any, help_text: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, help_text=help_text, required=False, max_digits=5, decimal_places=2)


class LimitsForm(forms.Form):
    """Limits in percent; an empty one isn't minded."""

    hard_bounces = _percent(SIGNS[Sign.HARD_BOUNCES], gettext_lazy("Mailboxes that don’t exist."))
    complaints = _percent(SIGNS[Sign.COMPLAINTS], gettext_lazy("People who pressed “this is spam”."))
    unsubscribes = _percent(SIGNS[Sign.UNSUBSCRIBES], gettext_lazy("People who left by this campaign."))
    refusals = _percent(SIGNS[Sign.REFUSALS], gettext_lazy("Messages turned away for what they are or whom from."))
    first = forms.IntegerField(
        label=gettext_lazy("Of the first"),
        help_text=gettext_lazy("Up to here a limit is a share of so many messages, after it of those attempted."),
        error_messages={"required": gettext_lazy("Enter a number.")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput)

    def limits(self) -> Limits:
        """Read what was entered."""
        entered: dict[Sign, Decimal | None] = {sign: self.cleaned_data[sign.value] for sign in Sign}
        return Limits(self.cleaned_data["first"], {sign: share for sign, share in entered.items() if share is not None})


@needs(Role.VIEWER)
def breakers(request: ConsoleRequest) -> HttpResponse:
    """Show limits and what passed them."""
    kept = BreakerLimits.objects.of(request.tenant).first()
    limits = limits_of(request.tenant)
    initial: dict[str, Any] = {"first": limits.first, "version": kept.version if kept else 0}
    initial |= {sign.value: limits.percent.get(sign) for sign in Sign}
    return _page(request, LimitsForm(initial=initial))


@needs(Role.ADMIN)
def change_limits(request: ConsoleRequest) -> HttpResponse:
    """Set the limits."""
    form = LimitsForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        set_limits(
            request.tenant, form.limits(), version=form.cleaned_data["version"], by=request.member, now=request.now
        )
    except Invalid as error:
        put_faults(form, error)
        return _page(request, form, status=422)
    messages.success(request, _("Saved. The limits hold for runs that are under way, too."))
    return redirect(here(request, "breakers"))


def _facts(limits: Limits) -> list[tuple[str, str]]:
    shares = {sign: limits.percent.get(sign) for sign in Sign}
    said = [
        (str(SIGNS[sign]), percent(float(share) / 100, 2) if share else _("Not minded"))
        for sign, share in shares.items()
    ]
    return [*said, (_("Of the first"), _("%(count)s messages") % {"count": number(limits.first)})]


def _page(request: ConsoleRequest, form: LimitsForm, status: int = 200) -> HttpResponse:
    trips = list(BreakerTrip.objects.of(request.tenant).order_by("-id")[:MOST_TRIPS])
    visible = Campaign.objects.of(request.tenant).visible_to(request.member)
    runs = Run.objects.of(request.tenant).filter(pk__in=[trip.run_id for trip in trips], campaign__in=visible)
    campaigns = {run.pk: run.campaign for run in runs.select_related("campaign")}
    listed = [
        {"campaign": campaigns[trip.run_id], "trip": trip, "sign": SIGNS[Sign(trip.sign)]}
        for trip in trips
        if trip.run_id in campaigns
    ]
    context = {"form": form, "trips": listed, "may_change": request.member.may(Role.ADMIN)}
    context["limits"] = _facts(limits_of(request.tenant))
    return page(request, "delivery/breakers.html", context, status=status)
