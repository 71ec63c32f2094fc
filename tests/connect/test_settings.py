"""Settings refuse nonsense in the environment, and a public address without its keys."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

KEYS = {"SECRET_KEY": "s" * 32, "FIELD_KEYS": "f" * 32, "LINK_KEYS": "l" * 32}
SERVERS = {"DATABASE_URL": "postgresql://connect_app:word@db:5433/connect", "REDIS_URL": "redis://redis:6379/0"}
PUBLIC = {"BASE_URL": "https://connect.example.com", **KEYS, **SERVERS}

SHOW = """
import json, sys
from connect import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
"""


def load(tmp_path: Path, environment: dict[str, str], *names: str) -> subprocess.CompletedProcess[str]:
    base = {"PATH": os.environ["PATH"], "CONNECT_HOME": str(tmp_path / "home")}
    return subprocess.run(
        [sys.executable, "-c", SHOW, *names],
        env={**base, **environment},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def show(tmp_path: Path, environment: dict[str, str], *names: str) -> dict[str, Any]:
    done = load(tmp_path, environment, *names)
    assert done.returncode == 0, done.stderr
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


def test_nothing_set_means_the_embedded_servers(tmp_path: Path) -> None:
    shown = show(tmp_path, {}, "DATABASES", "REDIS_URL", "CELERY_BROKER_URL", "IS_EMBEDDED", "SECRET_KEY", "FIELD_KEYS")
    run = tmp_path / "home" / "run"
    assert shown["IS_EMBEDDED"] is True
    assert [(shown["DATABASES"][alias][key]) for alias in ("default", "owner") for key in ("USER", "HOST", "NAME")] == [
        *("connect_app", str(run), "connect"),
        *("connect_owner", str(run), "connect"),
    ]
    assert shown["REDIS_URL"] == f"unix://{run}/valkey.sock?db=0"
    assert shown["CELERY_BROKER_URL"] == f"redis+socket://{run}/valkey.sock?virtual_host=0"
    assert shown["FIELD_KEYS"] != [shown["SECRET_KEY"]]
    assert show(tmp_path, {}, "SECRET_KEY")["SECRET_KEY"] == shown["SECRET_KEY"]


def test_a_public_address_takes_everything_from_the_environment(tmp_path: Path) -> None:
    shown = show(tmp_path, PUBLIC, "DATABASES", "CELERY_BROKER_URL", "SESSION_COOKIE_SECURE", "SECURE_SSL_REDIRECT")
    database = shown["DATABASES"]["default"]
    assert (database["HOST"], database["PORT"], database["PASSWORD"]) == ("db", 5433, "word")
    assert shown["DATABASES"]["owner"]["USER"] == "connect_app"
    assert shown["CELERY_BROKER_URL"] == "redis://redis:6379/0"
    assert shown["SESSION_COOKIE_SECURE"] is True
    assert shown["SECURE_SSL_REDIRECT"] is True
    assert not (tmp_path / "home" / "secret_key").exists()


@pytest.mark.parametrize("name", [*KEYS, *SERVERS])
def test_a_public_address_without_one_of_them_does_not_start(tmp_path: Path, name: str) -> None:
    done = load(tmp_path, {key: value for key, value in PUBLIC.items() if key != name})
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(f"{name} must be set where BASE_URL is public")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DEBUG", "flase", "DEBUG must be true or false, not 'flase'"),
        ("BASE_URL", "connect.example.com", "BASE_URL must look like https://connect.example.com"),
        ("BASE_URL", "https://connect.example.com/app", "BASE_URL must look like https://connect.example.com"),
        ("DATABASE_URL", "sqlite:///x", "DATABASE_URL must begin with one of postgres, postgresql"),
        ("DATABASE_URL", "postgresql://connect_app@db", "a database address must name its database"),
        ("REDIS_URL", "memcached://x", "REDIS_URL must begin with one of redis, rediss, unix"),
        ("DATABASE_POOL_SIZE", "many", "DATABASE_POOL_SIZE must be a whole number"),
        ("DATABASE_POOL_SIZE", "101", "DATABASE_POOL_SIZE must be from 0 to 100, not 101"),
        ("FIELD_KEYS", "short", "each key of FIELD_KEYS needs at least 32 characters"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be console or json, not 'xml'"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not 'LOUD'"),
    ],
)
def test_nonsense_is_refused_by_name(tmp_path: Path, name: str, value: str, says: str) -> None:
    done = load(tmp_path, {name: value})
    assert done.returncode == 1
    assert f"ImproperlyConfigured: {says}" in done.stderr.splitlines()[-1]


def test_a_key_ring_opens_with_old_keys_and_seals_with_the_first(tmp_path: Path) -> None:
    shown = show(tmp_path, {"SECRET_KEY": f"{'n' * 32},{'o' * 32}"}, "SECRET_KEY", "SECRET_KEY_FALLBACKS")
    assert shown == {"SECRET_KEY": "n" * 32, "SECRET_KEY_FALLBACKS": ["o" * 32]}


def test_zones_come_from_the_package() -> None:
    import zoneinfo

    assert zoneinfo.TZPATH == ()
    assert os.environ["PYTHONTZPATH"] == ""
    assert str(zoneinfo.ZoneInfo("Antarctica/Troll")) == "Antarctica/Troll"
