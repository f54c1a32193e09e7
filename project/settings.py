"""All settings. The environment is read here and nowhere else; `docs/configuration.md` is the operator's list."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.utils.csp import CSP

from .environment import (
    LINK_CHOICES,
    read_bool,
    read_choice,
    read_database,
    read_int,
    read_mailer,
    read_redis,
    read_secret_key,
)

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var"  # what this installation made for itself: never in git
VAR.mkdir(exist_ok=True)

env = environ.Env()
METRICS_TOKEN_LENGTH = 20

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
# text: a line as people read it; json: one JSON object a line, for what collects logs. Never content, in either.
LOG_FORMAT = read_choice(env, "LOG_FORMAT", default="text", choices=("text", "json"))
# Whoever shows it ("Authorization: Bearer ...") may read /metrics, from anywhere. Empty: this machine only.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="").strip()
if METRICS_TOKEN and len(METRICS_TOKEN) < METRICS_TOKEN_LENGTH:
    raise SystemExit(f"METRICS_TOKEN is too easily guessed: expected at least {METRICS_TOKEN_LENGTH} characters.")
# The names this site answers to: others are refused, so that links in mails cannot be made to point elsewhere.
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# Origins (https://name) besides our own that may post forms and open sockets.
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Where people find this site (https://name), for links in mails. Empty: as the request that causes the mail found it.
SITE_URL: str = env.str("SITE_URL", default="").rstrip("/")
# Proxies in front of us that add to X-Forwarded-For. 0: the header is a client's invention and not read.
PROXY_COUNT = read_int(env, "PROXY_COUNT", default=0, least=0)

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "axes",
    "channels",
    "django_tasks_db",
    "guardian",
    "ninja",
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
    "permissions.whence.whence_middleware",
    "permissions.bearer.TokenMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "permissions.preferences.PersonMiddleware",
    "permissions.guest_door.GuestMiddleware",
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
                "permissions.preferences.context",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]  # in their own words: that is how they are looked for
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [ROOT / "locale"]

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
CHANNEL_LAYERS = read_redis(env.str("REDIS_URL", default=""))
# Mail goes to the terminal until a server is named, so that a first run needs none.
MAILERS = {"default": read_mailer(env.str("EMAIL_URL", default="") or "consolemail://")}
# How often a mail is tried before it is given up: with these pauses, two days. Mail servers are back sooner.
LETTER_TRIES = read_int(env, "LETTER_TRIES", default=8)
# The pause after the first failure; each one after it is four times as long, at most a day.
LETTER_PAUSE_S = read_int(env, "LETTER_PAUSE_S", default=60)
# Mails of news one person gets in an hour at most; the inbox in the page has the rest.
LETTERS_PER_HOUR = read_int(env, "LETTERS_PER_HOUR", default=30)
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
SIGN_UP_REDIRECT_URL = "welcome"
# A reset link in a mail: long enough for slow mail, short enough that an old mailbox opens nothing.
PASSWORD_RESET_TIMEOUT = read_int(env, "PASSWORD_RESET_TIMEOUT_S", default=3600)
# Wrong passwords for one account from one address, in a row, after which that pair has to wait.
AXES_FAILURE_LIMIT = read_int(env, "SIGN_IN_FAILURES", default=8)
# How long it waits. 8 guesses in 10 minutes are 1,152 a day: nothing against any but the worst passwords.
AXES_COOLOFF_TIME = timedelta(seconds=read_int(env, "SIGN_IN_COOL_OFF_S", default=600))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # of the account alone, anybody could lock anybody out
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the page says when to come back: that must stay true
AXES_RESET_ON_SUCCESS = True
# Forms in which a password was wrong are kept by axes: never with what was typed in these fields.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "current", "csrfmiddlewaretoken", "key"]
AXES_USERNAME_CALLABLE = "permissions.throttle.account_of"
AXES_CLIENT_IP_CALLABLE = "permissions.address.counted_address"
AXES_DISABLE_ACCESS_LOG = True  # the account page lists sessions; nobody needs a history of all of them
AXES_VERBOSE = False
# Accounts one address may make, and reset mails it may ask for, in an hour: a class of pupils behind one router fits.
SIGN_UPS_PER_HOUR = read_int(env, "SIGN_UPS_PER_HOUR", default=60)
RESETS_PER_HOUR = read_int(env, "RESETS_PER_HOUR", default=20)
# The most that a document's link gives anybody: editor, commenter, viewer; none: documents are for named people only.
COSCRIBE_LINKS = read_choice(env, "COSCRIBE_LINKS", default="editor", choices=LINK_CHOICES)
# The most that it gives a guest, who has no account; none: whoever comes by a link has to sign in.
COSCRIBE_GUESTS = read_choice(env, "COSCRIBE_GUESTS", default="editor", choices=LINK_CHOICES)
# Guests one address may become in an hour. More than sign-ups: a lecture hall behind one router, without accounts.
GUESTS_PER_HOUR = read_int(env, "GUESTS_PER_HOUR", default=300)

# Days for which an invitation can be claimed: a holiday.
INVITATION_DAYS = read_int(env, "INVITATION_DAYS", default=14)
# Invitations one person may make in a day, of which each may be a mail to a stranger: two classes of pupils.
INVITATIONS_PER_DAY = read_int(env, "INVITATIONS_PER_DAY", default=200)
# Documents one person may ask for access to in a day: each is a mail to their owners.
REQUESTS_PER_DAY = read_int(env, "REQUESTS_PER_DAY", default=20)

# -- The trash ---------------------------------------------------------------------------------------------------------

# Days after which background work deletes for good: a holiday, and the week in which one misses it.
TRASH_DAYS = read_int(env, "TRASH_DAYS", default=30)

# -- Background work ---------------------------------------------------------------------------------------------------

# Jobs wait in the database: what it holds is what is done, and nothing more has to run.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
# Who does them. embedded: the servers, on a thread beside; worker: processes of their own (`manage.py work`).
BACKGROUND = read_choice(env, "COSCRIBE_BACKGROUND", default="embedded", choices=("embedded", "worker"))
# Days after which a guest who wrote nothing is forgotten: longer than a session lasts.
GUEST_DAYS = read_int(env, "GUEST_DAYS", default=60)

# -- History -----------------------------------------------------------------------------------------------------------

# Hours after which rows of a document's log are packed: what a day's work looks at again and again stays as it is.
HISTORY_PACK_AFTER_H = read_int(env, "HISTORY_PACK_AFTER_H", default=24, least=0)

# Days after a log lost rows (a restored backup, a standby that was behind) for which pages may bring them back, also
# those of others: who works comes back within a week, and nobody's words should be in others' hands for longer.
RETURN_DAYS = read_int(env, "RETURN_DAYS", default=7, least=0)

# -- The audit log -----------------------------------------------------------------------------------------------------

# Days after which background work deletes entries: a year, and the month in which it is read. 0: never.
AUDIT_DAYS = read_int(env, "COSCRIBE_AUDIT_DAYS", default=400, least=0)

# -- Pictures ----------------------------------------------------------------------------------------------------------

# Where Django's file storage keeps uploaded pictures. Nothing serves this folder: a view does, to those who may read.
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default="") or VAR / "media")
# Under this address nginx finds MEDIA_ROOT, for itself only (`internal`): we say who may see a picture, nginx sends it.
# Empty: we send it. Never set without such an nginx in front: the address of a file would be all that is sent.
X_ACCEL_PREFIX: str = env.str("X_ACCEL_PREFIX", default="")
if X_ACCEL_PREFIX and not (X_ACCEL_PREFIX.startswith("/") and X_ACCEL_PREFIX.endswith("/")):
    raise SystemExit(f"X_ACCEL_PREFIX must begin and end with a slash, such as /pictures/, not {X_ACCEL_PREFIX!r}.")
# For this process only, like the database beside them; and for its group, where nginx is to read them.
FILE_UPLOAD_PERMISSIONS = 0o640 if X_ACCEL_PREFIX else 0o600
IMAGES_DEFAULTS = {
    # One upload. A photograph of a telephone has 3 to 12 MiB.
    "MAX_BYTES": 20 * 1024 * 1024,
    # Width times height. Decoding takes 4 bytes and 20 ns a pixel; telephones make 12 to 50 million.
    "MAX_PIXELS": 50_000_000,
    # Of one animation.
    "MAX_FRAMES": 1_000,
    # All frames of one animation together: about 5 s of a processor.
    "MAX_ANIMATION_PIXELS": 500_000_000,
    # Pictures in one document, those that were taken out of the text again included: its history shows them.
    "MAX_PER_DOCUMENT": 1_000,
    # The same in bytes.
    "MAX_BYTES_PER_DOCUMENT": 1024 * 1024 * 1024,
    # Pictures that one process decodes at the same time: bounds its memory. The largest JPEG or PNG takes 400 MB, the
    # largest AVIF 1.5 GB; a usual one of 12 million pixels a quarter of that.
    "MAX_AT_ONCE": 1,
    # How long a browser shows a picture again without asking, and so how long after access was taken away.
    "CACHE_SECONDS": 300,
}
IMAGES = {name: read_int(env, f"IMAGES_{name}", default) for name, default in IMAGES_DEFAULTS.items()}

# -- Browsers ----------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default="") or VAR / "static")  # where `make build` collects and compresses
# Vite names its files by their content already: they are compressed and copied, not renamed a second time.
FRONTEND = ROOT / "frontend" / "dist"
STATICFILES_DIRS = [FRONTEND] if FRONTEND.is_dir() else []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # For everybody, nginx too: without this they would be as closed as what is uploaded.
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedStaticFilesStorage",
        "OPTIONS": {"file_permissions_mode": 0o644, "directory_permissions_mode": 0o755},
    },
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
    "axes.W002",  # its middleware makes a bare page; the sign-in page says itself when to try again
    "mail.E001",  # mail on the terminal is the documented default: nothing needs mail to work
]

# -- Realtime ----------------------------------------------------------------------------------------------------------

KIB, MIB = 1024, 1024 * 1024
COLLAB_DEFAULTS = {
    # One frame. The largest paste of text is far below; deploy/serve.sh gives it to the server too.
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
    # Of a document larger than the second as many times more.
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
    # What happens to documents is gathered this long before home pages are told.
    "HOME_INTERVAL_MS": 250,
    # How often home pages are looked after without being asked to: heals what Redis lost, and who died unheard.
    "HOME_POLL_INTERVAL_MS": 15_000,
    # Lines of a home page that are kept live: those on the screen, and some above and below.
    "MAX_HOME_LINES": 200,
    # After SIGTERM a process answers what it has taken, sends its people elsewhere and is gone, at the latest then:
    # below the 10 s after which Docker kills.
    "DRAIN_LIMIT_MS": 8_000,
    # How fast its people come in at the others (or, where there is one process, are told to come back): slower than
    # those can take them, so that nobody waits in a queue. In 40 % of the limit they have all been sent.
    "DRAIN_SOCKETS_PER_SECOND": 100,
    # Answers a connection may give that do not help (the same missing structs again) before it is closed (4409).
    "MAX_ROOM_STRIKES": 3,
    # Handshakes of one address that may fail (signed out, no access), after a burst of ten times as many; more are
    # refused unseen. One costs 1.4 to 2 ms, so this is less than a twentieth of a core.
    "REFUSALS_PER_SECOND": 20,
}
COLLAB = {name: read_int(env, f"COLLAB_{name}", default) for name, default in COLLAB_DEFAULTS.items()}
# After SIGTERM it goes on as before for this long, but for /readyz: for balancers that ask there and do not try another
# process when one refuses. nginx does.
COLLAB["DRAIN_NOTICE_MS"] = read_int(env, "COLLAB_DRAIN_NOTICE_MS", default=0, least=0)

# -- Logging -----------------------------------------------------------------------------------------------------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"text": {"()": "project.logs.Line"}, "json": {"()": "project.logs.JsonLine"}},
    "filters": {"sentence": {"()": "project.logs.Sentence"}, "trace": {"()": "project.logs.Trace"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["trace"]}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        "django.security.DisallowedHost": {"filters": ["sentence"]},  # every scanner of the internet causes one
        # asyncio at DEBUG, and daphne's per-request lines, would drown what we log.
        "asyncio": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        # At DEBUG they would log frames; what they have to say goes the way of all lines, and in its format.
        "uvicorn": {"handlers": [], "level": "WARNING", "propagate": True},
        "uvicorn.error": {"handlers": [], "level": "WARNING", "propagate": True},
        "uvicorn.access": {"handlers": [], "level": "WARNING", "propagate": True},
        "websockets": {"level": "WARNING"},
        "autobahn": {"level": "WARNING"},
        "django.db.backends": {"level": "INFO"},  # at DEBUG, with DEBUG=1: every statement and what is in it
        "axes": {"level": "WARNING"},  # it speaks at every sign-in; failures and locks are warnings
        "channels_redis.pubsub": {"level": "CRITICAL"},  # a traceback a second without Redis: `lanes` says it once
        "psycopg.pool": {"level": "ERROR"},  # it warns at every attempt to reconnect; the query that fails says it once
    },
}
