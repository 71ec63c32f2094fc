"""What import-linter can't see by itself: that every module of the roof stands in its contract."""

import configparser
import re
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def test_every_module_of_the_roof_is_in_the_contract() -> None:
    contract = configparser.ConfigParser()
    contract.read(ROOT / ".importlinter")
    roof = contract["importlinter:contract:floors"]["layers"].strip().splitlines()[0]
    listed = set(re.findall(r"connect\.(\w+)", roof))
    modules = {path.stem for path in (ROOT / "connect").glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in (ROOT / "connect").glob("*/__init__.py")} - {"core"}
    assert (modules | packages) - listed == set()
