"""Shared types in shared types: every update is small and shallow, the document is not."""

import os

from . import forge
from .arena import Arena, push

CLIENT = 4_000_000_011
LONG = bool(os.environ.get("COSCRIBE_LONG"))
# A bare yrs with a stack of 8 MiB overflows at 33,000. What the size of a document allows is 1.8 million.
LEVELS = 1_600_000 if LONG else 60_000
PER_UPDATE = 20_000


def storey(start: int) -> bytes:
    """The next maps, each in the one before."""
    first = forge.shared(forge.MAP_TYPE, parent=(CLIENT, start - 1) if start else "map", sub="a")
    rest = (forge.shared(forge.MAP_TYPE, parent=(CLIENT, at), sub="a") for at in range(start, start + PER_UPDATE - 1))
    return forge.update(CLIENT, first, *rest, clock=start)


async def test_a_tower_of_types_may_be_built_and_torn_down(arena: Arena) -> None:
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        for batch, start in enumerate(range(0, LEVELS, PER_UPDATE), start=1):
            await mallory.send(push(batch, storey(start)))
            await mallory.until(lambda: mallory.acked_batch == batch or mallory.closed)  # noqa: B023
        await mallory.send(push(LEVELS // PER_UPDATE + 1, forge.update(0, deletes=[(CLIENT, 0, 1)])))
        await scene.ada.type("meanwhile ")
        await scene.ada.saved()
        await mallory.close()
