"""Scripted people: each has one document open, types, moves the caret, goes offline and types on, reloads, reads pages;
owners take rights away and give them back. What each of them did, was told and saw is their record.
"""

import asyncio
import json
import random
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pycrdt import Doc
from websockets.exceptions import InvalidStatus, WebSocketException

from collab.core.messages import Type
from tests.faults.typists import Typist

from .verdict import Record

WRITERS = ("owner", "editor")
PATIENCE_S = 8.0
TIMEOUT_S = 20.0
TOKEN = "a" * 32


@dataclass
class Scene:
    """Where it happens. `began`: zero of the run's clock. `over`: nobody begins anything new any more."""

    url: str
    ws_url: str
    began: float = field(default_factory=time.monotonic)
    over: bool = False
    pages: Counter[int] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    errors: list[tuple[float, str]] = field(default_factory=list)  # pages that failed, and when

    def now(self) -> float:
        return time.monotonic() - self.began


class Copy(Typist):
    """A copy of the document in a person's hands, and what came to it."""

    def __init__(self, scene: Scene, record: Record, session: str, *, doc: Doc[Any] | None = None) -> None:
        super().__init__(record.name, scene.ws_url, session, record.document, doc=doc)
        self.scene, self.record = scene, record
        self.words, self.acked_words = record.words, record.acked
        self.caret = 0

    def greet(self) -> bytes:
        self.presence.clear()  # as pages do when the connection is gone
        return super().greet()

    def take(self, frame: bytes) -> list[bytes]:
        if frame[0] in (Type.DELTA, Type.AWARENESS):
            self.record.heard.append(self.scene.now())
        return super().take(frame)

    async def _read(self) -> None:
        try:
            await super()._read()
        except Exception as error:  # noqa: BLE001 - a rule that the client relies on: that is for the judge
            self.record.broken = repr(error)
            self.closed = (1006, "broken")

    def write_down(self) -> None:
        """Bring the record up to date."""
        self.record.words, self.record.acked = self.words, self.acked_words
        self.record.text, self.record.scribbles = str(self.text), str(self.scribbles)

    @property
    def may_write(self) -> bool:
        return self.role in WRITERS


class Person:
    """Somebody with a session and a document. `records`: every copy they had."""

    def __init__(self, scene: Scene, name: str, user: int, session: str, document: str, rng: random.Random) -> None:
        self.scene, self.name, self.user, self.session, self.document = scene, name, user, session, document
        self.rng = rng
        self.records: list[Record] = []
        self.wrote = False  # with this copy
        self.denied = False  # at the last try
        self._clients: set[int] = set()
        self.copy = self._fresh()

    def _fresh(self) -> Copy:
        number = len(self.records)
        letters = "".join("abcdefghij"[int(digit)] for digit in f"{number:03}")
        self.records.append(Record(f"{self.name}{letters}", self.user, self.document))
        self.wrote = False
        return Copy(self.scene, self.records[-1], self.session)

    async def live(self) -> None:
        """Do things until it is over."""
        await asyncio.sleep(self.rng.uniform(0, 3))
        while not self.scene.over:
            if await self.be_there():
                await self._act()
            await asyncio.sleep(self.rng.uniform(0.1, 1.2))

    async def be_there(self) -> bool:
        """Connect where that is needed, and see what we may do. False: not just now."""
        if self._is_stale():
            self.scene.acts["started over"] += 1
            await self._leave()
            self.copy = self._fresh()
        copy = self.copy
        if copy.synced and copy.closed is None:
            return True
        try:
            async with asyncio.timeout(PATIENCE_S):
                if copy._socket is not None:
                    await copy.close()
                await copy.join()
        except InvalidStatus as error:
            self.denied = error.response.status_code == 403
        except (OSError, WebSocketException, TimeoutError):
            self.denied = False
        else:
            self.denied = copy.closed is not None and copy.closed[0] in (4401, 4403, 4404)
            return copy.closed is None and copy.synced
        copy.closed = copy.closed or (1006, "")
        await asyncio.sleep(self.rng.uniform(0.3, 2) * (3 if self.denied else 1))
        return False

    def _is_stale(self) -> bool:
        """Whether this copy holds what will never be saved: as a page does that lost its right, throw it away."""
        copy = self.copy
        lost = copy.synced and not copy.may_write and self.wrote
        return bool(copy.record.broken or copy.refused or lost or (self.denied and (self.wrote or copy.synced)))

    async def _leave(self) -> None:
        self.denied = False
        copy = self.copy
        self._clients.add(copy.doc.client_id)
        copy.cut()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await copy.close()
        except (OSError, WebSocketException, TimeoutError):
            pass
        copy.write_down()

    async def _act(self) -> None:
        act = self.rng.choices(
            [self._write, self._scribble, self._go_offline, self._reload, self._read_page, self._look],
            [60, 8, 3, 2, 4, 23],
        )[0]
        self.scene.acts[act.__name__.strip("_").replace("_", " ")] += 1
        await act()
        self.copy.write_down()

    async def _write(self) -> None:
        for _ in range(self.rng.choice((1, 1, 2, 6))):
            if self.copy.may_write:
                self.wrote = True
                await self.copy.write()

    async def _scribble(self) -> None:
        if self.copy.may_write:
            self.wrote = True
            await self.copy.scribble(self.rng)

    async def _look(self) -> None:
        await self.show_caret()

    async def show_caret(self) -> None:
        """Say where we are, as pages do every few seconds."""
        self.copy.caret += 1
        await self.copy.awareness({"cursor": self.copy.caret}, clock=self.copy.caret)

    async def _go_offline(self) -> None:
        """Lose the network, and type on."""
        self.copy.cut()
        for _ in range(self.rng.randint(0, 4)):
            await asyncio.sleep(self.rng.uniform(0.1, 1))
            await self._write()

    async def _reload(self) -> None:
        """A page that is loaded again has what its device kept, under a new client id."""
        old = self.copy
        await self._leave()
        doc: Doc[Any] = Doc()
        doc.apply_update(old.doc.get_update())
        self.copy = Copy(self.scene, old.record, self.session, doc=doc)
        self.denied = False

    async def _read_page(self) -> None:
        await self.ask("GET", f"/documents/{self.document}/", accept="text/html")

    async def ask(self, method: str, path: str, body: object = None, *, accept: str = "application/json") -> int:
        """What the person's browser would send; the status, 0 without an answer."""
        status = await asyncio.to_thread(self._ask, method, path, body, accept)
        self.scene.pages[status] += 1
        if status == 500:
            self.scene.errors.append((self.scene.now(), f"{method} {path}: {status}"))
        return status

    def _ask(self, method: str, path: str, body: object, accept: str) -> int:
        request = urllib.request.Request(
            f"{self.scene.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Cookie": f"sessionid={self.session}; csrftoken={TOKEN}",
                "X-CSRFToken": TOKEN,
                "Content-Type": "application/json",
                "Accept": accept,
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                answer.read()
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    @property
    def clients(self) -> set[int]:
        """The Yjs client ids of all their copies."""
        return self._clients | {self.copy.doc.client_id}

    @property
    def settled(self) -> bool:
        """Whether everything is saved."""
        copy = self.copy
        return copy.closed is None and copy.synced and copy.saved_all and not self._is_stale()

    def __str__(self) -> str:
        copy = self.copy
        return (
            f"{copy.name} ({copy.role or 'nobody'}): typed {copy.words}, acknowledged {copy.acked_words}, batch "
            f"{copy.acked_batch} of {copy.batch}, row {copy.seq}, closed {copy.closed}, refused {copy.refused[-1:]}"
        )
