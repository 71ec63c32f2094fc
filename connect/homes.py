"""Where an embedded installation keeps its things, and its servers' addresses, worked out without starting anything.

`connect/settings.py` reads addresses here; `connect/embedded.py` starts the servers behind them.
"""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

#: The longest path of a unix socket that Linux and macOS both take, without the final NUL.
SOCKET_PATH_BYTES = 103
#: PostgreSQL's name for its socket: the longest that goes into the socket directory, with its lock file.
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"

DATABASE = "connect"
OWNER_ROLE = "connect_owner"
APP_ROLE = "connect_app"
BACKUP_ROLE = "connect_backup"


@dataclass(frozen=True)
class Urls:
    """Addresses of the two servers: the app's role, the owner's role for migrations, and Redis."""

    database: str
    owner: str
    redis: str

    def as_environment(self) -> dict[str, str]:
        """Name them as `connect/settings.py` reads them."""
        return {"DATABASE_URL": self.database, "DATABASE_OWNER_URL": self.owner, "REDIS_URL": self.redis}


@dataclass(frozen=True)
class Home:
    """The folder of one embedded installation (`CONNECT_HOME`)."""

    root: Path

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data."""
        return self.root / "postgres"

    @property
    def valkey(self) -> Path:
        """Valkey's working folder. It keeps nothing there."""
        return self.root / "valkey"

    @property
    def logs(self) -> Path:
        """What the servers print."""
        return self.root / "logs"

    @property
    def sockets(self) -> Path:
        """The folder of the unix sockets: inside the home, or below /tmp where that path would be too long."""
        inside = self.root / "run"
        if len(os.fsencode(inside / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_BYTES:
            return inside
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path("/tmp") / f"connect-{os.geteuid()}-{name}"  # noqa: S108 - its owner is checked before use

    @property
    def valkey_socket(self) -> Path:
        """Valkey's socket."""
        return self.sockets / "valkey.sock"

    def database_url(self, role: str, name: str = DATABASE) -> str:
        """Write the address of a database of this home, in libpq's form."""
        return f"postgresql://{role}@/{name}?host={quote(str(self.sockets), safe='/')}"

    def redis_url(self, database: int = 0) -> str:
        """Write the address of a numbered Redis database of this home."""
        return f"unix://{quote(str(self.valkey_socket), safe='/')}?db={database}"

    @property
    def urls(self) -> Urls:
        """The addresses that the app uses."""
        return Urls(self.database_url(APP_ROLE), self.database_url(OWNER_ROLE), self.redis_url())

    def secret(self) -> str:
        """Read the home's secret, making it once. Never changed: links and sealed values hang on it."""
        path = self.root / "secret_key"
        self.root.mkdir(parents=True, exist_ok=True)
        fresh = self.root / f".secret_key.{os.getpid()}.{secrets.token_hex(4)}"
        if not path.exists():
            fresh.touch(mode=0o600)
            fresh.write_text(secrets.token_urlsafe(48))
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass  # another process was first: its secret counts
            finally:
                fresh.unlink()
        return path.read_text().strip()


def home_at(path: str | os.PathLike[str]) -> Home:
    """Name the home in a folder, whatever way its path is written."""
    return Home(Path(path).expanduser().resolve())


def broker_url(redis_url: str) -> str:
    """Write a Redis address in kombu's form, which names sockets differently."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    return f"redis+socket://{parts.path}?virtual_host={dict(parse_qsl(parts.query)).get('db', '0')}"
