"""Redis as it is run in the field: with a password and TLS, behind Sentinels, in several pieces, full, far away, gone
without a word. Nothing of value lives there: whatever it does, edits are saved, and go round by the doorbell again as
soon as there is one.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis as client
from redis.exceptions import RedisError

from tests.conftest import StartApp
from tests.servers import Redis

from .conftest import size
from .field import DOWN_MS, MASTER, Sentinel, TlsRedis
from .proxy import Proxy
from .stages import staged
from .test_kill import writing
from .test_relay_faults import EPSILON_S, POLL_S, end, pair, reach, rings, warnings
from .typists import Typist, settled

DELAY_S = 0.025  # each way: 50 ms for a question and its answer
FULL = "used memory > 'maxmemory'"
DEAF_S = 10.0  # `collab.lanes`: an echo every 5 s, and 5 s of patience


@pytest.fixture
def tls_redis(tmp_path: Path) -> Iterator[Redis]:
    with TlsRedis(tmp_path) as server:
        yield server


async def test_a_password_and_tls(postgres_url: str, tls_redis: Redis, start_app: StartApp) -> None:
    async with staged(start_app, postgres_url, tls_redis.url, shared={"bob": "editor"}) as stage:
        ada, bob = await pair(stage)
        await rings(ada, bob)
        await rings(bob, ada)
        assert [warnings(app) for app in stage.apps] == [0, 0]
        await end(stage, ada, bob)


async def test_a_wrong_password_costs_the_doorbell_and_one_line(
    postgres_url: str, tls_redis: Redis, start_app: StartApp
) -> None:
    wrong = tls_redis.url.replace("sesame", "barley")
    async with staged(start_app, postgres_url, wrong, shared={"bob": "editor"}) as stage:
        ada, bob = await pair(stage)
        await reach(ada, bob)
        await reach(bob, ada)
        for app in stage.apps:
            log = app.log.read_text()
            assert log.count("the channel layer does not answer (AuthenticationError)") == 1
            assert "barley" not in log
        await end(stage, ada, bob)


@pytest.mark.parametrize("kind", ["killed", pytest.param("asked to", marks=pytest.mark.long)])
async def test_sentinels_name_a_new_master(
    kind: str, postgres_url: str, own_redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    with ExitStack() as servers:
        second = servers.enter_context(Redis("--replicaof", "127.0.0.1", str(own_redis.port)))
        sentinel = servers.enter_context(Sentinel(own_redis, password="hush"))
        asked: Any = client.Redis(port=sentinel.port, password="hush")
        servers.callback(asked.close)
        while asked.sentinel_master(MASTER)["num-slaves"] != 1:
            await asyncio.sleep(0.1)  # it learns of the second from the first
        # The first of these Sentinels is not there: the next is asked.
        url = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel.port}/{MASTER}/0?sentinel_password=hush"
        async with staged(start_app, postgres_url, url, shared={"bob": "editor"}) as stage:
            ada, bob = await pair(stage)
            await rings(ada, bob)
            async with writing([ada, bob], rng):
                await ada.advance(10)
                if kind == "killed":
                    own_redis.kill9()
                else:
                    asked.execute_command("SENTINEL", "FAILOVER", MASTER)
                began = time.monotonic()
                while asked.sentinel_get_master_addr_by_name(MASTER)[1] != second.port:
                    await asyncio.sleep(0.1)
                chosen = time.monotonic() - began
                await ada.advance(10)
            await settled([ada, bob], patience_s=POLL_S + EPSILON_S)
            began = time.monotonic()
            await rings(ada, bob)
            await rings(bob, ada)
            print(f"{kind}: chosen after {chosen:.1f} s, in use {time.monotonic() - began:.1f} s later ({DOWN_MS} ms)")
            await end(stage, ada, bob)


async def test_of_several_redis_one_that_is_down_silences_its_own_documents_only(
    postgres_url: str, own_redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    from zlib import crc32

    with Redis() as second:
        urls = f"{own_redis.url} {second.url}"
        async with staged(start_app, postgres_url, urls, shared={"bob": "editor"}, documents=12) as stage:
            of = [crc32(f"coscribe.document.{each.replace('-', '')}".encode()) % 2 for each in stage.documents]
            here, there = of.index(0), of.index(1)
            pairs = [
                (await stage.typist("ada", 0, document=d).join(), await stage.typist("bob", 1, document=d).join())
                for d in (here, there)
            ]
            for ada, bob in pairs:
                await rings(ada, bob)
            second.kill9()
            (ada, bob), (far_ada, far_bob) = pairs
            await reach(far_ada, far_bob)  # by polling
            late = await stage.typist("bob", 1, document=here).join()
            await rings(ada, bob)
            async with writing([far_ada, far_bob], rng):  # what cannot be sent there holds up nothing here
                delays = [await reach(ada, late) for _ in range(size(20, 200))]
            assert statistics.median(delays) < POLL_S / 4, delays
            second.start()
            await rings(far_ada, far_bob)
            await settled([ada, bob, late])
            await settled([far_ada, far_bob])
            await asyncio.gather(*(each.close() for each in (ada, bob, late, far_ada, far_bob)))


async def test_a_full_redis_that_evicts_nothing_still_rings(
    postgres_url: str, start_app: StartApp, rng: random.Random
) -> None:
    """`noeviction` refuses what would be stored; nothing of ours is."""
    with Redis("--maxmemory", "2mb", "--maxmemory-policy", "noeviction") as full:
        filler = client.Redis(port=full.port)
        with pytest.raises(RedisError, match=FULL):
            fill(filler)
        async with staged(start_app, postgres_url, full.url, shared={"bob": "editor"}) as stage:
            ada, bob = await pair(stage)
            await rings(ada, bob)
            async with writing([ada, bob], rng):
                await ada.advance(30)
            with pytest.raises(RedisError, match=FULL):
                filler.set("more", b"x" * 100_000)
            filler.close()
            await rings(bob, ada)
            assert [warnings(app) for app in stage.apps] == [0, 0]
            await end(stage, ada, bob)


def fill(filler: client.Redis) -> None:
    for number in range(10_000):
        filler.set(f"filler{number}", b"x" * 10_000)


async def test_a_redis_that_is_50_ms_away_delays_by_that_and_no_more(
    postgres_url: str, redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    """Twelve people move their carets and write: more messages than there are round trips."""
    shared = dict.fromkeys(("bob", "cyd", "dan", "eve", "fay"), "editor")
    with Proxy(redis.port, delay_s=DELAY_S) as proxy:
        url = f"redis://127.0.0.1:{proxy.port}/0"
        async with staged(start_app, postgres_url, url, shared=shared, documents=3) as stage:
            people = [
                await stage.typist(name, app, document=index // 2).join()
                for index, name in enumerate(["ada", *shared])
                for app in (0, 1)
            ]
            await rings(people[0], people[1])
            moving = [asyncio.create_task(keep_moving(each)) for each in people]
            author, reader = people[0], people[1]
            async with writing(people[2:], rng):
                await author.advance(5)
                delays = [await reach(author, reader) for _ in range(size(30, 300))]
                # Carets that pile up would come later and later.
                await reader.until(lambda: moves_behind(author, reader) < 20)  # a second's worth
            for task in moving:
                task.cancel()
            await asyncio.gather(*moving, return_exceptions=True)
            print(f"a word took {1000 * statistics.median(delays):.0f} ms")
            assert statistics.median(delays) < 0.5
            for document in stage.documents:
                await settled([each for each in people if document in each.url])
            await asyncio.gather(*(each.close() for each in people))


def moves_behind(author: Typist, reader: Typist) -> int:
    """How many moves of the author's caret the reader has not seen."""
    return int(author.__dict__["cursor"] - reader.presence[author.doc.client_id]["cursor"])


async def keep_moving(typist: Typist) -> None:
    """Move the caret 20 times a second."""
    for clock in range(1, 1 << 30):
        typist.__dict__["cursor"] = clock
        await typist.awareness({"cursor": clock}, clock=clock)
        await asyncio.sleep(0.05)


@pytest.mark.long
async def test_a_connection_that_died_without_a_word_is_noticed(
    postgres_url: str, redis: Redis, start_app: StartApp
) -> None:
    with Proxy(redis.port) as proxy:
        async with staged(
            start_app, postgres_url, f"redis://127.0.0.1:{proxy.port}/0", shared={"bob": "editor"}
        ) as stage:
            ada, bob = await pair(stage)
            await rings(ada, bob)
            proxy.freeze()
            began = time.monotonic()
            await reach(ada, bob)
            await rings(ada, bob)
            await rings(bob, ada)
            print(f"the doorbell rings again after {time.monotonic() - began:.1f} s")
            assert time.monotonic() - began < 2 * DEAF_S + EPSILON_S
            await end(stage, ada, bob)
