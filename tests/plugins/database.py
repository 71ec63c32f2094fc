"""A migrated PostgreSQL database and a Redis database for each test process, on the embedded servers or on given ones.

Migrations run once into a template, as the owner's role; each process copies it. Tests then run as the app's role,
under row-level security, like the app itself. Two ways in:

- `@pytest.mark.django_db` (or the `db` fixture): one transaction, rolled back. Fast; for a single connection.
- `committed_db`: commits are real, other processes and threads see them; all tables are emptied afterwards.
  (`django_db(transaction=True)` can't work: the app's role must not empty tables.)

Several runs may share one home: each process holds a numbered slot for as long as it lives.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from django.conf import settings
from django.core.cache import caches
from django.core.management import call_command
from django.db import connections
from psycopg import sql
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from connect.celery import app as celery_app
from connect.core import fence
from connect.homes import broker_url

SLOTS = 100
#: Filled by migrating, and not by tests.
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}
EMPTYING_TIMEOUT = "10s"


@dataclass(frozen=True)
class TestServices:
    """What one test process has for itself."""

    __test__ = False

    database: str
    environment: dict[str, str]


# --- Before anything runs ------------------------------------------------------------------------------------------


def pytest_configure() -> None:
    """Make passwords cheap, and let Playwright's event loop stand beside the ORM."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


@pytest.fixture(scope="session", autouse=True)
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep files that tests upload out of the home."""
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")
    return Path(settings.MEDIA_ROOT)


# --- Fixtures ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[TestServices]:
    """Bring the servers up and this process's databases into being; pytest-django calls it before the first use."""
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        if settings.IS_EMBEDDED:
            from connect.embedded import services

            stack.enter_context(services(settings.HOME))
        slot = stack.enter_context(_slot())
        name = f"test_connect_{slot}"
        _copy_template(name)
        before = {alias: connections[alias].settings_dict["NAME"] for alias in ("default", "owner")}
        environment = _point_at(name, 1 + slot)
        stack.enter_context(django_db_blocker.block())
        yield TestServices(name, environment)
        with django_db_blocker.unblock():
            for alias, old in before.items():
                connections[alias].close()
                connections[alias].settings_dict["NAME"] = old
            with _maintenance() as connection:
                _drop(connection, name)


@pytest.fixture
def test_services(django_db_setup: TestServices) -> TestServices:
    """This process's databases; `environment` makes a child process use them."""
    return django_db_setup


@pytest.fixture
def committed_db(
    request: pytest.FixtureRequest, django_db_setup: TestServices, django_db_blocker: DjangoDbBlocker
) -> Iterator[TestServices]:
    """A database in which commits are real; emptied, with Redis, after the test."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        raise pytest.UsageError("a test uses either committed_db or django_db, not both")
    with django_db_blocker.unblock():
        try:
            yield django_db_setup
        finally:
            connections.close_all()
            empty_all_tables()
            flush_redis()
            connections.close_all()


@pytest.fixture
def console_url(committed_db: TestServices) -> Iterator[str]:
    """The address of the whole site, served from a thread of this process."""
    server = LiveServer("localhost")
    try:
        yield server.url
    finally:
        server.stop()


# --- Emptying ------------------------------------------------------------------------------------------------------


def empty_all_tables() -> None:
    """Empty whatever a test may have filled, as the owner."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        )
        tables = sorted({name for (name,) in cursor.fetchall()} - KEPT_TABLES)
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [EMPTYING_TIMEOUT])
        listed = sql.SQL(", ").join(map(sql.Identifier, tables))
        cursor.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(listed))


def flush_redis() -> None:
    """Empty this process's Redis database."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()


# --- Making databases ----------------------------------------------------------------------------------------------


def _point_at(name: str, number: int) -> dict[str, str]:
    """Turn Django, Celery and children of this process to its own databases."""
    redis_url = _redis_url(number)
    environment = {
        "DATABASE_URL": _with_database(settings.DATABASE_URL, name),
        "DATABASE_OWNER_URL": _with_database(settings.DATABASE_OWNER_URL, name),
        "REDIS_URL": redis_url,
        "SEND_EPOCH": str(fence.FIRST),  # whatever the home's own fence says
    }
    for alias in ("default", "owner"):
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
    os.environ.update(environment)
    settings.REDIS_URL = redis_url
    settings.SEND_EPOCH = fence.FIRST
    settings.CELERY_BROKER_URL = broker_url(redis_url)
    celery_app.conf.update(broker_url=settings.CELERY_BROKER_URL)
    settings.CACHES["default"]["LOCATION"] = redis_url
    caches.close_all()
    with suppress(AttributeError):
        del caches["default"]  # one may stand already, made while Django started
    flush_redis()
    return environment


def _redis_url(number: int) -> str:
    parts = urlsplit(settings.REDIS_URL)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return parts._replace(path=f"/{1 + number % 15}").geturl()


def _with_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _copy_template(name: str) -> None:
    template = f"test_connect_template_{_fingerprint()}"
    with _lock("template"), _maintenance() as connection:
        _drop(connection, name)
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone():
            _make_template(connection, template)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )


def _make_template(connection: psycopg.Connection, template: str) -> None:
    old = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test_connect_template_%'").fetchall()
    for (name,) in old:
        _drop(connection, name)
    draft = "test_connect_template_draft"
    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(draft)))
    owner = connections["owner"]
    before = owner.settings_dict["NAME"]
    owner.close()
    owner.settings_dict["NAME"] = draft
    try:
        call_command("migrate", database="owner", verbosity=0, interactive=False)
    finally:
        owner.close()
        owner.settings_dict["NAME"] = before
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(draft), sql.Identifier(template))
    )


def _fingerprint() -> str:
    """Name what migrating depends on: our migrations and what they import, models, roles, libraries."""
    root = settings.BASE_DIR
    patterns = ("*/migrations/*.py", "*/models.py", "connect/core/**/*.py", "connect/settings.py", "connect/roles.sql")
    digest = hashlib.sha256(f"{version('django')} {version('django-allauth')}".encode())
    for path in sorted(path for pattern in patterns for path in root.glob(pattern)):
        digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def _maintenance() -> Iterator[psycopg.Connection]:
    parameters = {**connections["owner"].get_connection_params(), "dbname": "postgres"}
    parameters = {key: parameters[key] for key in ("host", "port", "user", "password", "dbname") if parameters.get(key)}
    with psycopg.connect(**parameters, autocommit=True) as connection:
        yield connection


def _drop(connection: psycopg.Connection, name: str) -> None:
    """Drop a database: politely first, since FORCE may not end an autovacuum worker, which the polite way waits for."""
    drop = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    try:
        connection.execute(drop)
    except psycopg.errors.ObjectInUse:
        connection.execute(drop + sql.SQL(" WITH (FORCE)"))


# --- Slots ---------------------------------------------------------------------------------------------------------


def _lock_folder() -> Path:
    folder = Path(settings.HOME.root) / "test-slots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _lock(name: str) -> Iterator[None]:
    with (_lock_folder() / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _slot() -> Iterator[int]:
    """Hold the lowest number that no other test process holds. A killed one gives its number back."""
    for number in range(SLOTS):
        with (_lock_folder() / str(number)).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return
    raise RuntimeError(f"all {SLOTS} test slots of {_lock_folder()} are taken")
