"""A rule in plain words, for people who read more than they click."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from audiences.rules.operators import Takes
from audiences.rules.schema import read_rule
from audiences.rules.sources import vocabulary
from audiences.rules.tree import Group, Leaf, Rule
from audiences.rules.types import Manner
from connect.core.models import Tenant

MAX_VALUES_NAMED = 6


class Word(NamedTuple):
    """One piece of the sentence. `kind` is field, operator, value, joiner or text, and says how it is set."""

    text: str
    kind: str


def sentence(tenant: Tenant, rule: object) -> list[Word]:
    """Say a rule's JSON in words, in the language and the time zone of the reader.

    Shape: pieces to be set one after the other with a space between.
    Errors: Invalid naming the node, where a field that it asks about is declared no more.
    """
    return say(tenant, read_rule(vocabulary(tenant), rule))


def say(tenant: Tenant, rule: Rule) -> list[Word]:
    """Say a checked rule in words; see `sentence`."""
    return _group(rule, Manner(ZoneInfo(tenant.default_zone)))


def plain(words: list[Word]) -> str:
    """Put a sentence's pieces together."""
    return " ".join(word.text for word in words).replace("( ", "(").replace(" )", ")")


def _group(group: Group, manner: Manner) -> list[Word]:
    if not group.rules:
        return [Word(_("Nobody") if group.negated else _("Everybody"), "text")]
    joiner = pgettext("between rules", "and") if group.combinator == "and" else pgettext("between rules", "or")
    words: list[Word] = []
    for rule in group.rules:
        if words:
            words.append(Word(joiner, "joiner"))
        words += _nested(rule, manner) if isinstance(rule, Group) else _leaf(rule, manner)
    if group.negated:
        return [Word(pgettext("before rules", "not"), "joiner"), *_bracketed(words)]
    return words


def _nested(group: Group, manner: Manner) -> list[Word]:
    words = _group(group, manner)
    return words if group.negated or len(group.rules) == 1 else _bracketed(words)


def _bracketed(words: list[Word]) -> list[Word]:
    return [Word("(", "text"), *words, Word(")", "text")]


def _leaf(leaf: Leaf, manner: Manner) -> list[Word]:
    words = [Word(str(leaf.field.label), "field")]
    if leaf.operator.name == "days_ago":
        return [*words, Word(_("is at least"), "operator"), Word(_("%s ago") % _days(leaf.value), "value")]
    words.append(Word(str(leaf.operator.label), "operator"))
    shown = _values(leaf, Manner(manner.zone, leaf.field.choices or leaf.field.suggestions or {}))
    return [*words, Word(shown, "value")] if shown else words


def _values(leaf: Leaf, manner: Manner) -> str:
    takes, show = leaf.operator.takes, leaf.field.type.show
    if takes is Takes.NOTHING:
        return ""
    if takes is Takes.DAYS:
        return _days(leaf.value)
    if takes is Takes.TWO:
        first, last = (show(raw, manner) for raw in leaf.raw)
        return _("%(first)s and %(last)s") % {"first": first, "last": last}
    if takes is Takes.MANY:
        named = [show(raw, manner) for raw in leaf.raw[:MAX_VALUES_NAMED]]
        more = len(leaf.raw) - len(named)
        return ", ".join(named) + (" " + ngettext("and %d more", "and %d more", more) % more if more else "")
    return show(leaf.raw, manner)


def _days(count: int) -> str:
    return ngettext("%d day", "%d days", count) % count
