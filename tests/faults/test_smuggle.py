"""Content that tries to end itself: one message at a strict and at a careless receiver, and the signature holds."""

from collections import Counter
from collections.abc import Callable

import dkim
import pytest

from connect.core.sql import Sql
from connect.core.sql import run as run_sql
from connect.core.tenancy import tenant as open_tenant
from delivery.senders.engine import Tally
from tests.delivery.factories import DOMAIN, Cast
from tests.faults.conftest import states
from tests.faults.receiver import Receiver

Planned = Callable[..., Cast]
SendTo = Callable[..., Tally]

SMUGGLED = "MAIL FROM:<evil@x.example>\r\nRCPT TO:<victim@x.example>\r\nDATA\r\nSubject: gotcha\r\n\r\n"
VALUES = {
    "dot": "\r\n.\r\n" + SMUGGLED,
    "bare lf": "\n.\n" + SMUGGLED,
    "bare cr": "\r.\r" + SMUGGLED,
    "mixed": "\r\n.\n" + SMUGGLED + "\n.\r\n",
    "only dots": ".\n..\n...\n.",
    "long line": "x" * 5000,
    "separators": "a\u2028.\u2029b\x85.\x0b\x0c.",
    "template": "{{ 7 * 7 }} {% for x in y %}",
}


@pytest.mark.parametrize("lenient", [False, True], ids=["strict", "lenient"])
def test_no_value_ends_the_message(planned: Planned, send_to: SendTo, lenient: bool) -> None:
    cast = planned(len(VALUES))
    with open_tenant(cast.tenant):
        for number, value in enumerate(VALUES.values(), 1):
            run_sql(
                Sql(
                    "UPDATE delivery_message SET"
                    " values = jsonb_set(values, '{attributes,first_name}', to_jsonb(%s::text)) WHERE address = %s",
                    (value, f"c{number}@inbox.example"),
                )
            )
    with Receiver(lenient=lenient) as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == Counter(f"c{number}@inbox.example" for number in range(1, len(VALUES) + 1))
        assert not [line for _, line in receiver.commands if "evil" in line or "victim" in line]
    assert states(cast) == {"accepted": len(VALUES)}
    record = cast.records["rsa"].encode()
    for copy in receiver.copies:
        assert dkim.verify(copy.content, dnsfunc=lambda name, timeout=5: record)
        lines = copy.content.split(b"\r\n")
        assert max(map(len, lines)) <= 998
        assert not [line for line in lines if b"\r" in line or b"\n" in line or b"\x00" in line]
        assert copy.sender.endswith(f"@bounce.{DOMAIN}")


def test_line_breaks_in_a_value_make_no_header(planned: Planned, send_to: SendTo) -> None:
    cast = planned(2, subject="Hello {{ attributes.first_name }}")
    with open_tenant(cast.tenant):
        run_sql(
            Sql(
                "UPDATE delivery_message SET values = jsonb_set(values, '{attributes,first_name}', to_jsonb(%s::text))"
                " WHERE address = 'c1@inbox.example'",
                ("Ada\r\nBcc: victim@x.example\u2028X-Evil: 1",),
            )
        )
    with Receiver() as receiver:
        send_to(receiver, cast)
        for copy in receiver.copies:
            assert (copy.message["Bcc"], copy.message["X-Evil"]) == (None, None)
            assert "Bcc: victim@x.example" in copy.message["Subject"] or copy.recipient != "c1@inbox.example"
    assert states(cast) == {"accepted": 2}


def test_a_bad_address_is_stopped_again_at_the_last_door(planned: Planned, send_to: SendTo) -> None:
    cast = planned(2)
    with open_tenant(cast.tenant):
        run_sql(
            Sql(
                "UPDATE delivery_message SET address = %s WHERE address = 'c1@inbox.example'",
                ("c1@inbox.example>\r\nRCPT TO:<victim@x.example",),
            )
        )
    with Receiver() as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == Counter(["c2@inbox.example"])
        assert not [line for _, line in receiver.commands if "victim" in line]
    assert states(cast) == {"accepted": 1, "skipped": 1}
