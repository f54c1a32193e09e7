"""Clients that are not ours: stock y-websocket under Node, and y-protocols spoken by pycrdt."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Self

from pycrdt import Doc, Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from collab.core import messages
from collab.core.lib0 import read_var_bytes, read_var_uint

HERE = Path(__file__).resolve().parent
PATIENCE_S = 30.0


class Actor:
    """A client in a Node process: `y-websocket-1` to `y-websocket-3`, or the path of a bundle of our own."""

    script = "actor.mjs"

    def __init__(self, kind: str, url: str, session: str, document: str) -> None:
        self.arguments: tuple[str, ...] = (kind, f"{url}/ws/documents", document, session)
        self.client = 0
        self._process: asyncio.subprocess.Process | None = None

    @asynccontextmanager
    async def running(self, *, connected: bool = True) -> AsyncIterator[Self]:
        """The process lives within the block."""
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            "node", self.script, *self.arguments, cwd=HERE, stdin=pipe, stdout=pipe, limit=1 << 24
        )
        try:
            self.client = (await self._answer())["client"]
            if connected:
                await self.do("connect")
            yield self
        finally:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def do(self, act: str, **options: Any) -> dict[str, Any]:
        """One command; what the client looks like after it."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"act": act, **options}).encode() + b"\n")
        return await self._answer()

    async def until(self, true: Callable[[dict[str, Any]], Any], *, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """Look until something is true of the client. Raises `TimeoutError` with what was seen last."""
        seen: dict[str, Any] = {}
        try:
            async with asyncio.timeout(patience_s):
                while not true(seen := await self.do("look")):
                    await asyncio.sleep(0.03)
        except TimeoutError:
            raise TimeoutError(f"{self.arguments[0]} is at {seen}") from None
        return seen

    async def _answer(self) -> dict[str, Any]:
        assert self._process is not None
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(await self._process.stdout.readline() or '{"error": "the process ended"}')
        assert "error" not in answer, answer["error"]
        return answer


class Provider(Actor):
    """`hocuspocus-2` to `hocuspocus-4`: a provider for each document, all on one socket. It shows the session's cookie
    or, when there is one, the token.
    """

    script = "hocuspocus.mjs"

    def __init__(self, kind: str, url: str, documents: Sequence[str], *, session: str = "", token: str = "") -> None:
        super().__init__(kind, url, session, "")
        self.arguments = (kind, f"{url}/ws/hocuspocus", ",".join(documents), session, token)


class PlainClient:
    """A pycrdt doc behind bare y-protocols: what a program in Python would write."""

    def __init__(self, url: str, session: str, document: str) -> None:
        self.url = f"{url}/ws/documents/{document}/"
        self.session = session
        self.doc: Doc[Any] = Doc()
        self.text: Text = self.doc.get("text", type=Text)
        self.synced = False
        self.states: dict[int, Any] = {}
        self.echoes: list[bytes] = []
        self.code: int | None = None
        self._socket: ClientConnection | None = None

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[Self]:
        """Connected and synced within the block."""
        headers = {"Cookie": f"sessionid={self.session}"}
        async with connect(self.url, additional_headers=headers, max_size=None, proxy=None) as socket:
            self._socket = socket
            reader = asyncio.create_task(self._read(socket))
            await socket.send(messages.encode_step1(self.doc.get_state()))
            await self.until(lambda: self.synced or self.code)
            yield self
            await socket.close()
            await reader

    async def type(self, text: str) -> None:
        """Type at the end and send the update."""
        assert self._socket is not None
        before = self.doc.get_state()
        self.text += text
        await self._socket.send(messages.encode_update(self.doc.get_update(before)))

    async def present(self, fields: dict[str, Any], *, clock: int = 1) -> None:
        """Say where we are."""
        assert self._socket is not None
        entry = messages.encode_awareness_entry(self.doc.client_id, clock, json.dumps(fields).encode())
        await self._socket.send(messages.encode_awareness([entry]))

    async def until(self, true: Callable[[], Any], *, patience_s: float = PATIENCE_S) -> None:
        """Wait until something is true of this client."""
        async with asyncio.timeout(patience_s):
            while not true():
                await asyncio.sleep(0.01)

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for frame in socket:
                assert isinstance(frame, bytes)
                await self._take(socket, frame)
        except ConnectionClosed:
            pass
        self.code = socket.close_code or 1006

    async def _take(self, socket: ClientConnection, frame: bytes) -> None:
        kind, at = read_var_uint(frame, 0)
        if kind == messages.Type.AWARENESS:
            decoded = messages.decode(frame)
            assert isinstance(decoded, messages.Awareness)
            self.states |= {entry.client: json.loads(entry.state) for entry in decoded.entries}
        if kind != messages.Type.SYNC:
            return
        step, at = read_var_uint(frame, at)
        body, _ = read_var_bytes(frame, at)
        if step == messages.Sync.STEP1:
            await socket.send(messages.encode_step2(self.doc.get_update(body)))
            return
        self.doc.apply_update(body)
        self.synced |= step == messages.Sync.STEP2
        if step == messages.Sync.UPDATE:
            self.echoes.append(body)
