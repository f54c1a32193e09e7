"""An operator looks at all processes: each is asked, and says which documents are open in it.

Nobody keeps a list of the processes, so whoever asks waits a moment for whatever answers come. One that hangs says
nothing; that it is gone is for `/metrics` to tell.
"""

import asyncio
import logging
import os
import socket
import time
import uuid
from typing import TYPE_CHECKING

from .core.messages import SERVICE_RESTART, restart_code
from .live import LiveRoom
from .processes import MAX_NAMES, MAX_ROOMS, OpenRoom, Process
from .relay import CloseNews, ProcessNews, SurveyNews

if TYPE_CHECKING:
    from .hub import Hub

logger = logging.getLogger(__name__)

REASON = "the room is opened anew"
CLOSE_S = 3.0  # how long the edits of a room that is closed may take to be answered; their authors still have them
CLOSE_TICK_S = 0.01
PATIENCE_S = 0.7  # two hops of 50 ms, and a loop that is busy for half a second
STARTED_AT = time.time()


class Survey:
    """Asks, answers, and closes rooms when told to. Runs on the hub's loop."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self._asking: list[dict[str, Process]] = []

    async def ask(self) -> list[Process]:
        """All processes that answer in time, this one first."""
        heard: dict[str, Process] = {}
        if not self.hub.relay.alone:
            self._asking.append(heard)
            try:
                self.hub.relay.publish(SurveyNews(self.hub.relay.node))
                await asyncio.sleep(PATIENCE_S)
            finally:
                self._asking.remove(heard)
        return [self.here(), *sorted(heard.values(), key=lambda process: process.name)]

    def close(self, document: uuid.UUID) -> None:
        """Close this document's room in all processes: its people come back at once, to a fresh one."""
        news = CloseNews(document, self.hub.relay.node)
        self.hub.relay.publish(news)
        self.hub.hear(news)

    def hear(self, news: SurveyNews | ProcessNews | CloseNews) -> None:
        """Somebody asks, has answered, or closes a room."""
        if isinstance(news, CloseNews):
            for live in self.hub.rooms:
                if live.document == news.document:
                    self.hub.spawn(self._send_away(live))
            return
        if isinstance(news, SurveyNews):
            self.hub.relay.publish(ProcessNews(self.hub.relay.node, news.node, self.here()))
            return
        for heard in self._asking:
            heard[news.node] = news.process

    async def _send_away(self, live: LiveRoom) -> None:
        """Answer what was taken; then tell everybody to come back and forget the room in one step, so that who comes
        opens it from the log, and nobody comes to the old one again.
        """
        hub, ends = self.hub, self.hub.loop.time() + CLOSE_S
        logger.warning("document %s: an operator closes the room, with %d sockets", live.document, len(live.members))
        while live.room.unsaved and not live.closing and hub.loop.time() < ends:
            for member in live.members.values():  # who came since the last time, too
                member.connection.parting = True
            await asyncio.sleep(CLOSE_TICK_S)
        spread_ms = 1000 * len(live.members) / hub.settings["DRAIN_SOCKETS_PER_SECOND"]
        for member in list(live.members.values()):
            code = restart_code(spread_ms) if member.connection.coscribe else SERVICE_RESTART
            live.carry_out(live.room.part(member.connection, hub.now_ms(), code, REASON))
        hub.forget(live)

    def here(self) -> Process:
        """This process."""
        now = self.hub.loop.time()
        rooms = self.hub.rooms
        stalled = self.hub.journal.stalled_since
        listed = sorted(rooms, key=lambda live: (live.unanswered_s(now), len(live.members)), reverse=True)
        return Process(
            name=f"{socket.gethostname()}:{os.getpid()}",
            started_at=STARTED_AT,
            draining=self.hub.leaving,
            sockets=sum(len(live.members) for live in rooms),
            rooms=len(rooms),
            unanswered_ms=round(max((live.unanswered_s(now) for live in rooms), default=0.0) * 1000),
            stalled_ms=round((now - stalled) * 1000) if stalled is not None else 0,
            listed=tuple(_described(live, now) for live in listed[:MAX_ROOMS]),
        )


def _described(live: LiveRoom, now: float) -> OpenRoom:
    names = {member.connection.person.user: member.connection.person.name for member in live.members.values()}
    return OpenRoom(
        document=live.document,
        sockets=len(live.members),
        people=len(names),
        names=tuple(sorted(names.values())[:MAX_NAMES]),
        head=live.room.head,
        unanswered_ms=round(live.unanswered_s(now) * 1000),
        committed_at=live.committed_at or 0.0,
        behind=live.tail.rows,
    )
