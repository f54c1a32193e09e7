"""PostgreSQL as it is run in the field: behind pgbouncer, with answers that get lost, conflicts, time limits, a standby
that takes over, a disk that is full. What is acknowledged is in the log once, and everything goes on by itself.
"""

import asyncio
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

import psycopg
import pytest

from tests.conftest import MIGRATED, StartApp
from tests.servers import ROOT, Postgres, Redis, app_env, manage, migrate, start_postgres

from .conftest import size
from .field import STANDBY, Pgbouncer, Standby
from .ledger import differences, read_log
from .proxy import Proxy
from .stages import Stage, staged
from .test_database_faults import saves
from .test_kill import at, writing
from .typists import Typist, settled

RAISE = """
CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN NEW; END $$;
CREATE TRIGGER trouble BEFORE INSERT ON documents_documentupdate FOR EACH ROW EXECUTE FUNCTION trouble();
"""
OUTAGE_S = float(size(3, 20))


async def well(stage: Stage, *typists: Typist) -> None:
    """Everything typed is saved once and with everybody."""
    await settled(typists)
    for document in stage.documents:
        assert differences(read_log(stage.database_url, document), at(document, typists)) == []
    await asyncio.gather(*(each.close() for each in typists))


@pytest.fixture
def pgbouncer(postgres: Postgres) -> Iterator[Pgbouncer]:
    with Pgbouncer(postgres) as server:
        yield server


async def test_everything_works_behind_pgbouncer_in_transaction_mode(
    postgres_url: str, pgbouncer: Pgbouncer, redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    """More connections of ours than it has to the server; and a restart of it."""
    url = pgbouncer.url(postgres_url.rpartition("/")[2])
    async with staged(start_app, url, redis.url, shared={"bob": "editor", "cyd": "viewer"}) as stage:
        stage.database_url = postgres_url  # for reading past it
        typists = [await stage.typist(name, app).join() for name in ("ada", "bob") for app in (0, 1)]
        async with writing(typists, rng):
            for role in ("EDITOR", "VIEWER"):
                await stage.deputy(f"sharing.revise(by=ada, obj=doc(pk), to=user('cyd'), role=Role.{role})")
                await typists[0].advance(20)
            pgbouncer.kill9()
            pgbouncer.start()
            await asyncio.gather(*(saves(each) for each in typists))
        # A cursor of the server's would be on another connection by the second page.
        listed = manage("export_audit_log", "--since", "2020-01-01", database_url=url)
        assert "Cyd" in listed
        await asyncio.gather(*(each.join() for each in typists if each.closed is not None))
        await well(stage, *typists)


async def test_an_answer_that_was_lost_is_asked_for_again(
    postgres_url: str, postgres: Postgres, redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    """Connections end at COMMIT: before it arrives, or after it was carried out. Either way everything that is
    acknowledged is in the log, and once.
    """
    with Proxy(postgres.port) as proxy:
        url = postgres_url.replace(f":{postgres.port}/", f":{proxy.port}/") + "?sslmode=disable"
        async with staged(start_app, url, redis.url, shared={"bob": "editor"}) as stage:
            stage.database_url = postgres_url
            typists = [await stage.typist(name, app).join() for name, app in (("ada", 0), ("bob", 1))]
            async with writing(typists, rng):
                proxy.tear_commits(rng, chance=0.3)
                until = size(12, 300)
                async with asyncio.timeout(120):
                    while min(proxy.torn) < until:
                        await asyncio.gather(*(saves(each) for each in typists))
                proxy.tear_commits(None)
                await asyncio.gather(*(saves(each) for each in typists))
            print(f"{proxy.torn[0]} answers and {proxy.torn[1]} commits were lost")
            await asyncio.gather(*(each.join() for each in typists if each.closed is not None))
            await well(stage, *typists)


@pytest.mark.parametrize("code", ["40001", pytest.param("40P01", marks=pytest.mark.long)])
async def test_a_conflict_is_tried_again(
    code: str, postgres_url: str, redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    """Serialization failures and deadlocks, half of all commits; nobody loses their connection."""
    async with staged(start_app, postgres_url, redis.url, shared={"bob": "editor"}, documents=2) as stage:
        typists = [await stage.typist(n, a, document=d).join() for n, a in (("ada", 0), ("bob", 1)) for d in (0, 1)]
        for typist in typists:
            typist.name += "xy"[stage.documents[1] in typist.url]
        with psycopg.connect(postgres_url, autocommit=True) as operator:
            operator.execute(
                RAISE.format(f"IF random() < 0.5 THEN RAISE EXCEPTION 'met' USING ERRCODE = '{code}'; END IF;").encode()
            )
            async with writing(typists, rng):
                for _ in range(3):
                    await asyncio.gather(*(saves(each) for each in typists))
            operator.execute("DROP FUNCTION trouble CASCADE")
        assert [each.closed for each in typists] == [None] * 4
        await well(stage, *typists)


def test_rights_are_read_as_committed_whatever_the_servers_default(postgres_url: str) -> None:
    """At a higher level a transaction that waited for the document's lock would still see the right that was taken
    meanwhile.
    """
    name = postgres_url.rpartition("/")[2]
    with psycopg.connect(postgres_url, autocommit=True) as operator:
        operator.execute(f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'repeatable read'".encode())
    code = (
        "import django; django.setup()\n"
        "from django.db import connection, transaction\n"
        "with transaction.atomic(), connection.cursor() as cursor:\n"
        "    cursor.execute('SHOW transaction_isolation'); print(cursor.fetchone()[0])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=app_env(database_url=postgres_url), capture_output=True, text=True
    )
    assert done.stdout == "read committed\n", done.stderr


async def test_a_statement_that_takes_too_long_is_ended_and_comes_again(
    postgres_url: str, rng: random.Random, start_app: StartApp
) -> None:
    name = postgres_url.rpartition("/")[2]
    with psycopg.connect(postgres_url, autocommit=True) as operator:
        operator.execute(f"ALTER DATABASE \"{name}\" SET statement_timeout = '1500ms'".encode())
        async with staged(start_app, postgres_url, "", shared={"bob": "editor"}, kinds=["uvicorn"]) as stage:
            typists = [await stage.typist(name, 0).join() for name in ("ada", "bob")]
            async with writing(typists, rng):
                await asyncio.gather(*(saves(each) for each in typists))
                operator.execute(RAISE.format("PERFORM pg_sleep(5);").encode())
                await asyncio.gather(*(each.echo() for each in typists))
                told = [len(each.acked) for each in typists]
                await asyncio.sleep(OUTAGE_S)  # the length of a fault: there is no event in it
                await asyncio.gather(*(each.echo() for each in typists if each.closed is None))
                assert sum(len(each.acked) for each in typists) - sum(told) <= 2  # what was on its way
                operator.execute("SET statement_timeout = 0")
                operator.execute("DROP FUNCTION trouble CASCADE")
                await asyncio.gather(*(saves(each) for each in typists))
            await asyncio.gather(*(each.join() for each in typists if each.closed is not None))
            await well(stage, *typists)


@pytest.mark.parametrize("code", ["53100", pytest.param("25006", marks=pytest.mark.long)])
async def test_while_nothing_can_be_written_edits_wait_and_pages_are_read(
    code: str, postgres_url: str, redis: Redis, rng: random.Random, start_app: StartApp
) -> None:
    """What cannot be written waits in the pages, which say so; nobody is sent away, for coming back would not help."""
    async with staged(start_app, postgres_url, redis.url, shared={"bob": "editor"}) as stage:
        typists = [await stage.typist(name, app).join() for name, app in (("ada", 0), ("bob", 1))]
        with psycopg.connect(postgres_url, autocommit=True) as operator:
            async with writing(typists, rng):
                await asyncio.gather(*(saves(each) for each in typists))
                operator.execute(RAISE.format(f"RAISE EXCEPTION 'no' USING ERRCODE = '{code}';").encode())
                await asyncio.gather(*(each.echo() for each in typists))
                words = [each.words for each in typists]
                await asyncio.gather(*(each.write() for each in typists))
                await asyncio.sleep(OUTAGE_S)  # the length of a fault: there is no event in it
                await asyncio.gather(*(each.echo() for each in typists))
                for typist, before in zip(typists, words, strict=True):
                    assert typist.acked_words <= before < typist.words
                late = await stage.typist("bob", 0).join()
                assert str(late)
                assert await asyncio.to_thread(status, stage, "bob") == 200
                operator.execute("DROP FUNCTION trouble CASCADE")
                await asyncio.gather(*(saves(each) for each in typists))
        assert [each.closed for each in typists] == [None] * 2
        await well(stage, late, *typists)


def status(stage: Stage, person: str) -> int:
    """How the document's page answers this person."""
    request = urllib.request.Request(
        f"{stage.apps[0].url}/documents/{stage.document}/",
        headers={"Cookie": f"sessionid={stage.people[person]['session']}", "Accept": "text/html"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


async def test_a_standby_takes_over(rng: random.Random, redis: Redis, start_app: StartApp) -> None:
    """The first dies in the middle of commits; its standby can only be read for a while, then it is promoted. With
    commits that wait for the standby, everything that was acknowledged is there.
    """
    with start_postgres() as primary:
        migrate(primary.create_database(MIGRATED))
        with Standby(primary) as standby, Proxy(primary.port) as proxy:
            primary.psql(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
            primary.psql("SELECT pg_reload_conf()")
            url = primary.url(MIGRATED).replace(f":{primary.port}/", f":{proxy.port}/")
            async with staged(start_app, url, redis.url, shared={"bob": "editor"}) as stage:
                typists = [await stage.typist(name, app).join() for name, app in (("ada", 0), ("bob", 1))]
                async with writing(typists, rng):
                    await asyncio.gather(*(saves(each) for each in typists))
                    await typists[0].advance(rng.randint(3, 30))
                    primary.kill9()
                    proxy.redirect(standby.port)
                    await asyncio.gather(*(each.echo() for each in typists))
                    words = [each.words for each in typists]
                    await asyncio.gather(*(each.write() for each in typists))
                    began = time.monotonic()
                    while await asyncio.to_thread(status, stage, "bob") != 200:
                        assert time.monotonic() - began < 30
                    late = stage.typist("bob", 0)
                    while not late.synced:  # a document can be opened, soon
                        assert time.monotonic() - began < 30
                        await late.join()
                    await asyncio.sleep(OUTAGE_S)  # the length of a failover: there is no event in it
                    await asyncio.gather(*(each.echo() for each in typists))
                    for typist, before in zip(typists, words, strict=True):
                        assert typist.acked_words <= before < typist.words
                    await asyncio.to_thread(standby.promote)
                    began = time.monotonic()
                    await asyncio.gather(*(saves(each) for each in typists))
                    print(f"saving again {time.monotonic() - began:.1f} s after the promotion")
                assert [each.closed for each in typists] == [None] * 2
                stage.database_url = standby.url(MIGRATED)
                await well(stage, late, *typists)
