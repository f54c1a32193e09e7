"""A lane sends what waits together, and notices when it hears nothing any more."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from collab.lanes import Lane


class Layer:
    """A channel layer in memory that may go deaf: then it takes messages and brings none, until it is flushed."""

    def __init__(self) -> None:
        self.deaf = False
        self.flushed = 0
        self.sent: list[list[str]] = []
        self.groups: Counter[str] = Counter()
        self._queues: dict[str, asyncio.Queue[dict[str, Any]]] = {}

    async def new_channel(self) -> str:
        self._queues[f"ours{self.flushed}"] = asyncio.Queue()
        return f"ours{self.flushed}"

    async def group_add(self, group: str, channel: str) -> None:
        self.groups[group] += 1

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        if not self.deaf:
            self._queues[channel].put_nowait(message)

    async def receive(self, channel: str) -> dict[str, Any]:
        return await self._queues[channel].get()

    async def group_send_all(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
        await asyncio.sleep(0)
        self.sent.append([group for group, _ in messages])

    async def flush(self) -> None:
        self.flushed += 1
        self.deaf = False


def lane(layer: Layer, heard: asyncio.Queue[Any]) -> Lane:
    return Lane(layer, name="", hear=heard.put_nowait, joined=lambda group: None)


async def test_what_waits_goes_out_together_and_in_order() -> None:
    layer = Layer()
    one = lane(layer, asyncio.Queue())
    one.start()
    for number in range(5):
        one.say(f"g{number}", {"type": "x"})
    assert one.waiting == 5
    async with asyncio.timeout(5):
        while one.waiting or not layer.sent:
            await asyncio.sleep(0)
    await one.close()
    assert layer.sent == [["g0", "g1", "g2", "g3", "g4"]]


async def test_a_lane_that_hears_nothing_subscribes_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("collab.lanes.ECHO_INTERVAL_S", 0.02)
    layer, heard = Layer(), asyncio.Queue[Any]()
    one = lane(layer, heard)
    one.start()
    one.join("minutes")
    async with asyncio.timeout(5):
        while not layer.groups["minutes"]:
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)  # some echoes: there is no event in them
        assert layer.flushed == 0, "it was not deaf"
        layer.deaf = True
        while layer.groups["minutes"] < 2:
            await asyncio.sleep(0.01)
        await layer.send("ours1", {"type": "delta"})
        assert await heard.get() == {"type": "delta"}
    await one.close()
    assert "subscribing anew" in caplog.text
    assert heard.empty(), "its own echoes are nobody's business"


async def test_an_error_in_what_is_done_with_a_message_ends_no_listening(caplog: pytest.LogCaptureFixture) -> None:
    layer, heard, joined = Layer(), list[str](), list[str]()

    def hear(message: dict[str, Any]) -> None:
        heard.append(message["type"])
        raise ZeroDivisionError

    def join(group: str) -> None:
        joined.append(group)
        raise ZeroDivisionError

    one = Lane(layer, name="", hear=hear, joined=join)
    one.start()
    for group in ("minutes", "agenda"):
        one.join(group)
    async with asyncio.timeout(5):
        while len(joined) < 2:
            await asyncio.sleep(0)
        for kind in ("delta", "presence"):
            await layer.send("ours0", {"type": kind})
        while len(heard) < 2:
            await asyncio.sleep(0)
    assert not one.down, "the layer is well"
    await one.close()
    assert (heard, sorted(joined)) == (["delta", "presence"], ["agenda", "minutes"])
    assert caplog.text.count("could not be acted on") == 4
    assert "ZeroDivisionError" in caplog.text


async def test_what_ended_an_ear_is_said_when_it_is_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("collab.lanes.ECHO_INTERVAL_S", 0.02)
    layer, heard = Layer(), asyncio.Queue[Any]()
    one = lane(layer, heard)
    one.start()
    nothing: Any = None
    async with asyncio.timeout(5):
        while "ours0" not in layer._queues:
            await asyncio.sleep(0)
        await layer.send("ours0", nothing)
        while "ours1" not in layer._queues:
            await asyncio.sleep(0.01)
        await layer.send("ours1", {"type": "delta"})
        assert await heard.get() == {"type": "delta"}
    await one.close()
    assert caplog.text.count("had ended") == 1
    assert "AttributeError" in caplog.text
