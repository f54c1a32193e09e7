"""Storms of handshakes that lead nowhere: the hundredth wrong cookie of an address is refused without a look at the
database, which then has none of it, and we a third (0.5 ms under uvicorn in place of 1.4). People who come back all at
once are let in and not counted; and who was in here before gets in again, whatever others behind the same address do.

A socket of Hocuspocus shows its tokens later: it is let in, and the same is asked and counted for each token.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings

from collab.admission import Shown, shown_in
from permissions.address import counted_address_of_socket

from .origin import TOKENS_LATER, refuse

type App = Callable[[dict[str, Any], Any, Any], Awaitable[Any]]

BURST_S = 10  # that many seconds' failures may come at once: the tabs of a whole office that was signed out
FOR_GOOD = (None, 4401, 4403, 4404)  # not those that say "come back later": who does is not to be kept out
MAX_ADDRESSES = 10_000  # remembered; the one that failed longest ago is forgotten first
MAX_KNOWN = 10_000  # the same of sessions and tokens that were let in


class Doorstep:
    """ASGI middleware for sockets: bounds the failed handshakes of an address to `COLLAB_REFUSALS_PER_SECOND`.

    Failed: refused, or accepted and closed with nothing said in between, which is how our own pages are told why.
    """

    def __init__(self, application: App, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._application = application
        self._clock = clock
        self._free_at: OrderedDict[str, float] = OrderedDict()  # address -> when its failures will be used up
        self._known: OrderedDict[int, None] = OrderedDict()  # hashes (salted by Python) of what was shown and was good

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> Any:
        address = counted_address_of_socket(scope)
        if address is None:  # a Unix socket: whoever is at its other end counts
            return await self._application(scope, receive, send)
        if scope.get("path", "").rstrip("/") == TOKENS_LATER:
            return await self._application({**scope, "doorstep": Step(self, address)}, receive, send)
        secret = shown_in(scope)
        if not self.open_to(address, secret):
            return await refuse(scope, receive, send)
        entered = False

        def watched(message: dict[str, Any]) -> Awaitable[None]:  # every frame comes by here: no coroutine of our own
            nonlocal entered
            if message["type"] == "websocket.send":
                if not entered:
                    entered = True
                    self.admitted(secret)
            elif message["type"] == "websocket.close" and not entered and message.get("code") in FOR_GOOD:
                self.denied(address, secret)
            answer: Awaitable[None] = send(message)
            return answer

        return await self._application(scope, receive, watched)

    def open_to(self, address: str, secret: Shown) -> bool:
        """Whether it may be asked who shows this from there."""
        return self._free_at.get(address, 0) <= self._clock() + BURST_S or (
            bool(secret) and hash(secret) in self._known
        )

    def admitted(self, secret: Shown) -> None:
        """Somebody showed this and was let in."""
        if secret:
            self._know(hash(secret))

    def denied(self, address: str, secret: Shown) -> None:
        """Somebody showed this and was not."""
        self._count(address)
        if secret:
            self._known.pop(hash(secret), None)

    def _count(self, address: str) -> None:
        now = self._clock()
        self._free_at[address] = max(now, self._free_at.get(address, 0)) + 1 / settings.COLLAB["REFUSALS_PER_SECOND"]
        self._free_at.move_to_end(address)
        if len(self._free_at) > MAX_ADDRESSES:
            self._free_at.popitem(last=False)

    def _know(self, shown: int) -> None:
        self._known[shown] = None
        self._known.move_to_end(shown)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)


class Step:
    """The doorstep for an application that is shown secrets after the handshake (`collab.hocuspocus.Doorstep`)."""

    def __init__(self, doorstep: Doorstep, address: str) -> None:
        self._doorstep, self._address = doorstep, address

    def open_to(self, shown: Shown) -> bool:
        """Whether it may be asked who shows this."""
        return self._doorstep.open_to(self._address, shown)

    def admitted(self, shown: Shown) -> None:
        """It was good."""
        self._doorstep.admitted(shown)

    def denied(self, shown: Shown) -> None:
        """It was not."""
        self._doorstep.denied(self._address, shown)
