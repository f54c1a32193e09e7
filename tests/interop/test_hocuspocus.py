"""Tiptap's and BlockNote's usual client works as it is: @hocuspocus/provider 2, 3 and 4 under Node."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.clients import Scribe
from tests.seed import run, scene
from tests.servers import AppServer, migrated_sqlite

from .actors import Provider
from .conftest import HOCUSPOCUS, Stage

ROWS = """
from documents.models import DocumentUpdate
result = DocumentUpdate.objects.filter(document_id={document!r}).count()
"""
SHARE = "sharing.{verb}"
TOKENS = "result = [token('bob'), token('bob', 'read'), token('vera', 'read')]"
REVOKE_TOKENS = "result = tokens.revoke(tokens.of(user('bob')))"
THROW_AWAY = """
from documents import trash
trash.trash(by=user("ada"), document=Document.objects.get(pk={document!r}))
"""
BOB = 'by=user("ada"), obj=Document.objects.get(pk={document!r}), to=user("bob")'


@pytest.fixture(scope="module", params=["uvicorn"])
def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, node_modules: Path
) -> Iterator[Stage]:
    """As for the other stock clients, but for one server, and with a sweep that comes sooner."""
    url = migrated_sqlite(tmp_path_factory.mktemp("hocuspocus"))
    seeded = scene(owner="ada", shared={"bob": "editor", "vera": "viewer"}, database_url=url, documents=50)
    env = {"LOG_LEVEL": "WARNING", "COLLAB_SWEEP_INTERVAL_MS": "500"}
    with AppServer(request.param, database_url=url, env=env) as app:
        yield Stage(app, url, seeded)


def provider(stage: Stage, kind: str, who: str, *documents: str) -> Provider:
    return Provider(kind, stage.app.ws_url, documents, session=stage.session(who))


def by_token(stage: Stage, kind: str, token: str, *documents: str) -> Provider:
    return Provider(kind, stage.app.ws_url, documents, token=token)


@asynccontextmanager
async def scribe(stage: Stage, who: str, document: str) -> AsyncIterator[Scribe]:
    joined = await Scribe(stage.app.ws_url, stage.session(who), document).join()
    try:
        yield joined
    finally:
        await joined.close()


async def said(stage: Stage, code: str) -> Any:
    return await asyncio.to_thread(run, code, database_url=stage.database_url)


async def share(stage: Stage, document: str, verb: str) -> None:
    await said(stage, SHARE.format(verb=verb).replace("BOB", BOB.format(document=document)))


def settled(seen: dict[str, Any]) -> bool:
    return bool(seen["synced"]) and seen["unsynced"] == 0


@pytest.mark.parametrize("kind", HOCUSPOCUS)
async def test_edits_and_presence_go_both_ways_between_a_provider_and_ours(stage: Stage, kind: str) -> None:
    document = stage.document()
    async with scribe(stage, "ada", document) as ada, provider(stage, kind, "bob", document).running() as bob:
        await bob.until(settled)
        await ada.type("from ada 😀 ")
        await bob.until(lambda seen: seen["text"] == "from ada 😀 ")
        await bob.do("insert", what="from bob")
        await ada.until(lambda: str(ada) == "from ada 😀 from bob")
        await bob.do("remove", at=0, length=5)
        await ada.until(lambda: str(ada) == "ada 😀 from bob")
        seen = await bob.until(settled)
        assert (seen["scope"], seen["pending"], min(seen["counts"])) == ("read-write", False, 0)

        await ada.awareness({"cursor": 3})
        seen = await bob.until(lambda seen: str(ada.doc.client_id) in seen["states"])
        assert seen["states"][str(ada.doc.client_id)]["user"]["name"] == "Ada"
        await bob.do("present", fields={"user": {"name": "Somebody else"}, "cursor": 7})
        await ada.until(lambda: bob.client in ada.presence and ada.presence[bob.client].get("cursor") == 7)
        assert ada.presence[bob.client]["user"]["name"] == "Bob"


@pytest.mark.parametrize("kind", HOCUSPOCUS)
async def test_what_a_provider_counts_as_unsynced_is_zero_only_when_it_is_committed(stage: Stage, kind: str) -> None:
    document = stage.document()
    async with provider(stage, kind, "bob", document).running() as bob:
        await bob.until(settled)
        for number in range(1, 4):
            seen = await bob.do("insert", what="x")
            assert seen["unsynced"] == 1
            await bob.until(settled)
            assert await said(stage, ROWS.format(document=document)) == number
        for _ in range(200):
            await bob.do("insert", what="y")
        seen = await bob.until(settled)
        assert min(seen["counts"]) == 0
    async with scribe(stage, "ada", document) as ada:
        assert str(ada) == "xxx" + "y" * 200


@pytest.mark.parametrize("kind", HOCUSPOCUS)
async def test_what_was_typed_before_the_socket_opened_and_while_it_was_away_is_saved_once(
    stage: Stage, kind: str
) -> None:
    document = stage.document()
    async with provider(stage, kind, "bob", document).running(connected=False) as bob:
        await bob.do("insert", what="before ")
        await bob.do("insert", what="the ")
        await bob.do("connect")
        seen = await bob.until(settled)
        assert min(seen["counts"]) == 0
        await asyncio.to_thread(stage.app.stop)
        await bob.until(lambda seen: not seen["synced"])
        await bob.do("insert", what="storm ")
        await bob.do("remove", at=0, length=7)
        await asyncio.to_thread(stage.app.start)
        await bob.until(settled)
        await bob.do("insert", what="after")
        seen = await bob.until(settled)
        assert seen["text"] == "the storm after"
    async with scribe(stage, "ada", document) as ada:
        assert str(ada) == "the storm after"


@pytest.mark.parametrize("kind", HOCUSPOCUS)
async def test_one_socket_carries_several_documents(stage: Stage, kind: str) -> None:
    documents = [stage.document() for _ in range(3)]
    async with provider(stage, kind, "bob", *documents).running() as bob:
        await bob.until(lambda seen: all(settled(part) for part in seen["parts"]))
        for number in range(3):
            await bob.do("insert", of=number, what=f"number {number}")
        seen = await bob.until(lambda seen: all(settled(part) for part in seen["parts"]))
        assert seen["opened"] == 1
        await bob.do("leave", of=1)
        await bob.do("insert", of=2, what="!")
        await bob.until(lambda seen: settled(seen["parts"][2]))
    for number, document in enumerate(documents):
        async with scribe(stage, "ada", document) as ada:
            assert str(ada) == f"number {number}" + "!" * (number == 2)


@pytest.mark.parametrize("kind", HOCUSPOCUS)
async def test_a_reader_is_told_so_and_writes_nothing(stage: Stage, kind: str) -> None:
    document = stage.document()
    async with scribe(stage, "ada", document) as ada:
        await ada.type("for reading")
        await ada.saved()
        async with provider(stage, kind, "vera", document).running() as vera:
            seen = await vera.until(settled)
            assert (seen["scope"], seen["text"]) == ("readonly", "for reading")
            await vera.do("insert", at=0, what="not ")
            await ada.type("!")
            await vera.until(lambda seen: seen["text"].endswith("!"))
            seen = await vera.do("look")
            assert (seen["unsynced"], seen["failures"], seen["sockets"]) == (1, [], [])
        assert str(ada) == "for reading!"


@pytest.mark.parametrize("kind", HOCUSPOCUS)
async def test_who_may_not_is_denied_in_the_providers_words_and_the_rest_of_the_socket_goes_on(
    stage: Stage, kind: str
) -> None:
    shared, hidden, nothing = stage.document(), stage.document(), "not-a-document"
    await share(stage, hidden, "revoke(BOB)")
    async with provider(stage, kind, "bob", shared, hidden, nothing).running() as bob:
        seen = await bob.until(lambda seen: settled(seen) and all(part["failures"] for part in seen["parts"][1:]))
        assert [part["failures"] for part in seen["parts"]] == [[], ["no access"], ["no access"]]
        assert [part["synced"] for part in seen["parts"]] == [True, False, False]
        assert (seen["opened"], seen["sockets"]) == (1, [])


@pytest.mark.parametrize("kind", HOCUSPOCUS)
async def test_a_change_of_rights_is_seen_in_the_middle_of_a_session(stage: Stage, kind: str) -> None:
    document = stage.document()
    async with provider(stage, kind, "bob", document).running() as bob:
        await bob.until(settled)
        await share(stage, document, "revise(BOB, role=Role.VIEWER)")
        await bob.do("insert", what="kept here ")  # judged at the commit, whatever this process has heard
        seen = await bob.until(lambda seen: seen["scope"] == "readonly")
        assert (seen["unsynced"], seen["failures"]) == (1, [])
        await share(stage, document, "revise(BOB, role=Role.EDITOR)")
        seen = await bob.until(settled, patience_s=40)  # what was refused is saved with the right to write
        assert seen["scope"] == "read-write"
        assert await said(stage, ROWS.format(document=document)) == 1
        await share(stage, document, "revoke(BOB)")
        await bob.do("insert", what="too late")
        seen = await bob.until(lambda seen: seen["failures"])
        assert seen["failures"][0] == "no access"
        assert seen["opened"] == 1
    async with scribe(stage, "ada", document) as ada:
        assert str(ada) == "kept here "


@pytest.mark.parametrize("kind", HOCUSPOCUS)
async def test_a_provider_shows_an_access_token(stage: Stage, kind: str) -> None:
    document = stage.document()
    writing, reading, _ = await said(stage, TOKENS)
    async with (
        by_token(stage, kind, writing, document).running() as writer,
        by_token(stage, kind, reading, document).running() as reader,
        by_token(stage, kind, "coscribe_" + "0" * 36, document).running() as stranger,
    ):
        await writer.until(settled)
        await writer.do("insert", what="by a program")
        await writer.until(settled)
        seen = await reader.until(lambda seen: settled(seen) and seen["text"] == "by a program")
        assert seen["scope"] == "readonly"
        seen = await stranger.until(lambda seen: seen["failures"])
        assert (seen["failures"], seen["text"], seen["sockets"]) == (["no such access token"], "", [])
        await said(stage, REVOKE_TOKENS)
        for each in (writer, reader):
            seen = await each.until(lambda seen: seen["failures"], patience_s=40)
            assert seen["failures"][0] == "the access token is not valid any more"


@pytest.mark.parametrize("stage", ["daphne"], indirect=True)
async def test_under_daphne_too_edits_are_counted_and_strangers_denied(stage: Stage) -> None:
    document, hidden = stage.document(), stage.document()
    await share(stage, hidden, "revoke(BOB)")
    async with provider(stage, HOCUSPOCUS[-1], "bob", document, hidden).running() as bob:
        await bob.until(settled)
        await bob.do("insert", what="words")
        seen = await bob.until(lambda seen: settled(seen) and seen["parts"][1]["failures"])
        assert await said(stage, ROWS.format(document=document)) == 1
        assert (seen["opened"], seen["parts"][1]["synced"]) == (1, False)


async def test_a_token_can_be_renewed_without_leaving(stage: Stage) -> None:
    document = stage.document()
    writing, reading, other = await said(stage, TOKENS)
    async with by_token(stage, "hocuspocus-4", reading, document).running() as bob:
        await bob.until(lambda seen: settled(seen) and seen["scope"] == "readonly")
        await bob.do("token", value=writing)
        await bob.until(lambda seen: seen["scope"] == "read-write")
        await bob.do("insert", what="now I may")
        await bob.until(settled)
        await bob.do("token", value=other)
        seen = await bob.until(lambda seen: seen["failures"])
        assert seen["failures"] == ["a token of somebody else"]


@pytest.mark.parametrize("kind", HOCUSPOCUS)
async def test_stateless_messages_are_taken_and_a_second_sync_costs_nothing(stage: Stage, kind: str) -> None:
    document = stage.document()
    async with provider(stage, kind, "bob", document).running() as bob:
        await bob.until(settled)
        await bob.do("stateless")
        await bob.do("insert", what="words")
        await bob.until(settled)
        await bob.do("sync")
        seen = await bob.until(settled)
        assert (seen["stateless"], min(seen["counts"]), seen["sockets"]) == ([], 0, [])


async def test_a_document_that_is_thrown_away_ends_for_its_provider(stage: Stage) -> None:
    kept, gone = stage.document(), stage.document()
    async with provider(stage, "hocuspocus-4", "bob", kept, gone).running() as bob:
        await bob.until(lambda seen: all(settled(part) for part in seen["parts"]))
        await said(stage, THROW_AWAY.format(document=gone))
        seen = await bob.until(lambda seen: seen["parts"][1]["failures"], patience_s=40)
        assert (seen["parts"][1]["synced"], settled(seen), seen["opened"]) == (False, True, 1)


@pytest.mark.long
@pytest.mark.parametrize("kind", HOCUSPOCUS)
async def test_an_idle_provider_stays_connected(stage: Stage, kind: str) -> None:
    async with provider(stage, kind, "bob", stage.document()).running() as bob:
        await bob.until(settled)
        await asyncio.sleep(75)  # providers close a socket that was silent for 30 s, we one that is unused for 60 s
        seen = await bob.do("look")
        assert (seen["synced"], seen["opened"], seen["sockets"]) == (True, 1, [])
