"""Between processes: messages survive the trip, and a channel layer that is down costs nobody anything."""

import asyncio
import uuid
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from collab.processes import OpenRoom, Process
from collab.relay import (
    AccessNews,
    CloseNews,
    Delta,
    HandoverNews,
    LineNews,
    News,
    NoticesNews,
    OccupancyNews,
    PresenceNews,
    ProcessNews,
    Relay,
    SurveyNews,
    decode,
    encode,
)

MINUTES = uuid.uuid4()
ROOM = OpenRoom(MINUTES, sockets=3, people=2, names=("Zoë", "Bob"), head=7, unanswered_ms=0, committed_at=1.5, behind=2)
PROCESS = Process("host:1", 0.5, draining=True, sockets=3, rooms=9, unanswered_ms=8, stalled_ms=0, listed=(ROOM,))


@pytest.mark.parametrize(
    "news",
    [
        Delta(MINUTES, "north", 3, 5, b"\x00\xff"),
        PresenceNews(MINUTES, "north", ((2**53 - 1, 7, b'{"a":1}', 3),)),
        PresenceNews(MINUTES, "north", (), asking=True),
        AccessNews(MINUTES),
        AccessNews(None, 12),
        LineNews((MINUTES,), None, "north", renamed=True),
        LineNews((MINUTES, MINUTES), 12),
        OccupancyNews("north", ((MINUTES, ((3, "Zoë", "#0f766e", True),)), (MINUTES, ()))),
        OccupancyNews("north", (), asking=True),
        NoticesNews(12, "north"),
        HandoverNews("north"),
        SurveyNews("north"),
        ProcessNews("north", "south", PROCESS),
        CloseNews(MINUTES, "north"),
    ],
)
def test_news_survives_the_trip(news: News) -> None:
    assert decode(msgpack.unpackb(msgpack.packb(encode(news)))) == news


class Wire:
    """A channel layer that brings these messages and then nothing."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = list(messages)

    async def new_channel(self) -> str:
        return "ours"

    async def group_add(self, group: str, channel: str) -> None:
        pass

    async def receive(self, channel: str) -> dict[str, Any]:
        if not self.messages:
            await asyncio.Event().wait()
        return self.messages.pop(0)


async def test_what_a_newer_release_says_is_passed_by_with_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    without_a_field = encode(AccessNews(MINUTES))
    del without_a_field["user"]
    otherwise = encode(AccessNews(MINUTES)) | {"document": 12}
    wire = Wire({"type": "weather"}, {"type": "weather"}, without_a_field, otherwise, encode(AccessNews(MINUTES)))
    monkeypatch.setattr("collab.relay.get_channel_layer", lambda _: wire)
    monkeypatch.setattr("collab.lanes.RETRY_S", 3600)
    heard: asyncio.Queue[News] = asyncio.Queue()
    relay = Relay(heard.put_nowait)
    relay.start()
    async with asyncio.timeout(10):
        assert await heard.get() == AccessNews(MINUTES)
    await relay.close()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "'weather'" in caplog.text


async def test_once_a_persons_group_is_joined_there_may_be_older_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collab.relay.get_channel_layer", lambda _: Wire())
    heard: asyncio.Queue[News] = asyncio.Queue()
    relay = Relay(heard.put_nowait)
    relay.start()
    relay.join_person(12)
    async with asyncio.timeout(10):
        assert await heard.get() == NoticesNews(12)
    relay.leave_person(12)
    await relay.close()
    assert heard.empty()


async def test_a_process_alone_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    relay = Relay(heard.append)
    relay.start()
    relay.join(MINUTES)
    relay.publish(Delta(MINUTES, relay.node, 1, 1, b""))
    await relay.close()
    assert heard == []
    assert relay.waiting == 0
