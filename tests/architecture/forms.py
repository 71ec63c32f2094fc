"""Every form of the console: what a good post holds, which of its fields take text, and how the text is kept.

A route that takes a post must be here or among `BUTTONS`, or the sweeps fail.
"""

from collections.abc import Callable, Mapping
from typing import Any

from campaigns.models import Campaign, Note, SavedFilter
from connect.core.models import Department, Member
from content.models import MessageContent, Revision
from delivery.models import DoubtProposal, Relay
from tests.architecture.formkinds import (
    FORMAT,
    Form,
    Keeps,
    Values,
    last_of,
    lines,
    one_line,
    one_of,
    plain,
    read_back,
    source,
    versioned,
)
from tests.architecture.forms_of_customers import CONVERSATIONS, MODELS
from tests.architecture.furnished import Furnished


def _draft(found: Furnished) -> Values:
    return {
        "language": "en",
        **versioned(MessageContent, "content_id")(found),
        "subject": "Hello",
        "preheader": "And more",
        "html": "<p>Words</p>",
        "text": "Words",
    }


CONTENT = {
    "content-new": Form(
        lambda found: {"name": "Letter", "department": found.ids["department_id"]},
        {"name": plain, "department": FORMAT},
        read_back("name", of=lambda found: last_of(MessageContent, found)),
    ),
    "content-rename": Form(
        versioned(MessageContent, "content_id", name="Letter"),
        {"name": plain, "version": FORMAT},
        read_back("name", of=lambda found: one_of(MessageContent, found, "content_id")),
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
        read_back("subject", "preheader", "html", "text", of=lambda found: last_of(Revision, found)),
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
    return versioned(Campaign, "campaign_id", **values)


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
        read_back("name", "description", of=lambda found: last_of(Campaign, found)),
    ),
    "campaign-information": Form(
        lambda found: {**_INFORMATION, "department": found.ids["department_id"], **_campaign()(found)},
        {**_INFORMATION_TEXTS, "version": FORMAT},
        read_back("name", "description", of=lambda found: one_of(Campaign, found, "campaign_id")),
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
        read_back("name", of=lambda found: last_of(Member, found)),
    ),
    "member": Form(
        lambda found: {"roles": "viewer", "version": str(getattr(one_of(Member, found, "member_id"), "version", 1))},
        {"roles": FORMAT},
    ),
    "department-add": Form(
        lambda _found: {"name": "Stores"},
        {"name": plain},
        read_back("name", of=lambda found: last_of(Department, found)),
    ),
    "notices-read": Form(lambda _found: {"up_to": "2026-03-02T09:00:00+00:00"}, {"up_to": FORMAT}),
    "relay-new": Form(
        lambda _found: {**_RELAY, "name": "Second"},
        _RELAY_TEXTS,
        read_back("name", "user", of=lambda found: last_of(Relay, found)),
    ),
    "relay-edit": Form(
        versioned(Relay, "relay_id", **_RELAY),
        {**_RELAY_TEXTS, "version": FORMAT},
        read_back("name", "user", of=lambda found: one_of(Relay, found, "relay_id")),
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
            "version": str(getattr(one_of(Department, found, "department_id"), "version", 1)),
        },
        {"name": plain, "version": FORMAT},
        read_back("name", of=lambda found: one_of(Department, found, "department_id")),
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
