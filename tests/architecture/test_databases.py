"""Tests run as the app does, on databases of their own."""

import os
import subprocess
import sys

import pytest
import redis
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.db.utils import ProgrammingError

from connect.core.models import User
from tests.plugins.database import TestServices, empty_all_tables

COUNT_USERS = """
import django
django.setup()
from connect.core.models import User
print(User.objects.count())
"""


def make_user() -> User:
    return User.objects.create(email="ida@example.com", name="Ida")


def users_seen_by_a_child(services: TestServices) -> str:
    environment = {**os.environ, **services.environment, "DJANGO_SETTINGS_MODULE": "connect.settings"}
    return subprocess.run(
        [sys.executable, "-c", COUNT_USERS],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.mark.django_db
def test_the_app_has_its_own_role_in_tests_too(test_services: TestServices) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user::text, current_database()::text")
        assert cursor.fetchone() == ("connect_app", test_services.database)


@pytest.mark.django_db(databases=["default", "owner"])
def test_the_owner_stands_beside_it(test_services: TestServices) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT current_user::text, current_database()::text")
        assert cursor.fetchone() == ("connect_owner", test_services.database)


@pytest.mark.django_db
def test_the_app_may_not_empty_a_table() -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE core_user")


@pytest.mark.django_db
def test_what_is_rolled_back_no_child_sees(test_services: TestServices) -> None:
    make_user()
    assert users_seen_by_a_child(test_services) == "0"


def test_what_is_committed_a_child_sees_until_all_is_emptied(committed_db: TestServices) -> None:
    make_user()
    assert users_seen_by_a_child(committed_db) == "1"
    empty_all_tables()
    assert User.objects.count() == 0
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        assert cursor.fetchone() != (0,)


def test_a_committing_test_starts_with_nothing(committed_db: TestServices) -> None:
    assert User.objects.count() == 0
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert client.dbsize() == 0


@pytest.mark.django_db
def test_the_cache_is_in_this_processs_redis() -> None:
    cache.set("asked", 7)
    assert cache.get("asked") == 7
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert client.keys("*asked") == [b"connect:1:asked"]
    cache.delete("asked")
    assert cache.get("asked") is None
