"""What the environment may say, and what happens when it says something wrong: one sentence, no traceback."""

import os
import stat
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from project.environment import read_database, read_mailer, read_redis, read_secret_key
from project.origin import may_connect

from .servers import ROOT


def check(*arguments: str, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`manage.py check` in a process that has just this environment."""
    given = {"PATH": os.environ["PATH"], "SECRET_KEY": "x" * 60 + "abcdefghij", **env}
    command = [sys.executable, "manage.py", "check", *arguments]
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DATABASE_URL", "nonsense", "DATABASE_URL is not a URL: expected sqlite:///path"),
        ("DATABASE_URL", "mysql://u:hidden@h/d", "DATABASE_URL has the scheme 'mysql': expected"),
        ("DATABASE_URL", "postgres://u:hidden@h:port/d", "DATABASE_URL cannot be read: expected"),
        ("DATABASE_URL", "postgres://u:hidden@h/", "DATABASE_URL names no database: expected"),
        ("DATABASE_URL", "sqlite://", "DATABASE_URL names no file: expected"),
        ("DATABASE_URL", "sqlite:////nowhere/db.sqlite3", "DATABASE_URL: the folder /nowhere does not exist."),
        ("REDIS_URL", "localhost", "REDIS_URL cannot be read: expected redis://host:port/number"),
        ("REDIS_URL", "redis://a:1/0 b:2", "REDIS_URL cannot be read: expected redis://host:port/number"),
        ("REDIS_URL", "redis+sentinel://:hidden@a:1", "REDIS_URL cannot be read: expected redis+sentinel://"),
        ("REDIS_URL", "redis+sentinel://:hidden@a/house", "REDIS_URL cannot be read: expected redis+sentinel://"),
        ("EMAIL_URL", "nonsense", "EMAIL_URL cannot be read: expected smtp+tls://"),
        ("COLLAB_MAX_INBOX_BYTES", "many", "COLLAB_MAX_INBOX_BYTES must be a whole number, not 'many'."),
        ("COLLAB_POLL_INTERVAL_MS", "0", "COLLAB_POLL_INTERVAL_MS must be at least 1, not 0."),
        ("DEBUG", "maybe", "DEBUG must be 1 or 0, not 'maybe'."),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be one of text, json, not 'xml'."),
        ("METRICS_TOKEN", "hidden", "METRICS_TOKEN is too easily guessed: expected at least 20 characters."),
        ("X_ACCEL_PREFIX", "pictures", "X_ACCEL_PREFIX must begin and end with a slash, such as /pictures/,"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not 'LOUD'."),
    ],
)
def test_a_value_that_cannot_be_used_ends_in_one_sentence(name: str, value: str, sentence: str) -> None:
    done = check(env={name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
    assert "hidden" not in done.stderr + done.stdout


def test_a_database_that_does_not_answer_is_one_sentence() -> None:
    env = {"PATH": os.environ["PATH"], "SECRET_KEY": "x", "DATABASE_URL": "postgres://u:hidden@127.0.0.1:1/d"}
    command = [sys.executable, "manage.py", "migrate"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("The database cannot be used: ")
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr


def test_production_settings_pass_django_s_own_check() -> None:
    done = check("--deploy", "--fail-level", "WARNING", env={"HTTPS": "1"})
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_sqlite_waits_for_its_turn_and_commits_for_good() -> None:
    options = read_database("sqlite:///var/db.sqlite3", base=ROOT, pool_size=16)["OPTIONS"]
    assert options["transaction_mode"] == "IMMEDIATE"
    assert options["timeout"] == 20
    assert "synchronous=FULL" in options["init_command"]


def test_sqlite_really_is_in_that_mode(transactional_db: None) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        found = [
            cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "busy_timeout", "cache_size")
        ]
    assert found == ["wal", 2, 20_000, -16_384]


def test_sentinels_are_named_in_one_url() -> None:
    url = "rediss+sentinel://me:open%20sesame@a:1,b:2/house/3?sentinel_password=hush&ssl_ca_certs=/ca.pem"
    host = read_redis(url)["default"]["CONFIG"]["hosts"][0]
    own = host.pop("sentinel_kwargs")
    tls = {"ssl": True, "ssl_ca_certs": "/ca.pem"}
    login = {"username": "me", "password": "open sesame"}
    assert host == {"sentinels": [("a", 1), ("b", 2)], "master_name": "house", "db": 3, **login, **tls}
    assert {name: own[name] for name in ("password", *tls)} == {"password": "hush", **tls}


def test_several_redis_are_a_layer_each() -> None:
    layers = read_redis("redis://a:1/0 redis://b:2/0")
    hosts = {name: layer["CONFIG"]["hosts"] for name, layer in layers.items()}
    assert hosts == {"default": ["redis://a:1/0"], "redis-2": ["redis://b:2/0"]}


def test_a_mail_server_that_says_nothing_is_given_up() -> None:
    """All mail goes through one thread, which would wait for ever."""
    assert 0 < read_mailer("smtp+tls://ada:secret@mail.example:587")["OPTIONS"]["timeout"] <= 60


def test_the_secret_key_is_made_once_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    together = threading.Barrier(8)
    keys: list[str] = []

    def start() -> None:
        together.wait(10)
        keys.append(read_secret_key(path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert len(keys[0]) > 60
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["secret_key"]


def test_an_empty_key_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("")
    with pytest.raises(SystemExit, match="secret_key is empty"):
        read_secret_key(tmp_path / "secret_key")


def test_every_setting_is_in_the_operator_s_list() -> None:
    listed = (ROOT / "docs" / "configuration.md").read_text()
    for name in (
        "DATABASE_URL", "DATABASE_POOL_SIZE", "REDIS_URL", "SECRET_KEY", "DEBUG", "HTTPS", "HSTS_SECONDS",
        "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "EMAIL_URL", "DEFAULT_FROM_EMAIL", "LOG_LEVEL", "STATIC_ROOT",
        "MEDIA_ROOT", "PROXY_COUNT", "SIGN_IN_FAILURES", "SIGN_IN_COOL_OFF_S", "SIGN_UPS_PER_HOUR", "RESETS_PER_HOUR",
        "PASSWORD_RESET_TIMEOUT_S", "LOG_FORMAT", "METRICS_TOKEN",
    ):  # fmt: skip
        assert f"| `{name}` |" in listed
    for name, default in settings.COLLAB_DEFAULTS.items():
        assert f"| `COLLAB_{name}` | {default} |" in listed
    for name, default in settings.IMAGES_DEFAULTS.items():
        assert f"| `IMAGES_{name}` | {default} |" in listed


# -- Origins of sockets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("http://LOCALHOST:8000", "localhost:8000", True),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", True),
        ("https://docs.example.org", "docs.example.org", True),
        ("https://docs.example.org:443", "docs.example.org", True),
        ("http://localhost:9000", "localhost:8000", False),
        ("http://evil.example", "localhost:8000", False),
        ("http://localhost.evil.example:8000", "localhost:8000", False),
        ("http://rebound.example", "rebound.example", False),  # DNS rebinding: same origin, but no name of ours
        ("https://other.example.org", "docs.example.org", True),  # trusted
        ("https://a.wild.example.org", "docs.example.org", True),  # trusted by wildcard
        ("https://wild.example.org.evil.example", "docs.example.org", False),
        ("http://other.example.org", "docs.example.org", False),  # trusted with https only
        ("null", "localhost:8000", False),
        ("", "localhost:8000", False),
        ("http://[broken", "localhost:8000", False),
        ("http://localhost:port", "localhost:8000", False),
        ("file://", "localhost:8000", False),
        ("http://localhost:8000", "", False),
    ],
)
def test_only_our_own_pages_open_sockets(settings: Any, origin: str, host: str, allowed: bool) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "docs.example.org"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://other.example.org", "https://*.wild.example.org"]
    assert may_connect(origin, host=host) is allowed


async def asked(headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a handshake with these headers gets through."""
    from project.origin import OriginCheck

    reached: list[bool] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        reached.append(True)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"} if not sent else {"type": "websocket.disconnect", "code": 1006}

    async def send(message: Any) -> None:
        sent.append(message)

    sent: list[Any] = []
    await OriginCheck(application)({"type": "websocket", "path": "/ws/home/", "headers": headers}, receive, send)
    assert bool(reached) != (sent == [{"type": "websocket.close"}])
    return bool(reached)


async def test_programs_send_no_origin_and_are_let_through() -> None:
    assert await asked([(b"host", b"testserver")])


async def test_a_page_from_elsewhere_is_refused_at_the_handshake() -> None:
    assert not await asked([(b"host", b"testserver"), (b"origin", b"http://evil.example")])
    assert await asked([(b"host", b"testserver"), (b"origin", b"http://testserver")])


async def test_two_origins_or_two_hosts_are_refused() -> None:
    ours = (b"origin", b"http://testserver")
    assert not await asked([(b"host", b"testserver"), ours, (b"origin", b"http://evil.example")])
    assert not await asked([(b"host", b"testserver"), (b"host", b"evil.example"), ours])
