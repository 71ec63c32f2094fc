"""The locked sets are whole, hashed, and name no place to fetch from."""

import re
from pathlib import Path

import pytest
from django.conf import settings

LOCKS = ["requirements.txt", "requirements-dev.txt"]


def pins(lock: str) -> dict[str, str]:
    text = (Path(settings.BASE_DIR) / lock).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes_and_no_address(lock: str) -> None:
    text = (Path(settings.BASE_DIR) / lock).read_text()
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(lock))
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []
    assert re.findall(r"\w+://|--index|--extra-index|--find-links", text) == []


def test_tests_run_on_the_versions_of_production() -> None:
    everything = pins("requirements-dev.txt")
    assert {name: everything.get(name) for name in pins("requirements.txt")} == pins("requirements.txt")
