"""`kill -9` of the application at any moment loses nothing that was acknowledged or seen, and nothing comes twice (I1,
I9, I17).
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from pycrdt import Doc, Text

from tests.conftest import StartApp
from tests.seed import scene

from .conftest import size
from .ledger import Log, Row, differences, faults, read_log
from .typists import Typist, settled

KILLS = int(os.environ.get("COSCRIBE_KILLS") or size(50, 1000))  # for each of the four pairs of server and database
KILLS_PER_DOCUMENT = 10  # a fresh pair of documents then: a round must not become slow because the text has become long
LEAST_S, MOST_S = 0.03, 0.5
# States are written in the middle of it too.
ENV = {"COLLAB_COMPACT_AFTER_UPDATES": "60", "LOG_LEVEL": "WARNING"}
WRITERS = {"ada": "owner", "bob": "editor"}


@pytest.mark.parametrize("database", ["sqlite_url", "postgres_url"])
@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_a_killed_server_loses_nothing_that_was_acknowledged_or_seen(
    kind: str, database: str, request: pytest.FixtureRequest, rng: random.Random, start_app: StartApp
) -> None:
    url: str = request.getfixturevalue(database)
    set_up = arrange(url, documents=2 * -(-KILLS // KILLS_PER_DOCUMENT))
    app = start_app(kind, database_url=url, env=ENV)
    acknowledged = 0
    for kill in range(KILLS):
        if kill % KILLS_PER_DOCUMENT == 0:
            group = kill // KILLS_PER_DOCUMENT
            documents = set_up["documents"][2 * group : 2 * group + 2]
            typists = seat(app.ws_url, set_up["people"], documents)
        await asyncio.gather(*(typist.join() for typist in typists))
        async with writing(typists, rng):
            await moment(typists, rng)
            app.kill9()
        await all_gone(typists)
        acknowledged = max(acknowledged, sum(typist.acked_words for typist in typists))
        found = {document: faults(read_log(url, document), at(document, typists)) for document in documents}
        assert not any(found.values()), f"after kill {kill}: {found}"
        await asyncio.to_thread(app.start)
        await asyncio.gather(*(typist.join() for typist in typists))
        await settled(typists)
        missing = {document: differences(read_log(url, document), at(document, typists)) for document in documents}
        assert not any(missing.values()), f"after the restart from kill {kill}: {missing}"
        await asyncio.gather(*(typist.close() for typist in typists))
    assert acknowledged > 20, "hardly anything was acknowledged: nothing was tested"


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_the_check_sees_a_journal_that_acknowledges_too_early(
    kind: str, sqlite_url: str, rng: random.Random, start_app: StartApp
) -> None:
    """The proof that the test above can fail: the same, with a journal that commits a moment after it says so."""
    set_up = arrange(sqlite_url, documents=2)
    app = start_app(
        kind, database_url=sqlite_url, env={**ENV, "DJANGO_SETTINGS_MODULE": "tests.faults.settings.premature"}
    )
    found: set[str] = set()
    for _ in range(10):
        typists = seat(app.ws_url, set_up["people"], set_up["documents"])
        for typist in typists:
            typist.name += "x" * (_ + 1)  # new names: what was lost before is not missed again
        await asyncio.gather(*(typist.join() for typist in typists))
        async with writing(typists, rng):
            await asyncio.gather(*(typist.when(lambda t: t.acked_words > 3) for typist in typists))
            app.kill9()
        await all_gone(typists)
        for document in set_up["documents"]:
            judged = faults(read_log(sqlite_url, document), at(document, typists))
            found |= {fault.partition(":")[0] for fault in judged}
        await asyncio.to_thread(app.start)
        if found >= {"acknowledged", "seen"}:
            return
    pytest.fail(f"ten kills of a broken journal, and all that was noticed is {found}")


@pytest.mark.parametrize(
    ("rows", "head", "expected"),
    [
        (["<a1>", "<a2>"], 2, set()),
        (["<a1>"], 1, {"acknowledged", "seen"}),
        ([], 0, {"acknowledged", "seen"}),
        (["<a1>", "<a3>"], 2, {"order"}),
        (["<a1>", "<a2>", "<a2>"], 3, {"order"}),
        (["<a1>", "<a2>", "<a3>", "<a4>"], 4, {"invented"}),
        (["<a1>", "<a2>"], 3, {"hole"}),
    ],
)
async def test_the_check_sees_every_kind_of_loss(rows: list[str], head: int, expected: set[str]) -> None:
    log = Log(head, written(rows))
    author, reader = Typist("a", "", "", ""), Typist("b", "", "", "")
    author.words, author.acked_words = 3, 2
    reader.text.insert(0, "<a1><a2>")
    assert {fault.partition(":")[0] for fault in faults(log, [author, reader])} == expected


async def test_the_check_sees_a_row_that_stands_on_nothing() -> None:
    first, second, third = written(["<a1>", "<a2>", "<a3>"])
    log = Log(2, [first, Row(2, 1, third.payload)])
    assert [fault.partition(":")[0] for fault in faults(log, [])] == ["pending"]
    assert second.words == {"a": [2]}


def arrange(database_url: str, *, documents: int) -> dict[str, Any]:
    return scene(owner="ada", shared={"bob": "editor"}, database_url=database_url, documents=documents)


def seat(ws_url: str, people: dict[str, Any], documents: Sequence[str]) -> list[Typist]:
    """Two people at each document."""
    places = [(person, document) for document in documents for person in WRITERS]
    return [
        Typist(name, ws_url, people[person]["session"], document)
        for name, (person, document) in zip("abcdefgh", places, strict=False)
    ]


def at(document: str, typists: Sequence[Typist]) -> list[Typist]:
    return [typist for typist in typists if document in typist.url]


@asynccontextmanager
async def writing(typists: Sequence[Typist], rng: random.Random) -> AsyncIterator[None]:
    """Everybody writes within the block."""
    seeds = [random.Random(rng.random()) for _ in typists]
    tasks = [asyncio.create_task(each.keep_writing(seed)) for each, seed in zip(typists, seeds, strict=True)]
    async with AsyncExitStack() as stack:
        stack.push_async_callback(gathered, tasks)
        yield


async def gathered(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if not isinstance(outcome, asyncio.CancelledError) and isinstance(outcome, BaseException):
            raise outcome


async def moment(typists: Sequence[Typist], rng: random.Random) -> None:
    """Wait for a moment to kill at: any time; when an acknowledgement or somebody's words have just come; when
    something was just sent.
    """
    somebody = rng.choice(typists)
    kind = rng.choice(("time", "acknowledged", "received", "sent"))
    if kind == "time":
        await asyncio.sleep(rng.uniform(LEAST_S, MOST_S))
        return
    more = rng.randint(1, 15)
    if kind == "acknowledged":
        wanted = len(somebody.acked) + more
        await somebody.until(lambda: len(somebody.acked) >= wanted)
    elif kind == "received":
        row = somebody.seq + more
        await somebody.until(lambda: somebody.seq >= row)
    else:
        words = somebody.words + more
        while somebody.words < words:
            await asyncio.sleep(0)


async def all_gone(typists: Sequence[Typist]) -> None:
    """Everything that was on its way has come, and every connection is over."""
    await asyncio.gather(*(typist.when(lambda t: t.closed is not None) for typist in typists))


def written(words: Sequence[str]) -> list[Row]:
    """A log of these words, a row each."""
    doc: Doc[Any] = Doc()
    text = doc.get("text", type=Text)
    rows = []
    for number, word in enumerate(words, 1):
        before = doc.get_state()
        text.insert(len(str(text)), word)
        rows.append(Row(number, 1, doc.get_update(before)))
    return rows
