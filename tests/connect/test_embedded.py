"""The embedded servers come up, are shared, survive a kill, and leave nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from connect import embedded
from connect.embedded import Status, services
from connect.homes import SOCKET_PATH_BYTES, Home, home_at
from connect.processes import CannotStart, lives, wait_gone

NOTHING = Status(postgres=None, valkey=None)
A_USER = """
import sys
from connect.embedded import home_at, services
with services(home_at(sys.argv[1])):
    print("up", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    """A home of these tests alone, with a cluster made once."""
    folder = Path(tempfile.mkdtemp(prefix="connect-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield home_at(folder)
    embedded.stop(home_at(folder))
    shutil.rmtree(folder)


def ask(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


def family(home: Home) -> list[psutil.Process]:
    found = embedded.status(home)
    assert found.postgres
    assert found.valkey
    postmaster = psutil.Process(found.postgres)
    return [postmaster, *postmaster.children(recursive=True), psutil.Process(found.valkey)]


def test_both_servers_answer_inside_and_nothing_is_left_outside(home: Home) -> None:
    with services(home) as urls:
        assert ask(urls.database, "SELECT current_user::text, current_database()::text") == [("connect_app", "connect")]
        assert ask(urls.owner, "SELECT current_user::text") == [("connect_owner",)]
        with redis.Redis.from_url(urls.redis) as client:
            assert client.ping()
            assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        processes = family(home)
    assert [process for process in processes if lives(process)] == []
    assert embedded.status(home) == NOTHING
    assert list(home.sockets.iterdir()) == []


def test_no_port_is_opened(home: Home) -> None:
    with services(home):
        ports = []
        for process in family(home):
            with suppress(psutil.NoSuchProcess):  # one of PostgreSQL's that came and went
                ports += process.net_connections(kind="inet")
    assert ports == []


def test_the_servers_stay_in_our_session_out_of_reach_of_ctrl_c(home: Home) -> None:
    with services(home):
        found = embedded.status(home)
        assert found.postgres
        assert found.valkey
        for pid in (found.postgres, found.valkey):
            assert os.getsid(pid) == os.getsid(0)
            assert os.getpgid(pid) == pid


def test_the_app_has_no_right_to_pass_by_row_level_security(home: Home) -> None:
    with services(home):
        roles = ask(
            home.database_url("postgres", "postgres"),
            "SELECT rolname::text, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles"
            " WHERE rolname LIKE 'connect%' ORDER BY 1",
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(home.urls.database, "CREATE TABLE mine (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(home.urls.database, "SET ROLE connect_definer")
    assert roles == [
        ("connect_app", True, False, False, False),
        ("connect_backup", True, False, True, False),
        ("connect_definer", False, False, True, False),
        ("connect_owner", True, False, False, True),
    ]


def test_the_owner_can_hand_a_function_to_the_definer(home: Home) -> None:
    with services(home), psycopg.connect(home.urls.owner) as connection:
        connection.execute("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        connection.execute("ALTER FUNCTION one() OWNER TO connect_definer")
        owner = connection.execute("SELECT proowner::regrole::text FROM pg_proc WHERE proname = 'one'").fetchall()
        connection.rollback()
    assert owner == [("connect_definer",)]


def test_the_backup_role_reads_and_never_writes(home: Home) -> None:
    with services(home):
        assert ask(home.database_url("connect_backup"), "SHOW transaction_read_only") == [("on",)]


def test_whoever_leaves_last_stops_the_servers(home: Home) -> None:
    with services(home):
        first = embedded.status(home)
        with services(home):
            assert embedded.status(home) == first
        assert embedded.status(home) == first
    assert embedded.status(home) == NOTHING


def test_a_killed_user_does_not_count(home: Home) -> None:
    user = subprocess.Popen(
        [sys.executable, "-c", A_USER, str(home.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with user:
        assert user.stdout
        assert user.stdout.readline() == "up\n"
        user.kill()
    left = embedded.status(home)
    assert left != NOTHING
    with services(home):
        assert embedded.status(home) == left
    assert embedded.status(home) == NOTHING


def test_killed_servers_start_again_with_their_data(home: Home) -> None:
    with services(home):
        with psycopg.connect(home.urls.owner) as connection:
            connection.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")
        processes = family(home)
        processes[0].send_signal(signal.SIGKILL)
        processes[-1].send_signal(signal.SIGKILL)
        with services(home):
            assert ask(home.urls.owner, "SELECT id FROM kept") == [(7,)]
            with redis.Redis.from_url(home.urls.redis) as client:
                assert client.ping()
    with services(home), psycopg.connect(home.urls.owner) as connection:
        connection.execute("DROP TABLE kept")
    assert wait_gone(processes, 10) == []


def test_a_pid_file_that_names_another_process_is_stale(home: Home) -> None:
    with services(home):
        note = (home.postgres / "postmaster.pid").read_text().splitlines()
    (home.postgres / "postmaster.pid").write_text("\n".join([str(os.getppid()), *note[1:]]) + "\n")
    (home.valkey / "valkey.pid").write_text(f'{{"pid": {os.getppid()}}}')
    assert embedded.status(home) == NOTHING
    with services(home) as urls:
        assert ask(urls.database, "SELECT 1") == [(1,)]
    assert psutil.pid_exists(os.getppid())


def test_a_cluster_half_made_by_a_killed_start_is_made_anew() -> None:
    folder = Path(tempfile.mkdtemp(prefix="connect-test-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "postgres.new").mkdir()
    (folder / "postgres.new" / "PG_VERSION").write_text("18")
    with services(home_at(folder)) as urls:
        assert ask(urls.database, "SELECT 1") == [(1,)]
    shutil.rmtree(folder)


def test_started_by_hand_they_run_until_stopped_by_hand(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert embedded.main(["start", "--home", str(home.root)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"DATABASE_URL=postgresql://connect_app@/connect?host={home.sockets}",
        f"DATABASE_OWNER_URL=postgresql://connect_owner@/connect?host={home.sockets}",
        f"REDIS_URL=unix://{home.sockets}/valkey.sock?db=0",
    ]
    running = embedded.status(home)
    with services(home):
        assert embedded.status(home) == running
    assert embedded.status(home) == running
    assert embedded.main(["stop", "--home", str(home.root)]) == 0
    assert embedded.status(home) == NOTHING
    assert embedded.main(["status", "--home", str(home.root)]) == 3


def test_a_broken_cluster_says_what_the_server_said(home: Home) -> None:
    control = home.postgres / "global" / "pg_control"
    good = control.read_bytes()
    control.write_bytes(b"")
    with pytest.raises(CannotStart, match="pg_control"), services(home):
        raise AssertionError("not reached")
    control.write_bytes(good)
    assert embedded.status(home) == NOTHING


@pytest.mark.parametrize("depth", [1, 60, 90, 400])
def test_the_sockets_fit_however_deep_the_home(depth: int) -> None:
    home = Home(Path("/srv") / ("d" * depth))
    assert len(os.fsencode(home.sockets / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_BYTES
    assert home.sockets == Home(home.root).sockets


def test_two_deep_homes_do_not_share_sockets() -> None:
    assert Home(Path("/a" * 100)).sockets != Home(Path("/b" * 100)).sockets


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "new")
    secret = home.secret()
    assert home.secret() == secret
    assert len(secret) == 64
    assert (home.root / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.root.iterdir()] == ["secret_key"]
