"""How log lines look: structlog for our own and everybody else's, one shape for a terminal and one for machines."""

import logging.config
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

#: The signed part of the links in mails: who holds one can unsubscribe its reader.
_LINK = re.compile(r"/([cou])/[A-Za-z0-9_-]{24,}")
_PERSON = re.compile(r"[^\s<>@\",;:()\[\]]+@")


def mask_links(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take the tokens of customers' links out of a log line, wherever in it they stand."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _LINK.sub(r"/\1/…", value)
    return event


def mask_addresses(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take people out of what receiving servers say, which often repeats whom the message was to."""
    reply = event.get("reply")
    if isinstance(reply, str):
        event["reply"] = _PERSON.sub("…@", reply)
    return event


def configure(options: Mapping[str, str]) -> None:
    """Set up logging; Django calls it with `settings.LOGGING`.

    Shape: `format` is console or json, `level` a level's name.
    """
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        mask_addresses,
        mask_links,
    ]
    last: list[Any] = (
        [structlog.dev.ConsoleRenderer()]
        if options["format"] == "console"
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "one": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": before,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "one"}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
            "loggers": {
                "django": {"handlers": [], "level": "INFO"},
                # Django says each 4xx; the access log has them.
                "django.request": {"level": "ERROR"},
                "django.security.DisallowedHost": {"level": "CRITICAL"},
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before[:-3],
            mask_addresses,
            mask_links,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
