"""Leaving: a process that was told to end answers what it has taken, sends its people elsewhere, and says a last word.

`project.shutdown` calls this in the order `begin`, `leave`, `part`; docs/architecture.md, "Restarts". A process that is
killed instead loses nothing either: what was not acknowledged is still with its author.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress

from django.conf import settings

from . import hub as hubs
from .core.messages import SERVICE_RESTART, restart_code
from .hub import Hub
from .live import LiveRoom, Member
from .lobby import Visitor
from .relay import HandoverNews

logger = logging.getLogger(__name__)

REASON = "the server restarts"
TICK_S = 0.01
GOODBYE_S = 1.0  # how long sockets may take to answer the goodbye
LAST_WORD_S = 1.0  # how long Redis may take for it
SPREADING = 0.5  # the part of the time left in which all sockets have been told

_told = threading.Event()

type Place = tuple[LiveRoom, Member] | Visitor


def begin() -> None:
    """This process was told to end."""
    _told.set()


def draining() -> bool:
    """Whether this process was told to end: no balancer should send anybody here. From any thread."""
    return _told.is_set()


async def leave(deadline: float) -> None:
    """Let nobody in, begin no background job, answer what was taken, and send everybody elsewhere, at the latest at
    `deadline` (the loop's time).

    Where there are other processes they are sent one after the other, room by room: how far apart is how fast they
    come in there. Where there is none, all at once, and each is told within which time to come back.
    """
    hub = hubs.present()
    if hub is None:
        return
    hub.leaving = True
    hub.beside.stop()
    places = deque(_places(hub))
    tasks = [task for place in places if (task := _task_of(place)) is not None]
    logger.info("leaving: %d sockets are sent elsewhere", len(places))
    spread_s = len(places) / hub.settings["DRAIN_SOCKETS_PER_SECOND"]
    if hub.relay.alone:
        await _send_away(hub, places, over_s=0.0, code=restart_code(spread_s * 1000), deadline=deadline)
    else:
        over_s = min(spread_s, SPREADING * (deadline - hub.loop.time()))
        await _send_away(hub, places, over_s=over_s, code=restart_code(0), deadline=deadline)
    await _until_saved(hub, deadline)
    if tasks:
        await asyncio.wait(tasks, timeout=max(0.0, min(GOODBYE_S, deadline - hub.loop.time())))


async def part() -> None:
    """The last word to the other processes, and the end of everything here."""
    hub = hubs.present()
    if hub is None:
        return
    hub.relay.publish(HandoverNews(hub.relay.node))
    with suppress(TimeoutError):  # without Redis it is not heard, and they go when nothing is heard of them
        await asyncio.wait_for(hub.relay.said(), LAST_WORD_S)
    await hub.close()


def _places(hub: Hub) -> Iterator[Place]:
    for live in hub.rooms:
        for member in list(live.members.values()):
            yield live, member
    yield from list(hub.lobby.visitors)


def _task_of(place: Place) -> asyncio.Task[object] | None:
    return place.task if isinstance(place, Visitor) else place[1].task


async def _send_away(hub: Hub, places: deque[Place], *, over_s: float, code: int, deadline: float) -> None:
    """Close these sockets, evenly over `over_s` seconds, each when all that was taken from it is answered."""
    began, all_of_them = hub.loop.time(), len(places)
    owed: list[tuple[LiveRoom, Member]] = []
    while places or owed:
        now = hub.loop.time()
        passed = 1.0 if not over_s else min(1.0, (now - began) / over_s)
        while places and all_of_them - len(places) <= passed * all_of_them:
            place = places.popleft()
            if isinstance(place, Visitor):
                hub.lobby.evict(place, code, REASON)
            else:
                place[1].connection.parting = True
                owed.append(place)
        owed = _close_answered(hub, owed, code, late=now >= deadline)
        await asyncio.sleep(TICK_S)


def _close_answered(
    hub: Hub, owed: Sequence[tuple[LiveRoom, Member]], code: int, *, late: bool
) -> list[tuple[LiveRoom, Member]]:
    """Close those whose edits are all answered, or everybody when it is `late`; the others are still owed."""
    waiting = {live: live.room.owed() for live in {live for live, _ in owed}}  # once a room: it walks the inbox
    still = []
    for live, member in owed:
        connection = member.connection
        if connection.id in waiting[live] and not late and not live.closing:
            still.append((live, member))
            continue
        theirs = code if connection.coscribe else SERVICE_RESTART
        live.carry_out(live.room.part(connection, hub.now_ms(), theirs, REASON))
    return still


async def _until_saved(hub: Hub, deadline: float) -> None:
    """Until nothing is left in an inbox, be it of somebody who went before they were told to."""
    while unsaved := [live for live in hub.rooms if live.room.unsaved]:
        if hub.loop.time() >= deadline:
            logger.error(
                "leaving with edits of %d documents that could not be saved: their authors still have them",
                len(unsaved),
            )
            return
        await asyncio.sleep(TICK_S)


def limit_s() -> float:
    """How long leaving may take, in seconds."""
    limit: int = settings.COLLAB["DRAIN_LIMIT_MS"]
    return limit / 1000
