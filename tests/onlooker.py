"""A home page in Python: says what is on its screen, remembers what it is told. Without a socket, or on a real one."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from collab.core import messages
from collab.core.lib0 import read_var_string, read_var_uint, var_string
from collab.core.messages import Type

PATIENCE_S = 30.0


def watch_frame(*documents: object) -> bytes:
    return bytes((Type.WATCH,)) + var_string(json.dumps({"documents": [str(each) for each in documents]}))


class Onlooker:
    """What a home page knows. `lines` by document id as they were last said."""

    def __init__(self) -> None:
        self.lines: dict[str, dict[str, Any]] = {}
        self.gone: list[str] = []
        self.appeared: list[str] = []
        self.stale = 0
        self.unread: list[int] = []
        self.code: int | None = None
        self.changed = asyncio.Event()

    def take(self, frame: bytes) -> list[bytes]:
        """A frame from the server; returns the answers."""
        kind, at = read_var_uint(frame, 0)
        if kind == Type.PING:
            return [messages.encode_pong(read_var_uint(frame, at)[0])]
        if kind == Type.LINES:
            said = json.loads(read_var_string(frame, at)[0])
            self.lines |= {line["document"]: line for line in said["lines"]}
            self.gone += said["gone"]
        elif kind == Type.APPEARED:
            self.appeared.append(json.loads(read_var_string(frame, at)[0])["document"])
        elif kind == Type.NOTICES:
            self.unread.append(json.loads(read_var_string(frame, at)[0])["unread"])
        elif kind == Type.STALE:
            self.stale += 1
        self.changed.set()
        return []

    def line(self, document: UUID | str) -> dict[str, Any]:
        return self.lines.get(str(document), {})

    def here(self, document: UUID | str) -> list[str]:
        """Who is in it, by name."""
        return [person["name"] for person in self.line(document).get("here", [])]

    async def until(self, true: Callable[[], Any]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                self.changed.clear()
                await self.changed.wait()


class HomePage(Onlooker):
    """On a socket."""

    def __init__(self, url: str, session: str) -> None:
        super().__init__()
        self.url, self.session = f"{url}/ws/home/", session
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None

    async def open(self, **options: Any) -> Self:
        headers = {"Cookie": f"sessionid={self.session}", **options.pop("additional_headers", {})}
        self._socket = await connect(
            self.url, subprotocols=[Subprotocol(messages.SUBPROTOCOL)], additional_headers=headers, max_size=None,
            compression=None, ping_interval=None, proxy=None, **options,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read())
        return self

    async def watch(self, *documents: object) -> Self:
        await self.send(watch_frame(*documents))
        return self

    async def send(self, frame: bytes | str) -> None:
        assert self._socket is not None
        with suppress(ConnectionClosed):
            await self._socket.send(frame)

    async def close(self) -> None:
        assert self._socket is not None
        assert self._reader is not None
        await self._socket.close()
        await self._reader

    async def _read(self) -> None:
        assert self._socket is not None
        try:
            async for frame in self._socket:
                assert isinstance(frame, bytes)
                for answer in self.take(frame):
                    await self.send(answer)
        except ConnectionClosed:
            pass
        self.code = self._socket.close_code
        self.changed.set()
