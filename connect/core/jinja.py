"""The Jinja2 environment of every template: strict, escaped, translated, with our filters.

Macros are imported without context (`{% from "components/button.html" import button %}`), so what they need beyond
these globals is handed to them. `/_patterns/` shows them all; the filters are those of `connect/core/formats.py`.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from babel import Locale, UnknownLocaleError
from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi, gettext, ngettext, npgettext, pgettext
from django_htmx.jinja import htmx_script
from jinja2 import Environment, StrictUndefined, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from connect.core import charts, formats, panels
from connect.core.icons import icon
from connect.core.links import with_query
from connect.core.looks import look


def native_value(value: Any, kind: str) -> str:
    """Write a value as the browser's own date and time inputs want it; what a person typed stays as it was."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M") if kind == "datetime-local" else value.date().isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return value.isoformat() if isinstance(value, date) else str(value or "")


def iso(value: date | datetime | None) -> str:
    """Write a day or an instant for machines: `<time datetime>`."""
    return value.isoformat() if value else ""


def language_name(code: str) -> str:
    """Name a language in the page's language; a code that nobody knows stays a code."""
    try:
        return Locale.parse(code, sep="-").get_display_name(formats.current_locale()) or code
    except (UnknownLocaleError, ValueError):
        return code


def given(attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the attributes that are None."""
    return {name: value for name, value in attrs.items() if value is not None}


FILTERS = {
    "number": formats.number,
    "signed": formats.signed,
    "percent": formats.percent,
    "compact": formats.compact,
    "datetime": formats.as_datetime,
    "date": formats.as_date,
    "time": formats.as_time,
    "relative": formats.relative,
    "duration": formats.duration,
    "bytes": formats.size,
    "iso": iso,
    "pct": charts.pct,
    "native_value": native_value,
    "language_name": language_name,
    "with_query": with_query,
}


def environment(**options: Any) -> Environment:
    """Make the environment that Django's Jinja2 backend asks for."""
    ours = {"autoescape": True, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    env = Environment(**{**options, **ours}, extensions=["jinja2.ext.i18n"])  # noqa: S701 -- it is on, in `ours`
    env.install_gettext_callables(  # type: ignore[attr-defined]  # the i18n extension adds it
        gettext, ngettext, newstyle=True, pgettext=pgettext, npgettext=npgettext
    )
    env.globals["gettext"] = translated
    env.filters.update(FILTERS)
    env.globals.update(
        static=static,
        url=url,
        icon=icon,
        draw_icon=icon,  # in macros that have a parameter named `icon`
        language=language,
        direction=direction,
        htmx_script=htmx_script,
        htmx_config=HTMX_CONFIG,
        share=formats.share,
        given=given,
        state_look=look,
        charts=charts,
        panels_of=panels.panels,
    )
    return env


@pass_eval_context
def translated(where: EvalContext, text: str, /, **values: Any) -> str:
    """Translate, and fill in values where there are some: a lone % in words without values is a per cent sign.

    Jinja2's own would format every string and stumble over "2% held out".
    """
    words = gettext(text)
    if where.autoescape:
        words = Markup(words)  # noqa: S704 -- ours, from the templates and the catalogues; the values are escaped
    return words % values if values or "%%" in words else words


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """Reverse a URL by its name."""
    return reverse(name, args=args, kwargs=kwargs)


def language() -> str:
    """Tell the page's language for `<html lang>`."""
    return get_language() or settings.LANGUAGE_CODE


def direction() -> str:
    """Tell which way the page's language runs."""
    return "rtl" if get_language_bidi() else "ltr"


#: Read by htmx from a `<meta>`: no eval, no style of its own, no customer data in the browser's storage, and the
#: answers that say what is wrong are shown where they belong.
HTMX_CONFIG: dict[str, Any] = {
    "allowEval": False,
    "allowScriptTags": False,
    "includeIndicatorStyles": False,
    "selfRequestsOnly": True,
    "historyCacheSize": 0,
    "refreshOnHistoryMiss": True,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "(403|404|409|422)", "swap": True, "error": False},
        {"code": "[45]..", "swap": False, "error": True},
    ],
}
