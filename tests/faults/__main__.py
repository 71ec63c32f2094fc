"""The fault suite: `python -m tests.faults [--only F1,F5] [--n 300] [--recipients 2000] [--sabotage duplicate]`.

Each fault has servers of its own below the home, is judged by its receiver's log, and ends in one line of JSON; a table
for people follows. See docs/faults.md.
"""

import argparse
import os
import sys
from pathlib import Path

SABOTAGES = ("duplicate", "loss", "suppressed", "doubt")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("python -m tests.faults", description="The fault suite.")
    parser.add_argument("--only", default="", help="faults to run, such as F1,F5; all of them without it")
    parser.add_argument("--n", type=int, default=0, help="how many injections, instead of each fault's own number")
    parser.add_argument("--recipients", type=int, default=2_000, help="how large a run is")
    parser.add_argument("--sabotage", default="", choices=["", *SABOTAGES], help="spoil the evidence: all must fail")
    parser.add_argument("--home", default=os.environ.get("CONNECT_HOME") or ".connect", help="where its servers live")
    chosen = parser.parse_args(arguments)
    _prepare(Path(chosen.home).resolve() / "faults")

    from tests.faults.suite.runner import run_all

    only = [name.strip().upper() for name in chosen.only.split(",") if name.strip()]
    return run_all(only, n=chosen.n, recipients=chosen.recipients, sabotage=chosen.sabotage)


def _prepare(home: Path) -> None:
    """Turn to servers of the suite's own, which may be killed, before settings are read."""
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    os.environ |= {"CONNECT_HOME": str(home), "DJANGO_SETTINGS_MODULE": "connect.settings", "LOG_LEVEL": "ERROR"}
    os.environ["SENDERS_PER_TENANT"] = "2"

    import django

    django.setup()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
