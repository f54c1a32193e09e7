"""Receipts: what a change of access did to open sessions, told in numbers to those who manage the document.

Each process that hears of a change counts what it did here, once it is in effect, and says so to the processes that
have the document open; each of those adds up and tells the owners' sockets. A report that is lost costs a number and
nothing else. Everything is kept for seconds, and bounded.
"""

import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .core.connection import Connection
from .core.messages import encode_receipt
from .relay import AccessNews, ReceiptNews

if TYPE_CHECKING:
    from .hub import Hub
    from .live import LiveRoom

BEAT_MS = 500  # how soon more refused edits are told of
WATCHED_S = 5.0  # for how long refused edits are counted: what was under way arrives within it
MAX_EFFECTS = 5_000
MAX_CHANGES = 500
MAX_NODES = 100


@dataclass(frozen=True, slots=True)
class Effect:
    """A session's role was changed in place, or the session was ended. `lost`: it could edit before, and cannot now."""

    at: float
    document: uuid.UUID
    connection: Connection
    lost: bool


@dataclass(slots=True)
class Tally:
    """What one change did to one document's sessions in this process."""

    news: ReceiptNews
    losers: tuple[Connection, ...]
    until: float


@dataclass(frozen=True, slots=True)
class Expected:
    """A change that was heard of and is not in effect yet. `since`: what happens from then on may be its doing."""

    news: AccessNews
    since: float
    epoch: int


class Receipts:
    """The counts of this process, and the sums of all. Runs on the hub's loop. Times are seconds since the epoch."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self._effects: deque[Effect] = deque(maxlen=MAX_EFFECTS)
        self._expected: OrderedDict[str, Expected] = OrderedDict()
        self._tallies: deque[Tally] = deque(maxlen=MAX_CHANGES)
        self._sums: OrderedDict[tuple[uuid.UUID, str], dict[str, ReceiptNews]] = OrderedDict()

    def note(self, document: uuid.UUID, connection: Connection, *, lost: bool) -> None:
        """A session of ours has another role now, or was ended for want of one."""
        self._effects.append(Effect(time.time(), document, connection, lost))

    def expect(self, news: AccessNews) -> None:
        """A change was heard of; `settle` follows when it is in effect here."""
        if news.change:
            # A commit may have refused an edit, and so found out, before we heard; clocks of two machines may differ.
            since = min(news.at, time.time())
            _put(self._expected, news.change, Expected(news, since, self.hub.access_epoch))

    def settle(self, news: AccessNews) -> None:
        """The change is in effect on all sessions of this process: count, and report."""
        expected = self._expected.pop(news.change, None)
        if expected is None:
            return
        now = time.time()
        done = [
            each
            for each in self._effects
            if each.at >= expected.since and news.concerns(each.document, each.connection.person.user)
        ]
        documents = {each.document for each in done} if news.document is None else {news.document}
        for document in documents:
            here = [each for each in done if each.document == document]
            ms = max(0, round((max((each.at for each in here), default=now) - news.at) * 1000))
            sessions = {each.connection.id for each in here}
            losers = tuple({each.connection.id: each.connection for each in here if each.lost}.values())
            counted = ReceiptNews(document, self.hub.relay.node, news.change, len(sessions), ms, _refused(losers))
            if losers:
                self._tallies.append(Tally(counted, losers, now + WATCHED_S))
            self._report(counted)

    def settle_all(self, epoch: int) -> None:
        """A sweep has read all rights, and began when `access_epoch` was this."""
        for expected in [each for each in self._expected.values() if each.epoch <= epoch]:
            self.settle(expected.news)

    async def beat(self) -> None:
        """Tell of the edits that were refused since."""
        now = time.time()
        for tally in list(self._tallies):
            refused = _refused(tally.losers)
            if refused > tally.news.refused:
                tally.news = replace(tally.news, refused=refused)
                self._report(tally.news)
            if now > tally.until:
                self._tallies.remove(tally)

    def hear(self, news: ReceiptNews, live: "LiveRoom") -> None:
        """What a process has counted: add it up, and tell the owners who are here."""
        nodes = self._sums.get((news.document, news.change))
        if nodes is None:
            nodes = _put(self._sums, (news.document, news.change), {})
        before = _sum(nodes.values())
        if len(nodes) < MAX_NODES or news.node in nodes:
            nodes[news.node] = news
        total = _sum(nodes.values())
        if total is None or total == before:
            return
        sessions, ms, refused = total
        frame = encode_receipt(change=news.change, sessions=sessions, ms=ms, refused=refused)
        for member in live.members.values():
            if member.connection.coscribe and member.connection.role == "owner":
                member.outbox.put(frame, droppable=False)

    def _report(self, news: ReceiptNews) -> None:
        self.hub.relay.publish(news)
        self.hub.hear(news)


def _refused(losers: tuple[Connection, ...]) -> int:
    return sum(connection.refused for connection in losers)


def _sum(reports: Iterable[ReceiptNews]) -> tuple[int, int, int] | None:
    """Sessions, milliseconds until the last of them, edits refused. Who found no session says nothing of the time."""
    found = list(reports)
    if not found:
        return None
    timed = [each.ms for each in found if each.sessions] or [each.ms for each in found]
    return sum(each.sessions for each in found), max(timed), sum(each.refused for each in found)


def _put[K, V](into: OrderedDict[K, V], key: K, value: V) -> V:
    into[key] = value
    while len(into) > MAX_CHANGES:
        into.popitem(last=False)
    return value
