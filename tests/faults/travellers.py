"""Typists who come back whenever they are closed, through a gate, and remember what they saw of the others."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from websockets.exceptions import WebSocketException

from collab.core import messages

from .typists import Typist

FIRST_WAIT_S = 0.2  # as our own client: anywhere within it, then within a second (frontend/src/collab/backoff.ts)
NEXT_WAIT_S = 1.0
RENEW_S = 10.0  # as y-protocols' awareness, which says every 15 s that it is still there


@dataclass(frozen=True, slots=True)
class Outage:
    """From a close until in step again."""

    code: int
    seconds: float


class Traveller(Typist):
    """`outages`: each time they were closed. `vanished`: everybody whom they saw leave."""

    outages: list[Outage]
    vanished: list[str]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.outages, self.vanished = [], []
        self._clock = 0
        self._stay: list[asyncio.Task[None]] = []

    async def arrive(self, rng: random.Random) -> Self:
        """Join, be seen, and stay: until `go`."""
        await self.join()
        await self.appear()
        self._stay = [asyncio.create_task(each) for each in (self._return(rng), self._renew())]
        return self

    async def go(self) -> None:
        """Leave for good."""
        for task in self._stay:
            task.cancel()
        await asyncio.gather(*self._stay, return_exceptions=True)
        await self.close()

    async def appear(self) -> None:
        """Say that we are here, newer than whatever was said before."""
        self._clock += 1
        await self.awareness({"cursor": self._clock}, clock=self._clock)

    @property
    def company(self) -> set[str]:
        """Whom they see."""
        return {state["user"]["name"] for state in self.presence.values()}

    async def _return(self, rng: random.Random) -> None:
        while True:
            await self.until(lambda: self.closed is not None, patience_s=3600)
            code, _ = self.closed or (0, "")
            began, wait_s = time.monotonic(), FIRST_WAIT_S
            while not self.synced or self.closed:
                await asyncio.sleep(rng.uniform(0, wait_s))
                wait_s = NEXT_WAIT_S
                with contextlib.suppress(OSError, WebSocketException):  # nobody is there, or not for long
                    await self.join()
            await self.appear()
            self.outages.append(Outage(code, time.monotonic() - began))

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW_S)
            await self.appear()

    def _note_presence(self, body: bytes) -> None:
        before = {client: state["user"]["name"] for client, state in self.presence.items()}
        super()._note_presence(body)
        self.vanished += [name for client, name in before.items() if client not in self.presence]


def were_told(outages: Sequence[Outage]) -> bool:
    """Whether they were closed by a process that leaves in order. One in ten may have lost the goodbye: what they sent
    while it ended makes their system forget what it had received.
    """
    return sum(outage.code == messages.RESTART for outage in outages) >= 0.9 * len(outages) > 0
