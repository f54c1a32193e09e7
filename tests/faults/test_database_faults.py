"""Without its database the service says "saved" to nobody, loses nothing, and goes on by itself when the database is
back (I1).
"""

import asyncio
import os
import random
import signal
import statistics
import time

import psycopg
import pytest

from tests.conftest import StartApp
from tests.servers import Postgres

from .conftest import revive, size
from .ledger import differences, faults, read_log
from .stages import Stage, staged
from .test_kill import at, writing
from .typists import Typist, settled

ENDS = ["fast", "immediate", "killed", "backend killed"]
OUTAGE_S = float(size(2, 10))
HELD_S = 3.0
OLDEST = "SELECT pid FROM pg_stat_activity WHERE datname LIKE 'test%' ORDER BY backend_start LIMIT 1"


@pytest.mark.parametrize("end", ENDS)
async def test_everything_typed_around_a_restart_of_postgresql_is_saved_once(
    end: str, own_postgres: Postgres, own_postgres_url: str, rng: random.Random, start_app: StartApp
) -> None:
    shared = {"bob": "editor"}
    async with staged(start_app, own_postgres_url, "", shared=shared, documents=2, kinds=["uvicorn"]) as stage:
        typists = [stage.typist(person, 0, document=d) for person in ("ada", "bob") for d in (0, 1)]
        for typist in typists:
            typist.name += "xy"[typist.url.endswith(f"{stage.documents[1]}/")]
        await asyncio.gather(*(each.join() for each in typists))
        came_back = 0
        for _ in range(size(2, 20)):
            async with writing(typists, rng):
                await typists[0].advance(rng.randint(5, 30))
                await asyncio.to_thread(break_off, own_postgres, end)
                if end != "backend killed":
                    await down(own_postgres, typists)
                await asyncio.gather(*(saves(typist) for typist in typists))
            came_back += sum(typist.closed is not None for typist in typists)
            await asyncio.gather(*(each.join() for each in typists if each.closed is not None))
            await settled(typists)
            for document in stage.documents:
                assert differences(read_log(own_postgres_url, document), at(document, typists)) == []
        print(f"{end}: {came_back} of the connections had to come back")
        await asyncio.gather(*(each.close() for each in typists))


def break_off(postgres: Postgres, how: str) -> None:
    """End PostgreSQL, or (as the kernel does when memory is short) one of its processes: it ends the others and
    recovers by itself.
    """
    if how == "fast":
        postgres.stop()
    elif how == "immediate":
        process = postgres.process
        assert process is not None
        process.send_signal(signal.SIGQUIT)
        process.wait(15)
        postgres.kill9()
    elif how == "killed":
        postgres.kill9()
    else:
        with psycopg.connect(postgres.url("postgres")) as operator:
            [(victim,)] = operator.execute(OLDEST)
        os.kill(victim, signal.SIGKILL)


async def down(postgres: Postgres, typists: list[Typist]) -> None:
    """While there is no database, nobody is told that anything is saved; then bring it back."""
    typed = [each.words for each in typists]  # the last commits may have come before the end, their words after it
    await asyncio.gather(*(each.write() for each in typists))
    await asyncio.sleep(OUTAGE_S)  # the length of an outage: there is no event in it
    await asyncio.gather(*(each.echo() for each in typists))
    for typist, before in zip(typists, typed, strict=True):
        assert typist.acked_words <= before < typist.words
    await asyncio.to_thread(revive, postgres)


async def saves(typist: Typist) -> None:
    """Wait until something typed from now on is saved; come back if the server has closed the connection."""
    words = typist.words
    while typist.acked_words <= words:
        if typist.closed is not None:
            assert typist.closed[0] in (1006, 1012, 4508), typist.closed  # "come back" in docs/wire.md
            await typist.join()
        await typist.until(lambda: typist.acked_words > words or typist.closed is not None)


async def test_a_killed_postgresql_has_everything_that_was_acknowledged(
    own_postgres: Postgres, own_postgres_url: str, rng: random.Random, start_app: StartApp
) -> None:
    """At random moments, the application with it: nothing but the disk is left."""
    async with staged(start_app, own_postgres_url, "", shared={"bob": "editor"}, kinds=["uvicorn"]) as stage:
        typists = [stage.typist(person, 0) for person in ("ada", "bob")]
        for kill in range(size(5, 100)):
            await asyncio.gather(*(each.join() for each in typists))
            async with writing(typists, rng):
                await typists[0].advance(rng.randint(3, 40))
                own_postgres.kill9()
                stage.apps[0].kill9()
            await asyncio.gather(*(each.when(lambda t: t.closed) for each in typists))
            await asyncio.to_thread(revive, own_postgres)
            assert faults(read_log(own_postgres_url, stage.document), typists) == [], f"after kill {kill}"
            await asyncio.to_thread(stage.apps[0].start)
        await asyncio.gather(*(each.join() for each in typists))
        await settled(typists)
        assert differences(read_log(own_postgres_url, stage.document), typists) == []
        await asyncio.gather(*(each.close() for each in typists))


async def test_a_document_that_somebody_holds_locked_waits_and_the_others_do_not(
    postgres_url: str, rng: random.Random, start_app: StartApp
) -> None:
    """Someone's long transaction over one document's row: all documents share the journal, which goes round it."""
    async with staged(start_app, postgres_url, "", shared={"bob": "editor"}, documents=2, kinds=["uvicorn"]) as stage:
        ada, bob = await stage.typist("ada", 0).join(), await stage.typist("bob", 0, document=1).join()
        async with writing([ada, bob], rng):
            await asyncio.gather(*(saves(each) for each in (ada, bob)))
            held, before = await hold(stage, postgres_url, (ada, bob))
            await asyncio.gather(*(saves(each) for each in (ada, bob)))
        await settled([ada, bob])
        assert held[0] == 0, "an edit was saved under somebody else's lock"
        print(f"in {HELD_S} s another document's author was told {held[1]} times (usually {before})")
        assert held[1] > before / 4, "one document's lock stopped another's edits"
        assert ada.closed is None
        assert bob.closed is None
        for document in stage.documents:
            assert differences(read_log(postgres_url, document), at(document, [ada, bob])) == []
        await asyncio.gather(ada.close(), bob.close())


async def hold(stage: Stage, url: str, typists: tuple[Typist, Typist]) -> tuple[list[int], int]:
    """Hold the first document's row for a while: how often each of the two was told "saved" meanwhile, and the second
    one before.
    """
    counts = len(typists[1].acked)
    await asyncio.sleep(HELD_S / 3)
    usual = 3 * (len(typists[1].acked) - counts)
    async with await psycopg.AsyncConnection.connect(url) as holder:
        await holder.execute("SELECT 1 FROM documents_document WHERE id = %s FOR UPDATE", [stage.documents[0]])
        await asyncio.gather(*(each.echo() for each in typists))
        told = [len(each.acked) for each in typists]
        await asyncio.sleep(HELD_S)
        await asyncio.gather(*(each.echo() for each in typists))
        during = [len(each.acked) - before for each, before in zip(typists, told, strict=True)]
        await holder.rollback()
    return during, usual


async def test_latency_is_back_after_an_outage(
    own_postgres: Postgres, own_postgres_url: str, start_app: StartApp
) -> None:
    """Nothing is left over: no connection that is tried first and fails, no retry that waits its full time again."""
    async with staged(start_app, own_postgres_url, "", shared={"bob": "editor"}, kinds=["daphne"]) as stage:
        ada = await stage.typist("ada", 0).join()
        own_postgres.stop()
        await ada.write()
        await ada.echo()
        assert ada.acked_words == 0
        own_postgres.start()
        await ada.until(lambda: ada.acked_words == 1)
        delays = []
        for _ in range(20):
            began = time.monotonic()
            await ada.write()
            await ada.saved()
            delays.append(time.monotonic() - began)
        assert statistics.median(delays) < 0.5
        assert max(delays) < 5
        await ada.close()
