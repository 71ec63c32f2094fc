"""Every setting of Connect. The environment is read here and nowhere else, through readers that refuse nonsense.

Without any variable set, it runs on the embedded servers below CONNECT_HOME (see `connect/embedded.py`).
A public BASE_URL makes the keys and server addresses compulsory, so that no two machines run on different ones.
"""

import hashlib
import hmac
import os
import sys
import zoneinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environ import Env
from redis.backoff import NoBackoff
from redis.retry import Retry

from connect.homes import BACKUP_ROLE, broker_url, home_at

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()


# --- Readers -------------------------------------------------------------------------------------------------------


def read_int(name: str, default: int, *, lowest: int, highest: int) -> int:
    """Read a whole number within bounds.

    Errors: ImproperlyConfigured naming the variable.
    """
    try:
        value = int(env.str(name, default=str(default)))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number") from error
    if not lowest <= value <= highest:
        raise ImproperlyConfigured(f"{name} must be from {lowest} to {highest}, not {value}")
    return value


def read_flag(name: str, *, default: bool) -> bool:
    """Read true or false.

    Errors: ImproperlyConfigured for any other word: `FLAG=flase` must not mean no.
    """
    words = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}
    value = env.str(name, default="true" if default else "false").strip().lower()
    if value not in words:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}")
    return words[value]


def read_base_url(default: str) -> str:
    """Read the public address, without a slash at its end.

    Errors: ImproperlyConfigured unless it is http(s)://host[:port].
    """
    value = str(env.str("BASE_URL", default=default)).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"BASE_URL must look like https://connect.example.com, not {value!r}")
    return value


def read_keys(name: str, *, purpose: str) -> list[str]:
    """Read a key ring, newest first, comma-separated; where it's absent, derive one key from the home's secret.

    Errors: ImproperlyConfigured for a key under 32 characters, or an absent ring behind a public BASE_URL.
    """
    keys = [key.strip() for key in env.str(name, default="").split(",") if key.strip()]
    if not keys:
        if IS_PUBLIC:
            raise ImproperlyConfigured(f"{name} must be set where BASE_URL is public")
        return [hmac.new(HOME.secret().encode(), purpose.encode(), hashlib.sha256).hexdigest()]
    if any(len(key) < 32 for key in keys):
        raise ImproperlyConfigured(f"each key of {name} needs at least 32 characters")
    return keys


def read_way(host: str, port: int) -> tuple[str, str, str]:
    """Read how the next hop is talked to: TLS mode, user, password.

    Shape: without SMTP_TLS, implicit at port 465, required where there is a login, else opportunistic.
    Errors: ImproperlyConfigured for another mode, half a login, or one that anybody on the way could overhear.
    """
    user, password = env.str("SMTP_USER", default=""), env.str("SMTP_PASSWORD", default="")
    usual = "implicit" if port == 465 else "required" if user else "opportunistic"
    mode = env.str("SMTP_TLS", default="").strip().lower() or usual
    if mode not in {"none", "opportunistic", "required", "implicit"}:
        raise ImproperlyConfigured(f"SMTP_TLS must be none, opportunistic, required or implicit, not {mode!r}")
    if bool(user) != bool(password):
        raise ImproperlyConfigured("SMTP_USER and SMTP_PASSWORD belong together")
    is_here = host in {"localhost", "::1"} or host.startswith("127.")
    if user and mode in {"none", "opportunistic"} and not is_here:
        raise ImproperlyConfigured("SMTP_USER needs SMTP_TLS=required or implicit, unless SMTP_HOST is this machine")
    return mode, user, password


def read_url(name: str, embedded: str, *, schemes: set[str]) -> str:
    """Read a server's address; where it's absent, take the embedded server's.

    Errors: ImproperlyConfigured for another scheme, or an absent one behind a public BASE_URL.
    """
    value = str(env.str(name, default=""))
    if not value:
        if IS_PUBLIC:
            raise ImproperlyConfigured(f"{name} must be set where BASE_URL is public")
        return embedded
    if urlsplit(value).scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must begin with one of {', '.join(sorted(schemes))}")
    return value


def database(url: str) -> dict[str, Any]:
    """Turn a PostgreSQL address into Django's form; a socket folder may stand in `?host=`."""
    config: dict[str, Any] = Env.db_url_config(url)
    options = config.setdefault("OPTIONS", {})
    config["HOST"] = options.pop("host", config["HOST"])
    config["PORT"] = options.pop("port", config["PORT"])
    config["ENGINE"] = "django.db.backends.postgresql"
    if not config["NAME"]:
        raise ImproperlyConfigured("a database address must name its database")
    return config


# --- Installation --------------------------------------------------------------------------------------------------

HOME = home_at(env.str("CONNECT_HOME", default=str(BASE_DIR / ".connect")))
DEBUG = read_flag("DEBUG", default=False)
#: The address in mails, links and webhooks.
BASE_URL = read_base_url("http://localhost:8000")
IS_PUBLIC = urlsplit(BASE_URL).hostname not in {"localhost", "127.0.0.1", "::1", "testserver"}
IS_SECURE = BASE_URL.startswith("https://")

#: The restore fence's outer number (`connect/core/fence.py`): given here, or kept in a file that all machines share.
SEND_EPOCH = read_int("SEND_EPOCH", 0, lowest=0, highest=2**31 - 1)
SEND_EPOCH_FILE = env.str("SEND_EPOCH_FILE", default=str(HOME.root / "send_epoch"))

# --- Secrets -------------------------------------------------------------------------------------------------------

SECRET_KEY, *SECRET_KEY_FALLBACKS = read_keys("SECRET_KEY", purpose="django")
#: Key ring for secrets at rest: the first seals, all open. See `connect/core/crypto.py`.
FIELD_KEYS = read_keys("FIELD_KEYS", purpose="secrets at rest")
#: Key ring for signed links in mails: the first signs, all verify.
LINK_KEYS = read_keys("LINK_KEYS", purpose="links in mails")

# --- Hosts and transport -------------------------------------------------------------------------------------------

#: The machine itself is always let in: health checks ask it by these names.
ALLOWED_HOSTS = [urlsplit(BASE_URL).hostname, *env.list("ALLOWED_HOSTS", default=[]), "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
SECURE_SSL_REDIRECT = IS_SECURE and read_flag("HTTPS_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if read_flag("BEHIND_PROXY", default=False) else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if IS_SECURE else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SESSION_COOKIE_NAME = "__Host-session" if IS_SECURE else "session"
SESSION_COOKIE_SECURE = IS_SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_NAME = "__Host-csrf" if IS_SECURE else "csrf"
CSRF_COOKIE_SECURE = IS_SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
#: The form of the largest segmentation model has about 10,000 fields: 1,000 parts of up to five, 5,000 ticked values.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Apps ----------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "connect.core",
    "conversations",
    "audiences",
    "suppression",
    "segments",
    "content",
    "campaigns",
    "delivery",
    "reports",
    "connect",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
]

MIDDLEWARE = [
    "connect.outage.OutageMiddleware",
    "connect.charset.CharsetMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "connect.urls"
WSGI_APPLICATION = "connect.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Templates -----------------------------------------------------------------------------------------------------

CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.template.context_processors.i18n",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "connect.core.jinja.environment",
            "context_processors": ["django.contrib.messages.context_processors.messages"],
        },
    },
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": CONTEXT_PROCESSORS},
    },
]

# --- Databases -----------------------------------------------------------------------------------------------------

#: Two roles on one database: `default` runs the app under row-level security, `owner` migrates.
#: `migrate` needs `--database owner`.
POSTGRES_SCHEMES = {"postgres", "postgresql"}
DATABASE_URL = read_url("DATABASE_URL", HOME.urls.database, schemes=POSTGRES_SCHEMES)
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default="")
#: True where the servers are the ones that `connect/embedded.py` starts.
IS_EMBEDDED = HOME.urls.database == DATABASE_URL
if not DATABASE_OWNER_URL:
    # A process that only runs the app knows no owner: the alias then has the app's rights and no more.
    DATABASE_OWNER_URL = HOME.urls.owner if IS_EMBEDDED else DATABASE_URL
#: Connections that each process keeps ready. 0: each thread keeps its own, as workers and commands do.
DATABASE_POOL_SIZE = read_int("DATABASE_POOL_SIZE", 0, lowest=0, highest=100)

#: The role that dumps: it reads everything and writes nothing. Only `manage.py backup` and `restore` need it.
DATABASE_BACKUP_URL = env.str("DATABASE_BACKUP_URL", default="") or (
    HOME.database_url(BACKUP_ROLE) if IS_EMBEDDED else ""
)
DATABASES = {"default": database(DATABASE_URL), "owner": database(DATABASE_OWNER_URL)}
for _config in DATABASES.values():
    _config["OPTIONS"].setdefault("connect_timeout", 5)
    _config["CONN_HEALTH_CHECKS"] = True
if DATABASE_POOL_SIZE:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": DATABASE_POOL_SIZE, "timeout": 5}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
# PgBouncer in transaction mode can't keep a cursor open between two transactions.
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = read_flag("BEHIND_PGBOUNCER", default=False)

# --- Redis ---------------------------------------------------------------------------------------------------------

REDIS_URL = read_url("REDIS_URL", HOME.urls.redis, schemes={"redis", "rediss", "unix"})
CACHES = {
    "default": {
        "BACKEND": "connect.cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "connect",
        "TIMEOUT": 300,
        # The client's own habit of ten tries would hold up each page for seconds while Redis is down.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1, "retry": Retry(NoBackoff(), 0)},
    }
}

# --- Tasks ---------------------------------------------------------------------------------------------------------

#: A tick works at most this long; it is rung again and goes on where it stopped.
TICK_TIME_LIMIT_SECONDS = 60
CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_POOL_ACQUIRE_TIMEOUT = 2
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    # A bell that can't be rung at once is dropped: the row is the promise, and a page mustn't wait for Redis.
    "max_retries": 0,
}
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_IGNORE_RESULT = True
#: Senders have workers of their own, so that an import never waits behind a long run.
CELERY_TASK_DEFAULT_QUEUE = "work"
CELERY_TASK_ROUTES = {"delivery.tasks.drain": {"queue": "send"}}
CELERY_TASK_TIME_LIMIT = TICK_TIME_LIMIT_SECONDS
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
#: Two fixed ticks; what is due stands in PostgreSQL, so a tick that is late or lost costs time and nothing else.
TICK_SECONDS = 2.0
CELERY_BEAT_SCHEDULE = {
    "imports": {"task": "conversations.tasks.tick", "schedule": 30.0, "options": {"expires": 30}},
    "suppressions": {"task": "suppression.tasks.tick", "schedule": 30.0, "options": {"expires": 30}},
    "campaigns": {"task": "campaigns.tasks.tick", "schedule": TICK_SECONDS, "options": {"expires": 10}},
    "delivery": {"task": "delivery.tasks.tick", "schedule": TICK_SECONDS, "options": {"expires": 10}},
    "tracking": {"task": "delivery.tasks.flush", "schedule": TICK_SECONDS, "options": {"expires": 10}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(HOME.root / "beat-schedule")

# --- Login ---------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "door"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_ADAPTER = "connect.core.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
#: An account comes from an invitation that was sent to its address.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if IS_SECURE else "http"

# --- Languages and time --------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
# Zones come from the tzdata package, the same on each machine; the system's may be years old. Children inherit it.
os.environ["PYTHONTZPATH"] = ""
zoneinfo.reset_tzpath(())

# --- Files ---------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = HOME.root / "media"
MEDIA_URL = "/media/"
#: On one machine files are served from where they lie; a public one serves what `collectstatic` hashed and compressed.
STATICFILES_HASHED = read_flag("STATICFILES_HASHED", default=IS_PUBLIC)
WHITENOISE_USE_FINDERS = not STATICFILES_HASHED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATICFILES_HASHED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# --- Mail of the console itself (invitations, passwords), and the next hop of campaigns ----------------------------

EMAIL_HOST = env.str("SMTP_HOST", default="127.0.0.1")
EMAIL_PORT = read_int("SMTP_PORT", 1025, lowest=1, highest=65535)
EMAIL_TIMEOUT = 30
#: none, opportunistic, required (STARTTLS) or implicit; the last two check the certificate. A login needs one of them,
#: or a next hop on this machine.
SMTP_TLS, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = read_way(EMAIL_HOST, EMAIL_PORT)
#: Certificate authorities, in PEM, that are trusted beside those of the system.
SMTP_CA_FILE = env.str("SMTP_CA_FILE", default="")
EMAIL_USE_TLS, EMAIL_USE_SSL = SMTP_TLS == "required", SMTP_TLS == "implicit"
#: Where the demo's mail catcher keeps what it gets; unset, the console has no mailbox page.
CATCHER_FOLDER = env.path("CATCHER_FOLDER", default=None) if env.str("CATCHER_FOLDER", default="") else None
DEFAULT_FROM_EMAIL = env.str("CONSOLE_FROM", default=f"Connect <connect@{urlsplit(BASE_URL).hostname}>")

# --- Sending -------------------------------------------------------------------------------------------------------

SMTP_HOST = EMAIL_HOST
SMTP_PORT = EMAIL_PORT
SMTP_USER, SMTP_PASSWORD = EMAIL_HOST_USER, EMAIL_HOST_PASSWORD
#: Whether tenants may have relays at addresses that only the own network knows, this machine's included. Those where
#: machines tell their secrets (link-local, metadata) are never let in.
SMTP_PRIVATE_RELAYS = read_flag("SMTP_PRIVATE_RELAYS", default=not IS_PUBLIC)
#: How we greet the next hop: a name that resolves to this machine.
SMTP_NAME = env.str("SMTP_NAME", default=urlsplit(BASE_URL).hostname or "localhost")
#: Connections of one sender process. What may be in doubt after a crash is never more than these.
SMTP_CONNECTIONS = read_int("SMTP_CONNECTIONS", 16, lowest=1, highest=64)
SMTP_REPLY_TIMEOUT_SECONDS = read_int("SMTP_REPLY_TIMEOUT_SECONDS", 300, lowest=1, highest=600)
SMTP_FINAL_TIMEOUT_SECONDS = read_int("SMTP_FINAL_TIMEOUT_SECONDS", 600, lowest=1, highest=800)
#: Sender processes that may work for one tenant at once: one a core is best.
SENDERS_PER_TENANT = read_int("SENDERS_PER_TENANT", os.cpu_count() or 1, lowest=1, highest=256)
#: A drain claims for so long, then lets others have its place and rings for itself.
SEND_SLICE_SECONDS = read_int("SEND_SLICE_SECONDS", 50, lowest=1, highest=600)

# --- Watching ------------------------------------------------------------------------------------------------------

#: Who brings it as `Authorization: Bearer …` may read /metrics; without any, only this machine may.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
if METRICS_TOKEN and len(METRICS_TOKEN) < 16:
    raise ImproperlyConfigured("METRICS_TOKEN needs at least 16 characters")
#: Something due that waits for longer, while nothing moves, makes /readyz say so.
STALLED_SECONDS = read_int("STALLED_SECONDS", 300, lowest=30, highest=86_400)

# --- Logging -------------------------------------------------------------------------------------------------------

#: `console` reads well in a terminal; `json` is one object a line.
LOG_FORMAT = env.str("LOG_FORMAT", default="console" if sys.stderr.isatty() else "json")
if LOG_FORMAT not in {"console", "json"}:
    raise ImproperlyConfigured(f"LOG_FORMAT must be console or json, not {LOG_FORMAT!r}")
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured(f"LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {LOG_LEVEL!r}")
LOGGING_CONFIG = "connect.logs.configure"
LOGGING = {"format": LOG_FORMAT, "level": LOG_LEVEL}
