"""Between processes: one channel per process and Redis, one group per open document, and one group of all processes.

The channel layer is a doorbell, never the truth: it may lose any message (a full queue, a Redis restart, a broken
connection), and nobody will say so. What is lost is a gap in the log's sequence, and the hub's poll finds gaps. So
sending never waits and never fails: messages go through a bounded queue, and what does not fit is dropped.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.conf import settings

from .lanes import Lane
from .processes import Process, decode_process, encode_process

logger = logging.getLogger(__name__)

EVERYBODY = "coscribe.processes"
PERSON = "coscribe.person."
PROCESS = "coscribe.process."


@dataclass(frozen=True, slots=True)
class Delta:
    """Log rows first..last of a document were committed by `node`."""

    document: uuid.UUID
    node: str
    first: int
    last: int
    update: bytes


@dataclass(frozen=True, slots=True)
class PresenceNews:
    """Presence states (client id, clock, JSON, user id) of the people of `node`. `asking`: it wants to hear of ours."""

    document: uuid.UUID
    node: str
    entries: tuple[tuple[int, int, bytes, int], ...]
    asking: bool = False


@dataclass(frozen=True, slots=True)
class AccessNews:
    """The rights on a document changed, or (None) those of a person: on any number of documents.

    `change` is its id, empty where nobody waits for a receipt; `at`: when it was committed, in seconds since the epoch;
    `people`: whose rights, where that is known and they are not too many to say.
    """

    document: uuid.UUID | None
    user: int | None = None
    node: str = ""
    change: str = ""
    at: float = 0.0
    people: tuple[int, ...] | None = None

    def concerns(self, document: uuid.UUID, user: int) -> bool:
        """Whether it may have changed what this person may do there."""
        if self.document is None:
            return self.user is None or self.user == user
        return self.document == document and (self.people is None or user in self.people)


@dataclass(frozen=True, slots=True)
class ReceiptNews:
    """At `node` a change of access is in effect on so many open sessions, `ms` after its commit at the latest, and has
    refused so many edits.
    """

    document: uuid.UUID
    node: str
    change: str
    sessions: int
    ms: int
    refused: int


@dataclass(frozen=True, slots=True)
class LineNews:
    """What lists say about these documents changed: one person's (a star), or everybody's. `renamed`: what their
    headers say, too.
    """

    documents: tuple[uuid.UUID, ...]
    user: int | None = None
    node: str = ""
    renamed: bool = False


@dataclass(frozen=True, slots=True)
class NoticesNews:
    """A person's notices are others now, or read. Said to the processes that have a page of theirs open."""

    user: int
    node: str = ""


@dataclass(frozen=True, slots=True)
class OccupancyNews:
    """Who is in the documents that are open at `node`: (document, ((user id, name, colour, guest), ...)), be it nobody.

    `asking`: it wants to hear who is in ours.
    """

    node: str
    places: tuple[tuple[uuid.UUID, tuple[tuple[int, str, str, bool], ...]], ...]
    asking: bool = False


@dataclass(frozen=True, slots=True)
class HandoverNews:
    """The last word of `node`, which ends as planned: its people come to other processes, and nobody saw them go."""

    node: str


@dataclass(frozen=True, slots=True)
class SurveyNews:
    """An operator looks: every process is to say what is open in it, to `node`."""

    node: str


@dataclass(frozen=True, slots=True)
class ProcessNews:
    """What is open at `node`, for whoever asked at `asker`."""

    node: str
    asker: str
    process: Process


@dataclass(frozen=True, slots=True)
class CloseNews:
    """An operator closes a document's room, in every process."""

    document: uuid.UUID
    node: str


class Unknown(Exception):
    """A message of another release: during a deployment there are two."""

    def __init__(self, kind: object) -> None:
        self.kind = kind
        super().__init__(f"a message of the kind {kind!r}")


type News = (
    Delta
    | PresenceNews
    | AccessNews
    | LineNews
    | NoticesNews
    | OccupancyNews
    | ReceiptNews
    | HandoverNews
    | SurveyNews
    | ProcessNews
    | CloseNews
)


class Relay:
    """This process's end of the channel layers, a lane each. `hear` is called, on the event loop, for what other
    processes say.
    """

    def __init__(self, hear: Callable[[News], None]) -> None:
        self.node = uuid.uuid4().hex
        self._hear = hear
        layers = _layers()
        self._lanes = [
            Lane(layer, name=name if len(layers) > 1 else "", hear=self._take, joined=self._joined)
            for name, layer in layers.items()
        ]
        self._puzzled = False

    def start(self) -> None:
        """Begin to listen and to send. With the in-memory layer there is nobody else, and nothing to do."""
        for lane in self._lanes:
            lane.start()
        self._join(EVERYBODY)
        self._join(f"{PROCESS}{self.node}")

    async def close(self) -> None:
        """Stop. What is still waiting to be sent is a gap, and gaps heal."""
        await asyncio.gather(*(lane.close() for lane in self._lanes))

    def join(self, document: uuid.UUID) -> None:
        """Hear what is said about a document. Takes effect in the background: poll after it."""
        self._join(_group(document))

    def leave(self, document: uuid.UUID) -> None:
        """Hear no more of a document."""
        self._leave(_group(document))

    def join_person(self, user: int) -> None:
        """Hear of this person's notices. Once that is so, `hear` is told as if there were some: they may be older."""
        self._join(_person_group(user))

    def leave_person(self, user: int) -> None:
        """Hear no more of them."""
        self._leave(_person_group(user))

    def publish(self, news: News) -> None:
        """Tell the other processes, some time soon, probably."""
        group = _group_of(news)
        for lane in _lane_of(group, self._lanes):
            lane.say(group, encode(news))

    @property
    def alone(self) -> bool:
        """Whether there is no other process that could be told."""
        return not self._lanes

    async def said(self) -> None:
        """Until all that was to be sent is sent, or given up."""
        await asyncio.gather(*(lane.said() for lane in self._lanes))

    @property
    def waiting(self) -> int:
        """How many messages are still to be sent."""
        return sum(lane.waiting for lane in self._lanes)

    @property
    def dropped(self) -> int:
        """How many never were."""
        return sum(lane.dropped for lane in self._lanes)

    @property
    def down(self) -> int:
        """How many of the channel layers did not answer when they were asked last."""
        return sum(lane.down for lane in self._lanes)

    def _join(self, group: str) -> None:
        for lane in _lane_of(group, self._lanes):
            lane.join(group)

    def _leave(self, group: str) -> None:
        for lane in _lane_of(group, self._lanes):
            lane.leave(group)

    def _joined(self, group: str) -> None:
        if group.startswith(PERSON):
            self._hear(NoticesNews(int(group.removeprefix(PERSON))))

    def _take(self, message: dict[str, Any]) -> None:
        try:
            news = decode(message)
        except Unknown as error:
            self._puzzle(error)
            return
        if news.node != self.node:
            self._hear(news)

    def _puzzle(self, error: Unknown) -> None:
        if not self._puzzled:
            self._puzzled = True
            logger.warning("passed by %s: another process has another release; what it said is found by polling", error)


async def ring(news: AccessNews | LineNews | NoticesNews) -> None:
    """Tell all processes from one that has no relay of its own (a command). A channel layer that is down costs a log
    line.
    """
    group = _group_of(news)
    for layer in _lane_of(group, list(_layers().values())):
        try:
            await layer.group_send(group, encode(news))
        except Exception as error:  # noqa: BLE001 - Redis is down: the sweep of each process will see the change
            logger.warning(
                "the channel layer does not answer (%s): the change takes effect with the next sweep",
                type(error).__name__,
            )


def _layers() -> dict[str, Any]:
    """The channel layers by name, one for each Redis; none where there is one process."""
    layers = {name: get_channel_layer(name) for name in settings.CHANNEL_LAYERS}
    return {name: layer for name, layer in layers.items() if not isinstance(layer, InMemoryChannelLayer | None)}


def _lane_of[T](group: str, lanes: Sequence[T]) -> Sequence[T]:
    """The one lane that a group belongs to, the same in every process; none where there is none."""
    return lanes[(at := crc32(group.encode()) % len(lanes)) : at + 1] if lanes else ()


def encode(news: News) -> dict[str, Any]:
    """News as a message of the channel layer: a dict of plain values."""
    if isinstance(news, Delta):
        return {
            "type": "delta",
            "document": news.document.hex,
            "node": news.node,
            "first": news.first,
            "last": news.last,
            "update": news.update,
        }
    if isinstance(news, PresenceNews):
        return {
            "type": "presence",
            "document": news.document.hex,
            "node": news.node,
            "asking": news.asking,
            "entries": [list(entry) for entry in news.entries],
        }
    if isinstance(news, OccupancyNews):
        places = [[document.hex, [list(person) for person in people]] for document, people in news.places]
        return {"type": "occupancy", "node": news.node, "asking": news.asking, "places": places}
    if isinstance(news, LineNews):
        documents = [document.hex for document in news.documents]
        return {
            "type": "line",
            "documents": documents,
            "user": news.user,
            "node": news.node,
            "renamed": news.renamed,
        }
    if isinstance(news, NoticesNews):
        return {"type": "notices", "user": news.user, "node": news.node}
    if isinstance(news, HandoverNews):
        return {"type": "handover", "node": news.node}
    if isinstance(news, SurveyNews):
        return {"type": "survey", "node": news.node}
    if isinstance(news, ProcessNews):
        return {
            "type": "process",
            "node": news.node,
            "asker": news.asker,
            "process": encode_process(news.process),
        }
    if isinstance(news, CloseNews):
        return {"type": "close", "document": news.document.hex, "node": news.node}
    if isinstance(news, ReceiptNews):
        return {
            "type": "receipt",
            "document": news.document.hex,
            "node": news.node,
            "change": news.change,
            "sessions": news.sessions,
            "ms": news.ms,
            "refused": news.refused,
        }
    return {
        "type": "access",
        "document": news.document.hex if news.document else None,
        "user": news.user,
        "node": news.node,
        "change": news.change,
        "at": news.at,
        "people": None if news.people is None else list(news.people),
    }


def decode(message: dict[str, Any]) -> News:
    """`encode` backwards. Raises `Unknown` for what another release says, or says otherwise."""
    try:
        return _DECODERS[message["type"]](message)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # the first: a UUID that is no string
        raise Unknown(message.get("type")) from error


def _delta(message: dict[str, Any]) -> Delta:
    document = uuid.UUID(message["document"])
    return Delta(document, message["node"], message["first"], message["last"], message["update"])


def _presence(message: dict[str, Any]) -> PresenceNews:
    entries = tuple((client, clock, state, user) for client, clock, state, user in message["entries"])
    return PresenceNews(uuid.UUID(message["document"]), message["node"], entries, asking=message["asking"])


def _access(message: dict[str, Any]) -> AccessNews:
    document = uuid.UUID(message["document"]) if message["document"] else None
    people = message.get("people")  # a release before receipts says no more than the first three
    people = None if people is None else tuple(people)
    return AccessNews(
        document, message["user"], message["node"], message.get("change", ""), message.get("at", 0.0), people
    )


def _receipt(message: dict[str, Any]) -> ReceiptNews:
    return ReceiptNews(
        uuid.UUID(message["document"]),
        message["node"],
        message["change"],
        message["sessions"],
        message["ms"],
        message["refused"],
    )


def _lines(message: dict[str, Any]) -> LineNews:
    documents = tuple(uuid.UUID(document) for document in message["documents"])
    return LineNews(documents, message["user"], message["node"], renamed=message["renamed"])


def _notices(message: dict[str, Any]) -> NoticesNews:
    return NoticesNews(message["user"], message["node"])


def _occupancy(message: dict[str, Any]) -> OccupancyNews:
    places = tuple(
        # The release before this one says nothing of guests: it has none.
        (uuid.UUID(document), tuple((user, name, color, any(guest)) for user, name, color, *guest in people))
        for document, people in message["places"]
    )
    return OccupancyNews(message["node"], places, asking=message["asking"])


_DECODERS: dict[str, Callable[[dict[str, Any]], News]] = {
    "delta": _delta,
    "presence": _presence,
    "access": _access,
    "receipt": _receipt,
    "line": _lines,
    "notices": _notices,
    "handover": lambda message: HandoverNews(message["node"]),
    "occupancy": _occupancy,
    "survey": lambda message: SurveyNews(message["node"]),
    "process": lambda message: ProcessNews(message["node"], message["asker"], decode_process(message["process"])),
    "close": lambda message: CloseNews(uuid.UUID(message["document"]), message["node"]),
}


def _group(document: uuid.UUID) -> str:
    return f"coscribe.document.{document.hex}"


def _person_group(user: int) -> str:
    return f"{PERSON}{user}"


def _group_of(news: News) -> str:
    if isinstance(news, Delta | PresenceNews | ReceiptNews | CloseNews):
        return _group(news.document)
    if isinstance(news, ProcessNews):
        return f"{PROCESS}{news.asker}"
    return _person_group(news.user) if isinstance(news, NoticesNews) else EVERYBODY
