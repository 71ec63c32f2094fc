"""What a form of the console is to the sweeps: a good post, its text fields, and how to read back what it kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

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


def last_of(model: Any, found: Furnished) -> Any:
    return model.objects.of(found.tenant).order_by("-pk")[0]


def one_of(model: Any, found: Furnished, name: str) -> Any:
    return model.objects.of(found.tenant).get(public_id=found.ids[name])


def versioned(model: Any, name: str, /, **values: str) -> Callable[[Furnished], Values]:
    return lambda found: {"version": str(one_of(model, found, name).version), **values}


def read_back(*names: str, of: Callable[[Furnished], Any]) -> Callable[[Furnished], Mapping[str, Any]]:
    def stored(found: Furnished) -> Mapping[str, Any]:
        one = of(found)
        return {name: getattr(one, name) for name in names}

    return stored


# --- Conversations and customers -----------------------------------------------------------------------------------
