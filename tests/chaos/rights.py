"""Owners who take rights away and give them back, and what can be proven about it from outside.

A change was committed somewhere between the newest row of the log before it was asked for and the newest after it was
answered. So nobody may have written rows after the second until the first of the change that gives the right back.
"""

import asyncio
import random
from dataclasses import dataclass, field

import psycopg

from .people import Person, Scene
from .verdict import Loss

QUESTION_S = 5


@dataclass(slots=True)
class Deafness:
    """Somebody could not read from `since` to `until`, in seconds of the run's clock (None: to the end)."""

    user: int
    document: str
    since: float
    until: float | None = None


@dataclass
class Rights:
    """What was taken and given."""

    scene: Scene
    database_url: str
    losses: list[Loss] = field(default_factory=list)
    deafnesses: list[Deafness] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def never(self, person: Person) -> None:
        """This person never could write."""
        self.losses.append(Loss(person.user, person.document, 0))

    async def govern(self, owner: Person, others: list[Person], rng: random.Random) -> None:
        """One owner's doings until it is over: take somebody's right, give it back after a while. What was begun is
        ended.
        """
        await asyncio.sleep(rng.uniform(2, 8))
        while not self.scene.over:
            person = rng.choice(others)
            reading = rng.random() < 0.6
            await self._take(owner, person, reading=reading)
            await self._wait(rng.uniform(5, 40))
            if rng.random() < 0.85 or not self.scene.over:
                await self._give(owner, person)
            await self._wait(rng.uniform(2, 10))

    async def _wait(self, seconds: float) -> None:
        until = self.scene.now() + seconds
        while self.scene.now() < until and not self.scene.over:
            await asyncio.sleep(0.2)

    async def _take(self, owner: Person, person: Person, *, reading: bool) -> None:
        place = f"/api/documents/{person.document}/shares/user-{person.user}/"
        self.scene.acts["revoke" if reading else "lower"] += 1
        if reading:
            await self._insist(owner, "DELETE", place, None, (200, 404))
        else:
            await self._insist(owner, "PATCH", place, {"role": "viewer"}, (200,))
        at = self.scene.now()
        self.losses.append(Loss(person.user, person.document, await self._head(person.document)))
        if reading:
            self.deafnesses.append(Deafness(person.user, person.document, at))

    async def _give(self, owner: Person, person: Person) -> None:
        before, at = await self._head(person.document), self.scene.now()
        for loss in self.losses:
            if (loss.user, loss.document, loss.until) == (person.user, person.document, None):
                loss.until = before
        for deafness in self.deafnesses:
            if (deafness.user, deafness.document, deafness.until) == (person.user, person.document, None):
                deafness.until = at
        self.scene.acts["give"] += 1
        body = {"people": [person.name], "role": "editor"}
        await self._insist(owner, "POST", f"/api/documents/{person.document}/shares/", body, (200, 201))

    async def _insist(self, owner: Person, method: str, path: str, body: object, wanted: tuple[int, ...]) -> None:
        """Ask until it is answered: an answer that was lost leaves open whether it was done."""
        for _ in range(200):
            status = await owner.ask(method, path, body)
            if status in wanted:
                return
            if status not in (0, 409, 429, 500, 502, 503, 504):
                raise AssertionError(f"{method} {path} {body}: {status}")
            await asyncio.sleep(1)
        raise AssertionError(f"{method} {path}: no answer")

    async def _head(self, document: str) -> int:
        """The newest row, read past the application, as soon as the database answers."""
        while True:
            try:
                return await asyncio.to_thread(self._read_head, document)
            except psycopg.Error:
                await asyncio.sleep(0.5)

    def _read_head(self, document: str) -> int:
        with psycopg.connect(self.database_url, connect_timeout=QUESTION_S) as connection:
            row = connection.execute("SELECT head_seq FROM documents_document WHERE id = %s", [document]).fetchone()
        assert row is not None
        return int(row[0])
