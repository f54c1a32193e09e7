"""The queue before the door: who comes while others are looked up is looked up with the next of them.

When a process is replaced, or a network is back, hundreds return at once. Four queries for each cost a core 1.3 ms a
head; four for fifty of them cost hardly more than for one.
"""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .admission import Admitted, Shown, admit_all
from .store import DATABASE_DOWN

if TYPE_CHECKING:
    from .hub import Hub

AT_ONCE = 100  # in one visit to the database
VISITS = 2  # at the same time: one that waits for a slow answer does not hold up who comes next


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody who wants in."""

    document: uuid.UUID
    shown: Shown
    answer: asyncio.Future[Admitted]

    def hear(self, answer: Admitted | Exception) -> None:
        """This is the answer, unless they have gone."""
        if self.answer.done():
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


class Entrance:
    """Everybody who wants into a document of this process."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._waiting: list[Asking] = []
        self._visits = 0

    async def admit(self, document: uuid.UUID, shown: Shown) -> Admitted:
        """Who shows this and what they may do, read after this was called. Raises `Denied`, `DATABASE_DOWN`."""
        asking = Asking(document, shown, self._hub.loop.create_future())
        self._waiting.append(asking)
        if self._visits < VISITS:
            self._visits += 1
            self._hub.spawn(self._visit())
        return await asking.answer

    async def _visit(self) -> None:
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                try:
                    await self._look_up([each for each in some if not each.answer.done()])
                finally:  # the process ends: nobody waits for an answer that will not come
                    for each in some:
                        each.answer.cancel()
        finally:
            self._visits -= 1

    async def _look_up(self, some: Sequence[Asking]) -> None:
        if not some:
            return
        try:
            found = await self._hub.store.read(lambda: admit_all([(each.document, each.shown) for each in some]))
        except DATABASE_DOWN as error:
            for each in some:
                each.hear(error)
        except Exception as error:  # noqa: BLE001 - of somebody's: nobody else is kept out for it
            if len(some) == 1:
                some[0].hear(error)
                return
            middle = len(some) // 2
            await self._look_up(some[:middle])
            await self._look_up(some[middle:])
        else:
            for each, answer in zip(some, found, strict=True):
                each.hear(answer)
