"""Readings of the environment for `settings`, each ending in one sentence when the value cannot be used."""

import os
import secrets
import tempfile
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import environ

SQLITE_OPTIONS: dict[str, Any] = {
    # Two writers wait for each other instead of failing: 20 s is longer than any transaction of ours.
    "timeout": 20,
    # Takes the write lock at BEGIN. A transaction that reads first and writes later could not wait for it, only fail.
    "transaction_mode": "IMMEDIATE",
    # "Saved" means committed, also after a power cut: WAL's own default (NORMAL) may lose the last commits.
    # 16 MiB of pages a connection at most (2 by itself): a hundred documents typed in at once touch more pages of the
    # log's indexes than 2 MiB hold, and the journal would read them again for each commit.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16384;",
}
POSTGRES_OPTIONS: dict[str, Any] = {
    # Whatever the server's default is. An edit's right is read under the document's lock: in a transaction that sees
    # the past, as the higher levels do, a right that was taken while we waited for the lock would still be there.
    "isolation_level": 2,  # psycopg.IsolationLevel.READ_COMMITTED
    # A machine that vanished says nothing. Without bounds the kernel hopes for a quarter of an hour. s, s, s, ms.
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "tcp_user_timeout": 15_000,
}
LINK_CHOICES = ("editor", "commenter", "viewer", "none")  # what links give at the most
SENTINEL_QUERY = {"sentinel_username", "sentinel_password", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile"}
SENTINEL_PATIENCE_S = 1.0
MAIL_TIMEOUT_S = 20  # a mail server that says nothing: without an end to it, no later mail would be sent either


def read_int(env: environ.Env, name: str, default: int, *, least: int = 1) -> int:
    """The environment's whole number `name`, at least `least`; ends the program with a sentence otherwise."""
    text = env.str(name, default="")
    if not text:
        return default
    try:
        value = int(text.replace("_", ""))
    except ValueError:
        raise SystemExit(f"{name} must be a whole number, not {text!r}.") from None
    if value < least:
        raise SystemExit(f"{name} must be at least {least}, not {value}.")
    return value


def read_bool(env: environ.Env, name: str, default: bool) -> bool:
    """The environment's switch `name`; ends the program with a sentence when it is neither on nor off."""
    text = env.str(name, default="").strip().lower()
    if not text:
        return default
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise SystemExit(f"{name} must be 1 or 0, not {text!r}.")


def read_choice(env: environ.Env, name: str, default: str, choices: tuple[str, ...]) -> str:
    """The environment's word `name`, one of `choices`; ends the program with a sentence otherwise."""
    text: str = env.str(name, default="").strip().lower() or default
    if text not in choices:
        raise SystemExit(f"{name} must be one of {', '.join(choices)}, not {text!r}.")
    return text


def read_database(url: str, *, base: Path, pool_size: int) -> dict[str, Any]:
    """Django's settings for a `sqlite:///path` or `postgres://…` URL; a relative path is relative to `base`.

    Ends the program with a sentence otherwise. The sentence never shows the URL, which may hold a password.
    """
    hint = "expected sqlite:///path/to/file or postgres://user:password@host:port/name"
    scheme = url.partition(":")[0]
    if scheme not in ("sqlite", "postgres", "postgresql"):
        shown = f"has the scheme {scheme!r}" if "://" in url else "is not a URL"
        raise SystemExit(f"DATABASE_URL {shown}: {hint}.")
    try:
        urlsplit(url).port  # noqa: B018  (raises for a port that is not a number)
        with warnings.catch_warnings(action="error"):
            config: dict[str, Any] = environ.Env.db_url_config(url)
    except (ValueError, TypeError, UserWarning, environ.ImproperlyConfigured):
        raise SystemExit(f"DATABASE_URL cannot be read: {hint}.") from None
    if not config.get("NAME") or config["NAME"] == ":memory:":
        raise SystemExit(f"DATABASE_URL names no {'file' if scheme == 'sqlite' else 'database'}: {hint}.")
    if scheme == "sqlite":
        config["ENGINE"] = "project.sqlite3"
        config["NAME"] = base / config["NAME"]
        config["OPTIONS"] = {**SQLITE_OPTIONS, **config.get("OPTIONS", {})}
        if not config["NAME"].parent.is_dir():
            raise SystemExit(f"DATABASE_URL: the folder {config['NAME'].parent} does not exist.")
        return config
    config["OPTIONS"] = {**POSTGRES_OPTIONS, **config.get("OPTIONS", {})}
    if pool_size:
        # Under ASGI each request has its own thread: without a pool, connections grow with requests, at 5 ms each.
        # The short limits find a database that comes back within about 2 s; the default backs off for minutes.
        pool = {"min_size": 1, "max_size": pool_size, "timeout": 3, "reconnect_timeout": 2}
        config["OPTIONS"] = {**config.get("OPTIONS", {}), "pool": pool}
        config["CONN_HEALTH_CHECKS"] = True  # a connection that died is replaced, not handed out
    return config


def read_redis(urls: str) -> dict[str, dict[str, Any]]:
    """The channel layers: one for each Redis URL, or the one in memory for none.

    Several URLs, with spaces between them, share the documents out among them. A URL is `redis://`, `rediss://` (TLS),
    `unix://`, or `redis+sentinel://user:password@host:port,host:port/master/number`, where the Sentinels at these
    addresses are asked for the master (`rediss+sentinel://`: TLS to them and to it).
    """
    if not urls.split():
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    layers = [
        {"BACKEND": "collab.pubsub.PubSubLayer", "CONFIG": {"hosts": [_read_redis_host(url)]}} for url in urls.split()
    ]
    return {"default" if index == 0 else f"redis-{index + 1}": layer for index, layer in enumerate(layers)}


def _read_redis_host(url: str) -> dict[str, Any] | str:
    hint = "expected redis://host:port/number, or nothing for one process"
    scheme = url.partition(":")[0]
    if scheme not in ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel"):
        raise SystemExit(f"REDIS_URL cannot be read: {hint}.")
    if not scheme.endswith("+sentinel"):
        return url
    hint = "expected redis+sentinel://user:password@host:port,host:port/master/number"
    split = urlsplit(url)
    login, _, places = split.netloc.rpartition("@")
    master, _, number = split.path.strip("/").partition("/")
    given = dict(parse_qsl(split.query, keep_blank_values=True))
    try:
        sentinels = [(host.strip("[]"), int(port)) for host, _, port in (p.rpartition(":") for p in places.split(","))]
        host: dict[str, Any] = {"sentinels": sentinels, "master_name": master, "db": int(number or 0)}
    except ValueError:
        raise SystemExit(f"REDIS_URL cannot be read: {hint}.") from None
    if not master or not all(name for name, _ in sentinels) or given.keys() - SENTINEL_QUERY:
        raise SystemExit(f"REDIS_URL cannot be read: {hint}.")
    tls = {"ssl": True, **{name: given[name] for name in given if name.startswith("ssl_")}}
    tls = tls if scheme == "rediss+sentinel" else {}
    user, _, password = login.partition(":")
    of_sentinels = {name: given[f"sentinel_{name}"] for name in ("username", "password") if f"sentinel_{name}" in given}
    named = {"username": unquote(user), "password": unquote(password)}
    # They are asked again and again while a master is chosen: one that does not answer must not cost long.
    patience = {"socket_timeout": SENTINEL_PATIENCE_S, "socket_connect_timeout": SENTINEL_PATIENCE_S}
    return {
        **host,
        **{name: value for name, value in named.items() if value},
        **tls,
        "sentinel_kwargs": {**patience, **of_sentinels, **tls},
    }


def read_mailer(url: str) -> dict[str, Any]:
    """The mailer for an `EMAIL_URL` such as `smtp+tls://user:password@host:587`."""
    try:
        config = environ.Env.email_url_config(url)
    except (ValueError, TypeError, KeyError, environ.ImproperlyConfigured):
        raise SystemExit("EMAIL_URL cannot be read: expected smtp+tls://user:password@host:587.") from None
    options = {
        "host": config.get("EMAIL_HOST"),
        "port": config.get("EMAIL_PORT"),
        "username": config.get("EMAIL_HOST_USER"),
        "password": config.get("EMAIL_HOST_PASSWORD"),
        "use_tls": config.get("EMAIL_USE_TLS"),
        "use_ssl": config.get("EMAIL_USE_SSL"),
        "timeout": MAIL_TIMEOUT_S,
    }
    backend: str = config["EMAIL_BACKEND"]
    if not backend.endswith("smtp.EmailBackend"):
        return {"BACKEND": backend}
    return {"BACKEND": backend, "OPTIONS": {name: value for name, value in options.items() if value}}


def read_secret_key(path: Path) -> str:
    """The key kept in `path`, made on the first start. Two processes that start together get the same one."""
    if not path.exists():
        handle, draft = tempfile.mkstemp(dir=path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(64))
            os.link(draft, path)  # appears whole or not at all; fails when another process was first
        except FileExistsError:
            pass
        finally:
            Path(draft).unlink()
    key = path.read_text().strip()
    if not key:
        raise SystemExit(f"{path} is empty: delete it to have a new secret key made (everybody signs in again).")
    return key
