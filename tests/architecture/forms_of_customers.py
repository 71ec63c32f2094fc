"""The forms of conversations and customers, of models, seeds and suppression; `forms.py` has the others."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from audiences.models import AudienceModel, SeedList
from audiences.uses import uses_of
from conversations.models import Attribute, ConsentEntry, Conversation, Customer, CustomerImport
from segments.models import Segment, SegmentationModel
from suppression.models import Entry, SuppressionList
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
    versioned,
)
from tests.architecture.furnished import Furnished

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
    upload = one_of(CustomerImport, found, "import_id")
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
        read_back(*_SPEAKER_READ, of=lambda found: last_of(Conversation, found)),
    ),
    "conversation-edit": Form(
        lambda found: {
            **_SPEAKER,
            "department": found.ids["department_id"],
            **versioned(Conversation, "conversation_id")(found),
        },
        {**_SPEAKER_TEXTS, "version": FORMAT, "department": FORMAT},
        read_back(*_SPEAKER_READ, of=lambda found: one_of(Conversation, found, "conversation_id")),
    ),
    "conversation-preview": Form(
        lambda _found: _SPEAKER, dict.fromkeys(("name", "from_name", "from_email", "footer"), FORMAT), good=200
    ),
    "dkim-key-make": Form(
        lambda _found: {"algorithm": "ed25519-sha256", "selector": ""}, {"selector": FORMAT, "algorithm": FORMAT}
    ),
    "customer-new": Form(
        lambda _found: _CUSTOMER, _CUSTOMER_TEXTS, lambda found: _of_customer(last_of(Customer, found))
    ),
    "customer-edit": Form(
        versioned(Customer, "customer_id", **_CUSTOMER),
        {**_CUSTOMER_TEXTS, "version": FORMAT, "interests": FORMAT},
        lambda found: _of_customer(one_of(Customer, found, "customer_id")),
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
        read_back("source", "wording", of=lambda found: one_of(CustomerImport, found, "import_id")),
    ),
    "attribute-declare": Form(
        lambda _found: {"kind": "attribute", "name": "plan", "label": "Plan", "type": "choice", "choices": "a\r\nb"},
        {"label": plain, **dict.fromkeys(("name", "choices", "kind", "type"), FORMAT)},
        read_back("label", of=lambda found: last_of(Attribute, found)),
    ),
    "attribute": Form(
        versioned(Attribute, "attribute_id", label="City", choices=""),
        {"label": plain, "choices": FORMAT, "version": FORMAT},
        read_back("label", of=lambda found: one_of(Attribute, found, "attribute_id")),
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
    "audience-new": Form(_audience, _AUDIENCE_TEXTS, lambda found: _of_audience(last_of(AudienceModel, found))),
    "audience-save": Form(
        lambda found: {
            **_audience(found),
            **versioned(AudienceModel, "audience_id")(found),
            "agree": uses_of(found.tenant, "audience", UUID(found.ids["audience_id"])).consent,
        },
        {**_AUDIENCE_TEXTS, "version": FORMAT, "agree": FORMAT, "conversation": FORMAT},
        lambda found: _of_audience(one_of(AudienceModel, found, "audience_id")),
    ),
    "audience-draft-reach": Form(
        lambda found: {**_audience(found), "conversation": found.ids["conversation_id"]},
        {**_rule_texts("rule"), "rule.rules.0.value": FORMAT, "conversation": FORMAT},
        good=200,
    ),
    "segmentation-new": Form(
        _segmentation, _SEGMENTATION_TEXTS, lambda found: _of_segmentation(last_of(SegmentationModel, found))
    ),
    "segmentation-save": Form(
        lambda found: {
            **_segmentation(found),
            "segments.0.id": found.more["segment"],
            **versioned(SegmentationModel, "model_id")(found),
            "agree": uses_of(found.tenant, "segmentation", UUID(found.ids["model_id"])).consent,
        },
        {**_SEGMENTATION_TEXTS, "version": FORMAT, "agree": FORMAT},
        lambda found: _of_segmentation(one_of(SegmentationModel, found, "model_id")),
    ),
    "segmentation-draft-reach": Form(
        lambda found: {**_segmentation(found), "conversation": found.ids["conversation_id"]},
        {**_rule_texts("segments.0.rule"), "segments.0.rule.rules.0.value": FORMAT, "segments.0.name": FORMAT},
        good=200,
    ),
    "seed-list-new": Form(
        _seed_list,
        {"name": one_line, "people": FORMAT, "department": FORMAT},
        read_back("name", of=lambda found: last_of(SeedList, found)),
    ),
    "seed-list": Form(
        lambda found: {**_seed_list(found), **versioned(SeedList, "seed_list_id")(found)},
        {"name": one_line, "people": FORMAT, "department": FORMAT, "version": FORMAT},
        read_back("name", of=lambda found: one_of(SeedList, found, "seed_list_id")),
    ),
    "suppression-new": Form(
        lambda _found: {"name": "Shops", "description": "", "scope": "tenant"},
        {"name": plain, "description": plain, "scope": FORMAT},
        read_back("name", "description", of=lambda found: last_of(SuppressionList, found)),
    ),
    "suppression-list-edit": Form(
        versioned(SuppressionList, "list_id", name="Shops", description="", scope="tenant"),
        {"name": plain, "description": plain, "scope": FORMAT, "version": FORMAT},
        read_back("name", "description", of=lambda found: one_of(SuppressionList, found, "list_id")),
    ),
    "suppression-add": Form(
        _entry,
        {"source": plain, "value": FORMAT, "reason": FORMAT, "until": FORMAT},
        read_back("source", of=lambda found: last_of(Entry, found)),
    ),
    "suppression-import": Form(
        lambda _found: {"pasted": "one@shop.example", "reason": "import", "source": "", "until": ""},
        {"source": lambda typed: plain(typed) or "pasted", "pasted": FORMAT, "reason": FORMAT, "until": FORMAT},
        read_back("source", of=lambda found: last_of(Entry, found)),
        good=200,
    ),
    "suppression-apply": Form(lambda found: {"suppression_list": found.ids["list_id"]}, {"suppression_list": FORMAT}),
}

# --- Content -------------------------------------------------------------------------------------------------------
