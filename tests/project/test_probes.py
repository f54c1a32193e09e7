"""`/healthz`, `/readyz` and `/metrics`: what they say, when they say no, and to whom."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from channels.layers import channel_layers
from django.db import OperationalError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from deploy.parts import free_port
from project import health
from project.probes import Probes
from tests.databases import either_database, only_postgres
from tests.servers import Postgres, Redis

from .asking import Answered, ask

TOKEN = "a token that nobody guesses"
BEARER = [("Authorization", f"Bearer {TOKEN}")]


class Elsewhere(Exception):
    """A request got past the probes."""


async def beyond(scope: Any, receive: Any, send: Any) -> None:
    raise Elsewhere


async def probe(path: str, probes: Probes | None = None, **how: Any) -> Answered:
    """Ask a process that was just started."""
    return await ask(path, application=probes or Probes(beyond), **how)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is not a database that is down."""
    monkeypatch.setattr(health, "PATIENCE_S", 30.0)


@pytest.fixture(autouse=True)
def no_layers_left() -> Iterator[None]:
    yield
    channel_layers.backends.clear()


# -- alive -------------------------------------------------------------------------------------------------------------


async def test_a_process_is_alive_without_a_database() -> None:
    """pytest-django refuses the database here: a query would fail the test."""
    answer = await probe("/healthz")
    assert (answer.status, answer.body) == (200, b"ok\n")


@pytest.mark.parametrize("host", ["10.0.0.7:8000", "docs.example.org", "evil.example"])
async def test_probes_are_answered_under_every_name_and_without_https(host: str, settings: Any) -> None:
    """A balancer asks by address and by plain HTTP; Django would refuse the one and redirect the other."""
    settings.SECURE_SSL_REDIRECT = True
    answer = await ask("/healthz", host=host, peer="10.0.0.1")
    assert answer.status == 200


async def test_other_requests_are_passed_on() -> None:
    for path in ("/", "/healthz/", "/metrics/x"):
        with pytest.raises(Elsewhere):
            await probe(path)


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_probes_are_only_asked(path: str) -> None:
    answer = await probe(path, method="POST")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_head_has_the_length_and_no_body() -> None:
    answer = await probe("/healthz", method="HEAD")
    assert (answer.headers["content-length"], answer.body) == ("3", b"")


# -- ready -------------------------------------------------------------------------------------------------------------


@either_database
async def test_a_process_with_its_database_is_ready(database: str) -> None:
    answer = await probe("/readyz")
    assert answer.status == 200
    assert answer.json == {"status": "ready", "database": "ok", "migrations": "ok", "redis": "none"}


@pytest.mark.django_db(transaction=True)
async def test_a_process_whose_migrations_are_missing_is_not_ready_until_they_are_applied() -> None:
    probes, recorder = Probes(beyond), MigrationRecorder(connection)
    probes._health._readiness._fresh_s = 0.0
    newest = MigrationLoader(None).graph.leaf_nodes("documents")[0]
    await asyncio.to_thread(recorder.record_unapplied, *newest)
    answer = await probe("/readyz", probes)
    assert (answer.status, answer.json["migrations"]) == (503, "missing")
    assert answer.headers["retry-after"] == "1"
    await asyncio.to_thread(recorder.record_applied, *newest)
    assert (await probe("/readyz", probes)).status == 200


@pytest.mark.django_db(transaction=True)
async def test_the_next_release_s_migrations_do_not_end_this_one() -> None:
    """During a deployment the database is migrated first, and the old processes go on."""
    recorder = MigrationRecorder(connection)
    await asyncio.to_thread(recorder.record_applied, "documents", "9999_of_the_next_release")
    try:
        answer = await probe("/readyz")
    finally:
        await asyncio.to_thread(recorder.record_unapplied, "documents", "9999_of_the_next_release")
    assert answer.status == 200


@only_postgres
async def test_a_process_without_its_database_is_not_ready_and_comes_back(database: str, postgres: Postgres) -> None:
    probes = Probes(beyond)
    probes._health._readiness._fresh_s = 0.0
    assert (await probe("/readyz", probes)).status == 200
    await asyncio.to_thread(postgres.stop)
    try:
        down = await probe("/readyz", probes)
    finally:
        await asyncio.to_thread(postgres.start)
    assert (down.status, down.json["status"], down.json["database"]) == (503, "unready", "down")
    assert (await probe("/readyz", probes)).status == 200


async def test_a_database_that_hangs_is_a_no_and_not_a_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """And however many ask, one waits for it."""
    monkeypatch.setattr(health, "PATIENCE_S", 0.05)
    probes, asked, hang = Probes(beyond), [], threading.Event()

    def look() -> tuple[str, str]:
        asked.append(1)
        hang.wait(30)
        return "ok", "ok"

    monkeypatch.setattr(probes._health, "_look", look)
    async with asyncio.timeout(10):
        answers = [await probe("/readyz", probes) for _ in range(3)]
    hang.set()
    assert {(answer.status, answer.json["database"]) for answer in answers} == {(503, "down")}
    assert len(asked) == 1


async def test_many_who_ask_cost_one_query(monkeypatch: pytest.MonkeyPatch) -> None:
    probes, asked = Probes(beyond), []

    def look() -> tuple[str, str]:
        asked.append(1)
        return "ok", "ok"

    monkeypatch.setattr(probes._health, "_look", look)
    answers = await asyncio.gather(*(probe("/readyz", probes) for _ in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert len(asked) == 1


@pytest.mark.django_db(transaction=True)
async def test_a_process_without_redis_is_degraded_and_not_dead(settings: Any, redis: Redis) -> None:
    def on(port: int) -> dict[str, Any]:
        host = f"redis://127.0.0.1:{port}/0"
        return {"default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": {"hosts": [host]}}}

    settings.CHANNEL_LAYERS = on(redis.port)
    assert (await probe("/readyz")).json["redis"] == "ok"
    channel_layers.backends.clear()
    settings.CHANNEL_LAYERS = on(free_port())
    answer = await probe("/readyz")
    assert (answer.status, answer.json["status"], answer.json["redis"]) == (200, "degraded", "down")


async def test_a_process_that_leaves_is_alive_and_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    probes = Probes(beyond)
    monkeypatch.setattr(probes._health, "_look", lambda: ("ok", "ok"))
    assert (await probe("/readyz", probes)).status == 200
    monkeypatch.setattr(health, "draining", lambda: True)
    answer = await probe("/readyz", probes)
    assert (answer.status, answer.json["status"]) == (503, "draining")
    assert (await probe("/healthz", probes)).status == 200


async def test_what_is_wrong_is_said_once_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    probes = Probes(beyond)
    probes._health._readiness._fresh_s = 0.0
    state = ["down"]
    monkeypatch.setattr(probes._health, "_look", lambda: (state[0], "ok"))
    caplog.set_level("INFO", "project.health")
    for _ in range(3):
        await probe("/readyz", probes)
    state[0] = "ok"
    for _ in range(3):
        await probe("/readyz", probes)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "database down" in caplog.text


# -- who may read the metrics ------------------------------------------------------------------------------------------


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def down() -> None:
        raise OperationalError

    monkeypatch.setattr(health, "waiting", down)


@pytest.mark.usefixtures("no_database")
@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "localhost"])
async def test_this_machine_reads_the_metrics(peer: str, host: str) -> None:
    answer = await probe("/metrics", peer=peer, host=host)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")


@pytest.mark.parametrize("peer", ["10.0.0.1", "203.0.113.9", "2001:db8::1", "::ffff:10.0.0.1", "", "nonsense", None])
async def test_other_machines_are_told_that_there_is_nothing(peer: str | None) -> None:
    assert (await probe("/metrics", peer=peer)).status == 404


@pytest.mark.parametrize(
    "header",
    [
        ("X-Forwarded-For", "127.0.0.1"),
        ("X-Forwarded-For", "203.0.113.9"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "localhost"),
        ("X-Real-IP", "127.0.0.1"),
        ("Forwarded", "for=127.0.0.1"),
        ("Via", "1.1 proxy"),
    ],
)
@pytest.mark.parametrize("proxies", [0, 1, 2])
@pytest.mark.parametrize("peer", ["127.0.0.1", "203.0.113.9"])
async def test_what_a_proxy_on_this_machine_passes_on_is_not_this_machine(
    header: tuple[str, str], proxies: int, peer: str, settings: Any
) -> None:
    settings.PROXY_COUNT = proxies
    assert (await probe("/metrics", peer=peer, headers=[header])).status == 404


@pytest.mark.parametrize(
    "host", ["docs.example.org", "127.0.0.1.evil.example", "localhost.evil.example", "", "[broken"]
)
async def test_a_proxy_that_adds_no_header_gives_itself_away_by_the_name(host: str) -> None:
    """So does a page in a browser of this machine whose name was pointed here (DNS rebinding)."""
    assert (await probe("/metrics", host=host)).status == 404


async def test_two_names_are_none() -> None:
    assert (await probe("/metrics", headers=[("Host", "127.0.0.1")])).status == 404


@pytest.mark.usefixtures("no_database")
@pytest.mark.parametrize("peer", ["127.0.0.1", "203.0.113.9", None])
async def test_the_token_opens_the_metrics_from_anywhere(peer: str | None, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    forwarded = ("X-Forwarded-For", "203.0.113.9")
    assert (await probe("/metrics", peer=peer, host="docs.example.org", headers=[*BEARER, forwarded])).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "Bearer another token of some length")],
        [("Authorization", f"Basic {TOKEN}")],
        [("Authorization", TOKEN)],
        [("Authorization", "Bearer")],
        [("Authorization", "Bearer \u00e9")],
        BEARER * 2,
    ],
)
async def test_where_there_is_a_token_nothing_else_opens_them(headers: Any, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = await probe("/metrics", headers=headers)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.body == b""
