"""A document under attack: who is in it, and what must still be true afterwards."""

import asyncio
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import Any

from pycrdt import Doc, Text
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from collab.core import messages
from collab.core.lib0 import var_bytes, var_uint
from collab.outbox import INSTEAD
from documents.models import DocumentState, DocumentUpdate
from tests.clients import Scribe
from tests.servers import AppServer

PATIENCE_S = 30.0


class Arena:
    """A server with documents, one for each attack."""

    def __init__(self, app: AppServer, database_url: str, seeded: dict[str, Any]) -> None:
        self.app = app
        self.database_url = database_url
        self.people: dict[str, Any] = seeded["people"]
        self.left: dict[str, str] = {}  # attacked document -> its text afterwards
        self._documents: list[str] = list(seeded["documents"])

    def seen(self, code: int) -> int:
        """The close code as this server can send it: daphne has none below 3000."""
        return INSTEAD.get(code, code) if self.app.kind == "daphne" else code

    def document(self) -> str:
        """One that nobody has touched."""
        return self._documents.pop()

    def scribe(self, who: str, document: str) -> Scribe:
        """A coscribe.v1 client of a person."""
        return Scribe(self.app.ws_url, self.people[who]["session"], document)

    @asynccontextmanager
    async def stock(self, who: str, document: str, **options: Any) -> AsyncIterator["Stock"]:
        """A bare y-protocols socket of a person."""
        headers = {"Cookie": f"sessionid={self.people[who]['session']}"}
        url = f"{self.app.ws_url}/ws/documents/{document}/"
        async with connect(
            url, additional_headers=headers, max_size=None, compression=None, ping_interval=None, proxy=None, **options
        ) as socket:
            yield Stock(socket)

    @asynccontextmanager
    async def attacked(self, document: str | None = None) -> AsyncIterator["Scene"]:
        """Bystanders in the same document and in another one.

        Afterwards they still write to each other in the same process, and the database tells the same story.
        """
        target, elsewhere = document or self.document(), self.document()
        pid = self.app.pid
        ada, bob = self.scribe("ada", target), self.scribe("bob", target)
        hugo, ada_elsewhere = self.scribe("hugo", elsewhere), self.scribe("ada", elsewhere)
        bystanders = (ada, bob, hugo, ada_elsewhere)
        await asyncio.gather(*(each.join() for each in bystanders))
        try:
            await ada.type("minutes ")
            await ada.saved()
            yield Scene(self, target, ada, bob)
            assert self.app.pid == pid, "the process is another one"
            for author, reader in ((ada, bob), (hugo, ada_elsewhere)):
                await author.type("still here ")
                await author.saved()
                await reader.until(partial(_has_once, reader, "still here "))
            assert [each.closed for each in bystanders] == [None] * 4
            assert self.app.pid == pid, "the process is another one"
            stored = self.stored(target)
            assert str(stored.get("text", type=Text)) == str(ada) == str(bob)
            self.left[target] = str(ada)
        finally:
            await asyncio.gather(*(each.close() for each in bystanders), return_exceptions=True)

    def stored(self, document: str) -> Doc[Any]:
        """The document as the next process would load it."""
        key = uuid.UUID(document).hex
        doc: Doc[Any] = Doc()
        with closing(sqlite3.connect(self.database_url.removeprefix("sqlite:///"))) as database:
            states = f"SELECT seq, payload FROM {DocumentState._meta.db_table} WHERE document_id = ?"
            seq, state = database.execute(f"{states} ORDER BY seq DESC LIMIT 1", (key,)).fetchone() or (0, b"\x00\x00")
            doc.apply_update(state)
            rows = f"SELECT payload FROM {DocumentUpdate._meta.db_table} WHERE document_id = ? AND seq > ? ORDER BY seq"
            for (payload,) in database.execute(rows, (key, seq)):
                doc.apply_update(payload)
        return doc

    async def check_after_restart(self) -> None:
        """Everything that was attacked still opens in a fresh process, with what the honest people saw last."""
        self.app.stop()
        self.app.start()
        for document, text in self.left.items():
            reader = await self.scribe("vera", document).join()
            assert (reader.closed, str(reader)) == (None, text)
            await reader.close()


def _has_once(scribe: Scribe, text: str) -> bool:
    return str(scribe).count(text) == 1


class Scene:
    """What an attack sees: the document, and two honest people in it."""

    def __init__(self, arena: Arena, document: str, ada: Scribe, bob: Scribe) -> None:
        self.arena = arena
        self.document = document
        self.ada = ada
        self.bob = bob

    async def mallory(self) -> Scribe:
        """The attacker, joined as an editor."""
        scribe = await self.arena.scribe("mallory", self.document).join()
        assert scribe.closed is None
        return scribe


class Stock:
    """A socket that speaks y-protocols, one frame at a time."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, frame: bytes | str) -> None:
        """Send a frame; a closed socket is noticed by `code`."""
        try:
            await self.socket.send(frame)
        except ConnectionClosed:
            pass

    async def code(self) -> int:
        """Read until the server closes; the close code."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                async for _ in self.socket:
                    pass
            except ConnectionClosed:
                pass
        return self.socket.close_code or 1006


def push(batch: int, update: bytes, *, whole: bool = False) -> bytes:
    """A PUSH, or a WHOLE, of any bytes under any number."""
    kind = messages.Type.WHOLE if whole else messages.Type.PUSH
    return bytes((kind,)) + var_uint(batch) + var_bytes(update)


async def closed_for(scribe: Scribe, frame: bytes) -> int:
    """Send a frame that must end the sender's connection; the close code."""
    await scribe.send(frame)
    await scribe.until(lambda: scribe.closed)
    assert scribe.closed is not None
    return scribe.closed[0]
