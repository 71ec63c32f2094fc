"""Pages of customers: the list, one person with their consent, and the forms that make and change them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from connect.core import panels
from connect.core.errors import Invalid, StaleVersion
from connect.core.faults import put_faults
from connect.core.roles import Role
from connect.core.web import ConsoleRequest, here, needs, page
from conversations.actions.customers import change_customer, make_customer
from conversations.actions.subscriptions import change_by_hand
from conversations.forms.customers import PLAIN, ConsentForm, CustomerForm, initial_of
from conversations.models import Attribute, ConsentEntry, Conversation, Customer, Subscription
from conversations.states import SubscriptionState

PAGE_ROWS = 50
LEDGER_ROWS = 100
#: Counting goes up to here; a longer list says "more than".
COUNTED = 10_000


@needs(Role.VIEWER)
def customers(request: ConsoleRequest) -> HttpResponse:
    """List customers by id, found by the beginning of id, address or last name; by keyset."""
    # Nothing that is stored holds a NUL, nor could PostgreSQL be asked for one.
    asked = {name: request.GET.get(name, "").replace("\x00", "") for name in ("q", "country", "language", "after")}
    typed, after = asked["q"].strip(), asked["after"]
    country, language = asked["country"].strip().upper(), asked["language"].strip()
    conversation_id = request.GET.get("conversation", "")
    conversations = list(Conversation.objects.of(request.tenant).filter(archived_at=None).order_by("name"))
    chosen = next((one for one in conversations if str(one.public_id) == conversation_id), None)
    found = Customer.objects.of(request.tenant).search(typed)
    if country:
        found = found.filter(country=country)
    if language:
        found = found.filter(language=language)
    if chosen:
        inside = Subscription.objects.of(request.tenant).filter(conversation=chosen)
        found = found.filter(pk__in=inside.values("customer_id"))
    rows = list(found.filter(external_id__gt=after).order_by("external_id")[: PAGE_ROWS + 1])
    context = {
        "rows": rows[:PAGE_ROWS],
        "more": rows[PAGE_ROWS - 1].external_id if len(rows) > PAGE_ROWS else "",
        "how_many": found[: COUNTED + 1].count(),
        "counted": COUNTED,
        "typed": typed,
        "country": country,
        "in_language": language,
        "conversations": [(str(one.public_id), one.name) for one in conversations],
        "conversation": conversation_id if chosen else "",
        "narrowed": bool(typed or country or language or chosen),
        "may_edit": request.member.may(Role.MARKETER),
    }
    return page(request, "conversations/customers.html", context, part="conversations/_customers.html")


@needs(Role.VIEWER)
def customer(request: ConsoleRequest, customer_id: UUID) -> HttpResponse:
    """Show one customer: what is known, what they agreed to, and what other parts of Connect know of them."""
    return _show(request, Customer.objects.of(request.tenant).public(customer_id), None)


@needs(Role.MARKETER)
def new(request: ConsoleRequest) -> HttpResponse:
    """Make a customer."""
    if request.method != "POST":
        return _form(request, _customer_form(request), None)
    form = _customer_form(request, request.POST)
    if not form.is_valid():
        return _form(request, form, None, status=422)
    try:
        made = make_customer(request.tenant, form.wanted(), by=request.member, now=request.now)
    except Invalid as error:
        put_faults(form, error)
        return _form(request, form, None, status=422)
    messages.success(request, _("%(id)s is a customer now.") % {"id": made.external_id})
    return redirect(here(request, "customer", made.public_id))


@needs(Role.MARKETER)
def edit(request: ConsoleRequest, customer_id: UUID) -> HttpResponse:
    """Change a customer; a stale save shows both versions."""
    who = Customer.objects.of(request.tenant).public(customer_id)
    if request.method != "POST":
        return _form(request, _customer_form(request, initial=initial_of(who)), who)
    form = _customer_form(request, request.POST)
    if not form.is_valid():
        return _form(request, form, who, status=422)
    try:
        change_customer(
            request.tenant,
            customer_id,
            form.cleaned_data["version"] or 0,
            form.wanted(),
            by=request.member,
            now=request.now,
        )
    except Invalid as error:
        put_faults(form, error)
        return _form(request, form, who, status=422)
    except StaleVersion as error:
        return _form(request, form, error.current, theirs=initial_of(error.current), status=409)
    messages.success(request, _("Saved."))
    return redirect(here(request, "customer", customer_id))


@needs(Role.MARKETER)
def consent(request: ConsoleRequest, customer_id: UUID) -> HttpResponse:
    """Write down that a customer subscribed or unsubscribed."""
    who = Customer.objects.of(request.tenant).public(customer_id)
    form = _consent_form(request, request.POST)
    if not form.is_valid():
        return _show(request, who, form, status=422)
    try:
        changed = change_by_hand(
            request.tenant,
            customer_id,
            UUID(form.cleaned_data["conversation"]),
            to=SubscriptionState(form.cleaned_data["to"]),
            wording=form.cleaned_data["wording"],
            proof=form.cleaned_data["proof"],
            by=request.member,
            now=request.now,
        )
    except Invalid as error:
        put_faults(form, error)
        return _show(request, who, form, status=422)
    messages.success(request, _("Written into the ledger.") if changed else _("That was so already; nothing changed."))
    return redirect(here(request, "customer", customer_id))


def _show(request: ConsoleRequest, who: Customer, form: ConsentForm | None, status: int = 200) -> HttpResponse:
    declared = list(Attribute.objects.of(request.tenant).in_order())
    subscriptions = Subscription.objects.of(request.tenant).filter(customer=who).select_related("conversation")
    ledger = ConsentEntry.objects.of(request.tenant).filter(customer=who).select_related("conversation")
    known = {"attribute": who.attributes, "preference": who.preferences}
    context = {
        "who": who,
        "known_shown": [(one.label, _written(known[one.kind].get(one.name))) for one in declared if one.kind in known],
        "interests": [one.label for one in declared if one.kind == "interest" and one.name in who.interests],
        "subscriptions": list(subscriptions.order_by("conversation__name")),
        "ledger": list(ledger.order_by("-at", "-id")[:LEDGER_ROWS]),
        "form": form or _consent_form(request),
        "panels": panels.panels(request.tenant, "customer", who.public_id),
        "may_edit": request.member.may(Role.MARKETER),
    }
    return page(request, "conversations/customer.html", context, status=status)


def _written(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "–" if value is None else str(value)


def _customer_form(request: ConsoleRequest, *args: Any, **kwargs: Any) -> CustomerForm:
    return CustomerForm(*args, declared=Attribute.objects.of(request.tenant).in_order(), **kwargs)


def _consent_form(request: ConsoleRequest, *args: Any) -> ConsentForm:
    mine = Conversation.objects.of(request.tenant).visible_to(request.member, Role.MARKETER)
    return ConsentForm(*args, conversations=mine.filter(archived_at=None).order_by("name"))


def _form(
    request: ConsoleRequest,
    form: CustomerForm,
    who: Customer | None,
    *,
    theirs: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    differing = []
    if theirs is not None:
        names = [*PLAIN, *form.declared]
        differing = [
            (form[name].label, theirs.get(name, ""), form[name].value() or "")
            for name in names
            if str(theirs.get(name, "")) != str(form[name].value() or "")
        ]
    context = {
        "form": form,
        "plain": PLAIN,
        "who": who,
        "differing": differing,
        "version": theirs and theirs["version"],
    }
    return page(request, "conversations/customer_form.html", context, status=status)
