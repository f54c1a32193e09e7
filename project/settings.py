"""All settings. The environment is read here and nowhere else; `docs/configuration.md` is the operator's list."""

from pathlib import Path
from typing import Any

import environ
from django.utils.csp import CSP

from .environment import read_bool, read_database, read_int, read_mailer, read_redis, read_secret_key

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"  # what this installation made for itself: never in git
VAR.mkdir(exist_ok=True)

env = environ.Env()

# -- The process -------------------------------------------------------------------------------------------------------

# Error pages with source code and settings in them: never where strangers can reach it, hence off by default.
DEBUG = read_bool(env, "DEBUG", default=False)
# The site is served over HTTPS by a proxy in front that sets X-Forwarded-Proto. Off by default: the first run is plain.
HTTPS = read_bool(env, "HTTPS", default=False)
# DEBUG, INFO, WARNING or ERROR; INFO shows sockets and rooms open and close.
LOG_LEVEL: str = env.str("LOG_LEVEL", default="INFO").upper()
if LOG_LEVEL not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
    raise SystemExit(f"LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not {LOG_LEVEL!r}.")
# Signs sessions and reset links. Without one in the environment a first start makes one, so that no default is shared.
SECRET_KEY: str = env.str("SECRET_KEY", default="") or read_secret_key(VAR / "secret_key")
# The names this site answers to: others are refused, so that links in mails cannot be made to point elsewhere.
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# Origins (https://name) besides our own that may post forms and open sockets.
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "channels",
    "guardian",
    "permissions",
    "documents",
    "collab",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "project.static.StaticFiles",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ASGI_APPLICATION = "project.asgi.application"
ROOT_URLCONF = "project.urls"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "project" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

# -- Data --------------------------------------------------------------------------------------------------------------

DATABASES = {
    "default": read_database(
        env.str("DATABASE_URL", default="") or "sqlite:///var/db.sqlite3",
        base=ROOT,
        # Connections a process may hold (PostgreSQL, whose own bound is 100 for all processes together). 0: no pool.
        pool_size=read_int(env, "DATABASE_POOL_SIZE", default=16, least=0),
    )
}
# Empty: one process, news in memory. More than one process needs Redis (pub/sub: one round trip a hop).
CHANNEL_LAYERS = {"default": read_redis(env.str("REDIS_URL", default=""))}
# Mail goes to the terminal until a server is named, so that a first run needs none.
MAILERS = {"default": read_mailer(env.str("EMAIL_URL", default="") or "consolemail://")}
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default="Coscribe <coscribe@localhost>")

# -- People ------------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "permissions.User"
AUTHENTICATION_BACKENDS = ["permissions.backends.SignInBackend", "guardian.backends.ObjectPermissionBackend"]
ANONYMOUS_USER_NAME = None  # guardian: nobody signed in has no rows, and no made-up account
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"

# -- Browsers ----------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default="") or VAR / "static")  # where `make build` collects and compresses
# Vite names its files by their content already: they are compressed and copied, not renamed a second time.
FRONTEND = ROOT / "frontend" / "dist"
STATICFILES_DIRS = [FRONTEND] if FRONTEND.is_dir() else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG or not STATIC_ROOT.is_dir()  # nothing was collected: serve the files where they are
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/assets/.+[-.][A-Za-z0-9_-]{8}\.\w+$"
WHITENOISE_ALLOW_ALL_ORIGINS = False

SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.SELF],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "style-src-attr": [CSP.UNSAFE_INLINE],  # caret and text colours are style attributes; style elements stay forbidden
    "img-src": [CSP.SELF, "data:", "blob:"],
    "connect-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "worker-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_REFERRER_POLICY = "same-origin"  # a document's address is part of who may open it: never told to other sites
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "project.errors.csrf_failure"
SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# 30 days by default: long enough to protect, short enough to come back from.
SECURE_HSTS_SECONDS = read_int(env, "HSTS_SECONDS", default=30 * 24 * 3600) if HTTPS else 0
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for all subdomains of the operator's name: not ours to decide
    "security.W021",  # and browsers' preload lists neither
    "mail.E001",  # mail on the terminal is the documented default: nothing needs mail to work
]

# -- Realtime ----------------------------------------------------------------------------------------------------------

KIB, MIB = 1024, 1024 * 1024
COLLAB_DEFAULTS = {
    # One frame. The largest paste of text is far below; the servers' own bound is set to the same in the Makefile.
    "MAX_MESSAGE_BYTES": 16 * MIB,
    # One document's state. Opening costs 3 ms for 75 KB, so this is what a browser can still open in about a second.
    "MAX_DOCUMENT_BYTES": 16 * MIB,
    # Edits of one room waiting for the next commit. Over it, sockets are not read: two of the largest messages.
    "MAX_INBOX_BYTES": 32 * MIB,
    # The same in number: bounds the work of one cycle.
    "MAX_INBOX_UPDATES": 10_000,
    # Bytes waiting for one slow reader. Over it they are dropped and one diff is sent when it reads again.
    "MAX_OUTBOX_BYTES": 4 * MIB,
    # The same in number: small frames cost memory too.
    "MAX_OUTBOX_FRAMES": 1_000,
    # One person's presence: a caret, a name, a colour. More is abuse, for every other person receives it.
    "MAX_AWARENESS_BYTES": 8 * KIB,
    # Yjs client ids one connection may introduce: one, and a few for a client that reloads its doc.
    "MAX_AWARENESS_IDS": 4,
    # Sockets of one person in one process: many tabs, yet no flood.
    "MAX_CONNECTIONS_PER_USER": 50,
    # Edits of one connection. Fast typing is 15 a second; a burst of a program's edits still fits.
    "MAX_UPDATES_PER_SECOND": 500,
    # Bytes of one connection, after a burst of two of the largest messages: typing needs 2 KiB a second.
    "MAX_BYTES_PER_SECOND": 8 * MIB,
    # Yjs client ids one connection may introduce to a document: one a page load, more when a document is imported.
    "MAX_CLIENT_IDS": 1_000,
    # Log rows after the newest state that make a new state due: keeps opening a document below 10 ms of replay.
    "COMPACT_AFTER_UPDATES": 500,
    # The same in bytes, for few but large edits.
    "COMPACT_AFTER_BYTES": 1 * MIB,
    # How often a process asks the database for news that Redis lost: an edit is never later than this.
    "POLL_INTERVAL_MS": 2_000,
    # How often every connection's access is read again, for the case that the announcement was lost.
    "SWEEP_INTERVAL_MS": 10_000,
    # Presence is gathered this long per person: 16 caret moves a second look smooth.
    "PRESENCE_INTERVAL_MS": 60,
    # A person not heard of for this long is gone. Stock clients renew every 15 s and drop after 30 s.
    "PRESENCE_TTL_MS": 35_000,
    # A closed socket's caret stays this long, so that a quick reconnect does not blink.
    "PRESENCE_GRACE_MS": 4_000,
    # A room nobody is in stays in memory this long: a reload finds it warm.
    "ROOM_KEEP_WARM_MS": 30_000,
    # Silence after which the server says something. Stock clients close a socket that is silent for 30 s.
    "HEARTBEAT_INTERVAL_MS": 10_000,
    # Silence of a client after which it is taken for dead.
    "SILENCE_LIMIT_MS": 30_000,
    # A reader that has not taken anything for this long is closed (1013) and comes back with one diff.
    "SLOW_READER_LIMIT_MS": 20_000,
    # Answers a connection may give that do not help (the same missing structs again) before it is closed (4409).
    "MAX_ROOM_STRIKES": 3,
}
COLLAB = {name: read_int(env, f"COLLAB_{name}", default) for name, default in COLLAB_DEFAULTS.items()}

# -- Logging -----------------------------------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "filters": {"sentence": {"()": "project.logs.Sentence"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "django.security.DisallowedHost": {"filters": ["sentence"]},  # every scanner of the internet causes one
        # asyncio at DEBUG, and daphne's per-request lines, would drown what we log.
        "asyncio": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "psycopg.pool": {"level": "ERROR"},  # it warns at every attempt to reconnect; the query that fails says it once
    },
}
