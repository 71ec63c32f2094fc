"""How forms ask for a rule's values: inputs carry text, rules carry JSON; here one becomes the other.

What can't be read stays the text that was typed: the rule language refuses it by its place, the page shows it again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Control:
    """One way to ask. `read` gives the JSON of what was typed, `write` the text that an input shows for JSON."""

    input_type: str
    read: Callable[[str, ZoneInfo], object]
    write: Callable[[object, ZoneInfo], str]


def control(name: str) -> Control:
    """Find a control by the name that a field type gives."""
    return _CONTROLS[name]


def read_number(typed: str) -> object:
    """Read a number: a whole one as int; the text itself where it is none."""
    text = typed.strip().replace("−", "-")
    for kind in (int, float):
        try:
            return kind(text) if len(text) <= MAX_DIGITS else typed
        except ValueError:
            continue
    return typed


def split_list(typed: str) -> list[str]:
    """Read several values: one a line, or all on one line with commas between them."""
    text = typed.replace("\r\n", "\n")
    parts = text.split("\n") if "\n" in text else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def join_list(values: list[str]) -> str:
    """Write several values so that `split_list` reads the same ones."""
    if any("," in value for value in values):
        return "\n".join(values) + "\n"
    return ", ".join(values)


MAX_DIGITS = 30


def _write(value: object, _zone: ZoneInfo) -> str:
    return "" if value is None or isinstance(value, list | dict) else str(value)


def _write_number(value: object, zone: ZoneInfo) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else _write(value, zone)


def _read_truth(typed: str, _zone: ZoneInfo) -> object:
    return {"true": True, "false": False}.get(typed, typed)


def _write_truth(value: object, zone: ZoneInfo) -> str:
    return str(value).lower() if isinstance(value, bool) else _write(value, zone)


def _read_instant(typed: str, zone: ZoneInfo) -> object:
    try:
        local = datetime.fromisoformat(typed.strip())
    except ValueError:
        return typed
    return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(UTC).isoformat()


def _write_instant(value: object, zone: ZoneInfo) -> str:
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        return _write(value, zone)
    if instant.tzinfo is None:
        return str(value)
    local = instant.astimezone(zone).replace(tzinfo=None)
    return local.isoformat(timespec="minutes" if local.second == local.microsecond == 0 else "auto")


_CONTROLS: Mapping[str, Control] = {
    "text": Control("text", lambda typed, _zone: typed.strip(), _write),
    "number": Control("number", lambda typed, _zone: read_number(typed), _write_number),
    "yesno": Control("yesno", _read_truth, _write_truth),
    "date": Control("date", lambda typed, _zone: typed.strip(), _write),
    "datetime": Control("datetime-local", _read_instant, _write_instant),
}
