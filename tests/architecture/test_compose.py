"""The production shape in docker-compose.yml fits the code: roles, commands, variables, no secrets."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
RUNS_THE_APP = ["migrate", "web", "worker", "sender", "watch", "beat"]


def test_the_shape_has_each_process_once() -> None:
    assert sorted(SERVICES) == ["beat", "migrate", "postgres", "redis", "relay", "sender", "watch", "web", "worker"]


def test_the_roles_are_the_ones_of_the_embedded_server() -> None:
    assert "./connect/roles.sql:/docker-entrypoint-initdb.d/10-roles.sql:ro" in SERVICES["postgres"]["volumes"]
    used = set(re.findall(r"\\getenv \w+ (\w+)", (ROOT / "connect" / "roles.sql").read_text()))
    assert used == {"CONNECT_OWNER_PASSWORD", "CONNECT_APP_PASSWORD", "CONNECT_BACKUP_PASSWORD"}
    assert used <= set(SERVICES["postgres"]["environment"])


def test_every_secret_comes_from_outside() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|KEY", variable):
                assert re.fullmatch(r"\$\{\w+:\?[^}]*\}", value), f"{name}: {variable}"
    passwords = re.findall(r"://\w+:(.+?)@", TEXT)
    assert len(passwords) == 2
    assert all(re.fullmatch(r"\$\{\w+:\?\}", password) for password in passwords)


def test_only_migrations_know_the_owner() -> None:
    assert [name for name in SERVICES if "DATABASE_OWNER_URL" in SERVICES[name].get("environment", {})] == ["migrate"]
    assert SERVICES["migrate"]["command"] == ["python", "manage.py", "migrate", "--database", "owner", "--noinput"]


@pytest.mark.parametrize("name", RUNS_THE_APP)
def test_the_app_gets_every_variable_that_a_public_address_needs(name: str) -> None:
    compulsory = {"BASE_URL", "SECRET_KEY", "FIELD_KEYS", "LINK_KEYS", "DATABASE_URL", "REDIS_URL"}
    assert compulsory <= set(SERVICES[name]["environment"])
    assert SERVICES[name]["environment"]["DATABASE_URL"].startswith("postgresql://connect_app:")


def test_each_variable_is_one_that_settings_read() -> None:
    source = (ROOT / "connect" / "settings.py").read_text()
    for name in RUNS_THE_APP:
        for variable in SERVICES[name]["environment"]:
            assert f'"{variable}"' in source, f"{name}: {variable}"


@pytest.mark.parametrize("name", ["web", "worker", "sender", "watch", "beat"])
def test_processes_wait_for_the_migrations(name: str) -> None:
    assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("name", ["postgres", "redis", "web", "worker", "sender", "relay"])
def test_each_server_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


def test_every_queue_has_a_worker() -> None:
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    served = [SERVICES[name]["command"] for name in ("worker", "sender")]
    assert {command[command.index("--queues") + 1] for command in served} == {
        settings.CELERY_TASK_DEFAULT_QUEUE,
        *routed,
    }


def test_redis_keeps_everything_or_refuses() -> None:
    command = SERVICES["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_the_image_installs_the_hashed_set() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert "pip install --require-hashes -r requirements.txt" in dockerfile
    assert "USER connect" in dockerfile
    assert "AS relay" in dockerfile
