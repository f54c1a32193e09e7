"""A planned restart: what a process has taken it answers, its people go elsewhere and nobody sees it, and it is gone in
time.
"""

import asyncio
import contextlib
import os
import random
import signal
import socket
import statistics
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from websockets.asyncio.client import connect

from collab.core import messages
from deploy.parts import listens
from tests.conftest import StartApp
from tests.gate import Gate
from tests.seed import scene
from tests.servers import AppServer, Postgres, Redis, manage

from .ledger import differences, read_log
from .proxy import Proxy
from .releases import newer_release
from .stages import Stage, staged
from .travellers import Traveller, were_told
from .typists import Typist, settled

LIMIT_MS = 12_000
BUSY_S = 3.0  # what a busy machine may add
PEOPLE = {f"p{letter}": "editor" for letter in "abcdefghijklmnopqrs"}  # and ada
DOCUMENTS = 2
PAUSE_S = 0.4
LOCK = "SELECT id FROM documents_document FOR UPDATE"

both_servers = pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
each_in_its_time = pytest.mark.parametrize("kind", ["daphne", pytest.param("uvicorn", marks=pytest.mark.long)])


@pytest.mark.parametrize(
    "kinds",
    [
        ("daphne", "uvicorn"),
        pytest.param(("daphne",) * 3, marks=pytest.mark.long),
        pytest.param(("uvicorn",) * 3, marks=pytest.mark.long),
    ],
    ids=lambda kinds: "+".join(kinds),
)
async def test_a_newer_release_comes_while_twenty_people_type(
    kinds: tuple[str, ...],
    postgres_url: str,
    redis: Redis,
    start_app: StartApp,
    rng: random.Random,
    tmp_path: Path,
) -> None:
    """Nothing acknowledged is lost, nothing is doubled, nobody sees anybody leave, every process is gone in time."""
    async with staged(
        start_app,
        postgres_url,
        redis.url,
        shared=PEOPLE,
        documents=DOCUMENTS,
        kinds=kinds,
        COLLAB_DRAIN_LIMIT_MS=LIMIT_MS,
    ) as stage:
        with Gate(stage.apps) as gate:
            everybody = await arrive(stage, gate, rng)
            for each in everybody:
                each.vanished.clear()
            typing = [asyncio.create_task(each.keep_writing(rng, pause_s=PAUSE_S)) for each in everybody]
            newer = newer_release(tmp_path)
            await asyncio.to_thread(manage, "migrate", "--verbosity", "0", database_url=postgres_url, root=newer)
            assert await stage.ask("ada", "POST", "copies/") == 201  # by a process that does not know the column
            took = []
            for app in stage.apps:
                took.append(await asyncio.to_thread(ended, app))
                app.root = newer
                await asyncio.to_thread(app.start)
            for task in typing:
                task.cancel()
            await asyncio.gather(*typing, return_exceptions=True)
            assert await stage.ask("ada", "POST", "copies/") == 201
            await settled(everybody)

            for number, document in enumerate(stage.documents):
                here = everybody[number::DOCUMENTS]
                assert differences(read_log(postgres_url, document), here) == []
            assert [each.vanished for each in everybody] == [[]] * len(everybody)
            assert releases(postgres_url) == ["older"] * (DOCUMENTS + 1) + ["newer"]
            for app in stage.apps:
                log = app.log.read_text()
                assert "ended without a goodbye" not in log
                assert "could not be saved" not in log
            outages = [outage for each in everybody for outage in each.outages]
            assert len(outages) >= len(everybody) // 2, "hardly anybody had to move: nothing was tested"
            assert were_told(outages)
            seconds = sorted(outage.seconds for outage in outages)
            print(
                f"\nreleases by {kinds}: {sum(each.words for each in everybody)} words, {len(outages)} reconnections,"
            )
            print(f"  median {statistics.median(seconds):.2f} s, longest {seconds[-1]:.2f} s")
            print(f"  each process was gone after {[round(each, 2) for each in took]} s")
            assert max(took) < LIMIT_MS / 1000 + BUSY_S
            await asyncio.gather(*(each.go() for each in everybody))


@both_servers
async def test_what_waits_for_the_database_is_answered_before_the_goodbye(
    kind: str, postgres_url: str, start_app: StartApp
) -> None:
    async with staged(start_app, postgres_url, "", shared={}, kinds=(kind,)) as stage:
        app = stage.apps[0]
        ada = await stage.typist("ada", 0).join()
        with psycopg.connect(postgres_url) as somebody:
            somebody.execute(LOCK)  # an operator's long transaction
            await ada.write()
            await ada.echo()  # the edit has been taken, and cannot be committed
            os.kill(app.pid, signal.SIGTERM)
            await refuses(app)
            assert ada.acked_words == 0
            somebody.rollback()
        await ada.until(lambda: ada.closed is not None)
        assert ada.acked_words == 1
        assert ada.closed == (messages.RESTART, ada.closed[1] if ada.closed else "")
        assert read_log(postgres_url, stage.document).words == {"adaa": [1]}
        await asyncio.to_thread(app.process.wait, LIMIT_MS / 1000 + BUSY_S)  # type: ignore[union-attr]


@each_in_its_time
async def test_a_process_whose_database_falls_silent_is_gone_in_time_and_its_edits_come_again(
    kind: str, postgres: Postgres, postgres_url: str, start_app: StartApp
) -> None:
    made = scene(owner="ada", shared={}, database_url=postgres_url)
    document, session = made["documents"][0], made["people"]["ada"]["session"]
    with Proxy(postgres.port) as wire:
        behind = postgres_url.replace(str(postgres.port), str(wire.port))
        app = start_app(kind, database_url=behind, env={"COLLAB_DRAIN_LIMIT_MS": "2000"})
        ada = await Typist("ada", app.ws_url, session, document).join()
        await ada.write()
        await ada.saved()
        wire.freeze()  # a thread waits for an answer that never comes
        await ada.write()
        await ada.echo()
        took = await asyncio.to_thread(ended, app)
        assert took < 2 + BUSY_S
        await ada.until(lambda: ada.closed is not None)
        assert ada.acked_words == 1
        assert "1 documents that could not be saved" in app.log.read_text()
        await asyncio.to_thread(app.start)
        await ada.join()
        await settled([ada])
        assert differences(read_log(postgres_url, document), [ada]) == []
        await ada.close()
        await asyncio.to_thread(app.stop)


@both_servers
async def test_a_request_in_the_middle_is_answered(kind: str, sqlite_url: str, start_app: StartApp) -> None:
    app = start_app(kind, database_url=sqlite_url, env={"COLLAB_DRAIN_LIMIT_MS": str(LIMIT_MS)})
    with socket.create_connection(("127.0.0.1", app.port), timeout=20) as caller:
        head = "POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        caller.sendall(f"{head}Content-Length: 10\r\n\r\nuser=".encode())
        idle = socket.create_connection(("127.0.0.1", app.port), timeout=20)
        idle.sendall(b"GET /sign-in/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await asyncio.to_thread(idle.recv, 9)) == b"HTTP/1.1 "
        os.kill(app.pid, signal.SIGTERM)
        await refuses(app)
        await asyncio.to_thread(hung_up, idle)  # no next request is taken on it
        caller.sendall(b"12345")
        answer = await asyncio.to_thread(caller.recv, 100)
    assert answer.startswith(b"HTTP/1.1 403 ")  # no CSRF token: it has gone through Django
    idle.close()
    assert app.process is not None
    await asyncio.to_thread(app.process.wait, LIMIT_MS / 1000 + BUSY_S)


@both_servers
async def test_who_came_in_before_the_door_closed_may_still_ask(
    kind: str, sqlite_url: str, start_app: StartApp
) -> None:
    """nginx connects for each request, and does not send one twice that changes something."""
    app, answer = start_app(kind, database_url=sqlite_url), b""
    for _ in range(3):  # on a busy machine the request may come too late by itself
        with socket.create_connection(("127.0.0.1", app.port), timeout=20) as caller:
            os.kill(app.pid, signal.SIGTERM)
            await refuses(app)
            with contextlib.suppress(ConnectionError):
                caller.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                answer = await asyncio.to_thread(caller.recv, 100)
        assert app.process is not None
        await asyncio.to_thread(app.process.wait, LIMIT_MS / 1000 + BUSY_S)
        if answer:
            break
        app.start()
    assert answer.startswith(b"HTTP/1.1 200 ")


@each_in_its_time
async def test_stock_clients_and_home_pages_are_told_in_their_own_words(
    kind: str, sqlite_url: str, start_app: StartApp
) -> None:
    async with staged(start_app, sqlite_url, "", shared={}, kinds=(kind,)) as stage:
        app, cookie = stage.apps[0], {"Cookie": f"sessionid={stage.people['ada']['session']}"}
        stock = await connect(f"{app.ws_url}/ws/documents/{stage.document}/", additional_headers=cookie, proxy=None)
        subprotocols: Any = [messages.SUBPROTOCOL]
        home = await connect(f"{app.ws_url}/ws/home/", additional_headers=cookie, subprotocols=subprotocols, proxy=None)
        await stock.recv()
        await home.recv()
        await asyncio.to_thread(ended, app)
        await asyncio.gather(stock.wait_closed(), home.wait_closed())
        assert stock.close_code == (messages.RESTART if kind == "daphne" else messages.SERVICE_RESTART)
        assert home.close_code == messages.RESTART


@each_in_its_time
async def test_with_a_notice_a_process_goes_on_for_a_while(kind: str, sqlite_url: str, start_app: StartApp) -> None:
    """For balancers that look at /readyz: until they have looked, whoever they still send is let in."""
    async with staged(
        start_app, sqlite_url, "", shared={}, kinds=(kind,), COLLAB_DRAIN_NOTICE_MS=3000, COLLAB_DRAIN_LIMIT_MS=LIMIT_MS
    ) as stage:
        app = stage.apps[0]
        early = await stage.typist("ada", 0).join()
        await says_at_readyz(app, 200)
        os.kill(app.pid, signal.SIGTERM)
        await says_at_readyz(app, 503)
        late = await stage.typist("ada", 0).join()
        late.name = "adab"
        await late.write()
        await late.saved()
        assert early.closed is None
        await asyncio.gather(*(each.until(lambda each=each: each.closed) for each in (early, late)))  # type: ignore[misc]
        assert app.process is not None
        await asyncio.to_thread(app.process.wait, LIMIT_MS / 1000 + BUSY_S)


async def arrive(stage: Stage, gate: Gate, rng: random.Random) -> list[Traveller]:
    """Everybody at their documents, shared out among the processes, and seen by everybody there."""
    people = list(stage.people)
    everybody = [
        Traveller(person, gate.ws_url, stage.people[person]["session"], stage.documents[number % DOCUMENTS])
        for number, person in enumerate(people)
    ]
    await asyncio.gather(*(each.arrive(rng) for each in everybody))
    others = len(people) // DOCUMENTS - 1
    await asyncio.gather(*(each.when(lambda each: len(each.company) == others) for each in everybody))
    return everybody


def ended(app: AppServer) -> float:
    """Tell it to end, as an operator does, and wait; how long it took, in seconds."""
    assert app.process is not None
    began = time.monotonic()
    os.kill(app.pid, signal.SIGTERM)
    app.process.wait(60)
    return time.monotonic() - began


async def refuses(app: AppServer) -> None:
    """Wait until it accepts no more connections."""
    async with asyncio.timeout(10):
        while await asyncio.to_thread(listens, app.port):
            await asyncio.sleep(0.02)


async def says_at_readyz(app: AppServer, status: int) -> None:
    """Wait until a balancer that asks reads this."""

    def asked() -> int:
        try:
            with urllib.request.urlopen(f"{app.url}/readyz", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    async with asyncio.timeout(10):
        while await asyncio.to_thread(asked) != status:
            await asyncio.sleep(0.02)


def hung_up(caller: socket.socket) -> None:
    """Read until the other side has closed."""
    while caller.recv(1 << 16):
        pass


def releases(database_url: str) -> list[str]:
    """By which release each document was made, in their order."""
    with psycopg.connect(database_url) as connection:
        rows: Sequence[Any] = connection.execute(
            "SELECT release FROM documents_document ORDER BY created_at"
        ).fetchall()
    return [release for (release,) in rows]
