"""Every form of the console: what a good post holds, which of its fields take text, and how the text is kept.

A route that takes a post must be here or among `BUTTONS`, or the sweeps fail.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from audiences.models import AudienceModel, SeedList
from audiences.uses import uses_of
from campaigns.models import Campaign, Note, SavedFilter
from connect.core.models import Department, Member
from content.models import MessageContent, Revision
from conversations.models import Attribute, ConsentEntry, Conversation, Customer, CustomerImport
from delivery.models import DoubtProposal, Relay
from segments.models import Segment, SegmentationModel
from suppression.models import Entry, SuppressionList
from tests.architecture.furnished import Furnished

Keeps = Callable[[str], str]
Values = dict[str, str]


def plain(typed: str) -> str:
    """White space around it goes."""
    return typed.strip()


def lines(typed: str) -> str:
    """Line breaks become one kind, white space around it goes."""
    return typed.replace("\r\n", "\n").strip()


def one_line(typed: str) -> str:
    """All white space becomes single spaces."""
    return " ".join(typed.split())


def exact(typed: str) -> str:
    """Nothing changes."""
    return typed


def source(typed: str) -> str:
    """Line breaks become one kind, white space around it goes, one line break ends it."""
    return typed.replace("\r\n", "\n").replace("\r", "\n").strip() + "\n"


#: What is typed here has a form of its own: it is refused, or read as something else.
FORMAT: Keeps | None = None


@dataclass(frozen=True)
class Form:
    """One form. `valid` is a good post; `texts` says of each text field how it is kept; `stored` reads it back."""

    valid: Callable[[Furnished], Values]
    texts: Mapping[str, Keeps | None]
    stored: Callable[[Furnished], Mapping[str, Any]] = lambda _found: {}
    at: Mapping[str, str] = field(default_factory=dict)
    good: int = 302


def _last(model: Any, found: Furnished) -> Any:
    return model.objects.of(found.tenant).order_by("-pk")[0]


def _one(model: Any, found: Furnished, name: str) -> Any:
    return model.objects.of(found.tenant).get(public_id=found.ids[name])


def _version(model: Any, name: str, /, **values: str) -> Callable[[Furnished], Values]:
    return lambda found: {"version": str(_one(model, found, name).version), **values}


def _read(*names: str, of: Callable[[Furnished], Any]) -> Callable[[Furnished], Mapping[str, Any]]:
    def stored(found: Furnished) -> Mapping[str, Any]:
        one = of(found)
        return {name: getattr(one, name) for name in names}

    return stored


# --- Conversations and customers -----------------------------------------------------------------------------------

_SPEAKER: Values = {
    "name": "Other news",
    "from_name": "Northwind",
    "from_email": "hello@northwind.example",
    "reply_to": "",
    "bounce_domain": "",
    "postal_address": "1 Road, Town",
    "footer": "",
    "default_language": "en",
    "default_zone": "Europe/Berlin",
}
_SPEAKER_TEXTS: Mapping[str, Keeps | None] = {
    "name": plain,
    "from_name": plain,
    "postal_address": lines,
    "footer": lines,
    **dict.fromkeys(("from_email", "reply_to", "bounce_domain", "default_language", "default_zone"), FORMAT),
}
_SPEAKER_READ = ("name", "from_name", "postal_address", "footer")
_CUSTOMER: Values = {"external_id": "c-2", "email": "", "attributes.city": ""}
_CUSTOMER_TEXTS: Mapping[str, Keeps | None] = {
    "external_id": plain,
    "region": plain,
    "attributes.city": plain,
    **dict.fromkeys(("email", "phone", "language", "zone", "country"), FORMAT),
}


def _of_customer(one: Customer) -> Mapping[str, Any]:
    city = one.attributes.get("city", "")
    return {"external_id": one.external_id, "region": one.region, "attributes.city": city}


def _consent(found: Furnished) -> Values:
    return {
        "conversation": found.ids["conversation_id"],
        "to": "unsubscribed",
        "wording": "Yes please",
        "proof": "A call on Monday",
    }


def _consented(found: Furnished) -> Mapping[str, Any]:
    entry = ConsentEntry.objects.of(found.tenant).order_by("-pk").first()
    return {"wording": entry.wording, "proof": entry.proof["note"]} if entry else {}


def _mapping(found: Furnished) -> Values:
    upload = _one(CustomerImport, found, "import_id")
    return {
        "version": str(upload.version),
        "encoding": upload.encoding,
        "delimiter": upload.delimiter,
        "conversation": "",
        "source": "shop",
        "wording": "Yes please",
        "column-0": "external_id",
        "column-1": "email",
        "column-2": "attributes.city",
    }


CONVERSATIONS = {
    "conversation-new": Form(
        lambda found: {**_SPEAKER, "department": found.ids["department_id"]},
        _SPEAKER_TEXTS,
        _read(*_SPEAKER_READ, of=lambda found: _last(Conversation, found)),
    ),
    "conversation-edit": Form(
        lambda found: {
            **_SPEAKER,
            "department": found.ids["department_id"],
            **_version(Conversation, "conversation_id")(found),
        },
        {**_SPEAKER_TEXTS, "version": FORMAT, "department": FORMAT},
        _read(*_SPEAKER_READ, of=lambda found: _one(Conversation, found, "conversation_id")),
    ),
    "conversation-preview": Form(
        lambda _found: _SPEAKER, dict.fromkeys(("name", "from_name", "from_email", "footer"), FORMAT), good=200
    ),
    "dkim-key-make": Form(
        lambda _found: {"algorithm": "ed25519-sha256", "selector": ""}, {"selector": FORMAT, "algorithm": FORMAT}
    ),
    "customer-new": Form(lambda _found: _CUSTOMER, _CUSTOMER_TEXTS, lambda found: _of_customer(_last(Customer, found))),
    "customer-edit": Form(
        _version(Customer, "customer_id", **_CUSTOMER),
        {**_CUSTOMER_TEXTS, "version": FORMAT, "interests": FORMAT},
        lambda found: _of_customer(_one(Customer, found, "customer_id")),
    ),
    "customer-consent": Form(
        _consent, {"wording": plain, "proof": plain, "to": FORMAT, "conversation": FORMAT}, _consented
    ),
    "import-map": Form(
        _mapping,
        {
            "source": lambda typed: plain(typed) or "import",
            "wording": plain,
            **dict.fromkeys(("column-0", "column-2", "encoding", "delimiter", "conversation", "version"), FORMAT),
        },
        _read("source", "wording", of=lambda found: _one(CustomerImport, found, "import_id")),
    ),
    "attribute-declare": Form(
        lambda _found: {"kind": "attribute", "name": "plan", "label": "Plan", "type": "choice", "choices": "a\r\nb"},
        {"label": plain, **dict.fromkeys(("name", "choices", "kind", "type"), FORMAT)},
        _read("label", of=lambda found: _last(Attribute, found)),
    ),
    "attribute": Form(
        _version(Attribute, "attribute_id", label="City", choices=""),
        {"label": plain, "choices": FORMAT, "version": FORMAT},
        _read("label", of=lambda found: _one(Attribute, found, "attribute_id")),
    ),
}

# --- Audiences, segments, seeds, suppression -----------------------------------------------------------------------


def _rule(at: str) -> Values:
    return {
        f"{at}.combinator": "and",
        f"{at}.rules.0.field": "attributes.city",
        f"{at}.rules.0.was": "attributes.city",
        f"{at}.rules.0.operator": "equals",
        f"{at}.rules.0.value": "Halifax",
    }


def _rule_texts(at: str) -> dict[str, Keeps | None]:
    parts = ("combinator", "rules.0.field", "rules.0.operator")
    return {f"{at}.rules.0.value": plain, **{f"{at}.{part}": FORMAT for part in parts}}


def _audience(found: Furnished) -> Values:
    return {"name": "Locals", "description": "", "department": found.ids["department_id"], **_rule("rule")}


def _of_audience(one: AudienceModel) -> Mapping[str, Any]:
    value = one.rule["rules"][0].get("value") if one.rule["rules"] else None
    return {"name": one.name, "description": one.description, "rule.rules.0.value": value}


_MODEL_TEXTS: Mapping[str, Keeps | None] = {"name": one_line, "description": plain, "department": FORMAT}
_AUDIENCE_TEXTS: Mapping[str, Keeps | None] = {**_MODEL_TEXTS, **_rule_texts("rule")}


def _segmentation(found: Furnished) -> Values:
    segment = {"segments.0.name": "Locals", "segments.0.id": "", **_rule("segments.0.rule")}
    return {
        "name": "By place",
        "description": "",
        "department": found.ids["department_id"],
        "leftovers": "1",
        **segment,
    }


def _of_segmentation(one: SegmentationModel) -> Mapping[str, Any]:
    first = Segment.objects.filter(model=one).order_by("position")[0]
    value = first.rule["rules"][0].get("value")
    return {
        "name": one.name,
        "description": one.description,
        "segments.0.name": first.name,
        "segments.0.rule.rules.0.value": value,
    }


_SEGMENTATION_TEXTS: Mapping[str, Keeps | None] = {
    **_MODEL_TEXTS,
    "segments.0.name": one_line,
    "segments.0.id": FORMAT,
    **_rule_texts("segments.0.rule"),
}


def _seed_list(found: Furnished) -> Values:
    return {"name": "Board", "department": found.ids["department_id"], "people": "Kim <kim@team.example>"}


def _entry(_found: Furnished) -> Values:
    return {"value": "me@shop.example", "reason": "manual", "source": "", "until": ""}


MODELS = {
    "audience-new": Form(_audience, _AUDIENCE_TEXTS, lambda found: _of_audience(_last(AudienceModel, found))),
    "audience-save": Form(
        lambda found: {
            **_audience(found),
            **_version(AudienceModel, "audience_id")(found),
            "agree": uses_of(found.tenant, "audience", UUID(found.ids["audience_id"])).consent,
        },
        {**_AUDIENCE_TEXTS, "version": FORMAT, "agree": FORMAT, "conversation": FORMAT},
        lambda found: _of_audience(_one(AudienceModel, found, "audience_id")),
    ),
    "audience-draft-reach": Form(
        lambda found: {**_audience(found), "conversation": found.ids["conversation_id"]},
        {**_rule_texts("rule"), "rule.rules.0.value": FORMAT, "conversation": FORMAT},
        good=200,
    ),
    "segmentation-new": Form(
        _segmentation, _SEGMENTATION_TEXTS, lambda found: _of_segmentation(_last(SegmentationModel, found))
    ),
    "segmentation-save": Form(
        lambda found: {
            **_segmentation(found),
            "segments.0.id": found.more["segment"],
            **_version(SegmentationModel, "model_id")(found),
            "agree": uses_of(found.tenant, "segmentation", UUID(found.ids["model_id"])).consent,
        },
        {**_SEGMENTATION_TEXTS, "version": FORMAT, "agree": FORMAT},
        lambda found: _of_segmentation(_one(SegmentationModel, found, "model_id")),
    ),
    "segmentation-draft-reach": Form(
        lambda found: {**_segmentation(found), "conversation": found.ids["conversation_id"]},
        {**_rule_texts("segments.0.rule"), "segments.0.rule.rules.0.value": FORMAT, "segments.0.name": FORMAT},
        good=200,
    ),
    "seed-list-new": Form(
        _seed_list,
        {"name": one_line, "people": FORMAT, "department": FORMAT},
        _read("name", of=lambda found: _last(SeedList, found)),
    ),
    "seed-list": Form(
        lambda found: {**_seed_list(found), **_version(SeedList, "seed_list_id")(found)},
        {"name": one_line, "people": FORMAT, "department": FORMAT, "version": FORMAT},
        _read("name", of=lambda found: _one(SeedList, found, "seed_list_id")),
    ),
    "suppression-new": Form(
        lambda _found: {"name": "Shops", "description": "", "scope": "tenant"},
        {"name": plain, "description": plain, "scope": FORMAT},
        _read("name", "description", of=lambda found: _last(SuppressionList, found)),
    ),
    "suppression-list-edit": Form(
        _version(SuppressionList, "list_id", name="Shops", description="", scope="tenant"),
        {"name": plain, "description": plain, "scope": FORMAT, "version": FORMAT},
        _read("name", "description", of=lambda found: _one(SuppressionList, found, "list_id")),
    ),
    "suppression-add": Form(
        _entry,
        {"source": plain, "value": FORMAT, "reason": FORMAT, "until": FORMAT},
        _read("source", of=lambda found: _last(Entry, found)),
    ),
    "suppression-import": Form(
        lambda _found: {"pasted": "one@shop.example", "reason": "import", "source": "", "until": ""},
        {"source": lambda typed: plain(typed) or "pasted", "pasted": FORMAT, "reason": FORMAT, "until": FORMAT},
        _read("source", of=lambda found: _last(Entry, found)),
        good=200,
    ),
    "suppression-apply": Form(lambda found: {"suppression_list": found.ids["list_id"]}, {"suppression_list": FORMAT}),
}

# --- Content -------------------------------------------------------------------------------------------------------


def _draft(found: Furnished) -> Values:
    return {
        "language": "en",
        **_version(MessageContent, "content_id")(found),
        "subject": "Hello",
        "preheader": "And more",
        "html": "<p>Words</p>",
        "text": "Words",
    }


CONTENT = {
    "content-new": Form(
        lambda found: {"name": "Letter", "department": found.ids["department_id"]},
        {"name": plain, "department": FORMAT},
        _read("name", of=lambda found: _last(MessageContent, found)),
    ),
    "content-rename": Form(
        _version(MessageContent, "content_id", name="Letter"),
        {"name": plain, "version": FORMAT},
        _read("name", of=lambda found: _one(MessageContent, found, "content_id")),
    ),
    "content-save": Form(
        _draft,
        {
            "subject": plain,
            "preheader": plain,
            "html": source,
            "text": source,
            "language": FORMAT,
            "version": FORMAT,
        },
        _read("subject", "preheader", "html", "text", of=lambda found: _last(Revision, found)),
    ),
    "content-draft": Form(
        _draft, dict.fromkeys(("subject", "preheader", "html", "text", "language", "version"), FORMAT), good=200
    ),
    "content-draft-html": Form(
        _draft, dict.fromkeys(("subject", "preheader", "html", "text", "language"), FORMAT), good=200
    ),
}

# --- Campaigns -----------------------------------------------------------------------------------------------------

_INFORMATION: Values = {"name": "Spring", "description": "", "language": "en", "priority": "50", "tags": ""}
_INFORMATION_TEXTS: Mapping[str, Keeps | None] = {
    "name": plain,
    "description": lines,
    **dict.fromkeys(("language", "priority", "tags", "department"), FORMAT),
}


def _campaign(**values: str) -> Callable[[Furnished], Values]:
    return _version(Campaign, "campaign_id", **values)


def _note(found: Furnished) -> Mapping[str, Any]:
    last = Note.objects.of(found.tenant).order_by("-pk").first()
    return {"note": last.text if last else ""}


def _decision(found: Furnished) -> Values:
    return {
        "decision": f"changes:{found.ids['approval_id']}",
        "fingerprint": found.more["fingerprint"],
        "note": "Not yet",
    }


_SCHEDULE = ("start_on", "start_at", "quiet_from", "quiet_until", "expires_on", "expires_at", "seed_list", "start_kind")
CAMPAIGNS = {
    "campaign-new": Form(
        lambda found: {**_INFORMATION, "department": found.ids["department_id"]},
        _INFORMATION_TEXTS,
        _read("name", "description", of=lambda found: _last(Campaign, found)),
    ),
    "campaign-information": Form(
        lambda found: {**_INFORMATION, "department": found.ids["department_id"], **_campaign()(found)},
        {**_INFORMATION_TEXTS, "version": FORMAT},
        _read("name", "description", of=lambda found: _one(Campaign, found, "campaign_id")),
    ),
    "campaign-audience": Form(
        lambda found: {**_campaign()(found), "conversation": found.ids["conversation_id"]},
        dict.fromkeys(("conversation", "audience", "segmentation", "version"), FORMAT),
    ),
    "campaign-content": Form(
        lambda found: {**_campaign()(found), "content": found.ids["content_id"], "segments": "rest"},
        dict.fromkeys(("content", "segments", "version"), FORMAT),
    ),
    "campaign-cell": Form(
        lambda found: {**_campaign()(found), "revision": found.ids["revision_id"]},
        dict.fromkeys(("revision", "version"), FORMAT),
        at={"segment": "rest", "language": "en"},
    ),
    "campaign-schedule": Form(_campaign(start_kind="now"), {**dict.fromkeys(_SCHEDULE, FORMAT), "version": FORMAT}),
    "campaign-review": Form(
        lambda _found: {"note": "Please look", "deadline_on": "", "deadline_at": ""},
        {"note": lines, "deadline_on": FORMAT, "deadline_at": FORMAT},
        _note,
    ),
    "campaign-count": Form(lambda _found: {"step": "audience"}, {"step": FORMAT}),
    "campaign-cancel": Form(lambda _found: {"reason": "No"}, {"reason": FORMAT}, at={"campaign_id": "later"}),
    "review-decide": Form(
        _decision, {"note": lines, "fingerprint": FORMAT, "decision": FORMAT}, _note, at={"campaign_id": "asked"}
    ),
    "campaign-filters": Form(
        lambda _found: {"query": "state=draft", "name": "Mine"},
        {"name": plain, "query": FORMAT},
        lambda found: {
            "name": SavedFilter.objects.of(found.tenant).order_by("-pk").values_list("name", flat=True).first()
        },
    ),
    "review-comment": Form(lambda _found: {"note": "Nice"}, {"note": lines}, _note, at={"campaign_id": "asked"}),
}

# --- Administration ------------------------------------------------------------------------------------------------

_RELAY: Values = {
    "name": "First",
    "host": "127.0.0.1",
    "port": "2525",
    "tls": "required",
    "user": "us",
    "password": "secret",
    "priority": "10",
    "active": "on",
    "connections": "",
    "messages": "",
}
_RELAY_TEXTS: Mapping[str, Keeps | None] = {
    "name": plain,
    "user": plain,
    **dict.fromkeys(("host", "port", "tls", "password", "priority", "connections", "messages"), FORMAT),
}


def _member(_found: Furnished) -> Values:
    return {"name": "Nora", "email": "nora@northwind.example", "roles": "viewer"}


ADMINISTRATION = {
    "member-add": Form(
        _member,
        {"name": one_line, "email": FORMAT, "roles": FORMAT},
        _read("name", of=lambda found: _last(Member, found)),
    ),
    "member": Form(
        lambda found: {"roles": "viewer", "version": str(getattr(_one(Member, found, "member_id"), "version", 1))},
        {"roles": FORMAT},
    ),
    "department-add": Form(
        lambda _found: {"name": "Stores"}, {"name": plain}, _read("name", of=lambda found: _last(Department, found))
    ),
    "notices-read": Form(lambda _found: {"up_to": "2026-03-02T09:00:00+00:00"}, {"up_to": FORMAT}),
    "relay-new": Form(
        lambda _found: {**_RELAY, "name": "Second"},
        _RELAY_TEXTS,
        _read("name", "user", of=lambda found: _last(Relay, found)),
    ),
    "relay-edit": Form(
        _version(Relay, "relay_id", **_RELAY),
        {**_RELAY_TEXTS, "version": FORMAT},
        _read("name", "user", of=lambda found: _one(Relay, found, "relay_id")),
    ),
    "doubt-propose": Form(
        lambda _found: {"verdict": "resend", "reason": "The relay crashed", "message": ""},
        {"reason": plain, "verdict": FORMAT},
        lambda found: {
            "reason": DoubtProposal.objects.of(found.tenant).order_by("-pk").values_list("reason", flat=True).first()
        },
    ),
    "breaker-limits": Form(
        lambda _found: {"first": "1000", "hard_bounces": "5", "complaints": "", "unsubscribes": "", "version": "0"},
        dict.fromkeys(("first", "hard_bounces", "complaints", "refusals", "version"), FORMAT),
    ),
    "pace-receiver": Form(
        lambda _found: {"lane": "inbox.example", "per_minute": "600", "connections": "", "was": "{}"},
        dict.fromkeys(("lane", "per_minute", "connections", "was"), FORMAT),
    ),
    "pace-conversation": Form(
        lambda _found: {"per_minute": "60", "daily_since": "", "daily_first": "", "daily_most": "", "was": "{}"},
        dict.fromkeys(("per_minute", "daily_since", "daily_first", "daily_most", "was"), FORMAT),
    ),
    "pace-let-go": Form(lambda _found: {"lane": "inbox.example"}, {"lane": FORMAT}, good=404),
    "department": Form(
        lambda found: {
            "name": "Stores",
            "version": str(getattr(_one(Department, found, "department_id"), "version", 1)),
        },
        {"name": plain, "version": FORMAT},
        _read("name", of=lambda found: _one(Department, found, "department_id")),
    ),
}

FORMS: Mapping[str, Form] = {**CONVERSATIONS, **MODELS, **CONTENT, **CAMPAIGNS, **ADMINISTRATION}

#: Routes that answer whatever the method, as they answer to a look: nothing of a post is read.
PAGES = frozenset({"home", "search", "mailbox", "mail", "mail-html"})
#: Routes that take a post without anything that is typed. `import-upload` takes a file, and has a test of its own.
_DEEDS: Mapping[str, tuple[str, ...]] = {
    "audience": (
        "archive",
        "copy",
        "restore",
    ),
    "campaign": (
        "archive",
        "copy",
        "launch",
        "pause",
        "resume",
    ),
    "campaign-filter": ("remove",),
    "campaign-take": ("back",),
    "content": (
        "archive",
        "copy",
        "restore",
    ),
    "conversation": (
        "archive",
        "restore",
    ),
    "department": ("delete",),
    "doubt": ("confirm", "refuse"),
    "relay": (
        "remove",
        "try",
    ),
    "run": ("retry",),
    "dkim-key": (
        "check",
        "remove",
        "start",
        "stop",
    ),
    "import": (
        "start",
        "upload",
    ),
    "member": (
        "invite",
        "restore",
        "stop",
    ),
    "seed-list": ("delete",),
    "segmentation": (
        "archive",
        "copy",
        "restore",
    ),
    "suppression-list": (
        "delete",
        "export",
    ),
    "suppression": ("remove",),
    "suppression-take": ("off",),
}
BUTTONS = frozenset(f"{thing}-{deed}" for thing, deeds in _DEEDS.items() for deed in deeds)
