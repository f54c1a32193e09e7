"""Between processes: messages survive the trip, and a channel layer that is down costs nobody anything."""

import uuid
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from collab.relay import AccessNews, Delta, News, PresenceNews, Relay, decode, encode

MINUTES = uuid.uuid4()


@pytest.mark.parametrize(
    "news",
    [
        Delta(MINUTES, "north", 3, 5, b"\x00\xff"),
        PresenceNews(MINUTES, "north", ((2**53 - 1, 7, b'{"a":1}', 3),)),
        PresenceNews(MINUTES, "north", (), asking=True),
        AccessNews(MINUTES),
        AccessNews(None, 12),
    ],
)
def test_news_survives_the_trip(news: News) -> None:
    assert decode(msgpack.unpackb(msgpack.packb(encode(news)))) == news


async def test_a_process_alone_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    relay = Relay(heard.append)
    relay.start()
    relay.join(MINUTES)
    relay.publish(Delta(MINUTES, relay.node, 1, 1, b""))
    await relay.close()
    assert heard == []
    assert relay._waiting.empty()
