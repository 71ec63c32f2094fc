"""Addresses, languages, zones, countries and header texts: turned into Connect's own form, or refused, at the door.

Every way in (forms, import, API) goes through here; the importer keeps verdicts per distinct value.
"""

import re
from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

from babel import Locale
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from connect.core.errors import Invalid

#: RFC 5321, 4.5.3.1: the longest local part and the longest path without its brackets.
LOCAL_PART_OCTETS = 64
ADDRESS_OCTETS = 254

#: What most addresses look like, already in small letters. A match needs no other look than at its length, its letters
#: (a Kelvin sign has a plain k for its small letter) and at punycode; all else goes the long way.
#: A local part never begins with "-": programs further on may take it for an option.
PLAIN_EMAIL = re.compile(
    r"[a-z0-9_+][a-z0-9_+'-]*(?:\.[a-z0-9_+'-]+)*"
    r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)

_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?")
#: CR, LF, NUL, the rest of the control characters, and the two separators that some mailers break lines at.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
#: RFC 2047: text that a mail program would decode into something else, line breaks included.
_ENCODED_WORD = re.compile(r"=\?[^?\s]*\?[bBqQ]\?[^?]*\?=")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

#: Not in ISO 3166-1, but what everybody writes: Kosovo's user-assigned code.
_MORE_COUNTRIES = frozenset({"XK"})
_COUNTRY_ALIASES = {"UK": "GB", "EL": "GR"}
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
_PHONE_MARKS = str.maketrans("", "", " -()./\xa0")
_NO_ZONES = frozenset({"Factory", "localtime", "posixrules"})
#: Codes that say that the language isn't known.
_NO_LANGUAGES = frozenset({"und", "zxx", "mul", "mis", "root"})


def normalise_email(raw: str, field: str = "email") -> str:
    """Write an address in the one form under which it is compared, suppressed and mailed.

    Shape: small letters, an international domain in punycode, no display name, no quotes, no comment.
    Errors: Invalid naming `field`.
    Source: RFC 5321, RFC 5891. Local parts beyond ASCII (RFC 6531) are refused: few receivers take them.
    """
    address = raw.strip(" \t").lower()
    is_plain = raw.isascii() and PLAIN_EMAIL.fullmatch(address) and "xn--" not in address
    if is_plain and len(address) <= ADDRESS_OCTETS and address.index("@") <= LOCAL_PART_OCTETS:
        return address
    return _normalise_unusual(raw.strip(" \t"), field)


def _normalise_unusual(raw: str, field: str) -> str:
    if _UNPRINTABLE.search(raw):
        raise Invalid({field: _("An address has no line breaks or control characters.")})
    try:
        found = validate_email(raw, check_deliverability=False, globally_deliverable=False, strict=True)
    except EmailNotValidError as error:
        raise Invalid({field: _("This isn't an email address: %(why)s") % {"why": error}}) from error
    address = f"{found.ascii_local_part or ''}@{found.ascii_domain}".lower()
    if found.ascii_local_part is None:
        raise Invalid({field: _("Before the @, only ASCII characters can be mailed to.")})
    if "." not in found.ascii_domain or found.ascii_domain.rpartition(".")[2].isdigit():
        raise Invalid({field: _("After the @ stands a domain such as example.com.")})
    if address.startswith("-"):
        raise Invalid({field: _("An address doesn't begin with a hyphen.")})
    if len(address) > ADDRESS_OCTETS:
        raise Invalid({field: _("An address has at most %(most)d characters.") % {"most": ADDRESS_OCTETS}})
    return address


def check_language(raw: str, field: str = "language") -> str:
    """Write a language as a BCP 47 tag: `fr`, `fr-CA`, `zh-Hant-TW`.

    Errors: Invalid naming `field`.
    """
    match = _LANGUAGE.fullmatch(raw.strip())
    if match:
        language, script, region = match.groups()
        if (
            _is_language(language.lower())
            and (script is None or script.title() in _scripts())
            and (region is None or region.isdigit() or region.upper() in countries())
        ):
            parts = [language.lower(), script and script.title(), region and region.upper()]
            return "-".join(part for part in parts if part)
    raise Invalid({field: _("“%(value)s” isn't a language tag such as en or fr-CA.") % {"value": shown(raw)}})


def check_zone(raw: str, field: str = "zone") -> str:
    """Write a time zone by its IANA name, whatever the case it was typed in.

    Errors: Invalid naming `field`.
    """
    zone = zones().get(raw.strip().lower())
    if zone is None:
        raise Invalid({field: _("“%(value)s” isn't a time zone such as America/Toronto.") % {"value": shown(raw)}})
    return zone


def check_country(raw: str, field: str = "country") -> str:
    """Write a country as its ISO 3166-1 code of two letters. English names are understood.

    Errors: Invalid naming `field`.
    """
    typed = raw.strip()
    code = _COUNTRY_ALIASES.get(typed.upper(), typed.upper())
    if code in countries():
        return code
    named = _country_names().get(typed.casefold())
    if named is None:
        raise Invalid({field: _("“%(value)s” isn't a country code such as CA or DE.") % {"value": shown(raw)}})
    return named


def check_phone(raw: str, field: str = "phone") -> str:
    """Write a phone number in its international form, E.164.

    Errors: Invalid naming `field`.
    """
    number = raw.translate(_PHONE_MARKS)
    if number.startswith("00"):
        number = "+" + number[2:]
    if not _PHONE.fullmatch(number):
        raise Invalid({field: _("Write a phone number with its country code, such as +49 30 1234567.")})
    return number


def check_header_text(raw: str, field: str = "") -> str:
    """Let text through that may stand in a mail's header: one line, without control characters or encoded words.

    Errors: Invalid naming `field`.
    """
    if _UNPRINTABLE.search(raw) or _LONE_SURROGATE.search(raw):
        raise Invalid({field: _("This stands in a mail's header: no line breaks or control characters.")})
    if _ENCODED_WORD.search(raw):
        raise Invalid({field: _("This stands in a mail's header: write it plainly, not as an encoded word (=?…?=).")})
    return raw.strip()


def check_storable(raw: str, field: str = "") -> str:
    """Let text through that the database can hold: no NUL, no half characters.

    Errors: Invalid naming `field`.
    """
    if "\x00" in raw or _LONE_SURROGATE.search(raw):
        raise Invalid({field: _("There is a character in it that can't be stored.")})
    return raw


def shown(raw: str, most: int = 120) -> str:
    """Cut a refused value for a message: at most `most` characters, what can't be printed as escapes."""
    text = _UNPRINTABLE.sub(lambda match: f"\\x{ord(match[0]):02x}", raw[: most + 1])
    text = text.encode(errors="backslashreplace").decode()
    return text if len(text) <= most else text[: most - 1] + "…"


@cache
def countries() -> frozenset[str]:
    """The codes of all countries.

    Source: iso3166.tab of the tz database, as packaged.
    """
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    codes = {line.split("\t")[0] for line in table.splitlines() if line and not line.startswith("#")}
    return frozenset(codes | _MORE_COUNTRIES)


@cache
def zones() -> dict[str, str]:
    """Every IANA zone by its name in small letters."""
    return {
        name.lower(): name for name in available_timezones() - _NO_ZONES if not name.startswith(("posix/", "right/"))
    }


@cache
def _country_names() -> dict[str, str]:
    names = Locale("en").territories
    return {names[code].casefold(): code for code in countries() if code in names}


@cache
def _languages() -> frozenset[str]:
    return frozenset(str(code) for code in Locale("en").languages) - _NO_LANGUAGES


def _is_language(code: str) -> bool:
    return code in _languages()


@cache
def _scripts() -> frozenset[str]:
    return frozenset(map(str, Locale("en").scripts))
