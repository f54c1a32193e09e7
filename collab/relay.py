"""Between processes: one channel per process, one group per open document, and one group of all processes.

The channel layer is a doorbell, never the truth: it may lose any message (a full queue, a Redis restart, a broken
connection), and nobody will say so. What is lost is a gap in the log's sequence, and the hub's poll finds gaps. So
sending never waits and never fails: messages go through a bounded queue, and what does not fit is dropped.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer

logger = logging.getLogger(__name__)

EVERYBODY = "coscribe.processes"
MAX_WAITING = 1000
RETRY_S = 1.0
SEND_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Delta:
    """Log rows first..last of a document were committed by `node`."""

    document: uuid.UUID
    node: str
    first: int
    last: int
    update: bytes


@dataclass(frozen=True, slots=True)
class PresenceNews:
    """Presence states (client id, clock, JSON, user id) of the people of `node`. `asking`: it wants to hear of ours."""

    document: uuid.UUID
    node: str
    entries: tuple[tuple[int, int, bytes, int], ...]
    asking: bool = False


@dataclass(frozen=True, slots=True)
class AccessNews:
    """The rights on a document changed, or (None) those of a person: on any number of documents."""

    document: uuid.UUID | None
    user: int | None = None
    node: str = ""


News = Delta | PresenceNews | AccessNews


class Relay:
    """This process's end of the channel layer. `hear` is called, on the event loop, for what other processes say."""

    def __init__(self, hear: Callable[[News], None]) -> None:
        self.node = uuid.uuid4().hex
        self._hear = hear
        self._layer: Any = get_channel_layer()
        self._alone = self._layer is None or isinstance(self._layer, InMemoryChannelLayer)
        self._groups: set[str] = set()
        self._joined: set[str] = set()
        self._waiting: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(MAX_WAITING)
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._channel: str | None = None
        self._listening = asyncio.Event()
        self._down = False

    def start(self) -> None:
        """Begin to listen and to send. With the in-memory layer there is nobody else, and nothing to do."""
        if not self._alone:
            self._groups.add(EVERYBODY)
            self._tasks = [
                asyncio.create_task(each(), name="relay") for each in (self._listen, self._subscribe, self._speak)
            ]

    async def close(self) -> None:
        """Stop. What is still waiting to be sent is a gap, and gaps heal."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def join(self, document: uuid.UUID) -> None:
        """Hear what is said about a document. Takes effect in the background: poll after it."""
        self._groups.add(_group(document))
        self._changed.set()

    def leave(self, document: uuid.UUID) -> None:
        """Hear no more of a document."""
        self._groups.discard(_group(document))
        self._changed.set()

    def publish(self, news: News) -> None:
        """Tell the other processes, some time soon, probably."""
        if self._alone:
            return
        group = EVERYBODY if isinstance(news, AccessNews) else _group(news.document)
        try:
            self._waiting.put_nowait((group, encode(news)))
        except asyncio.QueueFull:
            logger.warning("the relay is behind: dropped a message of %s", group)

    async def _speak(self) -> None:
        while True:
            group, message = await self._waiting.get()
            try:
                async with asyncio.timeout(SEND_PATIENCE_S):
                    await self._layer.group_send(group, message)
                self._well()
            except Exception as error:  # noqa: BLE001 - any failure of Redis or its client: a lost message is a gap
                self._trouble(error)
                while not self._waiting.empty():  # old doorbells are of no use
                    self._waiting.get_nowait()
                await asyncio.sleep(RETRY_S)

    async def _subscribe(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                if self._channel is None:
                    self._channel = await self._layer.new_channel()
                    self._listening.set()
                for group in self._groups - self._joined:
                    await self._layer.group_add(group, self._channel)
                    self._joined.add(group)
                for group in self._joined - self._groups:
                    await self._layer.group_discard(group, self._channel)
                    self._joined.discard(group)
            except Exception as error:  # noqa: BLE001 - as above: tried again
                self._trouble(error)
                await asyncio.sleep(RETRY_S)
                self._changed.set()
            else:
                self._well()

    async def _listen(self) -> None:
        self._changed.set()
        await self._listening.wait()
        while True:
            try:
                message = await self._layer.receive(self._channel)
                news = decode(message)
            except Exception as error:  # noqa: BLE001 - as above: tried again
                self._trouble(error)
                await asyncio.sleep(RETRY_S)
                continue
            if news.node != self.node:
                self._hear(news)

    def _well(self) -> None:
        if self._down:
            self._down = False
            logger.info("the channel layer is back")

    def _trouble(self, error: Exception) -> None:
        if not self._down:
            self._down = True
            logger.warning(
                "the channel layer does not answer (%s): editing and saving go on, other processes follow by polling",
                type(error).__name__,
            )


async def ring(news: AccessNews) -> None:
    """Tell all processes from one that has no relay of its own (a command). A channel layer that is down costs a log
    line.
    """
    layer: Any = get_channel_layer()
    if layer is None or isinstance(layer, InMemoryChannelLayer):
        return
    try:
        await layer.group_send(EVERYBODY, encode(news))
    except Exception as error:  # noqa: BLE001 - Redis is down: the sweep of each process will see the change
        logger.warning(
            "the channel layer does not answer (%s): the change takes effect with the next sweep", type(error).__name__
        )


def encode(news: News) -> dict[str, Any]:
    """News as a message of the channel layer: a dict of plain values."""
    if isinstance(news, Delta):
        return {
            "type": "delta",
            "document": news.document.hex,
            "node": news.node,
            "first": news.first,
            "last": news.last,
            "update": news.update,
        }
    if isinstance(news, PresenceNews):
        return {
            "type": "presence",
            "document": news.document.hex,
            "node": news.node,
            "asking": news.asking,
            "entries": [list(entry) for entry in news.entries],
        }
    document = news.document.hex if news.document else None
    return {"type": "access", "document": document, "user": news.user, "node": news.node}


def decode(message: dict[str, Any]) -> News:
    """`encode` backwards. The layer is ours alone: a message that is not understood raises."""
    document = uuid.UUID(message["document"]) if message["document"] else None
    if message["type"] == "access":
        return AccessNews(document, message["user"], message["node"])
    assert document is not None
    if message["type"] == "delta":
        return Delta(document, message["node"], message["first"], message["last"], message["update"])
    entries = tuple((client, clock, state, user) for client, clock, state, user in message["entries"])
    return PresenceNews(document, message["node"], entries, asking=message["asking"])


def _group(document: uuid.UUID) -> str:
    return f"coscribe.document.{document.hex}"
