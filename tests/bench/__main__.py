"""`python -m tests.bench`: measure the goals that `ONLY` names (P1,P3; all by default) at `SCALE` (1 by default).

Everything runs on 127.0.0.1 and in a folder of its own, which is removed afterwards unless `CONNECT_HOME` names one.
"""

import os
import shutil
import sys
import tempfile


def main() -> int:
    """Run the bench. 0: every goal that was asked for is reached."""
    only = [name.strip().upper() for name in os.environ.get("ONLY", "").split(",") if name.strip()]
    scale = float(os.environ.get("SCALE") or 1)
    if not 0 < scale <= 10:
        print("SCALE must be above 0 and at most 10", file=sys.stderr)
        return 2
    given = os.environ.get("CONNECT_HOME")
    home = given or tempfile.mkdtemp(prefix="connect-bench-")
    os.environ["CONNECT_HOME"] = home
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connect.settings")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    try:
        return _measure(only, scale)
    finally:
        if not given:
            shutil.rmtree(home, ignore_errors=True)


def _measure(only: list[str], scale: float) -> int:
    # Settings read the environment that was just made.
    import django

    django.setup()
    from tests.bench.goals import GOALS
    from tests.bench.run import run

    known = {goal.id for goal in GOALS}
    if unknown := set(only) - known:
        print(f"no such goal: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    return 0 if run([goal for goal in GOALS if not only or goal.id in only], scale) else 1


if __name__ == "__main__":
    sys.exit(main())
