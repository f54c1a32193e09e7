"""Clients that we did not write work as they are: y-websocket 1, 2 and 3 under Node, and pycrdt."""

import asyncio

import pytest

from tests.clients import Scribe
from tests.seed import run

from .actors import Actor, PlainClient
from .conftest import STOCK, Stage

REVOKE = """
from documents.models import Document
sharing.revoke(by=user("ada"), obj=Document.objects.get(pk={document!r}), to=user("bob"))
"""


def actor(stage: Stage, kind: str, who: str, document: str) -> Actor:
    return Actor(kind, stage.app.ws_url, stage.session(who), document)


def scribe(stage: Stage, who: str, document: str) -> Scribe:
    return Scribe(stage.app.ws_url, stage.session(who), document)


@pytest.mark.parametrize("kind", STOCK)
async def test_edits_and_presence_go_both_ways_between_a_stock_client_and_ours(stage: Stage, kind: str) -> None:
    document = stage.document()
    ada = await scribe(stage, "ada", document).join()
    async with actor(stage, kind, "bob", document).running() as bob:
        await bob.until(lambda seen: seen["synced"])
        await ada.type("from ada 😀 ")
        await bob.until(lambda seen: seen["text"] == "from ada 😀 ")
        await bob.do("insert", what="from bob")
        await ada.until(lambda: str(ada) == "from ada 😀 from bob")
        await bob.do("remove", at=0, length=5)
        await ada.until(lambda: str(ada) == "ada 😀 from bob")

        await ada.awareness({"cursor": 3})
        seen = await bob.until(lambda seen: str(ada.doc.client_id) in seen["states"])
        assert seen["states"][str(ada.doc.client_id)]["user"]["name"] == "Ada"
        await bob.do("present", fields={"user": {"name": "Somebody else"}, "cursor": 7})
        await ada.until(lambda: bob.client in ada.presence and ada.presence[bob.client].get("cursor") == 7)
        assert ada.presence[bob.client]["user"]["name"] == "Bob"
        assert not (await bob.do("look"))["pending"]
    await ada.close()


@pytest.mark.parametrize("kind", STOCK)
async def test_edits_and_presence_go_both_ways_between_stock_clients_of_two_kinds(stage: Stage, kind: str) -> None:
    document = stage.document()
    program = PlainClient(stage.app.ws_url, stage.session("ada"), document)
    async with program.joined(), actor(stage, kind, "bob", document).running() as bob:
        await bob.until(lambda seen: seen["synced"])
        await program.type("from ada, ")
        await bob.until(lambda seen: seen["text"] == "from ada, ")
        await bob.do("insert", what="from bob")
        await program.until(lambda: str(program.text) == "from ada, from bob")
        await program.present({"cursor": 1})
        await bob.until(lambda seen: str(program.doc.client_id) in seen["states"])
        await bob.do("present", fields={"cursor": 2})
        await program.until(lambda: (program.states.get(bob.client) or {}).get("cursor") == 2)


async def test_the_echo_of_an_edit_means_that_it_is_committed(stage: Stage) -> None:
    document = stage.document()
    count = f"""
from documents.models import DocumentUpdate
result = DocumentUpdate.objects.filter(document_id={document!r}).count()
"""
    program = PlainClient(stage.app.ws_url, stage.session("bob"), document)
    async with program.joined():
        await program.type("one")
        await program.until(lambda: len(program.echoes) == 1)
        assert await asyncio.to_thread(run, count, database_url=stage.database_url) == 1


@pytest.mark.parametrize("kind", STOCK)
async def test_what_was_typed_offline_arrives_once_after_a_restart(stage: Stage, kind: str) -> None:
    document = stage.document()
    async with actor(stage, kind, "bob", document).running() as bob:
        await bob.until(lambda seen: seen["synced"])
        await bob.do("insert", what="before ")
        reader = await scribe(stage, "ada", document).join()
        await reader.until(lambda: str(reader) == "before ")
        await reader.close()
        await asyncio.to_thread(stage.app.stop)
        await bob.do("insert", what="meanwhile ")
        await bob.until(lambda seen: not seen["connected"])
        await asyncio.to_thread(stage.app.start)
        await bob.until(lambda seen: seen["connected"] and seen["synced"])
        await bob.do("insert", what="after")
        ada = await scribe(stage, "ada", document).join()
        await ada.until(lambda: str(ada) == "before meanwhile after")
        assert (await bob.do("look"))["text"] == "before meanwhile after"
        await ada.close()


@pytest.mark.parametrize("kind", STOCK)
async def test_a_viewers_stock_client_is_synced_and_writes_nothing(stage: Stage, kind: str) -> None:
    document = stage.document()
    ada = await scribe(stage, "ada", document).join()
    await ada.type("for reading")
    await ada.saved()
    async with actor(stage, kind, "vera", document).running() as vera:
        await vera.until(lambda seen: seen["synced"] and seen["text"] == "for reading")
        await vera.do("insert", at=0, what="not ")
        await vera.until(lambda seen: 4403 in seen["closes"])
        await vera.do("disconnect")
    await ada.type("!")
    await ada.saved()
    again = await scribe(stage, "bob", document).join()
    assert str(again) == "for reading!"
    await asyncio.gather(ada.close(), again.close())


@pytest.mark.parametrize("kind", STOCK)
async def test_a_stock_client_whose_right_is_taken_away_is_closed_with_4403(stage: Stage, kind: str) -> None:
    document = stage.document()
    async with actor(stage, kind, "bob", document).running() as bob:
        await bob.until(lambda seen: seen["synced"])
        await asyncio.to_thread(run, REVOKE.format(document=document), database_url=stage.database_url)
        await bob.do("insert", what="too late")  # judged at the commit, whatever this process has heard
        seen = await bob.until(lambda seen: seen["closes"])
        assert seen["closes"][0] == 4403
        if kind != STOCK[2]:  # the older two come back after any close, and are refused at the door
            await bob.until(lambda seen: 403 in seen["closes"])
        await bob.do("disconnect")
    ada = await scribe(stage, "ada", document).join()
    assert str(ada) == ""
    await ada.close()


@pytest.mark.long
async def test_idle_stock_clients_stay_connected(stage: Stage) -> None:
    document = stage.document()
    clients = [actor(stage, kind, "bob", document) for kind in STOCK]
    async with clients[0].running(), clients[1].running(), clients[2].running():
        for each in clients:
            await each.until(lambda seen: seen["synced"])
        await asyncio.sleep(40)  # stock clients close a socket that was silent for 30 s
        for each in clients:
            seen = await each.do("look")
            assert (seen["connected"], seen["opened"], seen["closes"]) == (True, 1, [])
