"""The way to the next hop: secured where that is offered, checked where it is required, never less than was asked."""

import ssl
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from delivery.senders.engine import Tally
from tests.delivery.factories import Cast
from tests.faults.conftest import let_waits_end, messages, run_state, states
from tests.faults.receiver import Receiver, Step
from tests.faults.test_hand_over import everybody
from tests.faults.tls import HERE, Authority, SecureReceiver

Planned = Callable[..., Cast]
SendTo = Callable[..., Tally]
NOT_GOOD = "TLS failed: its certificate isn't good: "


@pytest.fixture
def authority(tmp_path: Path, settings: Settings) -> Authority:
    """An authority that is trusted."""
    made = Authority(tmp_path)
    settings.SMTP_CA_FILE = made.file
    return made


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon where there is no way."""
    monkeypatch.setattr("delivery.senders.engine.UNREACHABLE_SECONDS", 0.3)


def secure(mode: str, context: ssl.SSLContext) -> SecureReceiver:
    return SecureReceiver(context=context) if mode == "required" else SecureReceiver(implicit_tls=context)


def assert_nothing_went(cast: Cast, receiver: Receiver) -> None:
    assert receiver.copies == []
    assert [line for _, line in receiver.commands if line.startswith(("MAIL", "RCPT", "DATA"))] == []
    assert set(messages(cast, "state, attempt_no, reply")) == {("queued", 0, "")}
    assert run_state(cast) == "sending"


@pytest.mark.parametrize("mode", ["required", "opportunistic"])
def test_starttls_hides_every_message(
    planned: Planned, send_to: SendTo, authority: Authority, settings: Settings, mode: str
) -> None:
    settings.SMTP_TLS = mode
    cast = planned(30)
    with SecureReceiver(context=authority.context(*HERE)) as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == everybody(30)
        assert {copy.connection for copy in receiver.copies} == receiver.secured
    assert states(cast) == {"accepted": 30}


def test_implicit_tls_begins_with_the_first_octet(
    planned: Planned, send_to: SendTo, authority: Authority, settings: Settings
) -> None:
    settings.SMTP_TLS = "implicit"
    cast = planned(30)
    with SecureReceiver(implicit_tls=authority.context(*HERE)) as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == everybody(30)
    assert states(cast) == {"accepted": 30}


@pytest.mark.parametrize("mode", ["required", "implicit"])
@pytest.mark.parametrize(
    ("names", "options", "why"),
    [
        (["mail.other.example"], {}, "IP address mismatch, certificate is not valid for '127.0.0.1'"),
        (HERE, {"ended": True}, "certificate has expired"),
        (HERE, {"self_signed": True}, "self-signed certificate"),
    ],
    ids=["another name", "ended", "self-signed"],
)
def test_a_certificate_that_does_not_hold_gets_nothing(
    planned: Planned,
    send_to: SendTo,
    authority: Authority,
    settings: Settings,
    impatient: None,
    mode: str,
    names: list[str],
    options: dict[str, bool],
    why: str,
) -> None:
    settings.SMTP_TLS = mode
    cast = planned(3)
    with secure(mode, authority.context(*names, **options)) as receiver:
        tally = send_to(receiver, cast)
        assert tally.unreachable == NOT_GOOD + why
        assert_nothing_went(cast, receiver)
    with secure(mode, authority.context(*HERE)) as mended:
        send_to(mended, cast)
        assert mended.per_recipient() == everybody(3)
    assert states(cast) == {"accepted": 3}


def test_an_authority_that_nobody_trusts_is_no_authority(
    planned: Planned, send_to: SendTo, tmp_path: Path, settings: Settings, impatient: None
) -> None:
    settings.SMTP_TLS = "required"
    cast = planned(3)
    with SecureReceiver(context=Authority(tmp_path).context(*HERE)) as receiver:
        tally = send_to(receiver, cast)
        assert tally.unreachable == NOT_GOOD + "unable to get local issuer certificate"
        assert_nothing_went(cast, receiver)


def test_required_tls_that_is_not_offered_gets_nothing(
    planned: Planned, send_to: SendTo, settings: Settings, impatient: None
) -> None:
    settings.SMTP_TLS = "required"
    cast = planned(3)
    with SecureReceiver() as receiver:
        tally = send_to(receiver, cast)
        assert tally.unreachable == "it doesn't offer TLS, which is required"
        assert_nothing_went(cast, receiver)


@pytest.mark.parametrize("options", [{"self_signed": True}, {"ended": True}], ids=str)
def test_opportunistic_tls_takes_any_certificate(
    planned: Planned, send_to: SendTo, authority: Authority, settings: Settings, options: dict[str, bool]
) -> None:
    settings.SMTP_TLS = "opportunistic"
    cast = planned(10)
    with SecureReceiver(context=authority.context("other.example", **options)) as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == everybody(10)
        assert {copy.connection for copy in receiver.copies} == receiver.secured


def test_a_handshake_that_nobody_insisted_on_may_fail_once(
    planned: Planned, send_to: SendTo, authority: Authority, settings: Settings
) -> None:
    settings.SMTP_TLS = "opportunistic"
    cast = planned(10)
    with SecureReceiver(context=authority.context(*HERE), breaks_tls=True) as receiver:
        send_to(receiver, cast, connections=1)
        assert receiver.per_recipient() == everybody(10)
        assert {copy.connection for copy in receiver.copies} == {2}
        assert [line for number, line in receiver.commands if number == 1][1:2] == ["STARTTLS"]
        assert "STARTTLS" not in [line for number, line in receiver.commands if number == 2]
    assert states(cast) == {"accepted": 10}


def test_a_required_handshake_that_fails_is_not_gone_round(
    planned: Planned, send_to: SendTo, authority: Authority, settings: Settings, impatient: None
) -> None:
    settings.SMTP_TLS = "required"
    cast = planned(3)
    with SecureReceiver(context=authority.context(*HERE), breaks_tls=True) as receiver:
        tally = send_to(receiver, cast)
        assert tally.unreachable == "TLS failed: wrong version number"
        assert_nothing_went(cast, receiver)


def test_tls_that_is_out_of_order_is_done_without_where_it_may_be(
    planned: Planned, send_to: SendTo, authority: Authority, settings: Settings
) -> None:
    settings.SMTP_TLS = "opportunistic"
    cast = planned(5)
    answers = {"starttls": ["454 4.7.0 not just now"]}
    with SecureReceiver(context=authority.context(*HERE), answers=answers) as receiver:
        send_to(receiver, cast, connections=1)
        assert {copy.connection for copy in receiver.copies} == {1}
        assert receiver.secured == set()
    assert states(cast) == {"accepted": 5}


@pytest.mark.parametrize("mode", ["required", "opportunistic"])
def test_words_put_in_before_tls_end_the_connection(
    planned: Planned, send_to: SendTo, authority: Authority, settings: Settings, impatient: None, mode: str
) -> None:
    settings.SMTP_TLS = mode
    cast = planned(3)
    injected = "250-receiver.example\r\n250-AUTH PLAIN\r\n250 HELP\r\n235 2.7.0 hello\r\n250 ok"
    with SecureReceiver(context=authority.context(*HERE), injects=injected) as receiver:
        tally = send_to(receiver, cast)
        assert tally.unreachable == "it spoke before TLS began"
        assert_nothing_went(cast, receiver)


def test_what_was_offered_before_tls_counts_for_nothing(
    planned: Planned, send_to: SendTo, authority: Authority, settings: Settings
) -> None:
    settings.SMTP_TLS = "required"
    cast = planned(5)
    early = ("SIZE 10", "AUTH PLAIN", "SMTPUTF8")
    with SecureReceiver(context=authority.context(*HERE), early_features=early) as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == everybody(5)
    assert states(cast) == {"accepted": 5}


def test_silence_after_the_final_dot_is_doubt_under_tls_too(
    planned: Planned, send_to: SendTo, authority: Authority, settings: Settings
) -> None:
    settings.SMTP_TLS = "required"
    cast = planned(6)
    script = {"c2@inbox.example": [Step("content", drop=True)], "c4@inbox.example": [Step("rcpt", drop=True)]}
    with SecureReceiver(context=authority.context(*HERE), script=script) as receiver:
        send_to(receiver, cast)
        assert states(cast) == {"accepted": 4, "in_doubt": 1, "queued": 1}
        let_waits_end(cast)
        send_to(receiver, cast)
        assert receiver.per_recipient() == everybody(6)
    assert messages(cast, "state, reply", "address = 'c2@inbox.example'") == [
        ("in_doubt", "server closed the connection")
    ]


def test_a_large_message_goes_through_tls_whole(
    planned: Planned, send_to: SendTo, authority: Authority, settings: Settings
) -> None:
    settings.SMTP_TLS = "required"
    cast = planned(3, html="<html><body>" + "<p>MAIL FROM:x RCPT TO:y</p>\n" * 120_000 + "</body></html>")
    with SecureReceiver(context=authority.context(*HERE), features=("PIPELINING",)) as receiver:
        send_to(receiver, cast, connections=2)
        assert receiver.per_recipient() == everybody(3)
        assert {len(copy.content) > 3_000_000 for copy in receiver.copies} == {True}


# --- Addresses ---


def test_the_sixth_protocol_is_spoken(planned: Planned, send_to: SendTo, settings: Settings) -> None:
    settings.SMTP_HOST = "::1"
    cast = planned(10)
    with Receiver(host="::1") as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == everybody(10)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_each_address_of_a_name_is_tried(
    planned: Planned, send_to: SendTo, settings: Settings, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    import socket

    def both(name: str, port: int, **_: object) -> list[tuple[int, int, int, str, tuple[object, ...]]]:
        stream = socket.SOCK_STREAM
        return [
            (socket.AF_INET6, stream, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET, stream, 6, "", ("127.0.0.1", port)),
        ]

    monkeypatch.setattr("socket.getaddrinfo", both)
    settings.SMTP_HOST = f"relay-{host.count(':')}.example"
    cast = planned(10)
    with Receiver(host=host) as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == everybody(10)


def test_a_name_that_leads_nowhere_costs_nothing_but_time(
    planned: Planned, send_to: SendTo, settings: Settings, impatient: None
) -> None:
    settings.SMTP_HOST = "relay.invalid"
    cast = planned(3)
    with Receiver() as receiver:
        tally = send_to(receiver, cast)
        assert tally.unreachable.startswith("relay.invalid has no address: ")
        assert_nothing_went(cast, receiver)


# --- Login ---


@pytest.mark.parametrize(
    ("ways", "password"),
    [(("PLAIN", "LOGIN"), "correct horse"), (("CRAM-MD5", "LOGIN"), "ünïcödé €"), (("PLAIN",), "a" * 200)],
    ids=["either", "login", "plain"],
)
def test_a_login_goes_before_the_first_message(
    planned: Planned,
    send_to: SendTo,
    authority: Authority,
    settings: Settings,
    ways: tuple[str, ...],
    password: str,
) -> None:
    settings.SMTP_TLS, settings.SMTP_USER, settings.SMTP_PASSWORD = "required", "northwind", password
    cast = planned(8)
    with SecureReceiver(context=authority.context(*HERE), logins={"northwind": password}, ways=ways) as receiver:
        send_to(receiver, cast, connections=2)
        assert receiver.per_recipient() == everybody(8)
        assert {(user, told) for _, user, told in receiver.tried} == {("northwind", password)}
        assert {number for number, _, _ in receiver.tried} <= receiver.secured
    assert states(cast) == {"accepted": 8}


def test_a_wrong_login_is_tried_once_and_costs_no_message(
    planned: Planned,
    send_to: SendTo,
    authority: Authority,
    settings: Settings,
    impatient: None,
    capfd: pytest.CaptureFixture[str],
) -> None:
    settings.SMTP_TLS, settings.SMTP_USER, settings.SMTP_PASSWORD = "required", "northwind", "Tr0ub4dor&3"
    cast = planned(8)
    context = authority.context(*HERE)
    told_back = "535 5.7.8 no: {password}"
    with SecureReceiver(context=context, logins={"northwind": "other"}, refusal=told_back) as receiver:
        tally = send_to(receiver, cast)
        assert tally.unreachable == "refused at AUTH: 535 5.7.8 no: •••"
        assert [(user, told) for _, user, told in receiver.tried] == [("northwind", "Tr0ub4dor&3")]
        assert_nothing_went(cast, receiver)
    shown = capfd.readouterr()
    assert "Tr0ub4dor" not in shown.out + shown.err + repr(tally)


def test_a_login_that_cannot_be_made_costs_no_message(
    planned: Planned, send_to: SendTo, authority: Authority, settings: Settings, impatient: None
) -> None:
    settings.SMTP_TLS, settings.SMTP_USER, settings.SMTP_PASSWORD = "required", "northwind", "secret"
    cast = planned(3)
    context = authority.context(*HERE)
    with SecureReceiver(context=context, logins={"northwind": "secret"}, ways=("CRAM-MD5",)) as receiver:
        tally = send_to(receiver, cast)
        said = "it offers no way to log in that we know (PLAIN, LOGIN); it offers CRAM-MD5"
        assert tally.unreachable == said
        assert_nothing_went(cast, receiver)


def test_on_this_machine_a_login_needs_no_tls(planned: Planned, send_to: SendTo, settings: Settings) -> None:
    settings.SMTP_TLS, settings.SMTP_USER, settings.SMTP_PASSWORD = "none", "northwind", "secret"
    cast = planned(3)
    with SecureReceiver(logins={"northwind": "secret"}, careless=True) as receiver:
        send_to(receiver, cast)
        assert receiver.per_recipient() == Counter(everybody(3))
