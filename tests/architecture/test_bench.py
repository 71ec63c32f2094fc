"""The bench runs: its cheapest goals at a tiny scale, for its shape and not for its speed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.goals import GOALS

PROJECT = Path(__file__).resolve().parents[2]
SECONDS = 120


def bench(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.bench"],
        cwd=PROJECT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def test_the_bench_says_each_goal_in_a_line_of_json(tmp_path: Path) -> None:
    done = bench(ONLY="P3,P4", SCALE="0.01", CONNECT_HOME=str(tmp_path))
    assert done.returncode in {0, 1}, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [line["id"] for line in lines] == ["P3", "P4"]
    assert all(set(line) == {"id", "value", "goal", "ok", "n"} for line in lines)
    assert done.returncode == (0 if all(line["ok"] for line in lines) else 1)


@pytest.mark.parametrize("wrong", [{"ONLY": "P99"}, {"SCALE": "0"}])
def test_the_bench_refuses_what_it_does_not_know(wrong: dict[str, str], tmp_path: Path) -> None:
    done = bench(**{"ONLY": "P3", "SCALE": "0.01", "CONNECT_HOME": str(tmp_path), **wrong})
    assert (done.returncode, done.stdout) == (2, "")


def test_the_bench_knows_the_goals_in_their_order() -> None:
    assert [goal.id for goal in GOALS] == [f"P{number}" for number in range(1, 12)]
