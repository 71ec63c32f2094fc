"""How the installation's next hop is talked to, as the environment says."""

from pathlib import Path

import pytest

from tests.connect.test_settings import PUBLIC, load, show

LOGIN = {"SMTP_USER": "us", "SMTP_PASSWORD": "secret"}


@pytest.mark.parametrize(
    ("environment", "mode", "console"),
    [
        ({}, "opportunistic", [False, False]),
        ({"SMTP_PORT": "465"}, "implicit", [False, True]),
        ({"SMTP_HOST": "smtp.example.com", **LOGIN}, "required", [True, False]),
        ({"SMTP_TLS": "none", **LOGIN}, "none", [False, False]),
    ],
    ids=["nothing", "465", "login", "here"],
)
def test_tls_follows_from_port_and_login(
    tmp_path: Path, environment: dict[str, str], mode: str, console: list[bool]
) -> None:
    shown = show(tmp_path, environment, "SMTP_TLS", "EMAIL_USE_TLS", "EMAIL_USE_SSL", "SMTP_PRIVATE_RELAYS")
    assert shown["SMTP_TLS"] == mode
    assert [shown["EMAIL_USE_TLS"], shown["EMAIL_USE_SSL"], shown["SMTP_PRIVATE_RELAYS"]] == [*console, True]


def test_a_public_installation_keeps_tenants_out_of_its_network(tmp_path: Path) -> None:
    assert show(tmp_path, PUBLIC, "SMTP_PRIVATE_RELAYS") == {"SMTP_PRIVATE_RELAYS": False}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"SMTP_TLS": "maybe"}, "SMTP_TLS must be none, opportunistic, required or implicit"),
        ({"SMTP_USER": "us"}, "SMTP_USER and SMTP_PASSWORD belong together"),
        (
            {"SMTP_HOST": "smtp.example.com", "SMTP_TLS": "opportunistic", **LOGIN},
            "SMTP_USER needs SMTP_TLS=required or implicit",
        ),
    ],
    ids=["mode", "half", "overheard"],
)
def test_nonsense_about_the_next_hop_stops_the_start(tmp_path: Path, wrong: dict[str, str], says: str) -> None:
    done = load(tmp_path, wrong, "SMTP_TLS")
    assert done.returncode != 0
    assert says in done.stderr
    assert "secret" not in done.stderr
