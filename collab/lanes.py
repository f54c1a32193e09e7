"""The way to one Redis and back: what waits goes out together, what is said in our groups comes in.

Several Redis are several lanes, and a group belongs to one of them: a Redis that is down silences its own groups and
no others. Nothing here waits for long or fails; what is lost is a gap, and gaps heal (see `relay`).
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

logger = logging.getLogger(__name__)

MAX_WAITING = 1000
AT_ONCE = 200  # messages in one round trip
RETRY_S = 1.0
SEND_PATIENCE_S = 5.0
ECHO_INTERVAL_S = 5.0  # how often a lane asks itself whether it still hears
ECHO = "echo"


class Lane:
    """One channel layer: its queue, its groups, its subscription. `hear` gets every message but our own echoes;
    `joined` each group from the moment that it is heard.
    """

    def __init__(
        self, layer: Any, *, name: str, hear: Callable[[dict[str, Any]], None], joined: Callable[[str], None]
    ) -> None:
        self._layer = layer
        self._name = name
        self._hear = hear
        self._on_joined = joined
        self._groups: set[str] = set()
        self._joined: set[str] = set()
        self._waiting: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(MAX_WAITING)
        self._changed = asyncio.Event()
        self._echoed = asyncio.Event()
        self._channel: str | None = None
        self._listening = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._ears: list[asyncio.Task[None]] = []
        self._down = False
        self.dropped = 0  # messages that were not sent

    def start(self) -> None:
        """Begin to listen and to send."""
        self._listen_anew()
        self._tasks = [asyncio.create_task(each(), name="relay") for each in (self._speak, self._watch)]

    async def close(self) -> None:
        """Stop. What is still waiting to be sent is a gap."""
        await _end([*self._tasks, *self._ears])

    def join(self, group: str) -> None:
        """Hear what is said in a group. Takes effect in the background."""
        self._groups.add(group)
        self._changed.set()

    def leave(self, group: str) -> None:
        """Hear no more of it."""
        self._groups.discard(group)
        self._changed.set()

    def say(self, group: str, message: dict[str, Any]) -> None:
        """Send a message to a group, some time soon, probably."""
        try:
            self._waiting.put_nowait((group, message))
        except asyncio.QueueFull:
            self.dropped += 1
            logger.warning("the relay is behind: dropped a message of %s", group)

    async def said(self) -> None:
        """Until all that was to be sent is sent, or given up."""
        await self._waiting.join()

    @property
    def down(self) -> bool:
        """Whether the layer did not answer when it was asked last."""
        return self._down

    @property
    def waiting(self) -> int:
        """How many messages are still to be sent."""
        return self._waiting.qsize()

    async def _speak(self) -> None:
        while True:
            messages = [await self._waiting.get()]
            while not self._waiting.empty() and len(messages) < AT_ONCE:
                messages.append(self._waiting.get_nowait())
            try:
                async with asyncio.timeout(SEND_PATIENCE_S):
                    await self._send(messages)
                self._well()
            except Exception as error:  # noqa: BLE001 - any failure of Redis or its client: a lost message is a gap
                self._trouble(error)
                while not self._waiting.empty():  # old doorbells are of no use
                    messages.append(self._waiting.get_nowait())
                self.dropped += len(messages)
                await asyncio.sleep(RETRY_S)
            for _ in messages:
                self._waiting.task_done()

    async def _send(self, messages: Sequence[tuple[str, dict[str, Any]]]) -> None:
        at_once = getattr(self._layer, "group_send_all", None)
        if at_once is not None:
            await at_once(messages)
            return
        for group, message in messages:
            await self._layer.group_send(group, message)

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
                    self._tell(self._on_joined, group)
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
            except Exception as error:  # noqa: BLE001 - as above: tried again
                self._trouble(error)
                await asyncio.sleep(RETRY_S)
                continue
            if message.get("type") == ECHO:
                self._echoed.set()
            else:
                self._tell(self._hear, message)

    def _tell[T](self, hear: Callable[[T], None], said: T) -> None:
        """An error in what is done with a message is no trouble of the layer, and ends no listening."""
        try:
            hear(said)
        except Exception:
            logger.exception("what the channel layer brought could not be acted on%s", self._where)

    async def _watch(self) -> None:
        """Say something to ourselves now and then. A subscription whose connection died without a word (a machine that
        vanished, a failover that left us at the old master) takes part in nothing, and no error says so.
        """
        while True:
            await asyncio.sleep(ECHO_INTERVAL_S)
            if self._channel is None:
                continue
            self._echoed.clear()
            try:
                async with asyncio.timeout(SEND_PATIENCE_S):
                    await self._layer.send(self._channel, {"type": ECHO})
            except Exception as error:  # noqa: BLE001 - as above: then it is down, and not deaf
                self._trouble(error)
                continue
            try:
                async with asyncio.timeout(ECHO_INTERVAL_S):
                    await self._echoed.wait()
            except TimeoutError:
                await self._resubscribe()

    async def _resubscribe(self) -> None:
        logger.warning("the channel layer takes messages and brings none: subscribing anew")
        try:
            async with asyncio.timeout(SEND_PATIENCE_S):
                await self._layer.flush()
        except Exception as error:  # noqa: BLE001 - as above: asked again after the next echo
            self._trouble(error)
            return
        await _end(self._ears)
        self._listen_anew()

    def _listen_anew(self) -> None:
        self._channel = None
        self._joined.clear()
        self._listening.clear()
        self._ears = [asyncio.create_task(each(), name="relay") for each in (self._listen, self._subscribe)]

    def _well(self) -> None:
        if self._down:
            self._down = False
            logger.info("the channel layer is back%s", self._where)

    def _trouble(self, error: Exception) -> None:
        if not self._down:
            self._down = True
            logger.warning(
                "the channel layer does not answer (%s)%s: editing and saving go on, other processes follow by polling",
                type(error).__name__,
                self._where,
            )

    @property
    def _where(self) -> str:
        return f" at {self._name}" if self._name else ""


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel them, and say what has ended one of them before."""
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if ended is not None and not isinstance(ended, asyncio.CancelledError):
            logger.error("a task of the relay had ended", exc_info=ended)
