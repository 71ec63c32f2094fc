"""What `docs/hostile.md` says is proved somewhere is proved there."""

import re

from django.conf import settings

TEXT = (settings.BASE_DIR / "docs" / "hostile.md").read_text()


def test_each_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", TEXT)
    missing = [path for path, _name in named if not (settings.BASE_DIR / path).exists()]
    assert missing == []
    unknown = [name for path, name in named if name and f"def {name}(" not in (settings.BASE_DIR / path).read_text()]
    assert unknown == []


def test_every_line_of_the_list_is_there() -> None:
    found: set[int] = set()
    for first, last in re.findall(r"A(\d\d)(?:–A(\d\d))?", TEXT):
        found |= set(range(int(first), int(last or first) + 1))
    assert found == set(range(1, 61))
