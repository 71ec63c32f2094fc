"""Reads pages as a person would: what is wrong at which field, and what stands in it."""

from typing import Protocol

from selectolax.lexbor import LexborHTMLParser, LexborNode


class Answer(Protocol):
    """What a test's browser got."""

    @property
    def content(self) -> bytes:
        """Its bytes."""


def parse(answer: Answer) -> LexborHTMLParser:
    """Parse a page."""
    return LexborHTMLParser(answer.content.decode())


def words(node: LexborNode | None) -> str:
    """Give the words of a node, single spaces between them."""
    return " ".join(node.text(separator=" ").split()) if node is not None else ""


def words_of(answer: Answer, selector: str) -> str:
    """Give the words of the first node that a selector finds."""
    return words(parse(answer).css_first(selector))


def attributes_of(answer: Answer, selector: str) -> dict[str, str | None]:
    """Give the attributes of the first node that a selector finds."""
    found = parse(answer).css_first(selector)
    assert found is not None, f"no {selector}"
    return found.attributes


def errors_of(answer: Answer) -> dict[str, list[str]]:
    """Say what is wrong, by field: the sentences tied to each control."""
    page = parse(answer)
    found: dict[str, list[str]] = {}
    for control in page.css("[aria-invalid=true]"):
        where = (control.attributes.get("aria-describedby") or "").split()
        said = [node for name in where if name.endswith("_error") if (node := page.css_first(f"#{name}")) is not None]
        lines = [words(line) for node in said for line in (node.css("li") or [node])]
        found[control.attributes["name"] or ""] = lines
    return found


def value_of(answer: Answer, name: str, form: str = "form:not(.filters)") -> str:
    """Read what stands in a control."""
    page = parse(answer)
    control = page.css_first(f"{form} [name={name}]")
    assert control is not None, f"no {name}"
    if control.tag == "textarea":
        return control.text(deep=True)
    return control.attributes.get("value") or ""
