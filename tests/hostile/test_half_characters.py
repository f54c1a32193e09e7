"""A character outside the basic plane is two clock ticks. yrs cannot part them: its half is stored one tick short."""

from typing import Any

import pytest
from pycrdt import Doc

from collab.core.lib0 import read_state_vector

from . import forge
from .arena import Arena, push

CLIENT = 4_000_000_013
DELETED = 1  # the content of a struct, in Yjs' encoding
CUTS = {
    "a deletion of the first half": forge.update(0, deletes=[(CLIENT, 1, 1)]),
    "a deletion of the second half": forge.update(0, deletes=[(CLIENT, 2, 1)]),
}


@pytest.mark.parametrize("cut", CUTS)
async def test_half_a_character_is_not_deleted(arena: Arena, cut: str) -> None:
    """What the server holds, and what a newcomer is given, have the same clocks."""
    async with arena.attacked() as scene:
        mallory = await scene.mallory()
        await mallory.send(push(1, forge.update(CLIENT, forge.text("a😀b"))))
        await mallory.until(lambda: mallory.acked_batch == 1)
        await mallory.send(push(2, CUTS[cut]))
        await mallory.until(lambda: mallory.closed or mallory.acked_batch == 2)
        stored = arena.stored(scene.document)
        newcomer: Doc[Any] = Doc()
        newcomer.apply_update(stored.get_update())
        before, after = read_state_vector(stored.get_state()), read_state_vector(newcomer.get_state())
        sections = forge.decode(stored.get_update()).sections
        await mallory.close()
    assert before[CLIENT] == after[CLIENT]
    assert DELETED not in [struct.ref for section in sections if section.client == CLIENT for struct in section.structs]
