"""People who type numbered words, so that afterwards every single one can be accounted for.

A word is `<name><number>` in angle brackets, typed at the end: `<a1><a2><b1>`. A person's words stand in the text in
the order they were typed, wherever other people's fall between them.
"""

import asyncio
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Self

from pycrdt import Text

from collab.core import messages
from collab.core.lib0 import read_var_uint
from collab.core.messages import Type
from tests.clients import PATIENCE_S, Scribe

WORD = re.compile(r"<([a-z]+)(\d+)>")
POLL_S = 0.01


class Typist(Scribe):
    """A `Scribe` that numbers what it types, and remembers what of it was acknowledged.

    `words`: how many it typed. `acked_words`: how many of these the server said are saved, on this connection or an
    earlier one.
    """

    def __init__(self, name: str, url: str, session: str, document: str, **options: Any) -> None:
        self.name = name
        self.words = 0
        self.acked_words = 0
        self.scribbles: Text
        self._covers: list[tuple[int, int]] = []  # (batch, how many words are in it or before it)
        self._pongs = 0
        super().__init__(url, session, document, **options)
        self.scribbles = self.doc.get("scribbles", type=Text)

    async def write(self) -> None:
        """Type the next word."""
        self.words += 1
        await self.type(f"<{self.name}{self.words}>")

    async def scribble(self, rng: random.Random) -> None:
        """Write into, or delete from, a text that everybody writes all over."""
        length = len(str(self.scribbles))
        if length > 40:
            start = rng.randrange(length - 10)
            del self.scribbles[start : start + rng.randint(1, 10)]
        else:
            self.scribbles.insert(rng.randint(0, length), self.name * rng.randint(1, 6))
        await self.send_push()

    async def keep_writing(self, rng: random.Random, *, pause_s: float = 0.03) -> None:
        """Write in bursts until cancelled: several words at once, then at once again, after a breath, or when all is
        saved.
        """
        while True:
            for _ in range(rng.choice((1, 1, 2, 6))):
                await self.write()
            if rng.random() < 0.2:
                await self.scribble(rng)
            if rng.random() < 0.3:
                await self.idle()
            await asyncio.sleep(rng.uniform(0, 2 * pause_s))

    async def when(self, true: Callable[[Self], Any], *, patience_s: float = PATIENCE_S) -> None:
        """`until`, for what is asked of several people in one expression: `true` is given the typist."""
        await self.until(lambda: true(self), patience_s=patience_s)

    async def advance(self, rows: int, *, patience_s: float = PATIENCE_S) -> None:
        """Wait until so many more rows of the log have come."""
        wanted = self.seq + rows
        await self.until(lambda: self.seq >= wanted, patience_s=patience_s)

    async def idle(self) -> None:
        """Wait until everything is answered, or the connection is gone."""
        await self.until(lambda: self.saved_all or self.closed is not None or self.refused)

    async def echo(self) -> None:
        """Wait until everything the server has sent up to now is here."""
        wanted = self._pongs + 1
        await self.send(messages.encode_ping(wanted))
        await self.until(lambda: self._pongs >= wanted or self.closed is not None)

    def greet(self) -> bytes:
        self._covers.clear()
        return super().greet()

    def push(self) -> bytes | None:
        frame = super().push()
        if frame is not None:
            self._covers.append((self.batch, self.words))
        return frame

    def take(self, frame: bytes) -> list[bytes]:
        before = self.batch
        answers = super().take(frame)
        if self.batch > before:  # a WHOLE: everything is in it
            self._covers.append((self.batch, self.words))
        elif frame[0] == Type.ACK:
            while self._covers and self._covers[0][0] <= self.acked_batch:
                self.acked_words = max(self.acked_words, self._covers.pop(0)[1])
        elif frame[0] == Type.PONG:
            self._pongs, _ = read_var_uint(frame, 1)
        return answers


def words_in(text: str | bytes) -> dict[str, list[int]]:
    """Each person's word numbers, in the order of the text. Of a row's payload: Yjs keeps strings as they are."""
    found: dict[str, list[int]] = defaultdict(list)
    for name, number in WORD.findall(text if isinstance(text, str) else text.decode("latin-1")):
        found[name].append(int(number))
    return found


async def settled(typists: Iterable[Typist], *, patience_s: float = PATIENCE_S) -> None:
    """Wait until all have everything of each other, and everything is saved. Raises `TimeoutError` that says how far
    they came.
    """
    everybody = list(typists)
    try:
        async with asyncio.timeout(patience_s):
            while not _agree(everybody):
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise TimeoutError("\n".join(map(_describe, everybody))) from None


def _agree(typists: list[Typist]) -> bool:
    if any(not typist.synced or not typist.saved_all for typist in typists):
        return False
    for document in {typist.url.rpartition("ws/")[2] for typist in typists}:
        here = [typist for typist in typists if typist.url.endswith(document)]
        if len({(str(typist), str(typist.scribbles)) for typist in here}) > 1:
            return False
        if any(words_in(str(here[0])).get(typist.name, []) != list(range(1, typist.words + 1)) for typist in here):
            return False
    return True


def _describe(typist: Typist) -> str:
    counts = {name: len(numbers) for name, numbers in words_in(str(typist)).items()}
    return (
        f"{typist.name}: typed {typist.words}, acknowledged {typist.acked_words}, batch {typist.acked_batch} of "
        f"{typist.batch}, at row {typist.seq}, sees {counts}, {len(str(typist.scribbles))} scribbled, "
        f"closed {typist.closed}, refused {typist.refused[-1:]}"
    )
