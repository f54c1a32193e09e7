"""Redis is only a doorbell: lost messages heal within the poll's interval, and without it editing and saving go on (I5,
I6).
"""

import asyncio
import random
import statistics
import time
from collections.abc import Sequence

from tests.conftest import StartApp
from tests.servers import AppServer, Redis

from .conftest import size
from .ledger import differences, read_log
from .stages import Stage, staged
from .test_kill import writing
from .typists import Typist, settled

POLL_S = 2.0  # COLLAB_POLL_INTERVAL_MS as it is by default
EPSILON_S = 3.0  # a busy machine, twice a query, a fan-out
OUTAGE_S = float(size(6, 30))
SWEEP_MS = 1_000


async def reach(author: Typist, reader: Typist, *, patience_s: float = POLL_S + EPSILON_S) -> float:
    """One word from one to the other; how long it took."""
    began = time.monotonic()
    await author.write()
    word = f"<{author.name}{author.words}>"
    await reader.until(lambda: word in str(reader), patience_s=patience_s)
    return time.monotonic() - began


async def rings(author: Typist, reader: Typist) -> None:
    """Wait until the doorbell rings again: three words in a row come faster than the poll would bring them."""
    async with asyncio.timeout(30):
        quick = 0
        while quick < 3:
            quick = quick + 1 if await reach(author, reader) < POLL_S / 8 else 0


async def hears_of_saving(author: Typist) -> None:
    """Wait until something typed from now on is saved."""
    words = author.words
    await author.until(lambda: author.acked_words > words)


async def pair(stage: Stage) -> tuple[Typist, Typist]:
    ada, bob = await stage.typist("ada", 0).join(), await stage.typist("bob", 1).join()
    return ada, bob


async def end(stage: Stage, *typists: Typist) -> None:
    """Everything that was typed is saved, and with everybody; once."""
    await settled(typists)
    assert differences(read_log(stage.database_url, stage.document), typists) == []
    await asyncio.gather(*(typist.close() for typist in typists))


async def test_every_tenth_message_lost_heals_within_the_poll(
    postgres_url: str, redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    async with staged(
        start_app, postgres_url, redis.url, shared={"bob": "editor"}, settings="tests.faults.settings.lossy"
    ) as stage:
        ada, bob = await pair(stage)
        single = [await reach(*rng.choice([(ada, bob), (bob, ada)])) for _ in range(size(25, 200))]
        async with writing([ada, bob], rng):
            await ada.advance(size(150, 2000))
            while lost_deltas(stage) <= 5:  # where the machine is busy, a message has many rows
                await ada.advance(20)
        began = time.monotonic()
        await settled([ada, bob], patience_s=POLL_S + EPSILON_S)
        print(
            f"a word took {1000 * statistics.median(single):.0f} ms, at most {max(single):.2f} s; "
            f"{time.monotonic() - began:.2f} s after the storm all was equal"
        )
        await end(stage, ada, bob)


def lost_deltas(stage: Stage) -> int:
    return sum(app.log.read_text().count("lost a message of type delta") for app in stage.apps)


async def test_editing_saving_and_sharing_go_on_while_redis_is_down(
    postgres_url: str, own_redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    async with staged(
        start_app,
        postgres_url,
        own_redis.url,
        shared={"bob": "editor", "cyd": "editor"},
        COLLAB_SWEEP_INTERVAL_MS=SWEEP_MS,
    ) as stage:
        ada, bob = await pair(stage)
        cyd = await stage.typist("cyd", 0).join()
        await rings(ada, bob)
        own_redis.kill9()
        saving: list[float] = []
        async with writing([ada, bob], rng):
            until = time.monotonic() + OUTAGE_S
            while time.monotonic() < until:
                began = time.monotonic()
                await hears_of_saving(ada)
                saving.append(time.monotonic() - began)
        print(
            f"without Redis a word was saved in {1000 * statistics.median(saving):.0f} ms, at most {max(saving):.2f} s"
        )
        assert statistics.median(saving) < 1.0
        await settled([ada, bob], patience_s=POLL_S + EPSILON_S)  # by the poll alone, in both directions
        await reach(bob, ada)
        await stage.deputy("sharing.revise(by=ada, obj=doc(pk), to=user('cyd'), role=Role.VIEWER)")
        await stage.deputy("sharing.revoke(by=ada, obj=doc(pk), to=user('bob'))")
        await cyd.until(lambda: cyd.role == "viewer", patience_s=SWEEP_MS / 1000 + EPSILON_S)
        await bob.until(lambda: bob.closed and bob.closed[0] == 4403, patience_s=SWEEP_MS / 1000 + EPSILON_S)
        await stage.deputy("sharing.grant(by=ada, obj=doc(pk), to=user('bob'), role=Role.EDITOR)")
        await bob.join()
        own_redis.start()
        await rings(ada, bob)
        await rings(bob, ada)
        for app in stage.apps:
            told = app.log.read_text().count("the channel layer does not answer")
            assert told == 1, f"{app.name} said {told} times that Redis is down"
        await end(stage, ada, bob, cyd)


async def test_killed_subscriptions_come_back(
    postgres_url: str, own_redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    import redis.asyncio

    async with staged(start_app, postgres_url, own_redis.url, shared={"bob": "editor"}) as stage:
        ada, bob = await pair(stage)
        client = redis.asyncio.Redis.from_url(own_redis.url)
        try:
            async with writing([ada, bob], rng):
                for _ in range(size(4, 40)):
                    await ada.advance(15)
                    killed = await client.execute_command(  # type: ignore[no-untyped-call]
                        "CLIENT", "KILL", "TYPE", "pubsub"
                    )
                    assert killed in (0, 1, 2)
            await settled([ada, bob], patience_s=POLL_S + EPSILON_S)
            await rings(ada, bob)
            await rings(bob, ada)
        finally:
            await client.aclose()
        await end(stage, ada, bob)


async def test_a_redis_that_stands_still_holds_nobody_up(
    postgres_url: str, own_redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    """Worse than one that is down: it takes connections and never answers."""
    async with staged(
        start_app, postgres_url, own_redis.url, shared={"bob": "editor"}, COLLAB_SWEEP_INTERVAL_MS=SWEEP_MS
    ) as stage:
        ada, bob = await pair(stage)
        await rings(ada, bob)
        own_redis.pause()
        try:
            for _ in range(3):
                await reach(ada, bob)
                await reach(bob, ada)
            late = await stage.typist("bob", 0).join()  # to open a document needs no Redis either
            assert late.synced
        finally:
            own_redis.resume()
        await rings(ada, bob)
        await end(stage, ada, bob, late)


async def test_a_server_starts_without_redis_says_so_once_and_heals(
    postgres_url: str, own_redis: Redis, start_app: StartApp
) -> None:
    own_redis.kill9()
    async with staged(start_app, postgres_url, own_redis.url, shared={"bob": "editor"}) as stage:
        ada, bob = await pair(stage)
        for _ in range(2):
            await reach(ada, bob)
            await reach(bob, ada)
        assert [warnings(app) for app in stage.apps] == [1, 1]
        own_redis.start()
        await rings(ada, bob)
        await rings(bob, ada)
        assert [warnings(app) for app in stage.apps] == [1, 1]
        assert all("the channel layer is back" in app.log.read_text() for app in stage.apps)
        await end(stage, ada, bob)


def warnings(app: AppServer) -> int:
    """Lines in the log that are more than news."""
    return sum(" WARNING " in line or " ERROR " in line for line in app.log.read_text().splitlines())


async def test_presence_heals_when_redis_is_back(postgres_url: str, own_redis: Redis, start_app: StartApp) -> None:
    async with staged(
        start_app, postgres_url, own_redis.url, shared={"bob": "editor", "cyd": "editor"}, COLLAB_PRESENCE_TTL_MS=6_000
    ) as stage:
        ada, bob = await pair(stage)
        await ada.awareness({"cursor": 1}, clock=1)
        await bob.until(lambda: cursors(bob) == [1])
        own_redis.kill9()
        await ada.awareness({"cursor": 2}, clock=2)
        gone = await stage.typist("cyd", 0).join()
        await gone.awareness({"cursor": 9}, clock=1)
        own_redis.start()
        clock = 3
        async with asyncio.timeout(30):
            while cursors(bob) != [9, clock]:  # clients say where they are every 15 s, moved or not; ours more often
                await asyncio.gather(
                    ada.awareness({"cursor": clock + 1}, clock=clock + 1), gone.awareness({"cursor": 9}, clock=clock)
                )
                clock += 1
                await asyncio.sleep(0.3)
        await asyncio.gather(*(each.close() for each in (ada, bob, gone)))


def cursors(typist: Typist) -> Sequence[int]:
    return sorted(state["cursor"] for state in typist.presence.values())
