"""Whether an address is suppressed, and which lists hold for a conversation: pages, and parts of others' pages."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core.errors import Invalid
from connect.core.faults import put_faults
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from conversations.addresses import normalise_email
from conversations.models import Conversation, Customer
from suppression.actions import applications as actions
from suppression.checking import Standing, standing_of
from suppression.forms.lists import ApplyForm, CheckForm
from suppression.models import Application, Entry, SuppressionList
from suppression.states import Scope
from suppression.words import KINDS, REASONS


@needs(Role.VIEWER)
def check(request: ConsoleRequest) -> HttpResponse:
    """Check one address: which list, since when, why, in which conversations."""
    if "address" not in request.GET:
        return _check(request, CheckForm())
    form = CheckForm(request.GET)
    if form.is_valid():
        try:
            address = normalise_email(form.cleaned_data["address"], "address")
        except Invalid as error:
            put_faults(form, error)
        else:
            return _check(request, form, standing_of(request.tenant, address, request.member, now=request.now))
    return _check(request, form, status=422)


@needs(Role.VIEWER)
def of_customer(request: ConsoleRequest, customer_id: UUID) -> HttpResponse:
    """Show where a customer's address stands, for the customer's page."""
    customer = Customer.objects.of(request.tenant).public(customer_id)
    standing = None
    if customer.email_key:
        standing = standing_of(request.tenant, customer.email_key, request.member, now=request.now)
    context = {"customer": customer, "standing": standing, "kinds": KINDS, "reasons": REASONS}
    return page(request, "suppression/of_customer.html", context, part="suppression/_of_customer.html")


@needs(Role.VIEWER)
def of_conversation(request: ConsoleRequest, conversation_id: UUID) -> HttpResponse:
    """Show which lists hold for a conversation."""
    return _lists(request, _conversation(request, conversation_id))


@needs(Role.MARKETER)
def apply(request: ConsoleRequest, conversation_id: UUID) -> HttpResponse:
    """Apply a list to a conversation."""
    one = _conversation(request, conversation_id)
    form = ApplyForm(request.POST)
    if not form.is_valid():
        return _lists(request, one, status=422, refused=_("Choose a list."))
    list_id = form.cleaned_data["suppression_list"]
    actions.apply_list(request.tenant, list_id, conversation_id, by=request.member, now=request.now)
    return _done(request, one, _("The list holds for every message of this conversation from now on."))


@needs(Role.ADMIN)
def take_off(request: ConsoleRequest, conversation_id: UUID, list_id: UUID) -> HttpResponse:
    """Apply a list to a conversation no longer."""
    one = _conversation(request, conversation_id)
    actions.take_list_off(request.tenant, list_id, conversation_id, by=request.member, now=request.now)
    return _done(request, one, _("The list holds for this conversation no longer."))


def _check(
    request: ConsoleRequest, form: CheckForm, standing: Standing | None = None, status: int = 200
) -> HttpResponse:
    context = {"form": form, "standing": standing, "kinds": KINDS, "reasons": REASONS, "now": request.now}
    return page(request, "suppression/check.html", context, status=status)


def _conversation(request: ConsoleRequest, conversation_id: UUID) -> Conversation:
    return Conversation.objects.of(request.tenant).visible_to(request.member).get(public_id=conversation_id)


def _done(request: ConsoleRequest, one: Conversation, says: str) -> HttpResponse:
    messages.success(request, says)
    if request.htmx:
        return _lists(request, one)
    return redirect(here(request, "conversation", one.public_id))


def _lists(request: ConsoleRequest, one: Conversation, status: int = 200, refused: str = "") -> HttpResponse:
    found = list(SuppressionList.objects.of(request.tenant).order_by("-automatic", "name"))
    applied = set(
        Application.objects.of(request.tenant).filter(conversation=one).values_list("suppression_list", flat=True)
    )
    holding = [listed for listed in found if listed.scope == Scope.TENANT or listed.pk in applied]
    counts = Entry.objects.of(request.tenant).filter(suppression_list__in=holding).by_list()
    context = {
        "conversation": one,
        "rows": [{"list": listed, "entries": counts[listed.pk], "applied": listed.pk in applied} for listed in holding],
        "others": [listed for listed in found if listed not in holding],
        "refused": refused,
        "may_apply": request.member.may(Role.MARKETER, one.department_id),
        "may_take_off": request.member.may(Role.ADMIN, one.department_id),
    }
    return page(
        request, "suppression/of_conversation.html", context, part="suppression/_of_conversation.html", status=status
    )
