"""What is typed for a declared attribute becomes one JSON value, or is refused with a reason."""

import pytest

from connect.core.errors import Invalid
from conversations.models import Attribute
from conversations.states import AttributeType
from conversations.values import TEXT_CHARACTERS, reader_of


def read(kind: AttributeType, raw: str, *choices: str) -> object:
    return reader_of(Attribute(type=kind, choices=list(choices)), "America/Toronto")(raw)


@pytest.mark.parametrize(
    ("kind", "raw", "stored"),
    [
        (AttributeType.TEXT, "  Zoé’s <b> ", "  Zoé’s <b> "),
        (AttributeType.TEXT, "x" * TEXT_CHARACTERS, "x" * TEXT_CHARACTERS),
        (AttributeType.NUMBER, "1250", 1250),
        (AttributeType.NUMBER, "+007", 7),
        (AttributeType.NUMBER, "-12.50", -12.5),
        (AttributeType.NUMBER, "999999999999999", 999_999_999_999_999),
        (AttributeType.BOOLEAN, "Yes", True),
        (AttributeType.BOOLEAN, "JA", True),
        (AttributeType.BOOLEAN, "x", True),
        (AttributeType.BOOLEAN, "0", False),
        (AttributeType.BOOLEAN, "Faux", False),
        (AttributeType.DATE, "2026-03-02", "2026-03-02"),
        (AttributeType.DATE, "2.3.2026", "2026-03-02"),
        (AttributeType.DATE, "29.02.2024", "2024-02-29"),
        (AttributeType.DATE, "1800-01-01", "1800-01-01"),
        # Summer time begins in Toronto on 8 March 2026.
        (AttributeType.DATETIME, "2026-03-02 09:00", "2026-03-02T14:00:00Z"),
        (AttributeType.DATETIME, "2026-03-09 09:00", "2026-03-09T13:00:00Z"),
        (AttributeType.DATETIME, "2026-03-02T09:00:00+01:00", "2026-03-02T08:00:00Z"),
        (AttributeType.DATETIME, "2026-03-02", "2026-03-02T05:00:00Z"),
    ],
)
def test_a_value_is_stored_in_one_form(kind: AttributeType, raw: str, stored: object) -> None:
    found = read(kind, raw)
    assert (found, type(found)) == (stored, type(stored))


def test_a_number_without_a_point_stays_whole() -> None:
    assert [repr(read(AttributeType.NUMBER, raw)) for raw in ("5", "5.0")] == ["5", "5.0"]


def test_a_choice_is_stored_as_it_was_declared() -> None:
    assert [read(AttributeType.CHOICE, raw, "Gold", "straße") for raw in ("gold", "GOLD", "STRASSE")] == [
        "Gold",
        "Gold",
        "straße",
    ]


@pytest.mark.parametrize(
    ("kind", "raw", "says"),
    [
        (AttributeType.TEXT, "x" * (TEXT_CHARACTERS + 1), "At most 10000 characters."),
        (AttributeType.NUMBER, "1,250", "“1,250” isn't a number such as 1250 or 12.5."),
        (AttributeType.NUMBER, "1e5", "“1e5” isn't a number such as 1250 or 12.5."),
        (AttributeType.NUMBER, "NaN", "“NaN” isn't a number such as 1250 or 12.5."),
        (AttributeType.NUMBER, "1" * 16, "“1111111111111111” isn't a number such as 1250 or 12.5."),
        (AttributeType.NUMBER, "\u0661", "“\u0661” isn't a number such as 1250 or 12.5."),
        (AttributeType.BOOLEAN, "maybe", "“maybe” isn't yes or no."),
        (AttributeType.DATE, "02/03/2026", "“02/03/2026” isn't a day such as 2026-03-02."),
        (AttributeType.DATE, "2026-W10-1", "“2026-W10-1” isn't a day such as 2026-03-02."),
        (AttributeType.DATE, "31.02.1990", "“31.02.1990” isn't a day that exists."),
        (AttributeType.DATE, "1799-12-31", "“1799-12-31” isn't a day after 1800."),
        (AttributeType.DATETIME, "tomorrow", "“tomorrow” isn't a time such as 2026-03-02 09:00."),
        (AttributeType.DATETIME, "1700-01-01 00:00", "“1700-01-01 00:00” isn't a time after 1800."),
        (AttributeType.DATETIME, "9999-12-31 23:00", "“9999-12-31 23:00” isn't a time such as 2026-03-02 09:00."),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(kind: AttributeType, raw: str, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(kind, raw)
    assert refused.value.fields == {"": [says]}


def test_a_choice_that_was_not_declared_is_refused_with_the_first_five() -> None:
    with pytest.raises(Invalid) as refused:
        read(AttributeType.CHOICE, "tin", "a", "b", "c", "d", "e", "f")
    assert refused.value.fields == {"": ["“tin” isn't one of a, b, c, d, e…."]}
