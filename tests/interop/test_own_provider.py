"""The browser's own provider, under Node, in one room with clients that are not ours."""

import asyncio

from .actors import PlainClient
from .conftest import STOCK, Stage
from .test_stock_clients import actor, scribe


async def test_our_provider_and_stock_clients_write_one_document(stage: Stage, own_provider: str) -> None:
    document = stage.document()
    program = PlainClient(stage.app.ws_url, stage.session("ada"), document)
    async with (
        program.joined(),
        actor(stage, own_provider, "bob", document).running() as ours,
        actor(stage, STOCK[0], "ada", document).running() as first,
        actor(stage, STOCK[2], "ada", document).running() as third,
    ):
        clients = (ours, first, third)
        for each in clients:
            await each.until(lambda seen: seen["synced"])
        for number, each in enumerate(clients):
            await each.do("insert", what=f"{number} ")
            for other in clients:
                await other.until(lambda seen: f"{number} " in seen["text"])  # noqa: B023
        await program.type("3")
        for each in clients:
            await each.until(lambda seen: seen["text"] == "0 1 2 3" and not seen["pending"])
        assert str(program.text) == "0 1 2 3"

        await ours.do("present", fields={"cursor": 5})
        for other in (first, third):
            await other.until(lambda seen: seen["states"].get(str(ours.client), {}).get("cursor") == 5)
        await first.do("present", fields={"cursor": 6})
        seen = await ours.until(lambda seen: seen["states"].get(str(first.client), {}).get("cursor") == 6)
        assert seen["states"][str(first.client)]["user"]["name"] == "Ada"
        await ours.until(lambda seen: seen["unsaved"] == 0)


async def test_our_provider_comes_back_after_a_restart_and_loses_nothing(stage: Stage, own_provider: str) -> None:
    document = stage.document()
    async with actor(stage, own_provider, "bob", document).running() as bob:
        await bob.until(lambda seen: seen["synced"])
        await bob.do("insert", what="before ")
        await bob.until(lambda seen: seen["unsaved"] == 0)
        await asyncio.to_thread(stage.app.stop)
        await bob.do("insert", what="meanwhile ")
        assert (await bob.until(lambda seen: not seen["connected"]))["unsaved"] > 0
        await asyncio.to_thread(stage.app.start)
        await bob.until(lambda seen: seen["connected"] and seen["synced"] and seen["unsaved"] == 0)
        ada = await scribe(stage, "ada", document).join()
        assert str(ada) == "before meanwhile "
        await ada.close()
